"""The database as the rest of the collector sees it: one interface, two engines, the same SQL.

Owns connecting, running statements with bound parameters, and inserting a file of the log. clickhouse-connect drives
both: embedded through its chDB backend, a server over HTTP. Every exception that leaves is a StorageError.

A client serves one thread at a time, so each thread gets its own from `engine.connect()`.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, cast

import clickhouse_connect
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from spanhouse_collector.config import ClickHouseUrl
from spanhouse_collector.errors import StorageRefused, StorageUnavailable
from spanhouse_collector.storage.error_codes import CANNOT_READ, STORED_CODES, translate, translate_read
from spanhouse_collector.telemetry import Repeated
from spanhouse_collector.wal.room import DiskRoom

logger = logging.getLogger(__name__)

VERSION_MIN: Final = (26, 2)  # the text index; older servers also lack format_schema_source
CONNECT_TIMEOUT_S: Final = 5
# Longer than any insert should take, short enough to notice a peer that went away without a word.
RECEIVE_TIMEOUT_S: Final = 120

_repeated: Final = Repeated(logger)
_DRIVER_ERRORS: Final = (ClickHouseError, HTTPError, OSError, RuntimeError)


@dataclass(frozen=True)
class Rows:
    """The answer to a query, in the driver's Python types."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]

    def dicts(self) -> list[dict[str, Any]]:
        """The rows by column name."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Connection(Protocol):
    """One thread's way to the database. Methods raise StorageError."""

    @property
    def room(self) -> DiskRoom:
        """The disk that the database writes to; who writes rows calls its `require` first."""

    def execute(self, statement: str, settings: Mapping[str, Any] | None = None) -> None:
        """Run a statement that answers nothing."""

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        """Run a SELECT; `{name:Type}` in it is bound from `parameters`."""

    def insert_file(self, table: str, columns: Sequence[str], path: Path, settings: Mapping[str, Any]) -> None:
        """Insert a file in the Protobuf format: all of it, or an error."""

    def close(self) -> None:
        """Give the connection up."""


class Engine(Protocol):
    """Where connections come from."""

    @property
    def database(self) -> str:
        """The database that holds the tables."""

    @property
    def is_embedded(self) -> bool:
        """Whether the engine runs inside this process."""

    @property
    def room(self) -> DiskRoom:
        """The disk that it writes to; a server's is its own business, so there it has no floors."""

    def create_database(self) -> None:
        """Create the database when it is missing; comes before the first `connect`."""

    def connect(self) -> Connection:
        """A connection for the calling thread."""

    def close(self) -> None:
        """End the engine; connections must be closed before."""


def quoted(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass
class _DriverConnection:
    """What both engines share: clickhouse-connect's client."""

    client: Any
    room: DiskRoom = field(default_factory=DiskRoom)

    def execute(self, statement: str, settings: Mapping[str, Any] | None = None) -> None:
        try:
            self.client.command(statement, settings=dict(settings or {}))
        except _DRIVER_ERRORS as error:
            raise translate(error) from error

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        try:
            result = self.client.query(statement, parameters=dict(parameters or {}))
            # The rows are read here, and may break off here.
            return Rows(tuple(result.column_names), result.result_rows)
        except _DRIVER_ERRORS as error:
            self._recover()
            failure = translate_read(error)
            if failure.code in STORED_CODES:
                _repeated.warning("read", "%s: %s", CANNOT_READ, error)
            raise failure from error

    def _recover(self) -> None:
        """Make the connection fit for use after a query that failed."""

    def close(self) -> None:
        self.client.close()


_PROBE: Final = "SELECT 1"
_PROBE_ANSWER: Final = b"1\n"
_PROBES_MAX: Final = 3


class _EmbeddedConnection(_DriverConnection):
    def _recover(self) -> None:
        # What chDB (26.9) had of an answer when it broke off, it puts in front of the next one, whoever asks.
        try:
            for _ in range(_PROBES_MAX):
                if self.client.raw_query(_PROBE, fmt="TabSeparated") == _PROBE_ANSWER:
                    return
        except _DRIVER_ERRORS as error:
            raise translate(error) from error
        raise StorageUnavailable("the embedded engine's connection holds the rest of an answer that broke off")

    def insert_file(self, table: str, columns: Sequence[str], path: Path, settings: Mapping[str, Any]) -> None:
        # The engine reads the file itself; nothing passes through Python.
        self.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) FROM INFILE {quoted(str(path))} FORMAT Protobuf", settings
        )


class _ServerConnection(_DriverConnection):
    def insert_file(self, table: str, columns: Sequence[str], path: Path, settings: Mapping[str, Any]) -> None:
        try:
            with path.open("rb") as file:
                self.client.raw_insert(
                    table, column_names=list(columns), insert_block=file, fmt="Protobuf", settings=dict(settings)
                )
        except _DRIVER_ERRORS as error:
            raise translate(error) from error


def _load_engine() -> None:
    """Import chDB without pyarrow and numpy, which it takes when it finds them and needs only for its Arrow results.

    They would hold 45 MB for nothing: what we read comes through clickhouse-connect, formats come from the engine.
    """
    if "chdb" in sys.modules:
        return
    hidden = [name for name in ("pyarrow", "numpy") if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden, cast(Any, None)))
    try:
        importlib.import_module("chdb")
    finally:
        for name in hidden:
            del sys.modules[name]


@dataclass
class EmbeddedEngine:
    """chDB inside this process, its data in `directory`; one process at a time, any number of connections."""

    directory: Path
    database: str = "spanhouse"
    room: DiskRoom = field(default_factory=DiskRoom)
    is_embedded: bool = field(default=True, init=False)
    _first: _EmbeddedConnection | None = field(default=None, init=False)

    def connect(self) -> Connection:
        """See `Engine`."""
        return self._open(self.database)

    def create_database(self) -> None:
        """Create the database when it is missing."""
        if self._first is None:
            # The first connection starts the engine and keeps it running until `close`.
            try:
                self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise translate(error) from error
            self._first = self._open("default")
        self._first.execute(f"CREATE DATABASE IF NOT EXISTS {self.database}")

    def _open(self, database: str) -> _EmbeddedConnection:
        _load_engine()
        try:
            return _EmbeddedConnection(
                clickhouse_connect.get_client(interface="chdb", path=str(self.directory), database=database), self.room
            )
        except _DRIVER_ERRORS as error:
            raise translate(error) from error

    def close(self) -> None:
        """See `Engine`."""
        if self._first is not None:
            self._first.close()
            self._first = None


@dataclass
class ServerEngine:
    """A ClickHouse server over HTTP."""

    url: ClickHouseUrl
    room: DiskRoom = field(default_factory=DiskRoom)
    is_embedded: bool = field(default=False, init=False)

    @property
    def database(self) -> str:
        """See `Engine`."""
        return self.url.database

    def connect(self) -> Connection:
        """See `Engine`."""
        return self._open(self.database)

    def create_database(self) -> None:
        """Create the database when it is missing; needs a connection that does not name it."""
        connection = self._open("")
        try:
            connection.execute(f"CREATE DATABASE IF NOT EXISTS {self.database}")
        finally:
            connection.close()

    def _open(self, database: str) -> _ServerConnection:
        try:
            return _ServerConnection(
                clickhouse_connect.get_client(
                    host=self.url.host,
                    port=self.url.port,
                    username=self.url.user,
                    password=self.url.password,
                    secure=self.url.secure,
                    database=database or None,
                    connect_timeout=CONNECT_TIMEOUT_S,
                    send_receive_timeout=RECEIVE_TIMEOUT_S,
                    autogenerate_session_id=False,
                    compress=False,
                    query_retries=0,
                ),
                self.room,
            )
        except _DRIVER_ERRORS as error:
            raise translate(error) from error

    def close(self) -> None:
        """Nothing is held between connections."""


def check_version(connection: Connection) -> None:
    """Refuse a database that is too old.

    Raises:
        StorageRefused: older than VERSION_MIN.

    """
    version = str(connection.query("SELECT version()").rows[0][0])
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < VERSION_MIN:
        wanted = ".".join(map(str, VERSION_MIN))
        raise StorageRefused(
            f"ClickHouse {version} is too old: Spanhouse needs {wanted} or newer", hint="upgrade the server"
        )
