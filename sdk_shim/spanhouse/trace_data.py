"""Stored traces, as they are read back.

Owns: `Trace`, `TraceData` and `Session`, from the API's JSON or MLflow's; MLflow's names where it has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import orjson

from spanhouse import semconv
from spanhouse.assessments import Assessment
from spanhouse.span_data import Span
from spanhouse.span_types import sent_type
from spanhouse.trace_info import TraceInfo, TraceState

if TYPE_CHECKING:
    import pandas

INTERMEDIATE_OUTPUTS: Final = "mlflow.trace.intermediate_outputs"
__all__ = ["Session", "Span", "Trace", "TraceData", "TraceInfo", "TraceState"]


@dataclass
class TraceData:
    """The spans of a trace, parents before children."""

    spans: list[Span] = field(default_factory=list)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From `to_dict`, or from what MLflow wrote."""
        return cls(list(in_order([Span.from_dict(item) for item in made.get("spans") or ()])))

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {"spans": [span.to_dict() for span in self.spans]}

    @property
    def intermediate_outputs(self) -> dict[str, Any] | None:
        """What the steps between the root and its outputs said, by their names; None where there are none."""
        if self.spans and (logged := self.spans[0].get_attribute(INTERMEDIATE_OUTPUTS)) is not None:
            return dict(orjson.loads(logged) if isinstance(logged, str) else logged)
        return {span.name: span.outputs for span in self.spans[1:] if span.outputs is not None} or None

    @property
    def request(self) -> Any:
        """The root's inputs."""
        return self.spans[0].inputs if self.spans else None

    @property
    def response(self) -> Any:
        """The root's outputs."""
        return self.spans[0].outputs if self.spans else None


@dataclass
class Trace:
    """A stored trace."""

    pandas_dataframe_columns: ClassVar[tuple[str, ...]] = (
        "trace_id", "trace", "client_request_id", "state", "request_time", "execution_duration", "request",
        "response", "trace_metadata", "tags", "spans", "assessments",
    )  # fmt: skip

    info: TraceInfo
    data: TraceData = field(default_factory=TraceData)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From the API's JSON: `{"info": …, "spans": […]}`."""
        data = TraceData.from_dict(made if made.get("spans") else made.get("data") or {})
        return cls(_as_updated(TraceInfo.from_dict(made["info"]), data.spans), data)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """From `to_json`."""
        return cls.from_dict(orjson.loads(text))

    @property
    def trace_id(self) -> str:
        """Its id, as `info` has it."""
        return self.info.trace_id

    @property
    def spans(self) -> list[Span]:
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
            if (span_type is None or sent_type(span.span_type) == span_type)
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
        return {"info": self.info.to_dict(), "data": self.data.to_dict()}

    def to_json(self, pretty: bool = False) -> str:
        """As JSON text."""
        return orjson.dumps(self.to_dict(), str, orjson.OPT_INDENT_2 if pretty else 0).decode()

    def to_pandas_dataframe_row(self) -> dict[str, Any]:
        """As a row of `search_traces(return_type="pandas")`, by MLflow's columns."""
        from spanhouse.tables import row

        made = row(self)
        return {name: made[name] for name in self.pandas_dataframe_columns}

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


@dataclass
class Session:
    """A conversation: its traces in the order of time."""

    traces: list[Trace] = field(default_factory=list)

    @property
    def id(self) -> str | None:
        """The session's id; None without traces."""
        return self.traces[0].info.session_id if self.traces else None

    def __iter__(self) -> Iterator[Trace]:
        return iter(self.traces)

    def __len__(self) -> int:
        return len(self.traces)

    def __getitem__(self, index: int) -> Trace:
        return self.traces[index]


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


def _as_updated(info: TraceInfo, spans: list[Span]) -> TraceInfo:
    """*info* with what `update_current_trace` said of the whole trace, which is on its root."""
    said = spans[0].attributes if spans else {}
    names = {"input_preview": semconv.TRACE_REQUEST_PREVIEW, "output_preview": semconv.TRACE_RESPONSE_PREVIEW}
    changed: dict[str, Any] = {name: str(said[key]) for name, key in names.items() if key in said}
    if said.get(semconv.TRACE_STATE) in ("OK", "ERROR"):
        changed["state"] = TraceState(said[semconv.TRACE_STATE])
    return replace(info, **changed) if changed else info
