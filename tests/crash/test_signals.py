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
from tests.crash.obligations import Ledger
from tests.crash.test_kill import CHAOS, SEED, SMALL
from tests.servers.clickhouse_server import ClickHouseServer


def test_sigterm_under_load_exits_with_0_and_everything_acknowledged_is_in_the_tables(tmp_path: Path) -> None:
    """Without another start in between: the drain has loaded the log to its end."""
    chance = random.Random(SEED)
    ledger = Ledger()
    collector = CollectorProcess(tmp_path / "data", "--log-level", "warning")
    for _ in range(min(CHAOS, 50) or 3):
        collector.start()
        with ledger.load(collector):
            ledger.wait_acknowledged(ledger.acknowledged + 20)
            threading.Event().wait(chance.uniform(0, 0.4))
            assert collector.terminate() == 0, collector.stderr
        assert "not empty" not in collector.stderr
        assert list((tmp_path / "data" / "wal").iterdir()) == []
        ledger.judge(tmp_path / "data")
    print(ledger.judge(tmp_path / "data"))


def test_a_collector_that_was_paused_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    ledger = Ledger()
    with CollectorProcess(tmp_path / "data", *SMALL) as collector:
        with ledger.load(collector):
            ledger.wait_acknowledged(50)
            os.kill(collector.process.pid, signal.SIGSTOP)
            threading.Event().wait(60 if CHAOS else 1)
            os.kill(collector.process.pid, signal.SIGCONT)
            ledger.wait_acknowledged(ledger.acknowledged + 50)
        ledger.finish(collector)
        assert collector.terminate() == 0
    print(ledger.judge(tmp_path / "data"))


@pytest.mark.server
def test_a_second_sigterm_ends_a_drain_that_waits_for_the_database_and_nothing_is_lost(tmp_path: Path) -> None:
    ledger = Ledger()
    with ClickHouseServer(tmp_path / "clickhouse") as server:
        collector = CollectorProcess(
            tmp_path / "data", "--drain-timeout", "50s", "--log-level", "info", clickhouse=server.url("spanhouse")
        )
        collector.start()
        with ledger.load(collector):
            ledger.wait_acknowledged(20)
            server.kill()
            ledger.wait_acknowledged(ledger.acknowledged + 20)
        collector.process.send_signal(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            wait_exit(collector, 1.5)
        began = time.monotonic()
        assert collector.terminate(timeout_s=10) == 1
        assert time.monotonic() - began < 3
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
    tmp_path: Path,
) -> None:
    ledger = Ledger()
    with CollectorProcess(tmp_path / "data", *SMALL) as first:
        second = CollectorProcess(tmp_path / "data", *SMALL)
        with ledger.load(first):
            with pytest.raises(RuntimeError, match=f"(?s)ended with 1 .*in use by process {first.process.pid}"):
                second.start()
            ledger.wait_acknowledged(ledger.acknowledged + 20)
        assert "Traceback" not in second.stderr
        second.terminate()
        ledger.finish(first)
        assert first.terminate() == 0
    print(ledger.judge(tmp_path / "data"))
