"""Keys and values of attributes, values of fields, names of tags and of assessments, for completing them as one types.

Owns those look-ups. They look at a bounded number of rows for a bounded time: completion wants what is frequent, soon.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final, Literal

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import CompiledField, Kind, Table, Unit, compile_field
from spanhouse_collector.query.search_lists import Clock
from spanhouse_collector.query.search_moments import moment_unix_nano
from spanhouse_collector.query.search_scope import Scope, moment
from spanhouse_collector.query.trace_view import COUNTS
from spanhouse_collector.storage.feedback_tables import ASSESSMENT_VERSIONS, TRACE_TAG_CHANGES

ROWS_LOOKED_AT_MAX: Final = 1_000_000
NAMES_SECONDS_MAX: Final = 3
NAMES_MAX: Final = 1000
NAMES_DEFAULT: Final = 100
Attributes = Literal[
    "span",
    "resource",
    "scope",
    "tag",
    "metadata",
    "feedback",
    "expectation",
    "log",
    "log_resource",
    "metric",
    "metric_resource",
]


@dataclass(frozen=True)
class _Source:
    """Where keys and values stand: a map, or a column of keys and one of values."""

    table: str
    time: str
    condition: str
    map: str = ""
    key: str = ""
    value: str = ""


def _said(kind: str) -> _Source:
    current = f"kind = '{kind}' AND state = 'current'"
    return _Source(ASSESSMENT_VERSIONS, "received_at", current, key="name", value="value_text")


SOURCES: Final[dict[Attributes, _Source]] = {
    "span": _Source("spans", "start_time", COUNTS, "attributes"),
    "resource": _Source("spans", "start_time", COUNTS, "resource_attributes"),
    "scope": _Source("spans", "start_time", COUNTS, "scope_attributes"),
    "log": _Source("logs", "time", "1", "attributes"),
    "log_resource": _Source("logs", "time", "1", "resource_attributes"),
    "metric": _Source("metrics", "time", "1", "attributes"),
    "metric_resource": _Source("metrics", "time", "1", "resource_attributes"),
    "tag": _Source(TRACE_TAG_CHANGES, "said_at", "kind = 'tag' AND NOT is_deleted", key="key", value="value"),
    "metadata": _Source(TRACE_TAG_CHANGES, "said_at", "kind = 'metadata' AND NOT is_deleted", key="key", value="value"),
    "feedback": _said("feedback"),
    "expectation": _said("expectation"),
}
_FIELD_SOURCES: Final[dict[Attributes, Unit]] = {"span": "span", "log": "log", "metric": "metric"}


@dataclass(frozen=True, kw_only=True)
class NamesQuestion:
    """What to complete. `field`: its values; else `key`: that key's values; neither: keys."""

    of: Attributes = "span"
    project: str = ""
    since: str = ""
    prefix: str = ""
    key: str = ""
    field: str = ""
    limit: int = NAMES_DEFAULT


class Names:
    """What there is to complete; safe to use from any thread."""

    def __init__(self, connections: Connections, *, clock: Clock = time.time_ns) -> None:
        self._connections = connections
        self._clock = clock

    def answer(self, question: NamesQuestion) -> list[dict[str, Any]]:
        """Keys, or values, that begin with the prefix, the most frequent first.

        Raises:
            FilterInvalid: no such field.
            MalformedRequest: a field and a key, a field whose values are not text, or a time that is none.
            StorageError: as the database has it.

        """
        source = SOURCES[question.of]
        if question.field:
            field = _field(question)
            values = f"arrayJoin({field.sql})" if field.kind is Kind.TEXTS else f"ifNull({field.sql}, '')"
            return self._answer(question, source, f"toString({values})", "value", field)
        if question.key:
            if source.map:
                return self._answer(question, source, f"{source.map}[{{key:String}}]", "value")
            return self._answer(question, source, source.value, "value")
        return self._answer(question, source, f"arrayJoin(mapKeys({source.map}))" if source.map else source.key, "key")

    def _answer(
        self, question: NamesQuestion, source: _Source, sql: str, column: str, field: CompiledField | None = None
    ) -> list[dict[str, Any]]:
        since = moment_unix_nano(question.since, "since", self._clock())
        scope = Scope(question.project, since)
        in_time = "1" if since is None else f"{source.time} >= {moment(since)}"
        has_key = "1"
        if question.key:
            has_key = f"mapContains({source.map}, {{key:String}})" if source.map else f"{source.key} = {{key:String}}"
        not_empty = f"{column} != ''" if field is not None else "1"
        # The newest of a part come last; which ones are looked at matters little to completion.
        rows = (
            f"(SELECT {sql} AS {column} FROM {source.table} WHERE {scope.in_project} AND {in_time} "
            f"AND {source.condition} AND {has_key} LIMIT {ROWS_LOOKED_AT_MAX})"
        )
        with self._connections.borrow() as connection:
            found = connection.query(
                f"SELECT {column}, count() AS span_count FROM {rows} WHERE startsWith({column}, {{prefix:String}}) "
                f"AND {not_empty} GROUP BY {column} ORDER BY span_count DESC, {column} LIMIT {question.limit} "
                f"SETTINGS max_execution_time = {NAMES_SECONDS_MAX}, timeout_overflow_mode = 'break'",
                {
                    **scope.parameters,
                    **(field.parameters if field is not None else {}),
                    "prefix": question.prefix,
                    "key": question.key,
                },
            )
        return found.dicts()


def _field(question: NamesQuestion) -> CompiledField:
    """A field whose values are texts, in the rows that are looked at."""
    if question.key:
        raise MalformedRequest("field and key are both given", hint="a field has values, and so has a key: say one")
    unit = _FIELD_SOURCES.get(question.of)
    if unit is None:
        raise MalformedRequest(f"field: {question.of} has keys only", hint=f"of is {', '.join(_FIELD_SOURCES)}")
    name = question.field.strip()
    found = compile_field(name, unit=unit, prefix="v")
    if found.table is Table.TRACES and unit == "span":  # a trace has what one of its spans has
        found = compile_field(found.name.removeprefix("trace."), unit=unit, prefix="v")
    if found.kind not in (Kind.TEXT, Kind.TEXTS, Kind.ATTRIBUTE):
        raise MalformedRequest(f"field: {found.name} ({found.kind.value}) is no text", hint="write its value")
    return found
