"""Settling: making `usage_scope` and `is_superseded` of stored spans what the whole trace says they are.

A row is written knowing itself alone. Owns finding the traces of a window of receive time that may need a correction,
asking the model for its verdict, and writing what differs. Every step is idempotent: a window may be settled again, by
anybody, at any time. Leaves the rule to `model.usage_owner` and when to do it to `settler`.

Source: decision 011.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from spanhouse_collector.model.trace_tree import link, merge, winners
from spanhouse_collector.model.trace_tree_row import DECIDING, SpanRow
from spanhouse_collector.model.usage_owner import DUPLICATE, NONE, OWNER_TYPES, usage_scopes
from spanhouse_collector.storage.engine import Connection, Engine, quoted

SECOND_NS: Final = 1_000_000_000
# How far from a window the other spans of its traces are looked for, without asking: as far as this many rows reach.
NEAR_ROWS_MAX: Final = 1_000_000
NEAR_S: Final = (3600, 600, 120, 30)
CLOCKS_S: Final = 120  # how much a client's clock may be ahead of ours
TRACES_AT_ONCE: Final = 1000
LARGE_TRACE_SPANS: Final = 500  # from here on comparing all with all would cost more than asking the model
# Older ones lose rows to token searches while a patch waits for its merge (ClickHouse issue 106460).
PATCHES_SINCE: Final = (26, 9)


@dataclass(frozen=True)
class Window:
    """Spans received from `first` to `last`, both included."""

    first_unix_nano: int
    last_unix_nano: int


@dataclass(frozen=True)
class Settled:
    """What settling a window did."""

    candidates: int = 0
    corrections: int = 0


class _Candidate(NamedTuple):
    project: str
    trace_id: str
    start_unix_nano: int


class _Key(NamedTuple):
    """Names one row for good: merges keep the number of the block that it was inserted with."""

    trace_id: str
    span_id: str
    block_number: int
    block_offset: int


class _Verdict(NamedTuple):
    usage_scope: str
    is_superseded: bool


_BEARS: Final = (
    "(ifNull(input_tokens, 0) != 0 OR ifNull(output_tokens, 0) != 0 OR ifNull(total_tokens, 0) != 0 "
    "OR ifNull(cost_usd, 0) != 0)"
)
_IS_CALL: Final = f"span_type IN ({', '.join(quoted(name) for name in sorted(OWNER_TYPES))})"
_RECEIVED: Final = (
    "received_at BETWEEN fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND fromUnixTimestamp64Nano({to:Int64}, 'UTC')"
)
_IN_WINDOW: Final = (
    "received_at BETWEEN fromUnixTimestamp64Nano({first:Int64}, 'UTC') AND fromUnixTimestamp64Nano({last:Int64}, 'UTC')"
)
# A trace is left alone when every one of its rows is, and shall be, as it was presumed to be: each span once; at most
# one with usage, or several of which none is above another; sums only at the one root that everything hangs on, or
# right above what they sum up. A call is above another when that one, or a span with children of its own, names it as
# its parent.
_CANDIDATES: Final = f"""
SELECT project, trace_id, toUnixTimestamp64Nano(min(start_time)) AS started,
    groupArray(span) AS spans_here, groupUniqArrayIf(parent, NOT is_root) AS parents_named,
    groupArrayIf(span, calls) AS call_spans, groupUniqArrayIf(parent, bears) AS above_usage
FROM
(
    SELECT project, trace_id, start_time, response_id, cityHash64(span_id) AS span,
        cityHash64(parent_span_id) AS parent, parent_span_id = '' AS is_root,
        if(pending_span_id = '', span, cityHash64(pending_span_id)) AS told_span,
        {_BEARS} AS bears, bears AND {_IS_CALL} AS calls, bears AND NOT {_IS_CALL} AS sums,
        usage_scope != multiIf(calls, 'own', sums, 'aggregate', usage_scope) AS is_corrected
    FROM spans PREWHERE trace_id IN (SELECT trace_id FROM spans WHERE {_IN_WINDOW}) WHERE {_RECEIVED}
)
GROUP BY project, trace_id
HAVING max(is_corrected) OR count() != uniqExact(told_span)
    OR (countIf(bears) > 0 AND started < {{from:Int64}})
    OR
    (
        length(call_spans) > 1 AND
        (
            notEmpty(arrayIntersect(call_spans, above_usage))
            OR (count() > {LARGE_TRACE_SPANS} AND notEmpty(arrayIntersect(call_spans, parents_named)))
            OR (count() <= {LARGE_TRACE_SPANS} AND hasAny(call_spans, arrayMap(link -> link.2,
                arrayFilter(link -> has(parents_named, link.1), groupArrayIf((span, parent), NOT bears)))))
        )
    )
    OR countIf(calls AND response_id != '') > uniqExactIf(response_id, calls AND response_id != '')
    OR
    (
        countIf(sums) > 0 AND
        (
            empty(call_spans) OR countIf(is_root) != 1
            OR length(arrayIntersect(parents_named, spans_here)) != length(parents_named)
            OR length(arrayIntersect(above_usage, groupArrayIf(span, sums AND NOT is_root)))
                != countIf(sums AND NOT is_root)
        )
    )
SETTINGS max_threads = 1
"""
_COMPUTED: Final = {
    "start_time_unix_nano": "toUnixTimestamp64Nano(start_time)",
    "end_time_unix_nano": "toUnixTimestamp64Nano(end_time)",
    "received_at_unix_nano": "toUnixTimestamp64Nano(received_at)",
}
_ROWS: Final = f"""
SELECT project, trace_id, _block_number, _block_offset, usage_scope, is_superseded,
    {", ".join(_COMPUTED.get(name, name) for name in DECIDING)}
FROM spans
WHERE trace_id IN {{trace_ids:Array(String)}} AND received_at >= fromUnixTimestamp64Nano({{from:Int64}}, 'UTC')
ORDER BY project, trace_id, _block_number, _block_offset
SETTINGS max_threads = 1
"""


class Settlement:
    """Settles windows over one connection, for one thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._has_patches = False

    def settle(self, window: Window) -> Settled:
        """Correct the spans of all traces that received a span in the window.

        Raises:
            StorageError: some may be corrected and others not; settle the window again.

        """
        connection = self._connected()
        connection.room.require()
        near_from = window.first_unix_nano - self._near_s(window) * SECOND_NS
        found = connection.query(
            _CANDIDATES,
            {
                "from": near_from,
                "to": window.last_unix_nano + (window.first_unix_nano - near_from),
                "first": window.first_unix_nano,
                "last": window.last_unix_nano,
            },
        ).rows
        # Together those that began together: how far back their rows are looked for is the earliest of them.
        candidates = sorted((_Candidate(*row[:3]) for row in found), key=lambda candidate: -candidate.start_unix_nano)
        corrections = 0
        for at in range(0, len(candidates), TRACES_AT_ONCE):
            corrections += self._settle_traces(candidates[at : at + TRACES_AT_ONCE], near_from)
        return Settled(len(candidates), corrections)

    def next_received(self, after_unix_nano: int) -> int | None:
        """When the first span later than this was received."""
        found = self._connected().query(
            "SELECT toUnixTimestamp64Nano(min(received_at)), count() FROM spans "
            "WHERE received_at > fromUnixTimestamp64Nano({after:Int64}, 'UTC')",
            {"after": after_unix_nano},
        )
        received, count = found.rows[0]
        return int(received) if count else None

    def close(self) -> None:
        """Close the connection, if one was made."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            version = str(self._connection.query("SELECT version()").rows[0][0])
            self._has_patches = tuple(int(part) for part in version.split(".")[:2]) >= PATCHES_SINCE
        return self._connection

    def _near_s(self, window: Window) -> int:
        """How far around the window to look: as far as costs little."""
        for near_s in NEAR_S[:-1]:
            reach = {
                "from": window.first_unix_nano - near_s * SECOND_NS,
                "to": window.last_unix_nano + near_s * SECOND_NS,
            }
            # What whole parts hold is known without reading them.
            (rows,) = self._connected().query(f"SELECT count() FROM spans WHERE {_RECEIVED}", reach).rows[0]
            if rows <= NEAR_ROWS_MAX:
                return near_s
        return NEAR_S[-1]

    def _settle_traces(self, candidates: Sequence[_Candidate], near_from: int) -> int:
        """Read these traces whole, and write where the verdict differs from what stands there."""
        # None of a trace's spans was received before it began, unless its clock is ahead.
        earliest = min(near_from, candidates[-1].start_unix_nano) - CLOCKS_S * SECOND_NS
        rows = self._connected().query(
            _ROWS, {"trace_ids": [candidate.trace_id for candidate in candidates], "from": earliest}
        )
        changes: dict[_Verdict, list[_Key]] = {}
        for trace in _by_trace(rows.rows):
            for key, verdict in corrections_of(trace):
                changes.setdefault(verdict, []).append(key)
        for verdict, keys in changes.items():
            for at in range(0, len(keys), TRACES_AT_ONCE):
                self._write(verdict, keys[at : at + TRACES_AT_ONCE], earliest)
        return sum(len(keys) for keys in changes.values())

    def _write(self, verdict: _Verdict, keys: Sequence[_Key], earliest: int) -> None:
        trace_ids = ", ".join(sorted({quoted(key.trace_id) for key in keys}))
        rows = ", ".join(
            f"({quoted(key.trace_id)}, {quoted(key.span_id)}, {key.block_number}, {key.block_offset})" for key in keys
        )
        change = (
            f"usage_scope = {quoted(verdict.usage_scope)}, is_superseded = {verdict.is_superseded} "
            f"WHERE trace_id IN ({trace_ids}) AND received_at >= fromUnixTimestamp64Nano({earliest}, 'UTC') "
            f"AND (trace_id, span_id, _block_number, _block_offset) IN ({rows})"
        )
        if self._has_patches:
            self._connected().execute(f"UPDATE spans SET {change}")
        else:
            self._connected().execute(f"ALTER TABLE spans UPDATE {change}", {"mutations_sync": 1})


class StoredRow(NamedTuple):
    """A row, and what stands there."""

    key: _Key
    stands: _Verdict
    row: SpanRow


def _by_trace(rows: Iterable[Sequence[Any]]) -> Iterable[list[StoredRow]]:
    """Rows that come ordered by project and trace, a list each."""
    trace: list[StoredRow] = []
    current: tuple[Any, Any] | None = None
    for project, trace_id, block_number, block_offset, usage_scope, is_superseded, *columns in rows:
        if (project, trace_id) != current and trace:
            yield trace
            trace = []
        current = (project, trace_id)
        row = SpanRow(*columns)
        key = _Key(trace_id, row.span_id, block_number, block_offset)
        trace.append(StoredRow(key, _Verdict(usage_scope, bool(is_superseded)), row))
    if trace:
        yield trace


def corrections_of(trace: Sequence[StoredRow]) -> list[tuple[_Key, _Verdict]]:
    """The rows of one trace that do not stand as they should, and how they should."""
    records = [stored.row for stored in trace]
    counting = winners(records)
    rows = merge(records)
    scopes = dict(zip(counting, usage_scopes(rows, link(rows)[0]), strict=True))
    found = []
    for position, stored in enumerate(trace):
        row = stored.row
        span_id = row.pending_span_id or row.span_id
        if counting.get(span_id) == position:
            verdict = _Verdict(scopes[span_id], is_superseded=False)
        else:
            verdict = _Verdict(NONE if stored.stands.usage_scope == NONE else DUPLICATE, is_superseded=True)
        if verdict != stored.stands:
            found.append((stored.key, verdict))
    return found
