"""Lists of spans.

Owns their statements and the fields of an entry. Leaves a span's payload to `traces`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from spanhouse_collector.query.arrivals import parse_mark, read_mark, write_mark
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import Table, check_regexes
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
from spanhouse_collector.query.search_pages import Part
from spanhouse_collector.query.search_scope import Scope, Searched, searched
from spanhouse_collector.query.search_windows import BEYOND_AN_HOUR_S, LEVELS_S, Counted, Lookback
from spanhouse_collector.storage.engine import Connection

_STARTED: Final = "toUnixTimestamp64Nano(start_time)"
RECENT_FIRST: Final = (
    Part(_STARTED, "Int64", descending=True),
    Part("trace_id", "String", descending=True),
    Part("span_id", "String", descending=True),
    Part("toString(project)", "String", descending=True),
)
PREVIEW_CHARACTERS: Final = 1000
RARE_SPANS_MAX: Final = 1000
RARE_SHARE: Final = 0.5  # of the time, for finding out whether they are so few
_SPANS_IF_CHOSEN: Final = 400  # in the first window, for each span wanted, if there are conditions on traces
_PLAIN: Final = (
    *("trace_id", "span_id", "parent_span_id", "project", "name", "kind", "span_type", "operation", "service_name"),
    *("duration_ns", "status_code", "status_message", "is_error", "is_pending", "error_type", "provider", "framework"),
    *("request_model", "response_model", "model", "input_tokens", "output_tokens", "total_tokens"),
    *("cache_read_input_tokens", "cache_write_input_tokens", "reasoning_output_tokens", "usage_scope", "cost_usd"),
    *("cost_source", "session_id", "user_id", "agent_name", "tool_name", "prompt_name", "finish_reasons", "ttft_ns"),
    *("tags", "scope_name"),
)
_COMPUTED: Final = {
    "start_time_unix_nano": _STARTED,
    "end_time_unix_nano": "if(is_pending, NULL, toUnixTimestamp64Nano(end_time))",
    "state": "multiIf(is_pending, 'IN_PROGRESS', is_error, 'ERROR', 'OK')",
    "input_preview": f"substringUTF8(input, 1, {PREVIEW_CHARACTERS})",
    "output_preview": f"substringUTF8(output, 1, {PREVIEW_CHARACTERS})",
}
ENTRY_FIELDS: Final = (*_PLAIN, *_COMPUTED)
_ENTRY_COLUMNS: Final = ", ".join([*_PLAIN, *(f"{sql} AS {name}" for name, sql in _COMPUTED.items())])


class SpanSearch:
    """Answers questions for lists of spans; safe to use from any thread."""

    def __init__(
        self, connections: Connections, *, clock: Clock = time.time_ns, seconds_max: float = SECONDS_MAX
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._seconds_max = seconds_max

    def answer(self, question: ListQuestion) -> ListAnswer:
        """A page of spans.

        Raises:
            FilterInvalid: the filter, or a field to order by, cannot be read.
            MalformedRequest: another parameter cannot.
            StorageError: as the database has it.

        """
        listing = understand(question, unit="span", recent_first=RECENT_FIRST, clock=self._clock)
        before = parse_mark(question.newer_than, "spans")
        budget = Budget(self._seconds_max)
        rows: list[tuple[Any, ...]] = []
        total = complete_since = None
        is_partial = False
        with self._connections.borrow() as connection:
            check_regexes(listing.compiled, connection)
            over = searched(connection, listing.scope, listing.compiled)
            mark = read_mark(connection, "spans") if question.live or before is not None else None
            newest = write_mark(mark, "spans") if mark is not None else None
            if before is not None:
                if mark == before:
                    return ListAnswer([], newest_token=newest, total_count=0 if question.count else None)
                over = replace(over, received_since_unix_nano=before.since_unix_nano)
            for window in self._windows(connection, listing, over, budget):
                missing = question.limit + 1 - len(rows)
                some = _rows(connection, listing, replace(over, scope=window), missing, budget)
                if some is None:
                    is_partial = True
                    break
                rows += some
                if len(rows) > question.limit:
                    break
                complete_since = window.since_unix_nano
            if question.count:
                total = _count(connection, over, budget)
            entries = [dict(zip(ENTRY_FIELDS, row, strict=False)) for row in rows[: question.limit]]
            shown = highlights(
                connection,
                listing.compiled,
                [entry["span_id"] for entry in entries],
                listing.scope,
                by="span_id",
                trace_ids=[entry["trace_id"] for entry in entries],
                with_logs=over.has_log_words,
            )
        token = None
        if len(rows) > question.limit:
            token = listing.token(rows[question.limit - 1][len(ENTRY_FIELDS) :])
        elif is_partial and complete_since is not None:
            token = listing.token((complete_since, "", "", ""))
        return ListAnswer(
            entries,
            token,
            is_partial or (question.count and total is None),
            complete_since if is_partial else None,
            total,
            newest,
            shown,
        )

    def _windows(self, connection: Connection, listing: Listing, over: Searched, budget: Budget) -> Iterable[Scope]:
        if not listing.is_recent_first:
            return [listing.scope]
        newest = listing.place.values[0] + 1 if listing.place is not None else None
        lookback = Lookback(listing.scope, newest, self._clock())
        counted = Counted(listing.scope.parameters)
        rows = listing.question.limit + 1
        first, levels = None, LEVELS_S
        if Table.TRACES in over.compiled.tables:
            rows *= _SPANS_IF_CHOSEN  # what is asked of traces costs more than a look at the latest
        elif over.received_since_unix_nano is not None:
            return [listing.scope]  # so few that they can be looked at all together
        elif over.compiled.formula is not None:
            counted = Counted(over.parameters, over.spans_table, over.span_condition())
            # An hour that has enough of them, or enough to tell how far back: they are not rare.
            first = lookback.within_an_hour(connection, counted, rows, budget)
            if first is None:
                levels = BEYOND_AN_HOUR_S
                if _is_rare(connection, over, budget):
                    return [listing.scope]
        return lookback.windows(connection, counted, rows, budget, first=first, levels=levels)


def _rows(
    connection: Connection, listing: Listing, over: Searched, limit: int, budget: Budget
) -> list[tuple[Any, ...]] | None:
    """Entries with the order's values behind them; None when time ran out."""
    after, bound = listing.after()
    once = "LIMIT 1 BY project, trace_id, span_id " if over.spans_table != "spans" else ""
    answer = budget.query(
        connection,
        f"SELECT {_ENTRY_COLUMNS}, {listing.order.columns} FROM {over.spans_table} AS spans "
        f"WHERE {over.span_condition()} AND {after} ORDER BY {listing.order.sql} {once}LIMIT {limit}",
        {**over.parameters, **listing.order.parameters, **bound},
    )
    return None if answer is None else [tuple(row) for row in answer.rows]


def _is_rare(connection: Connection, over: Searched, budget: Budget) -> bool:
    """Whether so few spans are found that they can be looked at all together."""
    some = f"SELECT 1 FROM {over.spans_table} AS spans WHERE {over.span_condition()} LIMIT {RARE_SPANS_MAX + 1}"
    answer = budget.query(connection, some, over.parameters, share=RARE_SHARE)
    return answer is not None and len(answer.rows) <= RARE_SPANS_MAX


def _count(connection: Connection, over: Searched, budget: Budget) -> int | None:
    counted = "count()" if over.spans_table == "spans" else "uniqExact(project, trace_id, span_id)"
    answer = budget.query(
        connection, f"SELECT {counted} FROM {over.spans_table} AS spans WHERE {over.span_condition()}", over.parameters
    )
    return int(answer.rows[0][0]) if answer is not None else None
