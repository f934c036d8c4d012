"""A disk without room: clients are told to come back, nothing is acknowledged falsely, and all is well once there is
room again.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector_process import CollectorProcess
from tests.crash.ballast import fill
from tests.crash.obligations import PATIENCE_S, Ledger, until
from tests.crash.small_disk import mounted
from tests.prepared import prepare_embedded
from tests.servers.supervised import SupervisedServer

RETRYABLE = {"UNAVAILABLE", "503"}
QUICK = ("--admission-wait", "200ms", "--log-level", "warning")


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of `request.param` MiB."""
    with mounted(tmp_path / "small", request.param) as disk:
        yield disk


def refused(ledger: Ledger) -> dict[str, int]:
    """How often a client of each signal was refused."""
    return {book.signal_name: sum(book.refused.values()) for book in ledger.books}


def assert_told_to_come_back(ledger: Ledger) -> None:
    told = {reason for book in ledger.books for reason in book.refused}
    assert told <= RETRYABLE, told


@pytest.mark.server
@pytest.mark.parametrize("small_disk", [24], indirect=True)
def test_a_log_that_fills_its_disk_refuses_until_the_database_is_back(
    small_disk: Path, server: SupervisedServer
) -> None:
    """No floor of free space here: the writes themselves fail with ENOSPC."""
    ledger = Ledger(padding=20_000)
    options = (*QUICK, "--min-free-disk-bytes", "0")
    with CollectorProcess(small_disk / "data", *options, clickhouse=server.url("spanhouse")) as collector:
        server.kill()
        with ledger.load(collector):
            until(lambda: min(refused(ledger).values()) >= 5, "both signals to be refused", PATIENCE_S)
            assert collector.metric("spanhouse_wal_faults_total") > 0
            server.start()
            ledger.wait_acknowledged(ledger.acknowledged + 20)
        assert_told_to_come_back(ledger)
        ledger.finish(collector)
        assert collector.terminate() == 0
    print(ledger.judge(server))


@pytest.mark.parametrize("small_disk", [400], indirect=True)
@pytest.mark.parametrize("floor", ["0", "64MiB"])
def test_an_embedded_database_on_a_full_disk_recovers_by_itself(small_disk: Path, floor: str) -> None:
    """Somebody else fills the disk: log and engine both fail, and go on when that is deleted."""
    ledger = Ledger(padding=5_000)
    data = prepare_embedded(small_disk / "data")
    ballast = small_disk / "ballast"
    with CollectorProcess(data, *QUICK, "--min-free-disk-bytes", floor) as collector:
        with ledger.load(collector):
            ledger.wait_acknowledged(30)
            fill(ballast)
            until(lambda: min(refused(ledger).values()) >= 5, "both signals to be refused", PATIENCE_S)
            if floor != "0":
                assert "503" in status_of(collector, "/readyz")
            ballast.unlink()
            ledger.wait_acknowledged(ledger.acknowledged + 30)
        assert_told_to_come_back(ledger)
        ledger.finish(collector)
        assert collector.get("/readyz")
        assert collector.metric("spanhouse_quarantined_records_total") == 0
        assert collector.terminate() == 0
    print(ledger.judge(data))


def status_of(collector: CollectorProcess, path: str) -> str:
    try:
        collector.get(path)
    except OSError as error:
        return str(error)
    return "200"


@pytest.mark.server
def test_a_limit_on_file_sizes_is_a_short_write_and_then_an_error_and_loses_nothing(
    tmp_path: Path, server: SupervisedServer
) -> None:
    ledger = Ledger(padding=2_000)
    with CollectorProcess(tmp_path / "data", *QUICK, clickhouse=server.url("spanhouse")) as collector:
        pid = collector.process.pid
        with ledger.load(collector):
            ledger.wait_acknowledged(5)
            server.kill()  # nothing is sealed for its age any more: segments grow into the limit
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
            until(lambda: collector.metric("spanhouse_wal_faults_total") >= 3, "a file at its limit", PATIENCE_S)
            ledger.wait_acknowledged(ledger.acknowledged + 20)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
            before = refused(ledger)
            until(lambda: all(count > before[name] for name, count in refused(ledger).items()), "refusals", PATIENCE_S)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            ledger.wait_acknowledged(ledger.acknowledged + 20)
            server.start()
        assert_told_to_come_back(ledger)
        ledger.finish(collector)
        assert collector.terminate() == 0
    print(ledger.judge(server))
