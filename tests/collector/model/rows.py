"""Spans of a trace for tests of its tree: ids are short names, times are milliseconds."""

from __future__ import annotations

from typing import Any, Final

from spanhouse_collector.model.trace_tree_row import SpanRow

EPOCH_NS: Final = 1_795_000_000_000_000_000
MS: Final = 1_000_000


def row(span_id: str, parent: str = "", start: float = 0, end: float | None = 100, **columns: Any) -> SpanRow:
    """A span from `start` to `end` milliseconds; without an end it is in progress."""
    start_ns = EPOCH_NS + round(start * MS)
    end_ns = 0 if end is None else EPOCH_NS + round(end * MS)
    defaults = {
        "name": span_id,
        "service_name": "app",
        "is_pending": end is None,
        "received_at_unix_nano": EPOCH_NS,
    }
    return SpanRow(
        span_id=span_id,
        parent_span_id=parent,
        start_time_unix_nano=start_ns,
        end_time_unix_nano=end_ns,
        duration_ns=max(0, end_ns - start_ns),
        **{**defaults, **columns},
    )


def llm(
    span_id: str, parent: str = "", tokens: int = 10, start: float = 0, end: float = 100, **columns: Any
) -> SpanRow:
    """A call with usage: `tokens` in, one out."""
    return row(
        span_id,
        parent,
        start,
        end,
        **{"span_type": "LLM", "input_tokens": tokens, "output_tokens": 1, "total_tokens": tokens + 1, **columns},
    )
