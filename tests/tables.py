"""Requests into tables and rows out of them, as tests see it.

Owns writing a segment file of framed records, inserting it as the loader does, and reading a table so that nothing is
lost on the way: maps as lists of pairs (a Python dict forgets repeated keys), times as nanoseconds. Leaves what the
rows should be to `tests.oracle`.
"""

from __future__ import annotations

import base64
import re
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.message import Message

from spanhouse_collector.errors import InvalidItems
from spanhouse_collector.otlp.signals import Signal
from spanhouse_collector.otlp.validate import Checked, check
from spanhouse_collector.storage.engine import Connection, Engine
from spanhouse_collector.storage.writer import SegmentInserter
from spanhouse_collector.wal.record import Envelope, frame
from tests.builders import START_UNIX_NANO

Row = dict[str, Any]
TABLES = {"traces": "spans", "logs": "logs", "metrics": "metrics"}
_PAIRS = "Array(Tuple(String, String))"


@dataclass(frozen=True)
class Sent:
    """One request as a client sent it, with what the collector knew besides."""

    request: Message
    project: str = ""
    received_unix_nano: int = START_UNIX_NANO

    def __repr__(self) -> str:
        """Whole, so that a failing example can be built again, unless the request is very long."""
        raw = base64.b64encode(self.request.SerializeToString()).decode()
        shown = raw if len(raw) < 4000 else f"{raw[:4000]}…({len(raw)})"
        return f"Sent({type(self.request).__name__}, {self.project!r}, {self.received_unix_nano}, base64 {shown})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def checked(self, signal: Signal) -> Checked | None:
        """What the collector answers for; None when it refuses the whole request, and tells the client so."""
        try:
            return check(signal, self.request.SerializeToString())
        except InvalidItems:
            return None

    def record(self, signal: Signal) -> bytes:
        """Its record of the log; b'' when no item of it may be stored."""
        checked = self.checked(signal)
        if checked is None:
            return b""
        return framed(checked.payload, self.project, self.received_unix_nano, checked.accepted)


def framed(payload: bytes, project: str = "", received_unix_nano: int = START_UNIX_NANO, items: int = 1) -> bytes:
    """A record of the log around the bytes of a request."""
    head, tail = frame(Envelope(project, received_unix_nano, b"f" * 16, items), payload)
    return head + payload + tail


@dataclass
class Store:
    """A migrated database."""

    engine: Engine
    _connection: Connection | None = None
    _inserters: dict[str, SegmentInserter] = field(default_factory=dict)

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = self.engine.connect()
        return self._connection

    def insert(self, signal: Signal, *sent: Sent | Message, token: str | None = None) -> str:
        """Insert requests as one segment; returns the token."""
        records = (item if isinstance(item, Sent) else Sent(item) for item in sent)
        return self.insert_bytes(signal, b"".join(record.record(signal) for record in records), token=token)

    def insert_bytes(self, signal: Signal, segment: bytes, *, token: str | None = None) -> str:
        token = token or uuid.uuid4().hex
        inserter = self._inserters.setdefault(signal.name, SegmentInserter(self.engine, signal))
        with tempfile.NamedTemporaryFile(suffix=".wal") as file:
            file.write(segment)
            file.flush()
            inserter.insert(Path(file.name), token)
        return token

    def count(self, table: str) -> int:
        return int(self.connection.query(f"SELECT count() FROM {table}").rows[0][0])

    def value(self, statement: str) -> Any:
        return self.connection.query(statement).rows[0][0]

    def rows(self, table: str) -> list[Row]:
        return read_rows(self.connection, table)

    def truncate(self) -> None:
        for table in TABLES.values():
            self.connection.execute(f"TRUNCATE TABLE {table} SYNC")

    def close(self) -> None:
        for inserter in self._inserters.values():
            inserter.close()
        self._inserters.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def read_rows(connection: Connection, table: str, where: str = "1") -> list[Row]:
    """Every stored column of a table, exact."""
    columns: Sequence[Sequence[str]] = connection.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String} "
        "AND default_kind != 'ALIAS' ORDER BY position",
        {"table": table},
    ).rows
    exact = ", ".join(f"{_exact(f'`{name}`', kind)} AS `c{index}`" for index, (name, kind) in enumerate(columns))
    names = [name for name, _ in columns]
    rows = connection.query(f"SELECT {exact} FROM {table} WHERE {where}").rows
    return [dict(zip(names, row, strict=True)) for row in rows]


def _exact(column: str, kind: str) -> str:
    """The column in a form that the driver hands over without loss."""
    if element := re.fullmatch(r"Array\((DateTime64|Map).*", kind):
        inner = _exact("x", element[1])
        return f"arrayMap(x -> {inner}, {column})"
    if kind.startswith("DateTime64"):
        return f"toUnixTimestamp64Nano({column})"
    if kind.startswith("Map"):
        return f"CAST({column}, '{_PAIRS}')"
    return column
