"""Sessions, users and projects: traces taken together, the latest first.

Owns their statements, fields and pages. The views `sessions` and `users` say the same over everything, and the feedback
besides; here a time and a filter choose the traces. Projects are sums over spans: their list is what every visit begins
with. Leaves aggregates of any other kind to `aggregate`, names for completion to `groups_names`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final, Literal

from spanhouse_collector.errors import MalformedRequest, QueryTooLong
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import check_regexes, compile_filter
from spanhouse_collector.query.search_lists import LIMIT_DEFAULT, LIMIT_MAX, Budget, Clock
from spanhouse_collector.query.search_moments import moment_unix_nano
from spanhouse_collector.query.search_pages import Order, Part, Place, read_token, write_token
from spanhouse_collector.query.search_scope import Scope, Searched, searched
from spanhouse_collector.query.trace_view import COUNTS

SECONDS_MAX: Final = 20.0
NAME_CHARS_SHOWN: Final = 80
Group = Literal["sessions", "users", "projects"]
_SUMS: Final = {
    "trace_count": "count()",
    "span_count": "sum(traces.span_count)",
    "error_count": "sum(traces.error_count)",
    "failed_trace_count": "countIf(traces.state = 'ERROR')",
    "input_tokens": "sum(traces.input_tokens)",
    "output_tokens": "sum(traces.output_tokens)",
    "total_tokens": "sum(traces.total_tokens)",
    "cost_usd": "sum(traces.cost_usd)",
    "first_time_unix_nano": "toUnixTimestamp64Nano(min(traces.start_time))",
    "last_time_unix_nano": "toUnixTimestamp64Nano(max(traces.end_time))",
}
_USERS: Final = "arraySort(groupUniqArrayIf(traces.user_id, traces.user_id != ''))"
_SESSIONS: Final = "uniqExactIf(traces.session_id, traces.session_id != '')"
_OWN: Final = "usage_scope = 'own'"
COLUMNS: Final[dict[Group, dict[str, str]]] = {
    "sessions": {"project": "project", "session_id": "session_id", **_SUMS, "user_ids": _USERS},
    "users": {"project": "project", "user_id": "user_id", "session_count": _SESSIONS, **_SUMS},
    "projects": {
        "project": "project",
        "span_count": "count()",
        "trace_count": "uniqExact(trace_id)",
        "error_count": "countIf(is_error)",
        "session_count": "uniqExactIf(session_id, session_id != '')",
        "user_count": "uniqExactIf(user_id, user_id != '')",
        **{name: f"sumIf(ifNull(spans.{name}, 0), {_OWN})" for name in ("input_tokens", "output_tokens", "cost_usd")},
        "total_tokens": "sumIf(ifNull(spans.total_tokens, ifNull(spans.input_tokens, 0) + "
        f"ifNull(spans.output_tokens, 0)), {_OWN})",
        "first_time_unix_nano": "toUnixTimestamp64Nano(min(start_time))",
        "last_time_unix_nano": "toUnixTimestamp64Nano(max(greatest(start_time, end_time)))",
    },
}
_NAMES: Final[dict[Group, str]] = {"sessions": "session_id", "users": "user_id", "projects": "project"}
_TYPES: Final = {"cost_usd": "Float64"}


@dataclass(frozen=True, kw_only=True)
class GroupQuestion:
    """Which of them, as text from outside."""

    project: str = ""
    filter: str = ""
    since: str = ""
    until: str = ""
    order_by: str = ""
    limit: int = LIMIT_DEFAULT
    page_token: str = ""


@dataclass(frozen=True)
class GroupAnswer:
    """A page of them."""

    entries: list[dict[str, Any]]
    next_page_token: str | None


class Groups:
    """Lists sessions, users and projects; safe to use from any thread."""

    def __init__(
        self, connections: Connections, *, clock: Clock = time.time_ns, seconds_max: float = SECONDS_MAX
    ) -> None:
        self._connections = connections
        self._clock = clock
        self._seconds_max = seconds_max

    def answer(self, group: Group, question: GroupQuestion) -> GroupAnswer:
        """A page of sessions, users or projects.

        Raises:
            FilterInvalid: the filter cannot be read.
            MalformedRequest: another parameter cannot.
            QueryTooLong: it took too long.
            StorageError: as the database has it.

        """
        if group == "projects" and question.filter:
            raise MalformedRequest("projects are not filtered", hint="aggregate, grouped by project")
        if not 1 <= question.limit <= LIMIT_MAX:
            raise MalformedRequest(f"limit is from 1 to {LIMIT_MAX}, not {question.limit}")
        order = _order(group, question.order_by)
        identity = (group, question.project, question.filter, question.since, question.until, question.order_by)
        place = read_token(question.page_token, identity, [part.type for part in order.parts])
        scope = self._scope(question, place)
        compiled = compile_filter(question.filter, unit="trace")
        after, bound = order.after(place.values) if place is not None else ("1", {})
        columns = ", ".join(f"{sql} AS {name}" for name, sql in COLUMNS[group].items() if name != sql)
        keys = dict.fromkeys(("project", _NAMES[group]))
        budget = Budget(self._seconds_max)
        with self._connections.borrow() as connection:
            check_regexes(compiled, connection)
            over = searched(connection, scope, compiled)
            found = budget.query(
                connection,
                f"SELECT *, {order.columns} FROM (SELECT {', '.join(keys)}, {columns} FROM {_rows(group, over)} "
                f"WHERE {_NAMES[group]} != '' GROUP BY {', '.join(keys)}) "
                f"WHERE {after} ORDER BY {order.sql} LIMIT {question.limit + 1}",
                {**over.parameters, **bound},
            )
        if found is None:
            raise QueryTooLong(
                f"the list took longer than {self._seconds_max:g} s", hint="narrow it with since, project or a filter"
            )
        token = None
        if len(found.rows) > question.limit:
            values = tuple(found.rows[question.limit - 1][len(COLUMNS[group]) :])
            token = write_token(identity, Place(values, scope.since_unix_nano, scope.until_unix_nano))
        entries = [dict(zip(found.columns[: len(COLUMNS[group])], row, strict=False)) for row in found.rows]
        return GroupAnswer(entries[: question.limit], token)

    def _scope(self, question: GroupQuestion, place: Place | None) -> Scope:
        if place is not None:
            return Scope(question.project, place.since_unix_nano, place.until_unix_nano)
        now = self._clock()
        return Scope(
            question.project,
            moment_unix_nano(question.since, "since", now),
            moment_unix_nano(question.until, "until", now),
        )


def _rows(group: Group, over: Searched) -> str:
    if group == "projects":
        return f"(SELECT * FROM spans WHERE {over.scope.in_project} AND {over.scope.in_time} AND {COUNTS}) AS spans"
    return f"{over.traces()} AS traces"


def _order(group: Group, text: str) -> Order:
    """By one of the fields, the latest first if none is named; ties by name."""
    name, _space, direction = (text.strip() or "last_time_unix_nano desc").rpartition(" ")
    if direction.lower() not in ("asc", "desc") or not name:
        name, direction = text.strip(), "asc"
    if name not in COLUMNS[group] or name == "user_ids":
        known = ", ".join(field for field in COLUMNS[group] if field != "user_ids")
        shown = name[:NAME_CHARS_SHOWN]
        raise MalformedRequest(f"order_by: {group} have no {shown!r} to order by", hint=f"there are {known}")
    descending = direction.lower() == "desc"
    is_name = name in ("project", _NAMES[group])
    kind = "String" if is_name else _TYPES.get(name, "Int64")
    number = f"round(ifNull({name}, 0), 9)" if kind == "Float64" else f"toInt64(ifNull({name}, 0))"
    first = f"toString({name})" if is_name else number
    ties = [Part(f"toString({each})", "String", descending=False) for each in dict.fromkeys((_NAMES[group], "project"))]
    return Order((Part(first, kind, descending), *ties))
