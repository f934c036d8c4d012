"""Clocks of different machines brought together, for showing a trace.

Owns one rule: a child that another process wrote, and that does not fit into its parent, is moved into it, and what
that process wrote below moves along. Stored times are never changed. Within one process a child outside its parent is
the truth (work that outlives its caller) and stays.

Source: Jaeger, `model/adjuster/clockskew.go`, whose rule this is; the exception for queues is ours.
"""

from __future__ import annotations

from collections.abc import Sequence

from spanhouse_collector.model.trace_tree_row import SpanRow


def shifts_of(rows: Sequence[SpanRow], parents: Sequence[int], order: Sequence[int]) -> list[int]:
    """Nanoseconds to add to each span's times; `order` has parents before children, a parent below 0 is none."""
    shifts = [0] * len(rows)
    for position in order:
        parent = parents[position]
        if parent < 0:
            continue
        if rows[position].resource_hash == rows[parent].resource_hash:
            shifts[position] = shifts[parent]
        else:
            shifts[position] = _shift(rows[position], rows[parent], shifts[parent])
    return shifts


def _shift(child: SpanRow, parent: SpanRow, parent_shift: int) -> int:
    parent_start = parent.start_time_unix_nano + parent_shift
    early_by = parent_start - child.start_time_unix_nano
    is_queued = child.kind == "CONSUMER" or parent.kind == "PRODUCER"
    if is_queued or parent.is_pending or child.duration_ns > parent.duration_ns:
        # It may well last longer than its parent: all that is certain is that it did not begin before.
        return max(0, early_by)
    if early_by <= 0 and child.end_time_unix_nano <= parent_start + parent.duration_ns:
        return 0
    # As if the way there took as long as the way back.
    return early_by + (parent.duration_ns - child.duration_ns) // 2
