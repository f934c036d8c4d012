"""Databases that were migrated once and are copied from then on: seconds for every collector that a test starts.

Owns one directory of each engine per process, made when it is first asked for, and the copying. A first start itself,
which creates the tables, is the business of `tests/collector/storage/test_schema.py`, of
`tests/collector/cli/test_serve.py` and of the demo's test; everywhere else it only costs time.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from tests.collector_process import CollectorProcess
from tests.servers.clickhouse_server import STORE, ClickHouseServer

DATABASE: Final = "spanhouse"


@cache
def _directory() -> Path:
    directory = tempfile.TemporaryDirectory(prefix="spanhouse-tests-prepared-")
    atexit.register(directory.cleanup)
    return Path(directory.name)


@cache
def _embedded() -> Path:
    _first_start(_directory() / "embedded", None)
    return _directory() / "embedded" / "chdb"


@cache
def _server() -> Path:
    with ClickHouseServer(_directory() / "clickhouse") as server:
        _first_start(_directory() / "beside", server.url(DATABASE))
    return _directory() / "clickhouse" / STORE


def _first_start(data_dir: Path, clickhouse: str | None) -> None:
    with CollectorProcess(data_dir, clickhouse=clickhouse) as collector:
        code = collector.terminate()
    assert code == 0, collector.stderr


def prepare_embedded(data_dir: Path) -> Path:
    """Give a data directory that does not exist yet an embedded database with empty tables; returns it."""
    data_dir.mkdir(mode=0o700)
    shutil.copytree(_embedded(), data_dir / "chdb", symlinks=True)
    return data_dir


def prepare_server(data_dir: Path) -> Path:
    """Give a server's directory that does not exist yet a database `spanhouse` with empty tables; returns it."""
    shutil.copytree(_server(), data_dir / STORE, symlinks=True)
    return data_dir
