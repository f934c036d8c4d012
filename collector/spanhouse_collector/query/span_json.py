"""A span as the API shows it.

Owns the names and the shape of its JSON: light ones for a skeleton, everything with its payload. Leaves what messages
are to `model.content`, and the envelope around the spans to `traces`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from spanhouse_collector.model import content
from spanhouse_collector.model.span import SpanEvent, SpanLink, StoredSpan
from spanhouse_collector.model.trace_tree import TraceTree
from spanhouse_collector.model.trace_tree_info import ERROR, IN_PROGRESS, OK

MISSING_PARENT: Final = "missing parent"
_SECOND_NS: Final = 1_000_000_000


def skeletons(tree: TraceTree, scopes: Sequence[str]) -> list[dict[str, Any]]:
    """What a tree shows of each span. Times are corrected: `clock_skew_ns` was added to what the client sent.

    One loop with everything in it: a trace may have fifty thousand spans, and a call for each would cost as much again.
    """
    cut = tree.cut
    return [
        {
            "span_id": row.span_id,
            "parent_span_id": row.parent_span_id,
            "name": row.name,
            "kind": row.kind,
            "span_type": row.span_type,
            "service_name": row.service_name,
            "model": row.model,
            "agent_name": row.agent_name,
            "tool_name": row.tool_name,
            "start_time_unix_nano": row.start_time_unix_nano + shift_ns,
            "end_time_unix_nano": row.end_time_unix_nano + shift_ns if row.end_time_unix_nano else None,
            "duration_ns": row.duration_ns,
            "clock_skew_ns": shift_ns,
            "state": IN_PROGRESS if row.is_pending else ERROR if row.is_error else OK,
            "input_tokens": row.input_tokens,
            "output_tokens": row.output_tokens,
            "total_tokens": row.total_tokens,
            "cost_usd": row.cost_usd,
            "ttft_ns": row.ttft_ns,
            "usage_scope": scope,
            "depth": depth,
            "is_orphan": is_orphan,
            "is_cycle_cut": position in cut,
        }
        for position, (row, scope, depth, shift_ns, is_orphan) in enumerate(
            zip(tree.rows, scopes, tree.depths, tree.shifts_ns, tree.is_orphan, strict=True)
        )
    ]


def whole(span: StoredSpan, light: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """Every column of a span by its name, typed attributes as objects, and its content; `light` has the last word."""
    return {
        "project": span.project,
        "trace_id": span.trace_id,
        "trace_state": span.trace_state,
        "flags": span.flags,
        "start_time": iso_time(span.start_time_unix_nano),
        "end_time": iso_time(span.end_time_unix_nano) if span.end_time_unix_nano else None,
        "status_code": span.status_code,
        "status_message": span.status_message,
        "scope_name": span.scope_name,
        "scope_version": span.scope_version,
        "received_at": iso_time(span.received_at_unix_nano),
        **span.columns,
        **content,
        **light,
        "attributes": span.attributes,
        "resource_attributes": span.resource_attributes,
        "events": [_event(event) for event in span.events],
        "links": [_link(link) for link in span.links],
    }


def _event(event: SpanEvent) -> dict[str, Any]:
    return {"name": event.name, "time_unix_nano": event.time_unix_nano, "attributes": event.attributes}


def _link(link: SpanLink) -> dict[str, Any]:
    return {
        "trace_id": link.trace_id,
        "span_id": link.span_id,
        "trace_state": link.trace_state,
        "attributes": link.attributes,
    }


def iso_time(unix_nano: int) -> str:
    """A time as RFC 3339 text in UTC, to the nanosecond."""
    seconds, nanos = divmod(unix_nano, _SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z"


def content_of(span: StoredSpan) -> dict[str, Any]:
    """The content of a span as JSON objects, under the names of `Content`."""
    return content.read(span).to_json()


def text_of(value: Any) -> str:
    """A value of any type as one would read it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


def first_text(candidates: Sequence[str | None]) -> str:
    """The first that says anything."""
    return next((text for text in candidates if text and text.strip()), "")
