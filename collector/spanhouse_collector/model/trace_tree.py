"""The spans of one trace as a tree, whatever arrived of it and in whatever order.

Owns: which record of a span counts when there are several, who is whose child, what is a root, where a cycle is cut,
which parents are missing, and the order in which spans are shown. Late spans need nothing: a tree is built from what
is there. Leaves clocks to `trace_tree_skew`, tokens to `usage_owner`, the summary to `trace_tree_info`.

Linear in the number of spans, apart from sorting by time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.model.trace_tree_skew import shifts_of

NO_PARENT: Final = -1


@dataclass(frozen=True)
class MissingParent:
    """A span that others name as their parent and that is not here: it is shown, with them below it."""

    span_id: str
    child_span_ids: tuple[str, ...]
    start_time_unix_nano: int
    end_time_unix_nano: int


@dataclass(frozen=True)
class TraceTree:
    """A trace's spans, each once, parents before children and siblings by time; the lists are parallel to `rows`."""

    rows: Sequence[SpanRow]
    parents: Sequence[int]  # position in `rows`, NO_PARENT at the top
    depths: Sequence[int]  # an orphan is one below its missing parent
    shifts_ns: Sequence[int]  # what was added to a span's own times to correct its clock
    cut: frozenset[int]  # spans whose parent is below themselves: the link is not followed
    missing_parents: tuple[MissingParent, ...]

    @cached_property
    def root(self) -> int:
        """The span that stands for the trace: the earliest without a parent, the earliest of all when there is none.

        By times as sent: which span it is must not depend on whether clocks are corrected, and SQL agrees.
        """
        tops = [i for i, row in enumerate(self.rows) if not row.parent_span_id] or range(len(self.rows))
        return min(tops, key=lambda i: root_rank(self.rows[i]))

    @cached_property
    def is_orphan(self) -> list[bool]:
        """Of each span, whether its parent is missing."""
        return [
            parent == NO_PARENT and bool(row.parent_span_id) and position not in self.cut
            for position, (row, parent) in enumerate(zip(self.rows, self.parents, strict=True))
        ]


def root_rank(row: SpanRow) -> tuple[bool, int, str]:
    """Smallest for the span that stands for the trace."""
    return row.parent_span_id != "", row.start_time_unix_nano, row.span_id


def winners(rows: Sequence[SpanRow]) -> dict[str, int]:
    """Span id → position of the record that counts: a finished one over one in progress, then the last received."""
    found = {row.span_id: position for position, row in enumerate(rows) if not row.pending_span_id}
    if len(found) == len(rows) and not any(_announces_nothing(row) for row in rows):
        return found
    telling = [position for position, row in enumerate(rows) if not _announces_nothing(row)] or range(len(rows))
    found = {}
    for position in telling:
        row = rows[position]
        span_id = row.pending_span_id or row.span_id
        known = found.setdefault(span_id, position)
        if known != position and _rank(row) > _rank(rows[known]):
            found[span_id] = position
    return found


def _announces_nothing(row: SpanRow) -> bool:
    """Whether it announces a span and does not say which; a span in progress has no end."""
    return row.is_pending and not row.pending_span_id and row.end_time_unix_nano != 0


def _rank(row: SpanRow) -> tuple[bool, int, int]:
    return not row.is_pending, row.received_at_unix_nano, row.end_time_unix_nano


def merge(rows: Sequence[SpanRow]) -> list[SpanRow]:
    """Each span once; one that was only announced stands under the id that it will have."""
    return [
        _announced(rows[position]) if rows[position].pending_span_id else rows[position]
        for position in winners(rows).values()
    ]


def _announced(row: SpanRow) -> SpanRow:
    return row._replace(span_id=row.pending_span_id, parent_span_id=row.pending_parent_span_id, is_pending=True)


def build_tree(records: Sequence[SpanRow], *, correct_clock_skew: bool = True) -> TraceTree:
    """The tree of one trace's records; of none, an empty one."""
    rows = merge(records)
    parents, cut = link(rows)
    starts = [row.start_time_unix_nano for row in rows]
    order = _depth_first(rows, parents, starts)
    shifts = [0] * len(rows)
    if correct_clock_skew and len({row.resource_hash for row in rows}) > 1:
        shifts = shifts_of(rows, parents, order)
        if any(shifts):
            order = _depth_first(rows, parents, [start + shift for start, shift in zip(starts, shifts, strict=True)])
    return _in_order(rows, parents, shifts, cut, order)


def link(rows: Sequence[SpanRow]) -> tuple[list[int], frozenset[int]]:
    """The position of each span's parent, without cycles, and the spans whose link was cut for that."""
    index = {row.span_id: position for position, row in enumerate(rows)}
    parents = [index.get(row.parent_span_id, NO_PARENT) if row.parent_span_id else NO_PARENT for row in rows]
    return parents, _cut_cycles(rows, parents)


def _cut_cycles(rows: Sequence[SpanRow], parents: list[int]) -> frozenset[int]:
    """Make a root of the earliest span of each cycle of parents; returns those spans."""
    mark = [0] * len(rows)  # the walk that came by, 0 for none
    cut: set[int] = set()
    for first in range(len(rows)):
        position, walk = first, first + 1
        while position != NO_PARENT and not mark[position]:
            mark[position] = walk
            position = parents[position]
        if position != NO_PARENT and mark[position] == walk:  # the walk met itself
            cycle = [position]
            while (parent := parents[cycle[-1]]) != position:
                cycle.append(parent)
            earliest = min(cycle, key=lambda i: (rows[i].start_time_unix_nano, rows[i].span_id))
            parents[earliest] = NO_PARENT
            cut.add(earliest)
    return frozenset(cut)


def _depth_first(rows: Sequence[SpanRow], parents: Sequence[int], starts: Sequence[int]) -> list[int]:
    """Positions in the order of showing: parents before children, siblings by time. Cycles are not reached."""
    none = len(rows)
    first_child, next_sibling = [none] * none, [none] * none
    top = none
    by_start = sorted(zip(starts, (row.span_id for row in rows), range(none), strict=True), reverse=True)
    for _, _, position in by_start:
        parent = parents[position]
        if parent == NO_PARENT:
            next_sibling[position], top = top, position
        else:
            next_sibling[position], first_child[parent] = first_child[parent], position
    stack, order = [top], []
    while stack:
        position = stack.pop()
        if position != none:
            order.append(position)
            stack += next_sibling[position], first_child[position]
    return order


def _in_order(
    rows: Sequence[SpanRow], parents: Sequence[int], shifts: Sequence[int], cut: frozenset[int], order: Sequence[int]
) -> TraceTree:
    """The lists brought into the order of showing."""
    place = [0] * len(rows)
    for new, old in enumerate(order):
        place[old] = new
    ordered = [rows[old] for old in order]
    new_parents = [NO_PARENT if parents[old] == NO_PARENT else place[parents[old]] for old in order]
    new_shifts = [shifts[old] for old in order]
    new_cut = frozenset(place[old] for old in cut)
    depths: list[int] = []
    orphans: dict[str, list[int]] = {}
    for position, (row, parent) in enumerate(zip(ordered, new_parents, strict=True)):
        if parent != NO_PARENT:
            depths.append(depths[parent] + 1)
        elif row.parent_span_id and position not in new_cut:
            depths.append(1)
            orphans.setdefault(row.parent_span_id, []).append(position)
        else:
            depths.append(0)
    missing = tuple(_missing(span_id, ordered, new_shifts, positions) for span_id, positions in orphans.items())
    return TraceTree(ordered, new_parents, depths, new_shifts, new_cut, missing)


def _missing(span_id: str, rows: Sequence[SpanRow], shifts: Sequence[int], positions: Sequence[int]) -> MissingParent:
    """The stand-in for a parent that is not here; it lasts as long as its children do."""
    return MissingParent(
        span_id=span_id,
        child_span_ids=tuple(rows[position].span_id for position in positions),
        start_time_unix_nano=min(rows[position].start_time_unix_nano + shifts[position] for position in positions),
        end_time_unix_nano=max(
            max(rows[position].end_time_unix_nano, rows[position].start_time_unix_nano) + shifts[position]
            for position in positions
        ),
    )
