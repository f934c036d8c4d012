"""Deleting traces by their ids, by a filter, by time.

Owns finding them and the order of the steps that makes a delete hold: what was received until now and is still in the
log gets a little time to reach the tables, so that it is found; then it is written down that they are deleted, durably;
then their rows go. What comes into a table later than that is swept by whoever loads it. Spans received after the
delete are new ones: an application that goes on sending begins the trace anew.

Leaves the rows to `storage.deleted_traces`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from spanhouse_collector.errors import MalformedRequest, TooManyQueries
from spanhouse_collector.query.assessment_record import decimal_seconds
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import check_regexes, compile_filter
from spanhouse_collector.query.search_scope import Scope, searched
from spanhouse_collector.storage.deleted_traces import IDS_A_STATEMENT, remove
from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.feedback_tables import DELETED_TRACES, append

TRACES_MAX: Final = 10_000  # of one request
CATCH_UP_S: Final = 5.0
CATCH_UP_POLL_S: Final = 0.02
TURN_S: Final = 30.0
_LIMITED: Final = "SETTINGS max_execution_time = 60"
_KNOWN: Final = (
    "SELECT DISTINCT trace_id FROM spans WHERE trace_id IN {trace_ids:Array(String)} "
    f"AND ({{project:String}} = '' OR project = {{project:String}}) {_LIMITED}"
)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which traces of a project to delete: those that match and began in this time, oldest first."""

    project: str
    filter: str = ""
    since_unix_nano: int | None = None
    until_unix_nano: int | None = None
    limit: int = TRACES_MAX


@dataclass(frozen=True)
class Deleted:
    """How many traces there were, and whether the limit left some that match."""

    count: int
    may_be_more: bool = False


class TraceDeleter:
    """Deletes traces, one request at a time; safe to use from any thread.

    `caught_up` says whether everything received until a moment has left the log for the tables.
    """

    def __init__(
        self,
        connections: Connections,
        caught_up: Callable[[int], bool],
        *,
        clock: Callable[[], int] = time.time_ns,
        catch_up_s: float = CATCH_UP_S,
    ) -> None:
        self._connections = connections
        self._caught_up = caught_up
        self._clock = clock
        self._catch_up_s = catch_up_s
        self._turn = threading.Lock()

    def delete_ids(self, trace_ids: list[str], *, project: str = "") -> Deleted:
        """Delete these traces, of one project or of all.

        Raises:
            MalformedRequest: too many at once.
            TooManyQueries: other deletes take too long.
            StorageError: some may be left; delete them again.

        """
        wanted = list(dict.fromkeys(trace_ids))
        if not 0 < len(wanted) <= TRACES_MAX:
            raise MalformedRequest(f"{len(wanted)} trace_ids: a request deletes 1 to traces_max={TRACES_MAX}")
        return Deleted(self._delete(project, lambda connection: wanted))

    def delete_selected(self, wanted: Selection) -> Deleted:
        """Delete the traces that match, at most as many as the limit says.

        Raises:
            FilterInvalid: the filter cannot be read.
            MalformedRequest: nothing says which.
            TooManyQueries: other deletes take too long.
            StorageError: some may be left; delete them again.

        """
        if not wanted.project:
            raise MalformedRequest("deleting by filter or time needs a project", hint="say which: project=…")
        if not wanted.filter.strip() and wanted.since_unix_nano is None and wanted.until_unix_nano is None:
            raise MalformedRequest("nothing says which traces", hint="give trace_ids, a filter, since or until")
        if not 0 < wanted.limit <= TRACES_MAX:
            raise MalformedRequest(f"limit is {wanted.limit}: a request deletes 1 to traces_max={TRACES_MAX}")
        count = self._delete(wanted.project, lambda connection: _selected(connection, wanted))
        return Deleted(count, may_be_more=count == wanted.limit)

    def _delete(self, project: str, select: Callable[[Connection], list[str]]) -> int:
        if not self._turn.acquire(timeout=TURN_S):
            raise TooManyQueries(f"other deletes are running and did not end within {TURN_S:g} s", hint="try again")
        try:
            with self._connections.borrow() as connection:
                self._wait(self._clock())
                trace_ids = select(connection)
                if not trace_ids:
                    return 0
                count = _count_known(connection, trace_ids, project)
                deleted_unix_nano = self._clock()
                _remember(connection, trace_ids, project, deleted_unix_nano)
                remove(connection, trace_ids, project, deleted_unix_nano)
                return count
        finally:
            self._turn.release()

    def _wait(self, until_unix_nano: int) -> None:
        """Wait for the log, but not for ever: what is late is swept when it is loaded."""
        Retrying(
            retry=retry_if_result(lambda done: not done),
            wait=wait_fixed(CATCH_UP_POLL_S),
            stop=stop_after_delay(self._catch_up_s),
            retry_error_callback=lambda state: False,
        )(self._caught_up, until_unix_nano)


def _remember(connection: Connection, trace_ids: list[str], project: str, deleted_unix_nano: int) -> None:
    deleted_at = decimal_seconds(deleted_unix_nano)
    append(
        connection,
        DELETED_TRACES,
        [{"project": project, "trace_id": trace_id, "deleted_at": deleted_at} for trace_id in trace_ids],
    )


def _count_known(connection: Connection, trace_ids: list[str], project: str) -> int:
    asked = [trace_ids[at : at + IDS_A_STATEMENT] for at in range(0, len(trace_ids), IDS_A_STATEMENT)]
    found = (connection.query(_KNOWN, {"trace_ids": some, "project": project}).rows for some in asked)
    return sum(len(rows) for rows in found)


def _selected(connection: Connection, wanted: Selection) -> list[str]:
    """The oldest traces that match, as a search finds them."""
    scope = Scope(wanted.project, wanted.since_unix_nano, wanted.until_unix_nano)
    parameters: dict[str, Any] = {**scope.parameters, "limit": wanted.limit}
    if wanted.filter.strip():
        compiled = compile_filter(wanted.filter, unit="trace")
        check_regexes(compiled, connection)
        search = searched(connection, scope, compiled)
        statement = f"SELECT trace_id FROM {search.traces()} ORDER BY start_time, trace_id"
        parameters |= search.parameters
    else:
        # A trace that starts in this time has a span that does; without a filter nothing else needs to be read.
        statement = (
            f"SELECT trace_id FROM spans WHERE {scope.in_project} AND {scope.not_long_before} GROUP BY trace_id "
            f"HAVING {scope.in_time.replace('start_time', 'min(start_time)')} ORDER BY min(start_time), trace_id"
        )
    found = connection.query(f"{statement} LIMIT {{limit:UInt32}} {_LIMITED}", parameters)
    return [str(trace_id) for (trace_id,) in found.rows]
