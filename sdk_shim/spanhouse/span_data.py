"""A stored span, as it is read back.

Owns: `Span`, from the API's JSON or MLflow's; MLflow's names where it has one. A number that the collector did not send
is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from spanhouse import semconv
from spanhouse.masking import decoded
from spanhouse.mlflow_format import columns_of_span, is_mlflow_span
from spanhouse.span_entities import Link, SpanEvent
from spanhouse.span_status import SpanStatus, SpanStatusCode
from spanhouse.span_types import input_key, output_key
from spanhouse.span_words import SpanWords
from spanhouse.trace_info import USAGE_NAMES


@dataclass
class Span(SpanWords):
    """One stored span; `columns` has every column of the table `spans`."""

    columns: dict[str, Any] = field(repr=False)
    name: str = ""
    trace_id: str = ""
    span_id: str = ""
    parent_id: str | None = None
    span_type: str = "UNKNOWN"
    start_time_ns: int = 0
    end_time_ns: int | None = None
    attributes: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From the API's JSON or MLflow's."""
        if is_mlflow_span(made):
            made = columns_of_span(made)
        start = _time_ns(made, "start_time")
        end = _time_ns(made, "end_time") or None
        if end is None and made.get("duration_ns") is not None and not made.get("is_pending"):
            end = start + int(made["duration_ns"])
        return cls(
            columns={**made, "parent_span_id": made.get("parent_span_id") or None},
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
        """As the API has it; the parent of a root is None."""
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
    def events(self) -> list[SpanEvent]:
        """The events: name, timestamp in nanoseconds, attributes."""
        return [SpanEvent.from_dict(event) for event in self.columns.get("events") or ()]

    @property
    def links(self) -> list[Link]:
        """The links: trace_id, span_id, attributes."""
        return [Link.from_dict(link) for link in self.columns.get("links") or ()]

    def get_attribute(self, key: str) -> Any:
        """One attribute with its type; None where there is none."""
        return self.attributes.get(key)


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
