"""Told to stop, paused, told twice, started twice: a collector leaves cleanly and owes nothing."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.collector_process import CollectorProcess
from tests.crash.obligations import CHAOS, SEED, Ledger
from tests.crash.test_kill import PACE_S, SMALL
from tests.servers.supervised import SupervisedServer

DRAIN_TIMEOUT_S = 60  # of a drain that a second SIGTERM cuts short


def test_sigterm_under_load_exits_with_0_and_everything_acknowledged_is_in_the_tables(embedded: Path) -> None:
    """Without another start in between: the drain has loaded the log to its end."""
    chance = random.Random(SEED)
    ledger = Ledger()
    collector = CollectorProcess(embedded, "--log-level", "warning")
    for _ in range(min(CHAOS, 50) or 2):
        collector.start()
        with ledger.load(collector, pace_s=PACE_S):
            ledger.wait_acknowledged(ledger.acknowledged + 20)
            threading.Event().wait(chance.uniform(0, 0.4))
            assert collector.terminate() == 0, collector.stderr
        assert "not empty" not in collector.stderr
        assert list((embedded / "wal").iterdir()) == []
        told = ledger.judge(embedded)
    print(told)


def test_a_collector_that_was_paused_goes_on_as_if_nothing_had_been(embedded: Path) -> None:
    ledger = Ledger()
    with CollectorProcess(embedded, *SMALL) as collector:
        with ledger.load(collector):
            ledger.wait_acknowledged(50)
            os.kill(collector.process.pid, signal.SIGSTOP)
            threading.Event().wait(60 if CHAOS else 1)
            os.kill(collector.process.pid, signal.SIGCONT)
            ledger.wait_acknowledged(ledger.acknowledged + 50)
        ledger.finish(collector)
        assert collector.terminate() == 0
    print(ledger.judge(embedded))


@pytest.mark.server
def test_a_second_sigterm_ends_a_drain_that_waits_for_the_database_and_nothing_is_lost(
    tmp_path: Path, server: SupervisedServer
) -> None:
    ledger = Ledger()
    options = ("--drain-timeout", f"{DRAIN_TIMEOUT_S}s", "--log-level", "info")
    with CollectorProcess(tmp_path / "data", *options, clickhouse=server.url("spanhouse")) as collector:
        with ledger.load(collector):
            ledger.wait_acknowledged(20)
            server.kill()
            ledger.wait_acknowledged(ledger.acknowledged + 20)
        collector.process.send_signal(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            wait_exit(collector, 1.5)
        assert collector.terminate(timeout_s=DRAIN_TIMEOUT_S / 2) == 1
        server.start()
        collector.start()
        ledger.finish(collector)
        assert collector.terminate() == 0
    print(ledger.judge(server))


def wait_exit(collector: CollectorProcess, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while collector.process.poll() is None:
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.02)


def test_a_second_collector_on_the_same_data_directory_is_refused_by_name_and_the_first_goes_on(
    embedded: Path,
) -> None:
    ledger = Ledger()
    with CollectorProcess(embedded, *SMALL) as first:
        second = CollectorProcess(embedded, *SMALL)
        with ledger.load(first):
            with pytest.raises(RuntimeError, match=f"(?s)ended with 1 .*in use by process {first.process.pid}"):
                second.start()
            ledger.wait_acknowledged(ledger.acknowledged + 20)
        assert "Traceback" not in second.stderr
        second.terminate()
        ledger.finish(first)
        assert first.terminate() == 0
    print(ledger.judge(embedded))
