"""Running a checked statement on either engine: bytes of a format, block by block.

Owns what `runner` needs of an engine. Every query gets a connection of its own: the embedded engine's settings belong
to a connection, and `readonly=1` cannot be taken back on one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from spanhouse_collector.query.sql.formats import Format
from spanhouse_collector.query.sql.settings import Ignored
from spanhouse_collector.query.sql.syntax import Ask

# Queries stand in a database where nobody may read: a name that is not written in full finds no table.
NOWHERE: Final = "_temporary_and_external_tables"
READ_ONLY: Final = {"readonly": "1"}
# Of the engine's own. The guard limits what people send; its questions, and what runs instead, are longer.
QUERY_BYTES_MAX: Final = 2 << 20


@dataclass(frozen=True)
class Order:
    """A statement to run."""

    sql: str
    format: Format
    query_id: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[Ignored, ...] = ()  # what the statement set and does not hold


class Running(Protocol):
    """A query under way; used by one thread at a time."""

    def read(self) -> bytes:
        """More of the answer; b'' when that was all. Raises SqlError or StorageError."""

    def summary(self) -> dict[str, int]:
        """What the engine has read so far, as far as it tells."""

    def close(self) -> None:
        """Give the connection up; a query that is still running ends."""


class Backend(Protocol):
    """An engine's way of running statements."""

    def asking(self) -> AbstractContextManager[Ask]:
        """A read-only connection for the questions of the guard."""

    def run(self, order: Order) -> Running:
        """Start a query."""

    def kill(self, query_id: str) -> None:
        """End a query that another thread is waiting for."""

    def close(self) -> None:
        """Give up what is kept between queries."""


def native_header(ask: Ask, order: Order) -> bytes:
    """The columns of an answer without rows as a block of the Native format: the engines send nothing at all then."""
    described = ask(f"DESCRIBE ({order.sql})", order.parameters)
    columns = [line.split("\t")[:2] for line in described.splitlines()]
    parts = [_varint(len(columns)), _varint(0)]
    for name, kind in columns:
        parts += [_varint(len(name.encode())), name.encode(), _varint(len(kind.encode())), kind.encode()]
    return b"".join(parts)


def _varint(number: int) -> bytes:
    groups = []
    while number > 0x7F:
        groups.append(0x80 | number & 0x7F)
        number >>= 7
    return bytes([*groups, number])
