"""Sums over many spans or traces: grouped by any field, in buckets of time.

Owns the statement and its limits. An aggregate that was cut off would be wrong, so one that takes too long is refused
and never partial. Leaves metrics to `aggregate_metrics`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest, QueryTooLong
from spanhouse_collector.query.aggregate_metrics import METRICS, Computed, Of, grouping, metric, unit_of
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import check_regexes, compile_filter
from spanhouse_collector.query.search_lists import Budget, Clock
from spanhouse_collector.query.search_moments import moment_unix_nano
from spanhouse_collector.query.search_scope import Scope, Searched, searched
from spanhouse_collector.query.time_buckets import bucket_start
from spanhouse_collector.query.trace_view import traces_over

GROUPS_MAX: Final = 5
METRICS_MAX: Final = 20
ROWS_DEFAULT: Final = 1_000
ROWS_MAX: Final = 10_000
SECONDS_MAX: Final = 30.0
NAME_CHARS_SHOWN: Final = 80
BUCKET: Final = "bucket_start_unix_nano"


@dataclass(frozen=True, kw_only=True)
class AggregateQuestion:
    """What to compute of what, as text from outside."""

    project: str = ""
    of: Of = "spans"
    filter: str = ""
    since: str = ""
    until: str = ""
    group_by: tuple[str, ...] = ()
    interval: str = ""
    timezone: str = ""
    metrics: tuple[str, ...] = ("count",)
    order_by: str = ""
    limit: int = ROWS_DEFAULT


@dataclass(frozen=True)
class AggregateAnswer:
    """Rows by the names of groups and metrics; `is_truncated`: there are more than the limit."""

    rows: list[dict[str, Any]]
    is_truncated: bool
    elapsed_ms: float


class Aggregation:
    """Computes aggregates; safe to use from any thread."""

    def __init__(
        self, connections: Connections, *, clock: Clock = time.time_ns, seconds_max: float = SECONDS_MAX
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._seconds_max = seconds_max

    def answer(self, question: AggregateQuestion) -> AggregateAnswer:
        """The rows, by time and then by what is the most; or by `order_by`.

        Raises:
            FilterInvalid: the filter or a field cannot be read.
            MalformedRequest: another part of the question cannot.
            QueryTooLong: it took too long.
            StorageError: as the database has it.

        """
        started = time.monotonic()
        _check(question)
        columns = _columns(question)
        now = self._clock()
        scope = Scope(
            question.project,
            moment_unix_nano(question.since, "since", now),
            moment_unix_nano(question.until, "until", now),
        )
        compiled = compile_filter(question.filter, unit=unit_of(question.of))
        order = _order(question, columns)
        budget = Budget(self._seconds_max)
        with self._connections.borrow() as connection:
            check_regexes(compiled, connection)
            over = searched(connection, scope, compiled)
            rows = f"{over.traces()} AS rows" if question.of == "traces" else _spans(over, columns)
            listing = ", ".join(f"{computed.sql} AS `c{number}`" for number, computed in enumerate(columns))
            groups = ", ".join(f"`c{number}`" for number in range(len(columns) - len(question.metrics)))
            bound = {name: value for computed in columns for name, value in computed.parameters.items()}
            found = budget.query(
                connection,
                f"SELECT {listing} FROM {rows} {f'GROUP BY {groups}' if groups else ''} "
                f"ORDER BY {order} LIMIT {question.limit + 1}",
                {**over.parameters, **bound},
            )
        if found is None:
            raise QueryTooLong(
                f"the aggregate took longer than {self._seconds_max:g} s",
                hint="narrow it with since, until or a filter",
            )
        names = [computed.name for computed in columns]
        return AggregateAnswer(
            [dict(zip(names, row, strict=True)) for row in found.rows[: question.limit]],
            len(found.rows) > question.limit,
            round((time.monotonic() - started) * 1e3, 3),
        )


def _spans(over: Searched, columns: Sequence[Computed]) -> str:
    """The spans found, with what their traces have of the groups."""
    every = f"SELECT * FROM {over.spans_table} AS spans WHERE {over.span_condition()}"
    # With the text of log records a span is there twice.
    rows = f"({every}{'' if over.spans_table == 'spans' else ' LIMIT 1 BY project, trace_id, span_id'}) AS rows"
    of_traces = {each.of_trace_name: each.of_trace for each in columns if each.of_trace}
    if not of_traces:
        return rows
    found = f"trace_id IN (SELECT trace_id FROM {over.spans_table} AS spans WHERE {over.span_condition()})"
    traces = traces_over(f"{over.scope.in_project} AND {found}", " ".join(of_traces.values()))
    listing = ", ".join(f"{sql} AS {name}" for name, sql in of_traces.items())
    return (
        f"{rows} LEFT JOIN (SELECT project, trace_id, {listing} FROM {traces}) AS of_traces USING (project, trace_id)"
    )


def _check(question: AggregateQuestion) -> None:
    if len(question.group_by) > GROUPS_MAX:
        raise MalformedRequest(f"group_by: {len(question.group_by)} fields; groups_max is {GROUPS_MAX}")
    if not 1 <= len(question.metrics) <= METRICS_MAX:
        raise MalformedRequest(
            f"metrics: {len(question.metrics)}; there must be 1 to {METRICS_MAX}",
            hint=", ".join(METRICS[question.of]),
        )
    if not 1 <= question.limit <= ROWS_MAX:
        raise MalformedRequest(f"limit is from 1 to {ROWS_MAX}, not {question.limit}")


def _columns(question: AggregateQuestion) -> list[Computed]:
    """Time, groups, metrics."""
    columns = []
    if question.timezone and not question.interval:
        raise MalformedRequest("timezone says when buckets begin", hint="say an interval with it: 1d")
    if question.interval:
        columns.append(Computed(BUCKET, bucket_start(question.interval, question.timezone)))
    columns += [grouping(name, question.of, number) for number, name in enumerate(question.group_by)]
    columns += [metric(name, question.of, number) for number, name in enumerate(question.metrics)]
    names = [computed.name for computed in columns]
    if len(set(names)) < len(names):
        raise MalformedRequest("something is asked for twice", hint="each field and metric once")
    return columns


def _order(question: AggregateQuestion, columns: Sequence[Computed]) -> str:
    names = [computed.name for computed in columns]
    groups = len(columns) - len(question.metrics)
    if question.order_by:
        name, _space, direction = question.order_by.strip().rpartition(" ")
        if not name or direction.lower() not in ("asc", "desc"):
            name, direction = question.order_by.strip(), "asc"
        if name not in names:
            shown = name[:NAME_CHARS_SHOWN]
            raise MalformedRequest(f"order_by: {shown!r} is not in the answer", hint=f"there are {', '.join(names)}")
        first = f"`c{names.index(name)}` {direction.upper()} NULLS LAST"
        return ", ".join([first, *(f"`c{number}`" for number in range(groups))])
    has_buckets = 1 if question.interval else 0
    parts = ["`c0`"] * has_buckets + [f"`c{groups}` DESC"] + [f"`c{number}`" for number in range(has_buckets, groups)]
    return ", ".join(parts)
