"""How far back a recent-first list looks at a time.

Owns choosing its windows by what is there: each one reaches back to the start of the n-th newest span, n growing. When
that was is asked of an hour's spans, or if these are too few of a day's, and so on: the index prunes by the hour, and
only times are read. Leaves what is asked of a window to `search_traces` and `search_spans`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from spanhouse_collector.query.search_lists import Budget
from spanhouse_collector.query.search_moments import SECOND_NS
from spanhouse_collector.query.search_scope import Scope
from spanhouse_collector.query.trace_view import COUNTS
from spanhouse_collector.storage.engine import Connection

GROWTH: Final = 16
ROWS_MAX: Final = 2_000_000  # beyond, the rest is one window
TELLING: Final = 16  # so many within an hour tell how many there are in several
_TO_BE_SURE: Final = 1.25
LOOKED_UP_MAX: Final = 5_000  # spans of a window whose ids are looked up
_EACH: Final = ("start_time", "")
# How far back is looked at a time; None for all that there is.
HOUR_S: Final = 3600
LEVELS_S: Final[tuple[int | None, ...]] = (HOUR_S, 6 * HOUR_S, 24 * HOUR_S, 30 * 24 * HOUR_S, None)
BEYOND_AN_HOUR_S: Final = LEVELS_S[1:]


@dataclass(frozen=True)
class Counted:
    """The spans that are counted: those of a table that satisfy a condition; and what it binds.

    `by_trace`: of each trace only the newest.
    """

    parameters: dict[str, Any]
    table: str = "spans"
    condition: str = COUNTS
    by_trace: bool = False


@dataclass(frozen=True)
class Lookback:
    """A scope, looked at from its end, or from a moment before that."""

    scope: Scope
    newest_unix_nano: int | None
    now_unix_nano: int

    def last(self, seconds: int) -> Scope:
        """The scope's last seconds."""
        return self._last(seconds, self.newest_unix_nano)

    def _last(self, seconds: int | None, until_unix_nano: int | None) -> Scope:
        bounds = (self.now_unix_nano, until_unix_nano, self.scope.until_unix_nano)
        anchor = min(each for each in bounds if each is not None)
        floor = self.scope.since_unix_nano or 0
        since = floor if seconds is None else max(floor, anchor - seconds * SECOND_NS)
        return replace(self.scope.within(None, until_unix_nano), since_unix_nano=since or None)

    def windows(
        self,
        connection: Connection,
        counted: Counted,
        rows: int,
        budget: Budget,
        *,
        first: int | None = None,
        levels: Sequence[int | None] = LEVELS_S,
    ) -> Iterator[Scope]:
        """The scope in parts, the latest first; together they are all of it. The first has about that many spans.

        `first` is for those who asked already when it begins, `levels` for those who know that it is not within some.
        """
        until = self.newest_unix_nano
        while rows <= ROWS_MAX:
            since = first or self.since(connection, counted, rows, budget, until_unix_nano=until, levels=levels)
            if since is None:
                break
            first, levels = None, LEVELS_S
            yield self.scope.within(since, until)
            until = since
            rows *= GROWTH
        yield self.scope.within(None, until)

    def since(
        self,
        connection: Connection,
        counted: Counted,
        rows: int,
        budget: Budget,
        *,
        until_unix_nano: int | None,
        levels: Sequence[int | None] = LEVELS_S,
    ) -> int | None:
        """When the n-th newest of them started; None if there are fewer, or it is farther back than the levels."""
        for seconds in levels:
            part = self._last(seconds, until_unix_nano)
            starts = _starts(connection, counted, part, f"LIMIT 1 OFFSET {rows}", budget)
            if starts is None:
                return None
            if starts:
                return starts[0]
            if part.since_unix_nano == self.scope.since_unix_nano:
                break
        return None

    def within_an_hour(self, connection: Connection, counted: Counted, rows: int, budget: Budget) -> int | None:
        """When the n-th newest started, if within an hour; else when it should have, if the hour has enough to tell."""
        part = self.last(HOUR_S)
        starts = _starts(connection, counted, part, f"LIMIT {rows + 1}", budget)
        if starts is None or part.since_unix_nano is None:
            return None
        if len(starts) > rows:
            return starts[rows]
        if len(starts) < TELLING or part.since_unix_nano == self.scope.since_unix_nano:
            return None
        reach = int(HOUR_S * SECOND_NS * rows / len(starts) * _TO_BE_SURE)
        return max(self.scope.since_unix_nano or 0, part.since_unix_nano + HOUR_S * SECOND_NS - reach)


def _starts(connection: Connection, counted: Counted, part: Scope, limit: str, budget: Budget) -> list[int] | None:
    """When those of a part of the scope started, the newest first; None when time ran out."""
    started, grouped = ("max(start_time)", "GROUP BY project, trace_id ") if counted.by_trace else _EACH
    answer = budget.query(
        connection,
        f"SELECT toUnixTimestamp64Nano({started}) AS started FROM {counted.table} AS spans "
        f"WHERE {part.in_project} AND {part.in_time} AND {counted.condition} {grouped}"
        f"ORDER BY {started} DESC {limit}",
        {**counted.parameters, **part.parameters},
    )
    return None if answer is None else [int(row[0]) for row in answer.rows]


def is_looked_up(connection: Connection, window: Scope, budget: Budget) -> bool:
    """Whether a window has so few spans that their traces' ids are better looked up.

    Spans that a condition asks for may be anywhere after the window: they are met by reading what satisfies it from
    there to now, or by the index of ids, which takes as long for an id as a granule takes to be read.
    """
    if window.since_unix_nano is None:
        return False
    counted = budget.query(
        connection, f"SELECT count() FROM spans WHERE {window.in_project} AND {window.in_time}", window.parameters
    )
    return counted is not None and int(counted.rows[0][0]) <= LOOKED_UP_MAX
