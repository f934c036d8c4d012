"""Traces that happened elsewhere or before, written as if they were made here.

Owns: `add_trace`, which grafts a trace into the current one, and `log_trace`, a trace of one span.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from opentelemetry import trace as trace_api
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from spanhouse.calls import active_runtime
from spanhouse.faults import FAULTS, never_raises
from spanhouse.links import span_context
from spanhouse.live_span import LiveSpan
from spanhouse.span_data import Span
from spanhouse.spans import start_span_no_context
from spanhouse.trace_data import INTERMEDIATE_OUTPUTS, Trace
from spanhouse.values import EVENT_ATTRIBUTES_MAX, typed_attributes

COPIED_SPANS_MAX: Final = 10_000
COPIED_ATTRIBUTES_MAX: Final = 1_024


@never_raises(None)
def add_trace(trace: Trace | Mapping[str, Any], target: LiveSpan | None = None) -> None:
    """Put the spans of *trace* (one that was read back, or its dict, MLflow's too) below *target*.

    Without *target*, below the current span; without one, as a trace of their own. Their times, contents and states
    stay; ids are new.
    """
    spans = (trace if isinstance(trace, Trace) else Trace.from_dict(trace)).spans
    current = active_runtime(Context())
    above = (target.otel_span if target is not None else trace_api.get_current_span()).get_span_context()
    if current is None or not spans or (above.is_valid and not above.trace_flags & TraceFlags.SAMPLED):
        return
    if len(spans) > COPIED_SPANS_MAX:
        FAULTS.count("dropped_spans_of_copies", len(spans) - COPIED_SPANS_MAX)
    ids: Any = getattr(current.tracer, "id_generator", None)
    trace_id = above.trace_id if above.is_valid else ids.generate_trace_id()
    resource = getattr(current.tracer, "resource", None)
    scope = getattr(current.tracer, "_instrumentation_scope", None)
    contexts: dict[str, SpanContext] = {}
    for span in spans[:COPIED_SPANS_MAX]:
        context = contexts[span.span_id] = SpanContext(
            trace_id, ids.generate_span_id(), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
        )
        parent = contexts.get(span.parent_id or "") or (above if above.is_valid else None)
        current.processor.on_end(_copy(span, context, parent, resource, scope))


def _copy(span: Span, context: SpanContext, parent: SpanContext | None, resource: Any, scope: Any) -> ReadableSpan:
    code = StatusCode[str(span.status.status_code)]
    return ReadableSpan(
        span.name,
        context,
        parent,
        resource,
        typed_attributes(_own_attributes(span), COPIED_ATTRIBUTES_MAX),
        [
            Event(event.name, typed_attributes(event.attributes, EVENT_ATTRIBUTES_MAX), event.timestamp)
            for event in span.events
        ],
        [
            Link(
                span_context(link.trace_id, link.span_id), typed_attributes(link.attributes or {}, EVENT_ATTRIBUTES_MAX)
            )
            for link in span.links
        ],
        SpanKind.INTERNAL,
        instrumentation_scope=scope,
        status=Status(code, (span.status.description or None) if code is StatusCode.ERROR else None),
        start_time=span.start_time_ns,
        end_time=span.end_time_ns or span.start_time_ns,
    )


def _own_attributes(span: Span) -> dict[str, Any]:
    """What the span has, and of its columns what MLflow keeps elsewhere."""
    from spanhouse import semconv

    known = {
        semconv.INPUT_TOKENS: "input_tokens",
        semconv.OUTPUT_TOKENS: "output_tokens",
        semconv.TOTAL_TOKENS: "total_tokens",
        semconv.CACHE_READ_INPUT_TOKENS: "cache_read_input_tokens",
        semconv.CACHE_WRITE_INPUT_TOKENS: "cache_write_input_tokens",
        semconv.COST_TOTAL: "cost_usd",
    }
    if any(key.startswith("gen_ai.usage.") or "token" in key for key in span.attributes):
        return dict(span.attributes)  # the columns are made of these
    told = {key: span.columns.get(name) for key, name in known.items()}
    return {**{key: value for key, value in told.items() if value is not None}, **span.attributes}


@never_raises("")
def log_trace(
    name: str = "Task",
    request: Any = None,
    response: Any = None,
    intermediate_outputs: Mapping[str, Any] | None = None,
    attributes: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    start_time_ms: int | None = None,
    execution_time_ms: int | None = None,
) -> str:
    """Write a trace of one span, whatever is current; its id. MLflow's, and deprecated there."""
    start_ns = None if start_time_ms is None else start_time_ms * 1_000_000
    span = start_span_no_context(name, inputs=request, attributes=attributes, tags=tags, start_time_ns=start_ns)
    if intermediate_outputs:
        span.set_attribute(INTERMEDIATE_OUTPUTS, orjson.dumps(dict(intermediate_outputs), str).decode())
    ends_ns = None
    if execution_time_ms is not None and span.start_time_ns is not None:
        ends_ns = span.start_time_ns + execution_time_ms * 1_000_000
    span.end(response, end_time_ns=ends_ns)
    return span.trace_id
