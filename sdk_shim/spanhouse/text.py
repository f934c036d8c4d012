"""A trace as plain text.

Owns: the tree of names, types, durations and errors that `print(trace)` shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spanhouse.trace_data import Span, Trace

LINES_MAX = 200


def trace_text(trace: Trace) -> str:
    """A head line and one line a span."""
    info = trace.info
    head = [f"Trace {info.trace_id}", info.name, info.state, duration(info.duration_ns)]
    if info.total_tokens:
        head.append(f"{info.total_tokens} tokens")
    if info.cost_usd is not None:
        head.append(f"${info.cost_usd:.4f}")
    lines = ["  ".join(part for part in head if part)]
    depths = depths_of(trace.spans)
    for span, depth in list(zip(trace.spans, depths, strict=True))[:LINES_MAX]:
        mark = " ✗ " + span.status.description if span.status.status_code == "ERROR" else ""
        lines.append(f"{'  ' * depth}└ {span.name} [{span.span_type}] {duration(span.duration_ns)}{mark}")
    if len(trace.spans) > LINES_MAX:
        lines.append(f"… {len(trace.spans) - LINES_MAX} more spans")
    return "\n".join(lines)


def depths_of(spans: Sequence[Span]) -> list[int]:
    """The depth of each span; parents come before children."""
    depth_of: dict[str, int] = {}
    for span in spans:
        depth_of[span.span_id] = depth_of.get(span.parent_id or "", -1) + 1
    return [depth_of[span.span_id] for span in spans]


def duration(nanoseconds: int | None) -> str:
    """A duration as people say it."""
    if nanoseconds is None:
        return "running"
    if nanoseconds >= 1_000_000_000:
        return f"{nanoseconds / 1e9:.2f} s"
    if nanoseconds >= 1_000_000:
        return f"{nanoseconds / 1e6:.1f} ms"
    return f"{nanoseconds / 1e3:.0f} µs"
