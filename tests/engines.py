"""Both engines for tests: chDB in this process and a real ClickHouse server, behind one set of fixtures.

Owns which engine is open when, and a database for each test. Fixtures: `host` (an open engine; parametrised
`embedded`, `server`), `engine` (a new database on it, nothing in it yet), `store` (a migrated database, empty). A
conftest imports the ones it offers. Leaves rows and segments to `tests.tables`.

chDB hosts one directory at a time in a process, and another one once every connection to the first is closed; hence a
host is open for one module of tests only, and modules that open directories of their own may run before and after.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from spanhouse_collector.config import ClickHouseUrl
from spanhouse_collector.storage.engine import EmbeddedEngine, Engine, ServerEngine
from spanhouse_collector.storage.schema import migrate
from tests.servers.clickhouse_server import ClickHouseServer
from tests.tables import Store

BOTH = [pytest.param("embedded", id="embedded"), pytest.param("server", id="server", marks=pytest.mark.server)]
SUITE_DATABASE = "suite"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Host:
    """An engine that is open: the embedded one's directory, or a server."""

    directory: Path | None = None
    server: ClickHouseServer | None = None

    def engine(self, database: str) -> Engine:
        """This engine with a database of that name, which need not exist yet."""
        if self.directory is not None:
            return EmbeddedEngine(self.directory, database=database)
        assert self.server is not None
        return ServerEngine(url_of(self.server, database))

    def new_engine(self) -> Engine:
        return self.engine(f"test_{next(_numbers)}")


def url_of(server: ClickHouseServer, database: str) -> ClickHouseUrl:
    return ClickHouseUrl("127.0.0.1", server.http_port, server.user, server.password, database, secure=False)


@cache
def _lasting_server() -> ClickHouseServer:
    directory = tempfile.TemporaryDirectory(prefix="spanhouse-tests-clickhouse-")
    server = ClickHouseServer(Path(directory.name))
    atexit.register(directory.cleanup)
    atexit.register(server.stop)  # before the directory goes
    return server


def shared_server() -> ClickHouseServer:
    """The server of this test run, started by the first test that needs it. Tests that stop one start their own.

    A server that ended by itself is started again, so that one crash does not fail every later module; it is told.
    """
    server = _lasting_server()
    if not server.running:
        if server.started:
            print(f"the shared ClickHouse server ended by itself: {server.last_words}", file=sys.__stderr__, flush=True)
        server.start()
    return server


def drop_database(engine: Engine) -> None:
    connection = engine.connect()
    try:
        connection.execute(f"DROP DATABASE {engine.database} SYNC")
    finally:
        connection.close()


@contextlib.contextmanager
def open_store(host: Host) -> Iterator[Store]:
    """The suite's migrated database, kept from module to module."""
    engine = host.engine(SUITE_DATABASE)
    migrate(engine)
    store = Store(engine)
    try:
        yield store
    finally:
        store.close()
        engine.close()


@pytest.fixture(scope="session")
def embedded_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded") / "chdb"


@pytest.fixture(scope="module", params=BOTH)
def host(request: pytest.FixtureRequest, embedded_directory: Path) -> Iterator[Host]:
    """One engine, open while a module's tests run."""
    if request.param == "server":
        yield Host(server=shared_server())
        return
    keeper = EmbeddedEngine(embedded_directory, database="default")
    keeper.create_database()
    try:
        yield Host(directory=embedded_directory)
    finally:
        keeper.close()


@pytest.fixture
def engine(host: Host) -> Iterator[Engine]:
    """A database of this test's own, not created yet."""
    engine = host.new_engine()
    engine.create_database()
    yield engine
    drop_database(engine)
    engine.close()


@pytest.fixture(scope="module")
def open_suite(host: Host) -> Iterator[Store]:
    with open_store(host) as store:
        yield store


@pytest.fixture
def store(open_suite: Store) -> Store:
    """A migrated database with empty tables."""
    open_suite.truncate()
    return open_suite
