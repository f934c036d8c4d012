"""Lists of log records and of data points of metrics: the same language, orders, pages and live token as spans have.

Owns their statements and the fields of an entry. A record has no id: its place in a list is its time and a hash of what
it says, and records that are alike in both come on one page, which may so be longer than its limit. Recent-first lists
look back in windows that grow. Leaves what records say of a span's content to `spans`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from spanhouse_collector.model import values
from spanhouse_collector.query.arrivals import parse_mark, read_mark, write_mark
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import Row, Source, Sources, Unit, check_regexes
from spanhouse_collector.query.search_lists import (
    SECONDS_MAX,
    Budget,
    Clock,
    ListAnswer,
    Listing,
    ListQuestion,
    understand,
)
from spanhouse_collector.query.search_moments import SECOND_NS
from spanhouse_collector.query.search_pages import Part
from spanhouse_collector.query.search_scope import Scope, moment
from spanhouse_collector.storage.engine import Connection

RecordTable = Literal["logs", "metrics"]
BODY_CHARACTERS_MAX: Final = 65_536  # of the text of one record; it says when there was more
_WINDOWS_S: Final = (600, 6 * 3600, 7 * 86_400)
_TIME: Final = "toUnixTimestamp64Nano(time)"
_MAPS: Final = ("attributes", "resource_attributes", "scope_attributes")
_NOWHERE: Final = Source("(SELECT 1 WHERE 0)")


@dataclass(frozen=True)
class _Table:
    """What a list reads of a table. `same`: two rows at the same time that are alike in this are one place."""

    unit: Unit
    same: str
    plain: tuple[str, ...]
    computed: dict[str, str]


_EVERY: Final = ("project", "service_name", "scope_name", "scope_version", "flags")
_MAP_COLUMNS: Final = {
    **{f"{name}.keys": f"mapKeys({name})" for name in _MAPS},
    **{f"{name}.values": f"mapValues({name})" for name in _MAPS},
    **{f"{name}.codes": f"{name.removesuffix('s')}_type_codes" for name in _MAPS},
}
_RECEIVED: Final = {"time_unix_nano": _TIME, "received_at_unix_nano": "toUnixTimestamp64Nano(received_at)"}
TABLES: Final[dict[RecordTable, _Table]] = {
    "logs": _Table(
        "log",
        "service_name, trace_id, span_id, severity_number, body, attributes",
        (*_EVERY, "trace_id", "span_id", "severity_number", "severity_text", "event_name", "dropped_attributes_count"),
        {
            **_RECEIVED,
            "time_source": "toString(time_source)",
            "observed_time_unix_nano": "toUnixTimestamp64Nano(observed_time)",
            "body_type": "toString(body_type)",
            "body_length": "lengthUTF8(body)",
            "body": f"substringUTF8(body, 1, {BODY_CHARACTERS_MAX})",
            **_MAP_COLUMNS,
        },
    ),
    "metrics": _Table(
        "metric",
        "metric_name, service_name, value, count, attributes, resource_attributes",
        (
            *_EVERY,
            *("metric_name", "metric_description", "metric_unit", "aggregation_temporality", "is_monotonic", "count"),
            *("sum", "min", "max", "bucket_counts", "explicit_bounds", "scale", "zero_count", "zero_threshold"),
            *("positive_offset", "positive_bucket_counts", "negative_offset", "negative_bucket_counts"),
        ),
        {
            **_RECEIVED,
            "metric_kind": "toString(metric_kind)",
            "start_time_unix_nano": "toUnixTimestamp64Nano(metrics.start_time)",
            "value_type": "toString(value_type)",
            "value_double": "metrics.value",
            "value_int": "metrics.value_int",
            "quantiles": "arrayZip(`quantile_values.quantile`, `quantile_values.value`)",
            "exemplars": "arrayMap((t, k, d, i, trace, span) -> (toUnixTimestamp64Nano(t), toString(k), d, i, trace, "
            "span), `exemplars.time`, `exemplars.value_type`, `exemplars.value`, `exemplars.value_int`, "
            "`exemplars.trace_id`, `exemplars.span_id`)",
            **_MAP_COLUMNS,
        },
    ),
}


class RecordSearch:
    """Answers questions for lists of records of one table; safe to use from any thread."""

    def __init__(
        self,
        connections: Connections,
        table: RecordTable,
        *,
        clock: Clock = time.time_ns,
        seconds_max: float = SECONDS_MAX,
    ) -> None:
        self._connections = connections
        self._name = table
        self._table = TABLES[table]
        self._clock = clock
        self._seconds_max = seconds_max
        same = f"reinterpretAsInt64(cityHash64(project, {self._table.same}))"
        self._recent_first = (Part(_TIME, "Int64", descending=True), Part(same, "Int64", descending=True))

    def answer(self, question: ListQuestion) -> ListAnswer:
        """A page of records.

        Raises:
            FilterInvalid: the filter, or a field to order by, cannot be read.
            MalformedRequest: another parameter cannot.
            StorageError: as the database has it.

        """
        listing = understand(question, unit=self._table.unit, recent_first=self._recent_first, clock=self._clock)
        before = parse_mark(question.newer_than, self._name)
        budget = Budget(self._seconds_max)
        rows: list[tuple[Any, ...]] = []
        is_partial = False
        complete_since = total = None
        with self._connections.borrow() as connection:
            check_regexes(listing.compiled, connection)
            mark = read_mark(connection, self._name) if question.live or before is not None else None
            newest = write_mark(mark, self._name) if mark is not None else None
            if before is not None and mark == before:
                return ListAnswer([], newest_token=newest, total_count=0 if question.count else None)
            arrived = "1" if before is None else f"received_at >= {moment(before.since_unix_nano)}"
            for window in self._windows(listing, is_whole=before is not None):
                some = self._rows(connection, listing, window, arrived, question.limit + 1 - len(rows), budget)
                if some is None:
                    is_partial = True
                    break
                rows += some
                if len(rows) > question.limit:
                    break
                complete_since = window.since_unix_nano
            if question.count:
                total = self._count(connection, listing, arrived, budget)
        return self._page(listing, rows, total, newest, complete_since if is_partial else None, is_partial=is_partial)

    def _windows(self, listing: Listing, *, is_whole: bool) -> Iterator[Scope]:
        """What is looked at, one after the other: the last minutes, hours, days, and everything before."""
        scope = listing.scope
        if not listing.is_recent_first or is_whole:
            yield scope
            return
        last = listing.place.values[0] + 1 if listing.place is not None else self._clock() + SECOND_NS
        until = None if listing.place is None else last
        for seconds in _WINDOWS_S:
            since = last - seconds * SECOND_NS
            if scope.since_unix_nano is not None and since <= scope.since_unix_nano:
                break
            yield scope.within(since, until)
            until = since
        yield scope.within(None, until)

    def _condition(self, listing: Listing, window: Scope, arrived: str) -> str:
        in_time = replace(window).in_time.replace("start_time", "time")
        nowhere = Sources(_NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE)
        return f"{window.in_project} AND {in_time} AND {arrived} AND {listing.compiled.where(Row.SPAN, nowhere)}"

    def _rows(
        self, connection: Connection, listing: Listing, window: Scope, arrived: str, limit: int, budget: Budget
    ) -> list[tuple[Any, ...]] | None:
        """Entries with the order's values behind them, and all that are at the last one's place; None for no time."""
        table = self._table
        after, bound = listing.after()
        columns = ", ".join([*table.plain, *(f"{sql} AS `{name}`" for name, sql in table.computed.items())])
        answer = budget.query(
            connection,
            f"SELECT {columns}, {listing.order.columns} FROM {self._name} "
            f"WHERE {self._condition(listing, window, arrived)} AND {after} "
            f"ORDER BY {listing.order.sql} LIMIT {limit} WITH TIES",
            {**listing.compiled.parameters, **window.parameters, **listing.order.parameters, **bound},
            settings="prefer_column_name_to_alias = 1",
        )
        return None if answer is None else [tuple(row) for row in answer.rows]

    def _count(self, connection: Connection, listing: Listing, arrived: str, budget: Budget) -> int | None:
        answer = budget.query(
            connection,
            f"SELECT count() FROM {self._name} WHERE {self._condition(listing, listing.scope, arrived)}",
            {**listing.compiled.parameters, **listing.scope.parameters},
        )
        return int(answer.rows[0][0]) if answer is not None else None

    def _page(
        self,
        listing: Listing,
        rows: Sequence[tuple[Any, ...]],
        total: int | None,
        newest: str | None,
        complete_since: int | None,
        *,
        is_partial: bool,
    ) -> ListAnswer:
        question, width = listing.question, len(self._table.plain) + len(self._table.computed)
        places = [row[width:] for row in rows]
        end = min(question.limit, len(rows))
        while 0 < end < len(rows) and places[end] == places[end - 1]:
            end += 1
        token = None
        if len(rows) > question.limit:
            token = listing.token(places[end - 1])
        elif is_partial and complete_since is not None:
            token = listing.token((complete_since, 0))
        names = (*self._table.plain, *self._table.computed)
        shown = _log if self._name == "logs" else _metric
        entries = [shown(dict(zip(names, row, strict=False))) for row in rows[:end]]
        is_partial = is_partial or (question.count and total is None)
        return ListAnswer(entries, token, is_partial, complete_since, total, newest)


def _with_attributes(columns: dict[str, Any]) -> dict[str, Any]:
    """The maps as typed objects in place of their keys, values and codes."""
    for name in _MAPS:
        keys, texts, codes = (columns.pop(f"{name}.{part}") for part in ("keys", "values", "codes"))
        columns[name] = values.attributes(list(zip(keys, texts, strict=True)), codes)
    return columns


def _log(columns: dict[str, Any]) -> dict[str, Any]:
    entry = _with_attributes(columns)
    entry["body_truncated"] = entry.pop("body_length") > BODY_CHARACTERS_MAX
    if not entry["body_truncated"]:  # a part of a JSON text is none
        entry["body"] = values.value(entry["body_type"], entry["body"])
    entry["observed_time_unix_nano"] = entry["observed_time_unix_nano"] or None
    return entry


def _metric(columns: dict[str, Any]) -> dict[str, Any]:
    entry = _with_attributes(columns)
    entry["value"] = _number(entry["value_type"], entry.pop("value_double"), entry.pop("value_int"))
    entry["start_time_unix_nano"] = entry["start_time_unix_nano"] or None
    entry["quantiles"] = [{"quantile": quantile, "value": value} for quantile, value in entry["quantiles"]]
    entry["exemplars"] = [
        {"time_unix_nano": at, "value": _number(kind, double, whole), "trace_id": trace_id, "span_id": span_id}
        for at, kind, double, whole, trace_id, span_id in entry["exemplars"]
    ]
    return entry


def _number(kind: str, double: float, whole: int) -> float | int | None:
    """The value as it was sent; None for none."""
    if kind == "int":
        return whole
    return None if kind == "empty" else double
