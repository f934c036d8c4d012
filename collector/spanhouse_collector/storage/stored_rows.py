"""What stands in the tables of what a segment held.

Owns counting rows by the moment their request was received, which is the same in the log and in the tables; whether the
parts that hold them are sound on disk; and taking away what is left of a request that is to be stored again.

A row that can be read proves little: the engine answers from memory what it failed to write (a part whose checksums or
counts are empty files is found broken by the next start only). So the embedded engine's parts are checked, each file.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from spanhouse_collector.errors import StorageError, StorageUnavailable
from spanhouse_collector.otlp.signals import LOGS, METRICS, TRACES, Signal
from spanhouse_collector.storage.engine import Connection, Engine, quoted

TABLES: Final = {TRACES.name: "spans", LOGS.name: "logs", METRICS.name: "metrics"}
AT_ONCE: Final = 2_000  # moments of one statement
NO_SUCH_DATA_PART: Final = 232
_NANOS: Final = "toUnixTimestamp64Nano(received_at)"
_DELETED_SINCE: Final = (
    "SELECT count() FROM deleted_traces WHERE deleted_at >= fromUnixTimestamp64Nano({first:Int64}, 'UTC')"
)


class StoredRows:
    """The rows of one signal, over one connection, for one thread."""

    def __init__(self, engine: Engine, signal: Signal) -> None:
        self._engine = engine
        self._table = TABLES[signal.name]
        self._connection: Connection | None = None
        self._sound: set[str] = set()  # a part never changes; what was sound when it was checked stays so

    def counts(self, received: Collection[int]) -> dict[int, int]:
        """Moment of receipt → how many rows there are of it, deleted ones too while they are there."""
        found: dict[int, int] = {}
        for where in _conditions(received):
            rows = self._connected().query(
                f"SELECT {_NANOS} AS received, count() FROM {self._table} WHERE {where} GROUP BY received "
                "SETTINGS apply_deleted_mask = 0"
            )
            found |= {int(moment): int(count) for moment, count in rows.rows}
        return found

    def check_parts(self, received: Collection[int]) -> None:
        """Check every file of the parts that hold these rows; does nothing on a server, whose disk is its own.

        Raises:
            StorageUnavailable: one is broken, or they were merged meanwhile.

        """
        if not self._engine.is_embedded:
            return
        names: set[str] = set()
        for where in _conditions(received):
            rows = self._connected().query(f"SELECT DISTINCT _part FROM {self._table} WHERE {where}")
            names |= {str(name) for (name,) in rows.rows}
        for name in sorted(names - self._sound):
            if (why := broken_because(self._connected(), self._table, name)) is not None:
                raise StorageUnavailable(f"part {name} of {self._table} is broken: {why}")
            self._sound.add(name)

    def were_deleted(self, since_unix_nano: int) -> bool:
        """Whether somebody has deleted traces since then: rows may be missing for that."""
        return bool(self._connected().query(_DELETED_SINCE, {"first": since_unix_nano}).rows[0][0])

    def remove(self, received: Collection[int]) -> None:
        """Take away what is left of requests received at these moments."""
        for where in _conditions(received):
            self._connected().execute(
                f"DELETE FROM {self._table} WHERE {where}",
                {"lightweight_delete_mode": "alter_update", "lightweight_deletes_sync": 2},
            )

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def close(self) -> None:
        """Close the connection, if one was made."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def broken_because(connection: Connection, table: str, part: str) -> str | None:
    """What is wrong with a part's files; None when they are sound, or the part is gone."""
    try:
        rows = connection.query(f"CHECK TABLE {table} PART {quoted(part)}").rows
    except StorageError as error:
        if error.code == NO_SUCH_DATA_PART:
            return None
        raise
    for _, is_sound, why in rows:
        if str(is_sound) not in ("1", "True"):
            return str(why)
    return None


def _conditions(received: Collection[int]) -> Iterator[str]:
    """Narrow enough for the parts' minima and maxima, and few enough for one statement."""
    moments = sorted(received)
    for at in range(0, len(moments), AT_ONCE):
        some = moments[at : at + AT_ONCE]
        first, last = (f"fromUnixTimestamp64Nano(toInt64({moment}), 'UTC')" for moment in (some[0], some[-1]))
        yield f"received_at BETWEEN {first} AND {last} AND {_NANOS} IN ({', '.join(map(str, some))})"
