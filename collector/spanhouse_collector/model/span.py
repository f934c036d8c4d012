"""A stored span as the read side sees it.

Owns the shape of one row of `spans` in Python: attributes with their types back, events and links as objects, and the
log records that carry the span's ids. Leaves fetching to the query floor and meaning to `content` and `trace_tree`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AttributeValue = Any  # str | bool | int | float | bytes | list | dict | None, as AnyValue nests
Attributes = Mapping[str, AttributeValue]


@dataclass(frozen=True)
class SpanEvent:
    """An event of a span."""

    name: str
    time_unix_nano: int
    attributes: Attributes


@dataclass(frozen=True)
class SpanLink:
    """A link of a span to another."""

    trace_id: str
    span_id: str
    attributes: Attributes
    trace_state: str = ""


@dataclass(frozen=True)
class SpanLog:
    """A log record that carries a span's ids."""

    event_name: str
    time_unix_nano: int
    body: AttributeValue
    attributes: Attributes
    scope_name: str = ""
    severity_number: int = 0


@dataclass(frozen=True)
class StoredSpan:
    """One span: OpenTelemetry's fields, and the promoted columns of the trace model by name in `columns`.

    `columns` holds every promoted column of `spans` (span_type, operation, provider, …, mapping_version) as the
    database has it; absent numbers are None, absent text is ''.
    """

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    start_time_unix_nano: int
    end_time_unix_nano: int
    duration_ns: int
    status_code: str
    status_message: str
    project: str = "default"
    trace_state: str = ""
    flags: int = 0
    service_name: str = ""
    scope_name: str = ""
    scope_version: str = ""
    attributes: Attributes = field(default_factory=dict)
    resource_attributes: Attributes = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    links: tuple[SpanLink, ...] = ()
    logs: tuple[SpanLog, ...] = ()
    received_at_unix_nano: int = 0
    columns: Mapping[str, Any] = field(default_factory=dict)
