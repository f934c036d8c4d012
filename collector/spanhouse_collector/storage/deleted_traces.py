"""Taking the rows of deleted traces out of every table that has some.

Owns which tables those are, the DELETE, and the sweep of rows that were on their way when their trace was deleted.
Leaves which traces to delete to `query.deletes`.

A lightweight DELETE: every read leaves its rows out from the moment it returns, through whatever view, and merges drop
them for good. Decision 013.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spanhouse_collector.storage.engine import Connection, Engine, quoted
from spanhouse_collector.storage.feedback_tables import ASSESSMENT_VERSIONS, DELETED_TRACES, TRACE_TAG_CHANGES

# A trace can be found by its spans, so those go last: a delete that was cut short can be repeated.
TABLES: Final = ("logs", ASSESSMENT_VERSIONS, TRACE_TAG_CHANGES, "spans")
IDS_A_STATEMENT: Final = 2_000
# Not patches: text searches pass over their index while there are any, and on servers before 26.9 find nothing.
_AT_ONCE: Final = {"lightweight_delete_mode": "alter_update", "lightweight_deletes_sync": 2}

_LATEST: Final = f"SELECT toUnixTimestamp64Nano(max(deleted_at)) FROM {DELETED_TRACES} HAVING count() > 0"
_DELETED_SINCE: Final = (
    f"SELECT trace_id, project, toUnixTimestamp64Nano(max(deleted_at)) FROM {DELETED_TRACES} "
    "WHERE deleted_at >= fromUnixTimestamp64Nano({first:Int64}, 'UTC') GROUP BY trace_id, project"
)


def remove(connection: Connection, trace_ids: Sequence[str], project: str, deleted_unix_nano: int) -> None:
    """Delete what was received of these traces until then; project '' is all.

    Raises:
        StorageError: some of it may be left; do it again.

    """
    connection.room.require()
    for at in range(0, len(trace_ids), IDS_A_STATEMENT):
        condition = _condition(trace_ids[at : at + IDS_A_STATEMENT], project, deleted_unix_nano)
        for table in TABLES:
            # A mutation looks at every part; most traces have no logs and no feedback.
            if connection.query(f"SELECT 1 FROM {table} WHERE {condition} LIMIT 1").rows:
                connection.execute(f"DELETE FROM {table} WHERE {condition}", _AT_ONCE)


def _condition(trace_ids: Sequence[str], project: str, deleted_unix_nano: int) -> str:
    listing = ", ".join(map(quoted, trace_ids))
    of_project = f" AND project = {quoted(project)}" if project else ""
    return (
        f"trace_id IN ({listing}){of_project} "
        f"AND received_at <= fromUnixTimestamp64Nano(toInt64({deleted_unix_nano}), 'UTC')"
    )


class DeletedTracesSweep:
    """Deletes rows that reached their table after their trace was deleted, for one thread: a loader's.

    A segment is swept after its insert and before it is released: killed in between, it is loaded and swept again.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def sweep(self, first_unix_nano: int, last_unix_nano: int) -> None:
        """Rows received in this window are stored now: delete those that are of traces deleted since.

        Raises:
            StorageError: sweep again.

        """
        if self._connection is None:
            self._connection = self._engine.connect()
        latest = self._connection.query(_LATEST).rows
        if not latest or int(latest[0][0]) < first_unix_nano:
            return
        deleted = self._connection.query(_DELETED_SINCE, {"first": first_unix_nano}).rows
        at_once: dict[tuple[str, int], list[str]] = {}
        for trace_id, project, deleted_unix_nano in deleted:
            until = min(int(deleted_unix_nano), last_unix_nano)
            at_once.setdefault((str(project), until), []).append(str(trace_id))
        for (project, until), trace_ids in at_once.items():
            remove(self._connection, trace_ids, project, until)

    def close(self) -> None:
        """Close the connection, if one was made."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
