"""A span of this process, to be read.

Owns: `SpanView`, what a span of OpenTelemetry is under the names of a stored one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import SpanContext, TraceFlags

from spanhouse import semconv
from spanhouse.masking import decoded
from spanhouse.span_attributes import held_attributes
from spanhouse.span_status import SpanStatus, SpanStatusCode
from spanhouse.span_types import input_key, output_key
from spanhouse.span_words import SpanWords

if TYPE_CHECKING:
    from spanhouse.span_data import Span as StoredSpan
    from spanhouse.span_entities import Link, SpanEvent


class SpanView(SpanWords):
    """What can be asked of a span at any time."""

    __slots__ = ("_span",)

    def __init__(self, span: OtelSpan) -> None:
        self._span = span

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, trace_id={self.trace_id!r}, span_id={self.span_id!r})"

    @property
    def otel_span(self) -> OtelSpan:
        """OpenTelemetry's own span."""
        return self._span

    @property
    def context(self) -> SpanContext:
        """OpenTelemetry's span context."""
        return self._span.get_span_context()

    @property
    def trace_id(self) -> str:
        """32 lower-case hex digits; empty when nothing is traced, or the trace is not kept."""
        context = self._span.get_span_context()
        return f"{context.trace_id:032x}" if context.trace_flags & TraceFlags.SAMPLED and context.is_valid else ""

    @property
    def span_id(self) -> str:
        """16 lower-case hex digits; empty when nothing is traced, or the trace is not kept."""
        context = self._span.get_span_context()
        return f"{context.span_id:016x}" if context.trace_flags & TraceFlags.SAMPLED and context.is_valid else ""

    @property
    def parent_id(self) -> str | None:
        """The parent's span id, None for a root."""
        parent = getattr(self._span, "parent", None)
        return f"{parent.span_id:016x}" if parent is not None else None

    @property
    def name(self) -> str:
        """The name."""
        return str(getattr(self._span, "name", ""))

    @property
    def start_time_ns(self) -> int | None:
        """Start in nanoseconds of Unix time."""
        return getattr(self._span, "start_time", None)

    @property
    def end_time_ns(self) -> int | None:
        """End in nanoseconds of Unix time, None while it runs."""
        return getattr(self._span, "end_time", None)

    @property
    def is_recording(self) -> bool:
        """Whether what is written is kept."""
        return self._span.is_recording()

    @property
    def status(self) -> SpanStatus:
        """The status set so far."""
        status = getattr(self._span, "status", None)
        if status is None:
            return SpanStatus(SpanStatusCode.UNSET)
        return SpanStatus(SpanStatusCode[status.status_code.name], status.description or "")

    @property
    def attributes(self) -> dict[str, Any]:
        """A copy of the attributes."""
        return dict(getattr(self._span, "attributes", None) or {})

    @property
    def events(self) -> list[SpanEvent]:
        """The events so far: name, timestamp in nanoseconds, attributes."""
        from spanhouse.span_columns import events_of

        return events_of(self._span)

    @property
    def links(self) -> list[Link]:
        """The links: trace_id, span_id, attributes."""
        from spanhouse.span_columns import links_of

        return links_of(self._span)

    @property
    def span_type(self) -> str:
        """The type, `UNKNOWN` where none was given."""
        return str(self._read(semconv.SPAN_TYPE) or "UNKNOWN")

    @property
    def inputs(self) -> Any:
        """The inputs as they were stored."""
        return decoded(self.attributes, input_key(self.span_type))

    @property
    def outputs(self) -> Any:
        """The outputs as they were stored."""
        return decoded(self.attributes, output_key(self.span_type))

    def get_attribute(self, key: str) -> Any:
        """One attribute, None where there is none."""
        return self._read(key)

    def to_dict(self) -> dict[str, Any]:
        """As a stored span has it: what `Span.from_dict` reads."""
        from spanhouse.span_columns import columns_of

        return columns_of(self)

    @staticmethod
    def from_dict(made: Mapping[str, Any]) -> StoredSpan:
        """A stored span, which is what a dict holds: `Span.from_dict`."""
        from spanhouse.span_data import Span

        return Span.from_dict(made)

    def to_immutable_span(self) -> StoredSpan:
        """As it is now, in the shape of a stored span."""
        from spanhouse.span_data import Span

        return Span.from_dict(self.to_dict())

    def _read(self, key: str) -> Any:
        return held_attributes(self._span).get(key)
