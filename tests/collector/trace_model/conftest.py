"""One collector on each engine, which every fixture and recording is sent to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collector.trace_model.replay import Replayed, captures, fixtures, replay
from tests.collector_process import CollectorProcess
from tests.engines import BOTH, embedded_directory, host, open_suite, shared_server, store

__all__ = ["embedded_directory", "host", "open_suite", "replayed", "reviewed", "store"]
DATABASE = "trace_model"
_found: dict[str, Replayed] = {}  # by engine: pytest sets a fixture up again for each file when its parameter changes


@pytest.fixture(scope="session", params=BOTH)
def replayed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """Everything, read back from one engine; the collector has ended by then."""
    engine: str = request.param
    if engine not in _found:
        clickhouse = shared_server().url(DATABASE) if engine == "server" else None
        directory: Path = tmp_path_factory.mktemp("trace_model")
        with CollectorProcess(directory, "--wal-segment-age", "300ms", clickhouse=clickhouse) as process:
            found = replay(process, fixtures(), captures())
            assert process.terminate() == 0
        _found[engine] = found
    return _found[engine]


@pytest.fixture(scope="session")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """The reviewed fixtures, read back from the embedded engine: the given ones show that both engines agree."""
    with CollectorProcess(tmp_path_factory.mktemp("reviewed"), "--wal-segment-age", "300ms") as process:
        found = replay(process, fixtures("reviewed"), [])
        assert process.terminate() == 0
    return found
