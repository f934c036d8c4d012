"""One collector over the test run's ClickHouse server, as the far end of real exporters.

Owns starting it and reading back what it stored for one project. A project a test keeps tests apart.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from spanhouse_collector.storage.engine import Connection, ServerEngine
from tests.collector_process import CollectorProcess
from tests.engines import shared_server, url_of
from tests.tables import TABLES, Row, read_rows

WAIT_S = 60.0
DATABASE = "exporters"


@dataclass
class Collected:
    """A running collector and its tables."""

    process: CollectorProcess
    connection: Connection
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_project(self) -> str:
        return f"test-{next(self.numbers)}"

    def rows(self, signal_name: str, project: str, items: int) -> list[Row]:
        """The rows of a project, once there are at least this many."""
        table, condition = TABLES[signal_name], f"project = '{project}'"
        deadline = time.monotonic() + WAIT_S
        while True:
            count = self.connection.query(f"SELECT count() FROM {table} WHERE {condition}").rows[0][0]
            if count >= items:
                return read_rows(self.connection, table, condition)
            if time.monotonic() > deadline:
                raise AssertionError(f"{count} of {items} {signal_name} arrived in {WAIT_S} s\n{self.process.stderr}")
            time.sleep(0.05)


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collected]:
    server = shared_server()
    process = CollectorProcess(
        tmp_path_factory.mktemp("collector"), "--wal-segment-age", "50ms", clickhouse=server.url(DATABASE)
    )
    with process:
        connection = ServerEngine(url_of(server, DATABASE)).connect()
        yield Collected(process, connection)
        connection.close()
        assert process.terminate() == 0
