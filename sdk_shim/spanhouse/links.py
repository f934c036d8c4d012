"""Spans of elsewhere: links to them, and their contexts from ids.

Owns: `link_of` and `span_context`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.trace import Link, SpanContext, TraceFlags

from spanhouse.values import EVENT_ATTRIBUTES_MAX, typed_attributes


def link_of(link: Any, attributes: Mapping[str, Any] | None = None) -> Link:
    """A link of OpenTelemetry from a span, a span context, or an object with hex `trace_id` and `span_id`."""
    if isinstance(link, Link):
        return link
    given = attributes or getattr(link, "attributes", None) or {}
    typed = typed_attributes(given, EVENT_ATTRIBUTES_MAX)
    if hasattr(type(link), "otel_span"):  # a LiveSpan: its own attributes are not the link's
        return Link(link.context, typed if attributes else {})
    if isinstance(link, SpanContext):
        return Link(link, typed)
    return Link(span_context(link.trace_id, link.span_id), typed)


def span_context(trace_id: str, span_id: str, *, is_remote: bool = True) -> SpanContext:
    """The context of a span from its ids in hex (a `tr-` in front is MLflow's), of another process if *is_remote*."""
    number = int(trace_id.removeprefix("tr-"), 16)
    return SpanContext(number, int(span_id, 16), is_remote=is_remote, trace_flags=TraceFlags(TraceFlags.SAMPLED))
