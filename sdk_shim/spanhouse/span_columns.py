"""A span of this process under the names of a stored one.

Owns: `columns_of`, so that both kinds of span have one shape as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spanhouse.live_span import LiveSpan


def columns_of(span: LiveSpan) -> dict[str, Any]:
    """The members of the API's span that are known before it is stored."""
    status = span.status
    return {
        "trace_id": span.trace_id,
        "span_id": span.span_id,
        "parent_span_id": span.parent_id or "",
        "name": span.name,
        "span_type": span.span_type,
        "start_time_unix_nano": span.start_time_ns,
        "end_time_unix_nano": span.end_time_ns,
        "status_code": str(status.status_code),
        "status_message": status.description,
        "attributes": _listed(span.attributes),
        "events": [
            {"name": event.name, "time_unix_nano": event.timestamp, "attributes": _listed(event.attributes)}
            for event in span.events
        ],
        "links": [
            {
                "trace_id": f"{link.context.trace_id:032x}",
                "span_id": f"{link.context.span_id:016x}",
                "attributes": _listed(link.attributes),
            }
            for link in span.links
        ],
    }


def _listed(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    """With lists where OpenTelemetry keeps tuples."""
    return {key: list(item) if isinstance(item, tuple) else item for key, item in (attributes or {}).items()}
