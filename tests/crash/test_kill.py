"""kill -9 at random moments and at the worst ones: everything acknowledged is stored exactly once.

The short form runs with the other tests; SPANHOUSE_CHAOS_ROUNDS makes it as long as wanted (`make chaos`), and
SPANHOUSE_CHAOS_SEED another one.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector_process import CollectorProcess
from tests.crash.crashable import CrashingCollector
from tests.crash.failing_collector import POINTS
from tests.crash.obligations import Ledger
from tests.servers.clickhouse_server import ClickHouseServer

CHAOS = int(os.environ.get("SPANHOUSE_CHAOS_ROUNDS", "0"))
SEED = int(os.environ.get("SPANHOUSE_CHAOS_SEED", "20261120"))
# Small segments and a short age: many rotations, inserts and deletions in a short life.
SMALL = ("--wal-segment-bytes", "256KiB", "--wal-segment-age", "50ms", "--log-level", "warning")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouseServer]:
    with ClickHouseServer(tmp_path / "clickhouse") as running:
        yield running


def kill_at_random_moments(collector: CollectorProcess, ledger: Ledger, rounds: int) -> None:
    chance = random.Random(SEED)
    for turn in range(rounds):
        collector.start()
        with ledger.load(collector):
            if turn % 3 != 2:  # now and then without waiting for the first OK: while old segments are being loaded
                ledger.wait_acknowledged(ledger.acknowledged + 1)
            threading.Event().wait(chance.uniform(0.01, 0.6))
            collector.kill()


def finish(collector: CollectorProcess, ledger: Ledger) -> None:
    collector.start()
    ledger.finish(collector)
    assert collector.terminate() == 0


def test_embedded_killed_at_random_moments_everything_acknowledged_is_stored_once(tmp_path: Path) -> None:
    ledger = Ledger()
    collector = CollectorProcess(tmp_path / "data", *SMALL)
    kill_at_random_moments(collector, ledger, CHAOS or 5)
    finish(collector, ledger)
    print(ledger.judge(tmp_path / "data"))


@pytest.mark.server
def test_on_a_server_killed_at_random_moments_everything_acknowledged_is_stored_once(
    tmp_path: Path, server: ClickHouseServer
) -> None:
    ledger = Ledger()
    collector = CollectorProcess(tmp_path / "data", *SMALL, clickhouse=server.url("spanhouse"))
    kill_at_random_moments(collector, ledger, CHAOS or 3)
    finish(collector, ledger)
    print(ledger.judge(server))


@pytest.mark.parametrize("engine", ["embedded", pytest.param("server", marks=pytest.mark.server)])
def test_killed_between_any_two_steps_everything_acknowledged_is_stored_once(tmp_path: Path, engine: str) -> None:
    """One life for each point, over one data directory, and one judgement at the end."""
    server = ClickHouseServer(tmp_path / "clickhouse") if engine == "server" else None
    url = None
    if server is not None:
        server.start()
        url = server.url("spanhouse")
    try:
        ledger = Ledger()
        for point in POINTS:
            dying = CrashingCollector(tmp_path / "data", point, 5, *SMALL, clickhouse=url)
            dying.start()
            with ledger.load(dying):
                assert dying.wait_dead(30) == -signal.SIGKILL, f"never came by {point!r}: {dying.stderr}"
        finish(CollectorProcess(tmp_path / "data", *SMALL, clickhouse=url), ledger)
        print(ledger.judge(server or tmp_path / "data"))
    finally:
        if server is not None:
            server.stop()
