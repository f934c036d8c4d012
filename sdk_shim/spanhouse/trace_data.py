"""Stored traces, as they are read back.

Owns: `Trace`, `TraceInfo`, `TraceData`, `Span`, from the API's JSON; MLflow's names where it has one. A number that the
collector did not send is None, never 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from spanhouse import semconv
from spanhouse.assessments import Assessment
from spanhouse.masking import decoded
from spanhouse.span_status import SpanStatus, SpanStatusCode
from spanhouse.span_types import input_key, output_key, sent_type
from spanhouse.span_words import SpanWords

if TYPE_CHECKING:
    import pandas

USAGE_NAMES: Final = ("input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens",
                      "cache_write_input_tokens", "reasoning_output_tokens")  # fmt: skip


class TraceState(StrEnum):
    """How a trace went."""

    OK = "OK"
    ERROR = "ERROR"
    IN_PROGRESS = "IN_PROGRESS"
    STATE_UNSPECIFIED = "STATE_UNSPECIFIED"
    _missing_ = classmethod(lambda cls, value: cls.STATE_UNSPECIFIED)


@dataclass(frozen=True)
class TraceInfo:
    """One line of a list of traces."""

    trace_id: str
    project: str = "default"
    name: str = ""
    start_time_unix_nano: int = 0
    duration_ns: int | None = None
    state: TraceState = TraceState.STATE_UNSPECIFIED
    service_name: str = ""
    session_id: str = ""
    user_id: str = ""
    span_count: int | None = None
    error_count: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cost_usd: float | None = None
    models: tuple[str, ...] = ()
    input_preview: str = ""
    output_preview: str = ""
    client_request_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    trace_metadata: Mapping[str, str] = field(default_factory=dict)
    assessments: tuple[Assessment, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From the API's JSON; members it does not know are in `extra`."""
        known = {name: made[name] for name in cls.__dataclass_fields__ if made.get(name) is not None}
        trace_id = str(made.get("trace_id", ""))
        known.update(
            trace_id=trace_id,
            start_time_unix_nano=int(known.get("start_time_unix_nano") or 0),
            state=TraceState(known.get("state", "")),
            models=tuple(known.get("models") or ()),
            tags=(tags := _tags(made.get("tags"))),
            client_request_id=made.get("client_request_id") or tags.get("mlflow.clientRequestId"),
            trace_metadata=dict(made.get("metadata") or made.get("trace_metadata") or {}),
            assessments=tuple(Assessment.from_dict(item, trace_id) for item in made.get("assessments") or ()),
            extra={name: value for name, value in made.items() if name not in cls.__dataclass_fields__},
        )
        for name in ("duration_ns", "span_count", "error_count", *USAGE_NAMES[:3]):
            if known.get(name) is not None:
                known[name] = int(known[name])
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """As the API has it."""
        made = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "extra"}
        made.update(models=list(self.models), tags=dict(self.tags), trace_metadata=dict(self.trace_metadata))
        made["assessments"] = [assessment.to_dict() for assessment in self.assessments]
        return {**self.extra, **made}

    @property
    def token_usage(self) -> dict[str, int] | None:
        """The tokens of the trace, each counted once; None when none were reported."""
        values = {name: getattr(self, name, None) or self.extra.get(name) for name in USAGE_NAMES}
        if not any((self.input_tokens, self.output_tokens, self.total_tokens)):
            return None
        return {name: int(value or 0) for name, value in values.items() if value is not None or name in USAGE_NAMES[:3]}

    @property
    def cost(self) -> dict[str, float] | None:
        """The cost in US dollars; None when it is not known."""
        if self.cost_usd is None:
            return None
        parts = {"input_cost": "input_cost_usd", "output_cost": "output_cost_usd"}
        made = {name: float(self.extra[key]) for name, key in parts.items() if self.extra.get(key) is not None}
        return {**made, "total_cost": float(self.cost_usd)}

    @property
    def request_time(self) -> int:
        """Start in milliseconds of Unix time."""
        return self.start_time_unix_nano // 1_000_000

    timestamp_ms = request_time

    @property
    def execution_duration(self) -> int | None:
        """Duration in milliseconds."""
        return None if self.duration_ns is None else self.duration_ns // 1_000_000

    execution_time_ms = execution_duration

    @property
    def request_id(self) -> str:
        """MLflow 2's name for `trace_id`."""
        return self.trace_id

    @property
    def status(self) -> str:
        """MLflow 2's name for `state`."""
        return self.state

    @property
    def request_preview(self) -> str:
        """The beginning of the input."""
        return self.input_preview

    @property
    def response_preview(self) -> str:
        """The beginning of the output."""
        return self.output_preview


@dataclass(frozen=True)
class Span(SpanWords):
    """One stored span; `columns` has every column of the table `spans`."""

    columns: Mapping[str, Any] = field(repr=False)
    name: str = ""
    trace_id: str = ""
    span_id: str = ""
    parent_id: str | None = None
    span_type: str = "UNKNOWN"
    start_time_ns: int = 0
    end_time_ns: int | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From the API's JSON."""
        start = _time_ns(made, "start_time")
        end = _time_ns(made, "end_time") or None
        if end is None and made.get("duration_ns") is not None and not made.get("is_pending"):
            end = start + int(made["duration_ns"])
        return cls(
            columns=dict(made),
            name=str(made.get("name", "")),
            trace_id=str(made.get("trace_id", "")),
            span_id=str(made.get("span_id", "")),
            parent_id=str(made.get("parent_span_id") or "") or None,
            span_type=str(made.get("span_type") or "UNKNOWN"),
            start_time_ns=start,
            end_time_ns=end,
            attributes=dict(made.get("attributes") or {}),
        )

    def to_dict(self) -> dict[str, Any]:
        """As the API has it."""
        return dict(self.columns)

    @property
    def status(self) -> SpanStatus:
        """UNSET, OK or ERROR, and why."""
        code = SpanStatusCode(self.columns.get("status_code") or "UNSET")
        return SpanStatus(code, str(self.columns.get("status_message") or ""))

    @property
    def duration_ns(self) -> int | None:
        """How long it took; None while it runs."""
        return None if self.end_time_ns is None else self.end_time_ns - self.start_time_ns

    @property
    def inputs(self) -> Any:
        """What went in, decoded."""
        return self._content(input_key(self.span_type), semconv.INPUT, "input")

    @property
    def outputs(self) -> Any:
        """What came out, decoded."""
        return self._content(output_key(self.span_type), semconv.OUTPUT, "output")

    def _content(self, key: str, other_key: str, column: str) -> Any:
        for name in (key, other_key):
            if name in self.attributes:
                return decoded(self.attributes, name)
        return self.columns.get(column) or None

    @property
    def messages(self) -> Mapping[str, Any]:
        """`input` and `output`: chat messages in the semantic conventions' schema, from whatever dialect was sent."""
        return self.columns.get("messages") or {"input": [], "output": []}

    @property
    def model_name(self) -> str | None:
        """The model that answered, else the one that was asked."""
        return self.columns.get("model") or None

    @property
    def token_usage(self) -> dict[str, int] | None:
        """The tokens that this span reports."""
        found = {name: int(self.columns[name]) for name in USAGE_NAMES if self.columns.get(name) is not None}
        return found or None

    @property
    def llm_cost(self) -> float | None:
        """The cost in US dollars; None when it is not known."""
        cost = self.columns.get("cost_usd")
        return None if cost is None else float(cost)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events: name, time, attributes."""
        return list(self.columns.get("events") or ())

    @property
    def links(self) -> list[dict[str, Any]]:
        """The links: trace_id, span_id, attributes."""
        return list(self.columns.get("links") or ())

    def get_attribute(self, key: str) -> Any:
        """One attribute with its type; None where there is none."""
        return self.attributes.get(key)


@dataclass(frozen=True)
class TraceData:
    """The spans of a trace, parents before children."""

    spans: tuple[Span, ...] = ()

    @property
    def request(self) -> Any:
        """The root's inputs."""
        return self.spans[0].inputs if self.spans else None

    @property
    def response(self) -> Any:
        """The root's outputs."""
        return self.spans[0].outputs if self.spans else None


@dataclass(frozen=True)
class Trace:
    """A stored trace."""

    info: TraceInfo
    data: TraceData = field(default_factory=TraceData)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From the API's JSON: `{"info": …, "spans": […]}`."""
        given = made.get("spans") or (made.get("data") or {}).get("spans") or ()
        spans = tuple(in_order([Span.from_dict(item) for item in given]))
        return cls(_as_updated(TraceInfo.from_dict(made["info"]), spans), TraceData(spans))

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """From `to_json`."""
        return cls.from_dict(orjson.loads(text))

    @property
    def trace_id(self) -> str:
        """Its id, as `info` has it."""
        return self.info.trace_id

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans, parents before children."""
        return self.data.spans

    def search_spans(
        self, span_type: str | None = None, name: str | re.Pattern[str] | None = None, span_id: str | None = None
    ) -> list[Span]:
        """The spans of this type, with this name (or a pattern that is found in it), with this id."""
        span_type = sent_type(span_type) if span_type is not None else None
        return [
            span
            for span in self.spans
            if (span_type is None or span.span_type == span_type)
            and (span_id is None or span.span_id == span_id)
            and (name is None or (name.search(span.name) if isinstance(name, re.Pattern) else span.name == name))
        ]

    def search_assessments(
        self, name: str | None = None, *, span_id: str | None = None, all: bool = False, type: str | None = None
    ) -> list[Assessment]:
        """The assessments of this name, span, and kind (`feedback` or `expectation`); *all*: overridden ones too."""
        return [
            item
            for item in self.info.assessments
            if (all or item.valid)
            and (name is None or item.name == name)
            and (span_id is None or item.span_id == span_id)
            and (type is None or item.kind == type)
        ]

    def to_dict(self) -> dict[str, Any]:
        """The info as the API has it, and the spans under `data`, where MLflow has them."""
        return {"info": self.info.to_dict(), "data": {"spans": [span.to_dict() for span in self.spans]}}

    def to_json(self, pretty: bool = False) -> str:
        """As JSON text."""
        return orjson.dumps(self.to_dict(), str, orjson.OPT_INDENT_2 if pretty else 0).decode()

    def to_pandas(self) -> pandas.DataFrame:
        """One row a span."""
        import pandas

        return pandas.DataFrame([span.to_dict() for span in self.spans])

    def _repr_html_(self) -> str:
        from spanhouse.html import trace_html

        return trace_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """IPython in a terminal: the tree as text."""
        printer.text(str(self))

    def __repr__(self) -> str:
        return f"Trace(trace_id={self.info.trace_id!r}, spans={len(self.spans)})"

    def __str__(self) -> str:
        from spanhouse.text import trace_text

        return trace_text(self)


def in_order(spans: list[Span]) -> Iterator[Span]:
    """Parents before children, siblings by their start; spans of a cycle come last, each once."""
    known = {span.span_id for span in spans}
    children: dict[str | None, list[Span]] = {}
    for span in sorted(spans, key=lambda item: item.start_time_ns):
        children.setdefault(span.parent_id if span.parent_id in known else None, []).append(span)
    waiting = list(reversed(children.get(None, [])))
    seen: set[str] = set()
    while waiting:
        span = waiting.pop()
        if span.span_id not in seen:
            seen.add(span.span_id)
            yield span
            waiting += reversed(children.get(span.span_id, []))
    yield from (span for span in spans if span.span_id not in seen)


def _as_updated(info: TraceInfo, spans: tuple[Span, ...]) -> TraceInfo:
    """*info* with what `update_current_trace` said of the whole trace, which is on its root."""
    said = spans[0].attributes if spans else {}
    names = {"input_preview": semconv.TRACE_REQUEST_PREVIEW, "output_preview": semconv.TRACE_RESPONSE_PREVIEW}
    changed: dict[str, Any] = {name: str(said[key]) for name, key in names.items() if key in said}
    if said.get(semconv.TRACE_STATE) in ("OK", "ERROR"):
        changed["state"] = TraceState(said[semconv.TRACE_STATE])
    return replace(info, **changed) if changed else info


def _tags(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        return {str(key): str(value) for key, value in given.items()}
    return {str(tag): "" for tag in given or ()}


def _time_ns(made: Mapping[str, Any], name: str) -> int:
    number = made.get(f"{name}_unix_nano", made.get(f"{name}_ns"))
    if number is not None:
        return int(number)
    text = made.get(name)
    if not isinstance(text, str) or not text:
        return int(text or 0)
    if text.isdecimal():
        return int(text)
    whole, _, fraction = text.removesuffix("Z").removesuffix("+00:00").replace(" ", "T").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)
