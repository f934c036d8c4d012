"""One span as its trace's tree needs it: ids, times, names, and what is summed. No attributes, no content.

Owns the list of those fields, which is also the skeleton of a trace in the API. A tuple: a trace may have fifty
thousand of them.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class SpanRow(NamedTuple):
    """The light columns of one row of `spans`, by their names there; times in nanoseconds since 1970.

    First those that decide what is whose child and what counts.
    """

    span_id: str = ""
    parent_span_id: str = ""
    # Of a record that announces a span before it ends (Logfire's pending_span): the span it announces, and its parent.
    pending_span_id: str = ""
    pending_parent_span_id: str = ""
    name: str = ""
    kind: str = "INTERNAL"
    start_time_unix_nano: int = 0
    end_time_unix_nano: int = 0
    duration_ns: int = 0
    received_at_unix_nano: int = 0
    is_pending: bool = False
    scope_name: str = ""
    span_type: str = "UNKNOWN"
    response_id: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cost_usd: float | None = None
    project: str = "default"
    service_name: str = ""
    is_error: bool = False
    model: str = ""
    agent_name: str = ""
    tool_name: str = ""
    session_id: str = ""
    user_id: str = ""
    ttft_ns: int | None = None
    tags: str = ""  # joined by TAG_SEPARATOR: fifty thousand lists, most of them empty, would cost more than all else
    # Equal for spans that one process wrote: their times are of one clock.
    resource_hash: int = 0


TAG_SEPARATOR: Final = "\x1f"
DECIDING: Final = SpanRow._fields[: SpanRow._fields.index("cost_usd") + 1]
