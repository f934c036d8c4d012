"""Parts of the embedded database that are broken: found while it runs, or set aside by it at its start.

Owns finding both kinds and the one remedy: a table that is loaded anew lets the engine look at its parts as a start
does. It then sets broken ones aside, into the table's folder `detached`, and takes up those again from which a broken
one was merged, which stay on disk for eight minutes after their merge. What is still missing comes from the log.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.stored_rows import broken_because

logger = logging.getLogger(__name__)

BROKEN: Final = "broken"  # how the reasons of the engine begin: broken, broken-on-start, …
PATCH: Final = "patch-"
RECENT_S: Final = 900  # how far back parts are looked at: longer than the engine keeps the sources of a merge
_SET_ASIDE: Final = (
    "SELECT table, name, path FROM system.detached_parts WHERE database = currentDatabase() "
    f"AND startsWith(reason, '{BROKEN}') ORDER BY table, name"
)
_RECENT: Final = (
    "SELECT table, name, rows FROM system.parts WHERE active AND database = currentDatabase() "
    f"AND modification_time >= now() - {RECENT_S} ORDER BY table, name"
)


@dataclass(frozen=True)
class BrokenPart:
    """A part that the engine set aside; `rows` is None when not even that can be read."""

    table: str
    name: str
    rows: int | None

    @property
    def is_patch(self) -> bool:
        """Whether it held corrections of rows and not rows."""
        return PATCH in self.name

    def __str__(self) -> str:
        rows = "an unknown number of" if self.rows is None else str(self.rows)
        return f"{self.table}/detached/{self.name} ({rows} rows)"


class BrokenParts:
    """The broken parts of one database; for one thread."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sound: set[tuple[str, str]] = set()
        self._known_rows: dict[tuple[str, str], int] = {}

    def set_aside(self) -> list[BrokenPart]:
        """Those that the engine found and moved away, as long as nobody deletes them."""
        found = []
        for table, name, path in self._connection.query(_SET_ASIDE).rows:
            rows = _rows_of(Path(str(path)))
            if rows is None:
                rows = next((n for (of, part), n in self._known_rows.items() if of == table and part in name), None)
            found.append(BrokenPart(str(table), str(name), rows))
        return found

    def mend(self) -> list[str]:
        """Check what was written lately and load the tables anew that have broken parts; returns what was broken.

        Raises:
            StorageError: not everything was looked at; do it again.

        """
        broken: dict[str, list[str]] = {}
        for table, name, rows in self._connection.query(_RECENT).rows:
            if (table, name) in self._sound:
                continue
            why = broken_because(self._connection, str(table), str(name))
            if why is None:
                self._sound.add((table, name))
                continue
            self._known_rows[table, name] = int(rows)
            logger.error("part %s of %s, %d rows, is broken: %s", name, table, rows, why)
            broken.setdefault(str(table), []).append(str(name))
        for table in broken:
            self.load_again(table)
        return [f"{table}/{name}" for table, names in broken.items() for name in names]

    def load_again(self, table: str) -> None:
        """Let the engine look at a table's parts as it does at a start. Nobody can read or write it for the moment."""
        self._connection.execute(f"DETACH TABLE IF EXISTS {table} SYNC")
        self._connection.execute(f"ATTACH TABLE IF NOT EXISTS {table}")


def _rows_of(part: Path) -> int | None:
    try:
        return int((part / "count.txt").read_text("ascii"))
    except (OSError, ValueError):
        return None
