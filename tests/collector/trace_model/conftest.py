"""One collector on each engine, which every fixture and recording is sent to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collector.trace_model.replay import Replayed, captures, fixtures, replay
from tests.collector_process import CollectorProcess
from tests.engines import BOTH, embedded_directory, host, open_suite, shared_server, store
from tests.prepared import prepare_embedded

__all__ = ["embedded_directory", "host", "open_suite", "replayed", "reviewed", "store"]
DATABASE = "trace_model"
SEGMENTS = ("--wal-segment-age", "300ms")
_found: dict[str, Replayed] = {}  # by engine: pytest sets a fixture up again for each file when its parameter changes


@pytest.fixture(scope="session", params=BOTH)
def replayed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """Everything, read back from one engine; the collector has ended by then."""
    engine: str = request.param
    if engine not in _found:
        directory = tmp_path_factory.mktemp("trace_model") / "data"
        if engine == "server":
            with CollectorProcess(directory, *SEGMENTS, clickhouse=shared_server().url(DATABASE)) as process:
                _found[engine] = replay(process, fixtures(), captures())
                assert process.terminate() == 0
        else:
            _found[engine] = _replay_embedded(directory)
    return _found[engine]


@pytest.fixture(scope="session")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """The reviewed fixtures, read back from the embedded engine: the given ones show that both engines agree."""
    if "embedded" not in _found:
        _found["embedded"] = _replay_embedded(tmp_path_factory.mktemp("trace_model") / "data")
    return _found["embedded"]


def _replay_embedded(directory: Path) -> Replayed:
    with CollectorProcess(prepare_embedded(directory), *SEGMENTS) as process:
        found = replay(process, [*fixtures(), *fixtures("reviewed")], captures())
        assert process.terminate() == 0
    return found
