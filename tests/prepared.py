"""Databases that were migrated once and are copied from then on: seconds for every collector that a test starts.

Owns one directory of each engine per test run, made by the process that asks for it first, and the copying. A first
start itself, which creates the tables, is the business of `tests/collector/storage/test_schema.py`, of
`tests/collector/cli/test_serve.py` and of the demo's test; everywhere else it only costs time.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

from tests.collector_process import CollectorProcess
from tests.servers.clickhouse_server import STORE, ClickHouseServer

DATABASE: Final = "spanhouse"
SHARED: Final = "PREPARED_DATABASES"  # in the environment: the directory that all processes of a run share


@cache
def _directory() -> Path:
    if shared := os.environ.get(SHARED):
        return Path(shared)
    directory = tempfile.TemporaryDirectory(prefix="spanhouse-tests-prepared-")
    atexit.register(directory.cleanup)
    return Path(directory.name)


@cache
def _made(name: str, make: Callable[[Path], None]) -> Path:
    """A directory of that name which `make` has filled, in this process or in another one, that this one waits for."""
    made, whole = _directory() / name, _directory() / f"{name}.whole"
    with (_directory() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(made, ignore_errors=True)  # of a maker that failed
            made.mkdir()
            make(made)
            whole.touch()
    return made


def _make_embedded(directory: Path) -> None:
    _first_start(directory / "data", None)


def _make_server(directory: Path) -> None:
    with ClickHouseServer(directory / "clickhouse") as server:
        _first_start(directory / "beside", server.url(DATABASE))


def _first_start(data_dir: Path, clickhouse: str | None) -> None:
    with CollectorProcess(data_dir, clickhouse=clickhouse) as collector:
        code = collector.terminate()
    assert code == 0, collector.stderr


def prepare_embedded(data_dir: Path) -> Path:
    """Give a data directory that does not exist yet an embedded database with empty tables; returns it."""
    data_dir.mkdir(mode=0o700)
    shutil.copytree(_made("embedded", _make_embedded) / "data" / "chdb", data_dir / "chdb", symlinks=True)
    return data_dir


def prepare_server(data_dir: Path) -> Path:
    """Give a server's directory that does not exist yet a database `spanhouse` with empty tables; returns it."""
    shutil.copytree(_made("server", _make_server) / "clickhouse" / STORE, data_dir / STORE, symlinks=True)
    return data_dir
