"""Keys and values of attributes, for completing them as they are typed.

Owns those look-ups. They look at a bounded number of spans for a bounded time: completion wants what is frequent, soon.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final, Literal

from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.search_lists import Clock
from spanhouse_collector.query.search_moments import moment_unix_nano
from spanhouse_collector.query.search_scope import Scope
from spanhouse_collector.query.trace_view import COUNTS

ROWS_LOOKED_AT_MAX: Final = 1_000_000
NAMES_SECONDS_MAX: Final = 3
NAMES_MAX: Final = 1000
NAMES_DEFAULT: Final = 100
Attributes = Literal["span", "resource"]
_MAPS: Final[dict[Attributes, str]] = {"span": "attributes", "resource": "resource_attributes"}


@dataclass(frozen=True, kw_only=True)
class NamesQuestion:
    """What to complete. `key` none: keys; else its values."""

    of: Attributes = "span"
    project: str = ""
    since: str = ""
    prefix: str = ""
    key: str = ""
    limit: int = NAMES_DEFAULT


class Names:
    """What there is to complete: attributes by key and by value; safe to use from any thread."""

    def __init__(self, connections: Connections, *, clock: Clock = time.time_ns) -> None:
        self._connections = connections
        self._clock = clock

    def keys(self, question: NamesQuestion) -> list[dict[str, Any]]:
        """Keys that begin with the prefix, the most frequent first."""
        return self._answer(
            question,
            f"SELECT arrayJoin(mapKeys({_MAPS[question.of]})) AS key, count() AS span_count "
            "FROM {rows} WHERE startsWith(key, {{prefix:String}})",
            "key",
        )

    def values(self, question: NamesQuestion) -> list[dict[str, Any]]:
        """Values of a key that begin with the prefix, the most frequent first."""
        column = _MAPS[question.of]
        return self._answer(
            question,
            f"SELECT {column}[{{{{key:String}}}}] AS value, count() AS span_count FROM {{rows}} "
            f"WHERE mapContains({column}, {{{{key:String}}}}) AND startsWith(value, {{{{prefix:String}}}})",
            "value",
        )

    def _answer(self, question: NamesQuestion, statement: str, column: str) -> list[dict[str, Any]]:
        scope = Scope(question.project, moment_unix_nano(question.since, "since", self._clock()))
        # The newest of a part come last; which ones are looked at matters little to completion.
        rows = (
            f"(SELECT {_MAPS[question.of]} FROM spans WHERE {scope.in_project} AND {scope.in_time} AND {COUNTS} "
            f"LIMIT {ROWS_LOOKED_AT_MAX})"
        )
        with self._connections.borrow() as connection:
            found = connection.query(
                f"{statement.format(rows=rows)} GROUP BY {column} ORDER BY span_count DESC, {column} "
                f"LIMIT {question.limit} SETTINGS max_execution_time = {NAMES_SECONDS_MAX}, "
                "timeout_overflow_mode = 'break'",
                {**scope.parameters, "prefix": question.prefix, "key": question.key},
            )
        return found.dicts()
