"""A span of this process under the names of a stored one.

Owns: `columns_of`, `events_of` and `links_of`, so that both kinds of span have one shape, as objects and as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spanhouse.span_entities import Link, SpanEvent

if TYPE_CHECKING:
    from spanhouse.span_view import SpanView


def columns_of(span: SpanView) -> dict[str, Any]:
    """The members of the API's span that are known before it is stored."""
    status = span.status
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_id,
        "name": span.name,
        "span_type": span.span_type,
        "start_time_unix_nano": span.start_time_ns,
        "end_time_unix_nano": span.end_time_ns,
        "status_code": str(status.status_code),
        "status_message": status.description,
        "attributes": _listed(span.attributes),
        "events": [event.to_dict() for event in span.events],
        "links": [link.to_dict() for link in span.links],
    }


def events_of(span: Any) -> list[SpanEvent]:
    """The events of OpenTelemetry's span."""
    return [SpanEvent(event.name, event.timestamp, _listed(event.attributes)) for event in getattr(span, "events", ())]


def links_of(span: Any) -> list[Link]:
    """The links of OpenTelemetry's span."""
    return [
        Link(f"{link.context.trace_id:032x}", f"{link.context.span_id:016x}", _listed(link.attributes))
        for link in getattr(span, "links", ())
    ]


def _listed(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """With lists where OpenTelemetry keeps tuples."""
    return {key: list(item) if isinstance(item, tuple) else item for key, item in (attributes or {}).items()}
