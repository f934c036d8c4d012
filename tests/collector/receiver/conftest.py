"""Collectors for the conformance tests: started once, used by all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.receiver.rig import Rig
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """With the default limits."""
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("collector") / "data")) as process:
        yield process


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """With limits that a test can reach: 1 MiB a request, 4 MiB in memory, a second for a body."""
    options = (
        "--max-request-bytes=1MiB",
        "--max-inflight-bytes=4MiB",
        "--request-timeout=1s",
        "--admission-wait=300ms",
        "--cors-origins=https://app.example",
        "--allowed-hosts=collector.example",
    )
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("small") / "data"), *options) as process:
        yield process


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """With a disk that has less space than must stay free: it refuses everything for now."""
    options = ("--min-free-disk-bytes=100TiB", "--admission-wait=100ms")
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("full") / "data"), *options) as process:
        yield process


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """An exporter over a fake log."""
    made = Rig(tmp_path)
    yield made
    made.exporter._workers.shutdown()
