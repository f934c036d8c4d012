"""A ClickHouse server that goes away, comes back, or answers into a cut line: no loss, no duplicates, flat memory."""

from __future__ import annotations

import os
import random
import signal
import threading
from pathlib import Path

import pytest

from tests.collector_process import CollectorProcess
from tests.crash.crashable import rss_bytes
from tests.crash.cutting_proxy import AFTER_INSERT, IN_BODY, CuttingProxy
from tests.crash.obligations import CHAOS, PATIENCE_S, SEED, Ledger, until
from tests.servers.supervised import SupervisedServer

pytestmark = pytest.mark.server
OUTAGE_BYTES = (CHAOS or 64) << 20
MEMORY_GROWTH_MAX_BYTES = OUTAGE_BYTES // 4  # while three quarters of them arrive
QUIET = ("--log-level", "error")


def test_while_the_server_is_away_the_log_takes_everything_and_memory_stays_flat(
    tmp_path: Path, server: SupervisedServer
) -> None:
    ledger = Ledger(padding=40_000)
    with CollectorProcess(tmp_path / "data", *QUIET, clickhouse=server.url("spanhouse")) as collector:
        with ledger.load(collector):
            ledger.wait_acknowledged(300)
            server.kill()
            until(lambda: collector.metric("spanhouse_wal_bytes") > OUTAGE_BYTES / 4, "a filling log", PATIENCE_S)
            before = rss_bytes(collector)
            until(lambda: collector.metric("spanhouse_wal_bytes") > OUTAGE_BYTES, "a full log", PATIENCE_S)
            print(f"memory grew by {rss_bytes(collector) - before} bytes")
            assert rss_bytes(collector) - before < MEMORY_GROWTH_MAX_BYTES
            assert collector.get("/readyz")
            assert collector.metric("spanhouse_insert_failures_total") > 0
            server.start()
        assert all(not book.refused for book in ledger.books)
        ledger.finish(collector)
        assert collector.terminate() == 0
    print(ledger.judge(server))


def test_a_start_without_the_server_takes_requests_and_loads_them_when_it_comes(
    tmp_path: Path, server: SupervisedServer
) -> None:
    server.kill()
    ledger = Ledger()
    with CollectorProcess(tmp_path / "data", clickhouse=server.url("spanhouse")) as collector:
        with ledger.load(collector, pace_s=0.01):
            ledger.wait_acknowledged(20)
            assert collector.metric("spanhouse_stored_items_total") == 0
            server.start()
        ledger.finish(collector)
        assert "no ClickHouse answers at" in collector.stderr
        assert "the database is ready" in collector.stderr
        assert collector.terminate() == 0
    print(ledger.judge(server))


def test_a_server_that_comes_and_goes_gets_everything_once(tmp_path: Path, server: SupervisedServer) -> None:
    ledger = Ledger()
    options = ("--wal-segment-age", "50ms", *QUIET)
    chance = random.Random(SEED)
    with CollectorProcess(tmp_path / "data", *options, clickhouse=server.url("spanhouse")) as collector:
        with ledger.load(collector, pace_s=0.01):
            for _ in range(CHAOS or 3):
                threading.Event().wait(chance.uniform(0.05, 0.7))
                server.kill()
                threading.Event().wait(chance.uniform(0.05, 0.4))
                server.start()
        ledger.finish(collector)
        assert collector.metric("spanhouse_quarantined_records_total") == 0
        assert collector.terminate() == 0
    print(ledger.judge(server))


def test_connections_cut_in_an_insert_or_before_its_answer_lose_and_double_nothing(
    tmp_path: Path, server: SupervisedServer
) -> None:
    chance = random.Random(SEED)
    ledger = Ledger(padding=300)
    options = ("--wal-segment-age", "50ms", "--wal-segment-bytes", "1MiB", *QUIET)

    enough = CHAOS or 2

    def decide() -> str:
        kinds = [kind for kind in (AFTER_INSERT, IN_BODY) if proxy.cuts[kind] < enough]
        return chance.choice([*kinds, ""])

    def cut() -> bool:
        return min(proxy.cuts[AFTER_INSERT], proxy.cuts[IN_BODY]) >= enough

    with CuttingProxy(server.http_port, decide) as proxy:
        url = server.url("spanhouse").replace(str(server.http_port), str(proxy.port))
        with CollectorProcess(tmp_path / "data", *options, clickhouse=url) as collector:
            with ledger.load(collector, pace_s=0.02):
                until(cut, "cuts of both kinds", PATIENCE_S, lambda: (proxy.cuts, collector.stderr))
            ledger.finish(collector)
            assert collector.metric("spanhouse_quarantined_records_total") == 0
            assert collector.terminate() == 0
    print(proxy.cuts, ledger.judge(server))


@pytest.mark.skipif(not CHAOS, reason="make chaos: several lives of a collector")
def test_a_collector_killed_while_its_insert_is_cut_off_stores_everything_once(
    tmp_path: Path, server: SupervisedServer
) -> None:
    """The token of the first life meets that of the second, which the server may still be working on."""
    chance = random.Random(SEED)
    ledger = Ledger(padding=300)
    options = ("--wal-segment-age", "50ms", "--wal-segment-bytes", "1MiB", *QUIET)

    def decide() -> str:
        return chance.choice([AFTER_INSERT, IN_BODY, ""])

    with CuttingProxy(server.http_port, decide) as proxy:
        url = server.url("spanhouse").replace(str(server.http_port), str(proxy.port))
        collector = CollectorProcess(tmp_path / "data", *options, clickhouse=url)
        for _ in range(CHAOS or 3):
            collector.start()
            with ledger.load(collector):
                ledger.wait_acknowledged(ledger.acknowledged + 10)
                threading.Event().wait(chance.uniform(0.05, 0.5))
                collector.kill()
    steady = CollectorProcess(tmp_path / "data", *options, clickhouse=server.url("spanhouse"))
    steady.start()
    ledger.finish(steady)
    assert steady.terminate() == 0
    print(ledger.judge(server))


def test_a_server_that_hangs_does_not_hold_up_the_exit_and_nothing_is_lost(
    tmp_path: Path, server: SupervisedServer
) -> None:
    ledger = Ledger()
    options = ("--drain-timeout", "1s", *QUIET)
    with CollectorProcess(tmp_path / "data", *options, clickhouse=server.url("spanhouse")) as collector:
        with ledger.load(collector):
            ledger.wait_acknowledged(20)
            os.kill(server.pid, signal.SIGSTOP)
            try:
                ledger.wait_acknowledged(ledger.acknowledged + 50)
                assert collector.get("/readyz")
                assert collector.terminate(timeout_s=PATIENCE_S) == 0
            finally:
                os.kill(server.pid, signal.SIGCONT)
        collector.start()
        ledger.finish(collector)
        assert collector.terminate() == 0
    print(ledger.judge(server))
