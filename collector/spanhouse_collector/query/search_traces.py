"""Lists of traces.

Owns finding them in two steps: the ids of a page, from the spans of a window or, in any other order than the most
recent first, from all that the question allows; then their entries, from all their spans, whenever these started or
arrived. Where nothing is asked of traces as such, the first window gives both in one step: each statement saved is
worth more than the entries computed for nothing. Leaves what an entry says to `trace_entries`, the text found to
`search_highlights`, one whole trace to `traces`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.query.arrivals import Mark, parse_mark, read_mark, write_mark
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import Table, check_regexes
from spanhouse_collector.query.filter.formula import tests_of
from spanhouse_collector.query.search_first_window import FirstWindow, Found, FoundEntry, newest_window, whole_window
from spanhouse_collector.query.search_highlights import highlights
from spanhouse_collector.query.search_lists import (
    SECONDS_MAX,
    Budget,
    Clock,
    ListAnswer,
    Listing,
    ListQuestion,
    understand,
)
from spanhouse_collector.query.search_pages import Order, Part
from spanhouse_collector.query.search_scope import Scope, Searched, moment, searched
from spanhouse_collector.query.search_windows import (
    BEYOND_AN_HOUR_S,
    GROWTH,
    LEVELS_S,
    Counted,
    Lookback,
    is_looked_up,
)
from spanhouse_collector.query.spans import BY_ID
from spanhouse_collector.query.trace_entries import ROWS_MAX, complete, entries_of, parts_of
from spanhouse_collector.query.trace_view import COUNTS, traces_over
from spanhouse_collector.storage.engine import Connection

_STARTED: Final = "toUnixTimestamp64Nano(start_time)"
RECENT_FIRST: Final = (
    Part(_STARTED, "Int64", descending=True),
    Part("trace_id", "String", descending=True),
    Part("toString(project)", "String", descending=True),
)
ENTRY_FIELDS: Final = (
    *("trace_id", "project", "name", "start_time_unix_nano", "duration_ns", "state", "service_name", "session_id"),
    *("user_id", "span_count", "error_count", "input_tokens", "output_tokens", "total_tokens", "cost_usd", "models"),
    *("input_preview", "output_preview", "tags"),
)
_ENTRY_COLUMNS: Final = ", ".join(
    f"{_STARTED} AS {field}" if field == "start_time_unix_nano" else field for field in ENTRY_FIELDS
)
# Conditions on spans that hold for so few spans are asked once; others window by window.
RARE_SPANS_MAX: Final = 4000
RARE_SHARE: Final = 0.5  # of the time, for finding out
ARRIVED_MAX: Final = 10_000  # traces that one poll of a live list may find
# How much the first window of a list has, for each trace wanted:
_MATCHING_TRACES: Final = 2  # traces with a span that satisfies the conditions on spans; some of them began before it
_MATCHING_PAGE: Final = 1.25  # the same of a rare condition, whose traces are known one by one
_IMPLIED_TRACES: Final = 8  # traces with a span that satisfies what conditions on traces imply of one
_SPANS: Final = 8  # spans, where nothing is asked of them
_SPANS_IF_CHOSEN: Final = 100  # spans, where conditions on traces choose among these


@dataclass(frozen=True)
class _Page:
    found: list[Found]
    entries: list[dict[str, Any]]
    is_partial: bool = False
    complete_since_unix_nano: int | None = None


class TraceSearch:
    """Answers questions for lists of traces; safe to use from any thread."""

    def __init__(
        self, connections: Connections, *, clock: Clock = time.time_ns, seconds_max: float = SECONDS_MAX
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._seconds_max = seconds_max

    def answer(self, question: ListQuestion) -> ListAnswer:
        """A page of traces.

        Raises:
            FilterInvalid: the filter, or a field to order by, cannot be read.
            MalformedRequest: another parameter cannot.
            StorageError: as the database has it.

        """
        listing = understand(question, unit="trace", recent_first=RECENT_FIRST, clock=self._clock)
        before = parse_mark(question.newer_than, "spans")
        budget = Budget(self._seconds_max)
        with self._connections.borrow() as connection:
            check_regexes(listing.compiled, connection)
            over = searched(connection, listing.scope, listing.compiled)
            mark = read_mark(connection, "spans") if question.live or before is not None else None
            newest = write_mark(mark, "spans") if mark is not None else None
            if before is not None:
                if mark == before:
                    return ListAnswer([], newest_token=newest, total_count=0 if question.count else None)
                over = _arrived(connection, over, before, budget)
            page = self._page(connection, listing, over, budget)
            ids = [entry["trace_id"] for entry in page.entries]
            shown = highlights(
                connection, listing.compiled, ids, listing.scope, by="trace_id", with_logs=over.has_log_words
            )
            total = _count(connection, over, budget) if question.count else None
        return _answer(listing, page, total, newest, shown)

    def _page(self, connection: Connection, listing: Listing, over: Searched, budget: Budget) -> _Page:
        if over.matching is not None and not over.matching:
            return _Page([], [])
        if not listing.is_recent_first:
            if over.matching is None:
                over = _narrowed(connection, over, budget)
            return _at_once(connection, listing, over, budget)
        if over.matching is not None:
            return _recent(connection, listing, over, [listing.scope], budget)
        wanted = listing.question.limit + 1
        newest = listing.place.values[0] + 1 if listing.place is not None else None
        lookback = Lookback(listing.scope, newest, self._clock())
        if over.compiled.formula is None:
            return _newest(connection, listing, over, lookback, budget)
        first, levels = None, LEVELS_S
        if not _is_span_condition(over):
            counted = Counted(listing.scope.parameters)
            rows = wanted * _SPANS_IF_CHOSEN
        else:
            counted = Counted(over.parameters, over.spans_table, over.span_part, by_trace=True)
            rows = wanted * (_MATCHING_TRACES if over.compiled.span_part is not None else _IMPLIED_TRACES)
            # An hour that has enough of them, or enough to tell how far back: they are not rare.
            first = lookback.within_an_hour(connection, counted, rows, budget)
            if first is None:
                levels = BEYOND_AN_HOUR_S
                over = _narrowed(connection, over, budget)
                if over.matching is not None:
                    if not over.matching:
                        return _Page([], [])
                    # Whose start is another, with all of its spans, is left out there.
                    over = replace(over, is_bounded=True)
                    return _recent(connection, listing, over, _matching_windows(listing, over, newest), budget)
        windows = lookback.windows(connection, counted, rows, budget, first=first, levels=levels)
        return _recent(connection, listing, over, windows, budget)


def _newest(connection: Connection, listing: Listing, over: Searched, lookback: Lookback, budget: Budget) -> _Page:
    """The newest of all: nothing is asked of them."""
    spans = (listing.question.limit + 1) * _SPANS
    counted = Counted(listing.scope.parameters)
    begun = newest_window(connection, listing, over, lookback, spans, budget)
    if begun is None:
        windows = lookback.windows(connection, counted, spans, budget)
    elif begun.window.since_unix_nano == listing.scope.since_unix_nano:
        windows = iter(())
    else:
        before = replace(lookback, newest_unix_nano=begun.window.since_unix_nano)
        windows = before.windows(connection, counted, spans * GROWTH, budget)
    return _recent(connection, listing, over, windows, budget, begun)


def _recent(
    connection: Connection,
    listing: Listing,
    over: Searched,
    windows: Iterable[Scope],
    budget: Budget,
    begun: FirstWindow | None = None,
) -> _Page:
    """Window by window, until there is one more than asked for."""
    wanted = listing.question.limit + 1
    pairs_begun = begun.pairs if begun is not None else []
    found = [each for each, _entry in pairs_begun]
    entries = [entry for _each, entry in pairs_begun]
    complete_since = begun.window.since_unix_nano if begun is not None else None
    if len(entries) >= wanted:
        return _Page(found[:wanted], entries[:wanted])
    may_be_whole = _is_about_spans_only(over)
    for window in windows:
        inside = replace(over, scope=window)
        if over.matching is None and over.asked_of_a_span is not None:
            inside = replace(inside, is_looked_up=is_looked_up(connection, window, budget))
        pairs = None
        if may_be_whole and (over.matching is None or len(inside.matching_ids) <= _MATCHING_TRACES * wanted):
            pairs = whole_window(connection, listing, inside, budget)
        if pairs is None:
            pairs, is_complete = _part_by_part(connection, listing, inside, wanted - len(entries), budget)
            if not is_complete:
                return _Page(found, entries, True, complete_since)
        may_be_whole = False
        found += [each for each, _entry in pairs]
        entries += [entry for _each, entry in pairs]
        if len(entries) >= wanted:
            break
        complete_since = window.since_unix_nano
    return _Page(found[:wanted], entries[:wanted])


def _part_by_part(
    connection: Connection, listing: Listing, over: Searched, wanted: int, budget: Budget
) -> tuple[list[FoundEntry], bool]:
    """The first traces of a window after the page's place, and whether there was time to look for that many."""
    after = listing.after()
    pairs: list[FoundEntry] = []
    while len(pairs) < wanted:
        missing = wanted - len(pairs)
        some = _ids(connection, listing.order, over, after, missing, budget)
        if some is None:
            return pairs, False
        # Spans from long before the window may make the trace start earlier: it is found there.
        pairs += [
            (each, entry)
            for each, entry in zip(some, _entries(connection, some), strict=True)
            if entry and entry["start_time_unix_nano"] == each.values[0]
        ]
        if len(some) < missing:
            break
        after = listing.order.after(some[-1].values)
    return pairs, True


def _ids(
    connection: Connection, order: Order, over: Searched, after: tuple[str, dict[str, Any]], limit: int, budget: Budget
) -> list[Found] | None:
    """The first traces that come after a place; None when time ran out."""
    condition, bound = after
    traces = over.traces(named=f"{order.columns} {condition}")
    joined = ""
    if order.span_fields:
        values = ", ".join(f"{sql} AS {name}" for name, sql in order.span_fields.items())
        joined = (
            f" LEFT JOIN (SELECT project, trace_id, {values} FROM spans WHERE {over.scope.in_project} AND {COUNTS} "
            "GROUP BY project, trace_id) AS of_spans USING (project, trace_id)"
        )
    answer = budget.query(
        connection,
        f"SELECT project, trace_id, {order.columns} FROM {traces} AS traces{joined} WHERE {condition} "
        f"ORDER BY {order.sql} LIMIT {limit}",
        {**over.parameters, **order.parameters, **bound},
    )
    if answer is None:
        return None
    return [Found(str(row[0]), str(row[1]), tuple(row[2:])) for row in answer.rows]


def _entries(connection: Connection, found: Sequence[Found]) -> list[dict[str, Any] | None]:
    """The entries of traces, in their order; None for one that is gone."""
    if not found:
        return []
    condition = "trace_id IN {ids:Array(String)}"
    bound = {"ids": [each.trace_id for each in found]}
    rows = connection.query(f"{parts_of(condition)} SETTINGS {BY_ID}", bound).rows
    if len(rows) <= ROWS_MAX:
        entries = entries_of(rows)
    else:
        summed = connection.query(f"SELECT {_ENTRY_COLUMNS} FROM {traces_over(condition)}", bound)
        entries = {(entry["project"], entry["trace_id"]): entry for entry in summed.dicts()}
    wanted = [entries.get((each.project, each.trace_id)) for each in found]
    complete(connection, [entry for entry in wanted if entry is not None])
    return wanted


def _is_about_spans_only(over: Searched) -> bool:
    """Whether all that is asked, if anything, is asked of spans."""
    return over.compiled.trace_part is None and (over.compiled.formula is None or _is_span_condition(over))


def _is_span_condition(over: Searched) -> bool:
    """Whether there is a condition on spans that can be asked of spans alone."""
    found = over.asked_of_a_span
    # What is asked of traces costs more than a look at the latest.
    return found is not None and not any(test.table is Table.TRACES for test in tests_of(found))


def _narrowed(connection: Connection, over: Searched, budget: Budget) -> Searched:
    """The same, with the traces that its condition on spans holds in, if it is a rare one."""
    if not _is_span_condition(over):
        return over
    statement = f"{over.matching_traces('trace_id, toUnixTimestamp64Nano(start_time)')} LIMIT {RARE_SPANS_MAX + 1}"
    answer = budget.query(connection, statement, over.parameters, share=RARE_SHARE)
    if answer is None or len(answer.rows) > RARE_SPANS_MAX:
        return over
    matching: dict[str, int] = {}
    for trace_id, started in answer.rows:
        matching[trace_id] = max(started, matching.get(trace_id, started))
    return replace(over, matching=matching)


def _arrived(connection: Connection, over: Searched, before: Mark, budget: Budget) -> Searched:
    """The same, with the traces of which a span arrived after the mark.

    Raises:
        MalformedRequest: there are too many of them, or there was no time to look for them.

    """
    recent = (
        f"trace_id IN (SELECT trace_id FROM spans WHERE {over.scope.in_project} "
        f"AND received_at >= {moment(before.since_unix_nano)})"
    )
    statement = over.matching_traces("trace_id, max(toUnixTimestamp64Nano(start_time))")
    answer = budget.query(
        connection, f"{statement} AND {recent} GROUP BY trace_id LIMIT {ARRIVED_MAX + 1}", over.parameters
    )
    if answer is None or len(answer.rows) > ARRIVED_MAX:
        raise MalformedRequest(
            f"more than {ARRIVED_MAX} traces have changed since newer_than", hint="list anew, with live=true"
        )
    return replace(over, matching={str(trace_id): int(started) for trace_id, started in answer.rows})


def _matching_windows(listing: Listing, over: Searched, newest_unix_nano: int | None) -> Iterator[Scope]:
    """The scope in two: from where about a page of the matching traces has its latest span, and what is before."""
    whole = listing.scope.within(None, newest_unix_nano)
    started = sorted((started for started in (over.matching or {}).values() if whole.has(started)), reverse=True)
    page = int((listing.question.limit + 1) * _MATCHING_PAGE)
    if len(started) <= 2 * page:
        yield whole
    else:
        yield whole.within(started[page], None)
        yield whole.within(None, started[page])


def _at_once(connection: Connection, listing: Listing, over: Searched, budget: Budget) -> _Page:
    """From all that the question allows, in an order of its own."""
    limit = listing.question.limit + 1
    found = _ids(connection, listing.order, over, listing.after(), limit, budget)
    if found is None:
        return _Page([], [], is_partial=True)
    pairs = [(each, entry) for each, entry in zip(found, _entries(connection, found), strict=True) if entry]
    return _Page([each for each, _entry in pairs], [entry for _each, entry in pairs])


def _count(connection: Connection, over: Searched, budget: Budget) -> int | None:
    answer = budget.query(connection, f"SELECT count() FROM {over.traces('')}", over.parameters)
    return int(answer.rows[0][0]) if answer is not None else None


def _answer(
    listing: Listing, page: _Page, total: int | None, newest: str | None, shown: dict[str, list[dict[str, Any]]]
) -> ListAnswer:
    limit = listing.question.limit
    token = None
    if len(page.entries) > limit:
        token = listing.token(page.found[limit - 1].values)
    elif page.is_partial and page.complete_since_unix_nano is not None:
        # Nothing of this time is left: the next page begins right before it.
        token = listing.token((page.complete_since_unix_nano, "", ""))
    entries = page.entries[:limit]
    return ListAnswer(
        entries,
        token,
        page.is_partial or (listing.question.count and total is None),
        page.complete_since_unix_nano if page.is_partial else None,
        total,
        newest,
        {entry["trace_id"]: shown[entry["trace_id"]] for entry in entries if entry["trace_id"] in shown},
    )
