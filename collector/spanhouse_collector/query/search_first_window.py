"""The first window of a recent-first list of traces, in one statement: its traces with all their spans.

Owns choosing from these, exactly, what a page shows; and the newest traces of all, which need no counting beforehand.
Most lists end here. Leaves wider windows to `search_traces`, what an entry says to `trace_entries`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from spanhouse_collector.query.search_lists import Budget, Listing
from spanhouse_collector.query.search_scope import Scope, Searched
from spanhouse_collector.query.search_windows import Lookback
from spanhouse_collector.query.spans import BY_ID
from spanhouse_collector.query.trace_entries import ROWS_MAX, SpanPart, complete, entries_of, parts_of
from spanhouse_collector.query.trace_view import COUNTS
from spanhouse_collector.storage.engine import Connection

NEWEST_S: Final = 600  # how far back the newest traces are looked for
_SHARE: Final = 0.5  # of the time, for what may have to be done in two steps
_START: Final = SpanPart._fields.index("start_time_unix_nano")


class Found(NamedTuple):
    """A trace of a page, and the values of the order there."""

    project: str
    trace_id: str
    values: tuple[Any, ...]


FoundEntry = tuple[Found, dict[str, Any]]


@dataclass(frozen=True)
class FirstWindow:
    """All traces that start in a window and come after the page's place, the newest first; at most a page and one."""

    window: Scope
    pairs: list[FoundEntry]


def newest_window(
    connection: Connection, listing: Listing, over: Searched, lookback: Lookback, spans: int, budget: Budget
) -> FirstWindow | None:
    """The traces of about that many newest spans; None if there are too many spans to be put together here."""
    recent = lookback.last(NEWEST_S)
    newest = (
        f"SELECT trace_id FROM spans WHERE {recent.in_project} AND {COUNTS} AND {recent.in_time} "
        f"ORDER BY start_time DESC LIMIT {spans + 1}"
    )
    rows = _rows(connection, f"{recent.in_project} AND trace_id IN ({newest})", over.parameters, budget)
    if rows is None:
        return None
    starts = sorted((row[_START] for row in rows if recent.has(row[_START])), reverse=True)
    # Of several spans that start where the limit fell, some may not be here: the window begins after them.
    window = replace(recent, since_unix_nano=starts[spans] + 1) if len(starts) > spans else recent
    return FirstWindow(window, _chosen(connection, listing, window, entries_of(rows).values()))


def whole_window(connection: Connection, listing: Listing, over: Searched, budget: Budget) -> list[FoundEntry] | None:
    """The traces of the scope that satisfy conditions on spans; None if this cannot be told in one step."""
    rows = _rows(connection, over.spans_of_traces(), over.parameters, budget)
    if rows is None:
        return None
    entries = entries_of(rows)
    if over.compiled.formula is not None and len({trace_id for _project, trace_id in entries}) < len(entries):
        return None  # the same id in two projects is two traces: it is not known which of them satisfies the filter
    return _chosen(connection, listing, over.scope, entries.values())


def _rows(
    connection: Connection, restriction: str, parameters: Mapping[str, Any], budget: Budget
) -> Sequence[Sequence[Any]] | None:
    answer = budget.query(connection, parts_of(restriction), parameters, share=_SHARE, settings=BY_ID)
    return answer.rows if answer is not None and len(answer.rows) <= ROWS_MAX else None


def _chosen(
    connection: Connection, listing: Listing, window: Scope, entries: Iterable[dict[str, Any]]
) -> list[FoundEntry]:
    place = listing.place.values if listing.place is not None else None
    pairs = []
    for entry in entries:
        values = (entry["start_time_unix_nano"], entry["trace_id"], entry["project"])
        if window.has(values[0]) and (place is None or values < place):
            pairs.append((Found(entry["project"], entry["trace_id"], values), entry))
    pairs.sort(key=lambda pair: pair[0].values, reverse=True)
    pairs = pairs[: listing.question.limit + 1]
    complete(connection, [entry for _found, entry in pairs])
    return pairs
