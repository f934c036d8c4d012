"""What arrived after an answer was given: the token of a live list.

Owns the mark that a token tells: when the newest visible row was received, and how many were received shortly before.
Rows become visible nearly in the order in which they were received, so what is newer than a mark is looked for from
OVERLAP_NS before it; the count tells whether there is anything at all. The newest time of a table is known without
reading it, and times of receipt choose its parts: a poll that finds nothing costs two statements over the last parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from spanhouse_collector.query.search_pages import Place, read_token, write_token
from spanhouse_collector.query.search_scope import moment
from spanhouse_collector.storage.engine import Connection

ArrivalTable = Literal["spans", "logs", "metrics"]
OVERLAP_NS: Final = 2_000_000_000
_TYPES: Final = ("Int64", "Int64")


@dataclass(frozen=True)
class Mark:
    """How far a table has come."""

    received_unix_nano: int
    row_count: int

    @property
    def since_unix_nano(self) -> int:
        """From when on rows may have been invisible when the mark was made."""
        return max(0, self.received_unix_nano - OVERLAP_NS)


def read_mark(connection: Connection, table: ArrivalTable) -> Mark:
    """Where a table stands now; what is listed afterwards has everything before it.

    Raises:
        StorageError: as the database has it.

    """
    received = int(connection.query(f"SELECT toUnixTimestamp64Nano(max(received_at)) FROM {table}").rows[0][0])
    newest = Mark(received, 0)
    counted = f"SELECT count() FROM {table} WHERE received_at >= {moment(newest.since_unix_nano)}"
    return Mark(received, int(connection.query(counted).rows[0][0]))


def write_mark(mark: Mark, table: ArrivalTable) -> str:
    """The token of a mark."""
    return write_token(("newer", table), Place((mark.received_unix_nano, mark.row_count), None, None))


def parse_mark(token: str, table: ArrivalTable) -> Mark | None:
    """The mark of a token; None for no token.

    Raises:
        MalformedRequest: it is not one of ours, or of another table.

    """
    place = read_token(token, ("newer", table), _TYPES, name="newer_than", source="newest_token")
    return None if place is None else Mark(*place.values)
