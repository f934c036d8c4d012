"""Facets: how often each value of several fields is among what a filter finds, each field without its own conditions.

Owns the statements: fields that are counted over the same filter and rows share one. A count is what a list would find
if the value were added to the filter. Leaves what a filter is without a field to `filter.parts`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.query.aggregate_metrics import Of, unit_of
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import (
    CompiledField,
    Kind,
    Row,
    SideField,
    Table,
    check_regexes,
    compile_field,
    compile_filter,
    compile_side_field,
    where,
    without_field,
)
from spanhouse_collector.query.filter.nodes import Literal, LiteralKind
from spanhouse_collector.query.search_lists import Budget, Clock
from spanhouse_collector.query.search_moments import moment_unix_nano
from spanhouse_collector.query.search_scope import Scope, Searched, searched
from spanhouse_collector.query.trace_view import COUNTS
from spanhouse_collector.storage.engine import Connection

FIELDS_MAX: Final = 20
VALUES_DEFAULT: Final = 10
VALUES_MAX: Final = 200
SECONDS_MAX: Final = 10.0
FacetField = CompiledField | SideField


@dataclass(frozen=True, kw_only=True)
class FacetQuestion:
    """Which fields of what, as text from outside. `search`: only values that contain it, in any case."""

    project: str = ""
    of: Of = "traces"
    filter: str = ""
    since: str = ""
    until: str = ""
    fields: tuple[str, ...] = ()
    search: str = ""
    limit: int = VALUES_DEFAULT


@dataclass(frozen=True)
class FacetAnswer:
    """In the order asked for."""

    facets: list[dict[str, Any]]
    elapsed_ms: float


@dataclass(frozen=True)
class _Asked:
    """A field, where it stands in the question, and the filter that it is counted over."""

    number: int
    written: str
    field: FacetField
    rest: str

    @property
    def source(self) -> tuple[str, Table, str]:
        """Equal for fields that one statement counts."""
        own = self.field.condition if isinstance(self.field, SideField) else ""
        return self.rest, self.field.table, own


class Facets:
    """Counts values; safe to use from any thread."""

    def __init__(
        self, connections: Connections, *, clock: Clock = time.time_ns, seconds_max: float = SECONDS_MAX
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._seconds_max = seconds_max

    def answer(self, question: FacetQuestion) -> FacetAnswer:
        """The most frequent values of each field. A facet that there was no time for is `partial` and has none.

        Raises:
            FilterInvalid: the filter or a field cannot be read.
            MalformedRequest: another part of the question cannot.
            StorageError: as the database has it.

        """
        started = time.monotonic()
        _check(question)
        now = self._clock()
        scope = Scope(
            question.project,
            moment_unix_nano(question.since, "since", now),
            moment_unix_nano(question.until, "until", now),
        )
        whole = compile_filter(question.filter, unit=unit_of(question.of))
        asked = [_understood(question, number, name) for number, name in enumerate(question.fields)]
        together: dict[tuple[str, Table, str], list[_Asked]] = {}
        for each in asked:
            together.setdefault(each.source, []).append(each)
        budget = Budget(self._seconds_max)
        counted: dict[int, list[tuple[str | None, int]]] = {}
        with self._connections.borrow() as connection:
            check_regexes(whole, connection)
            for (rest, _table, _own), fields in together.items():
                over = searched(connection, scope, compile_filter(rest, unit=unit_of(question.of)))
                counted |= _counted(connection, over, fields, question, budget)
        return FacetAnswer(
            [_facet(each, counted.get(each.number), question.limit) for each in asked],
            round((time.monotonic() - started) * 1e3, 3),
        )


def _check(question: FacetQuestion) -> None:
    if not 1 <= len(question.fields) <= FIELDS_MAX:
        raise MalformedRequest(f"fields: {len(question.fields)}; there must be 1 to {FIELDS_MAX}")
    if not 1 <= question.limit <= VALUES_MAX:
        raise MalformedRequest(f"limit is from 1 to {VALUES_MAX}, not {question.limit}")


def _understood(question: FacetQuestion, number: int, name: str) -> _Asked:
    unit, prefix = unit_of(question.of), f"v{number}_"
    field: FacetField = compile_side_field(name, unit=unit, prefix=prefix) or compile_field(
        name, unit=unit, prefix=prefix
    )
    if field.kind is Kind.TIME:
        raise MalformedRequest(
            f"fields: {field.name} ({field.kind.value}) has no values to count", hint="aggregate with an interval"
        )
    if question.of == "spans" and field.table not in (Table.SPANS, Table.EITHER):
        raise MalformedRequest(f"fields: {field.name} is a field of traces", hint='say "of": "traces"')
    return _Asked(number, name, field, without_field(question.filter, name, unit=unit))


def _counted(
    connection: Connection, over: Searched, fields: Sequence[_Asked], question: FacetQuestion, budget: Budget
) -> dict[int, list[tuple[str | None, int]]]:
    """Number of the field → values and their counts, the most frequent first; none when time ran out."""
    rows, count = _rows(over, [each.field for each in fields], question.of)
    pairs = ", ".join(_pairs(number, each.field) for number, each in enumerate(fields))
    bound = {name: value for each in fields for name, value in each.field.parameters.items()}
    found = budget.query(
        connection,
        f"SELECT pair.1 AS number, pair.2 AS value, {count} AS row_count FROM ("
        f"SELECT project, trace_id, arrayJoin(arrayConcat({pairs})) AS pair FROM {rows} AS rows) "
        "WHERE {search:String} = '' OR positionCaseInsensitiveUTF8(ifNull(value, ''), {search:String}) > 0 "
        f"GROUP BY number, value ORDER BY number, row_count DESC, value LIMIT {question.limit + 1} BY number",
        {**over.parameters, **bound, "search": question.search},
    )
    if found is None:
        return {}
    counts: dict[int, list[tuple[str | None, int]]] = {each.number: [] for each in fields}
    for number, value, row_count in found.rows:
        counts[fields[number].number].append((value, row_count))
    return counts


def _pairs(number: int, field: FacetField) -> str:
    """SQL: an array of (number, value) for the values that a row has of the field; NULL for none."""
    if field.kind is Kind.TEXTS:
        return (
            f"if(empty({field.sql}), [({number}, CAST(NULL, 'Nullable(String)'))], "
            f"arrayMap(value -> ({number}, CAST(toString(value), 'Nullable(String)')), arrayDistinct({field.sql})))"
        )
    sql = f"if({field.sql}, 'true', 'false')" if field.kind is Kind.BOOLEAN else f"toString({field.sql})"
    return f"[({number}, CAST({sql}, 'Nullable(String)'))]"


def _rows(over: Searched, fields: Sequence[FacetField], of: Of) -> tuple[str, str]:
    """The rows that have the fields, all of one table, and how what is found is counted over them."""
    field = fields[0]
    if of == "spans":
        every = f"SELECT * FROM {over.spans_table} AS spans WHERE {over.span_condition()}"
        # With the text of log records a span is there twice.
        return f"({every}{'' if over.spans_table == 'spans' else ' LIMIT 1 BY project, trace_id, span_id'})", "count()"
    if field.table in (Table.TRACES, Table.EITHER):
        return over.traces(" ".join(each.sql for each in fields)), "count()"
    keys = ", ".join(over.scope.keys)
    found = f"({keys}) IN (SELECT {keys} FROM {over.traces('start_time')})"
    if isinstance(field, SideField):
        rows = f"(SELECT * FROM {field.table.value} WHERE {over.scope.in_project} AND {field.condition} AND {found})"
        return rows, "uniqExact(project, trace_id)"
    # Adding a value means that one span has it and satisfies the other conditions on spans.
    part = where(over.compiled.span_part, Row.SPAN, over.sources)
    restriction = f"{over.scope.in_project} AND {COUNTS} AND {over.scope.not_long_before}"
    rows = f"(SELECT * FROM {over.spans_table} AS spans WHERE {restriction} AND {part} AND {found})"
    return rows, "uniqExact(project, trace_id)"


def _facet(asked: _Asked, counts: list[tuple[str | None, int]] | None, limit: int) -> dict[str, Any]:
    field = asked.field
    return {
        "field": asked.written,
        "kind": field.kind.value,
        "values": [
            {"value": value, "count": count, "condition": _condition(asked.written, field.kind, value)}
            for value, count in (counts or [])[:limit]
        ],
        "truncated": len(counts or []) > limit,
        "partial": counts is None,
    }


def _condition(name: str, kind: Kind, value: str | None) -> str:
    """The filter that finds the rows counted."""
    if value is None:
        return f"{name} IS NULL"
    is_plain = kind in (Kind.BOOLEAN, Kind.INTEGER, Kind.FLOAT)
    text = str(Literal(LiteralKind.STRING, value))
    written = f"{value}ns" if kind is Kind.DURATION else value if is_plain else text
    return f"{name} = {written}"
