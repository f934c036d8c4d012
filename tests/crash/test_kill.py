"""kill -9 at random moments and at the worst ones: everything acknowledged is stored exactly once."""

from __future__ import annotations

import random
import signal
import threading
from pathlib import Path

import pytest

from tests.collector_process import CollectorProcess
from tests.crash.crashable import CrashingCollector
from tests.crash.failing_collector import LOADERS_POINTS, POINTS
from tests.crash.obligations import CHAOS, PATIENCE_S, SEED, Ledger
from tests.servers.supervised import SupervisedServer

# Small segments and a short age: many rotations, inserts and deletions in a short life.
SMALL = ("--wal-segment-bytes", "256KiB", "--wal-segment-age", "50ms", "--log-level", "warning")
PACE_S = 0.02  # of the clients, so that what they send does not keep a collector busy long after they are done


def kill_at_random_moments(collector: CollectorProcess, ledger: Ledger, rounds: int) -> None:
    chance = random.Random(SEED)
    for turn in range(rounds):
        collector.start()
        with ledger.load(collector, pace_s=PACE_S):
            if turn % 3 != 2:  # now and then without waiting for the first OK: while old segments are being loaded
                ledger.wait_acknowledged(ledger.acknowledged + 1)
            threading.Event().wait(chance.uniform(0.01, 0.6))
            collector.kill()


def finish(collector: CollectorProcess, ledger: Ledger) -> None:
    collector.start()
    ledger.finish(collector)
    assert collector.terminate() == 0


def test_embedded_killed_at_random_moments_everything_acknowledged_is_stored_once(embedded: Path) -> None:
    ledger = Ledger()
    collector = CollectorProcess(embedded, *SMALL)
    kill_at_random_moments(collector, ledger, CHAOS or 4)
    finish(collector, ledger)
    print(ledger.judge(embedded))


@pytest.mark.server
def test_on_a_server_killed_at_random_moments_everything_acknowledged_is_stored_once(
    tmp_path: Path, server: SupervisedServer
) -> None:
    ledger = Ledger()
    collector = CollectorProcess(tmp_path / "data", *SMALL, clickhouse=server.url("spanhouse"))
    kill_at_random_moments(collector, ledger, CHAOS or 3)
    finish(collector, ledger)
    print(ledger.judge(server))


@pytest.mark.parametrize("engine", ["embedded", pytest.param("server", marks=pytest.mark.server)])
def test_killed_between_any_two_steps_everything_acknowledged_is_stored_once(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str
) -> None:
    """One life for each point, over one data directory, and one judgement at the end."""
    database: Path | SupervisedServer = request.getfixturevalue(engine)
    url = None if isinstance(database, Path) else database.url("spanhouse")
    ledger = Ledger()
    for point in POINTS:
        nth = 2 if point in LOADERS_POINTS else 5  # an insert costs a second of the processor
        dying = CrashingCollector(tmp_path / "data", point, nth, *SMALL, clickhouse=url)
        dying.start()
        with ledger.load(dying, pace_s=PACE_S):
            assert dying.wait_dead(PATIENCE_S) == -signal.SIGKILL, f"never came by {point!r}: {dying.stderr}"
    finish(CollectorProcess(tmp_path / "data", *SMALL, clickhouse=url), ledger)
    print(ledger.judge(database))
