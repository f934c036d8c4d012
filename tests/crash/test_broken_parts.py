"""Parts that a full disk left broken: found, told, and what was acknowledged is stored again from the log, each once.

A full disk leaves them seldom, and never twice in the same place: here the small files of sound parts are emptied,
which is what such a disk makes of them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.builders import trace_id
from tests.collector_process import CollectorProcess
from tests.crash.ballast import fill_up_to
from tests.crash.obligations import ITEMS, PATIENCE_S, Ledger, embedded_counts, until
from tests.crash.small_disk import mounted
from tests.prepared import prepare_embedded

OPTIONS = ("--wal-segment-bytes", "64KiB", "--wal-segment-age", "50ms", "--log-level", "warning")
CUT_OFF = ("checksums.txt", "columns.txt", "count.txt")


def stored(collector: CollectorProcess, requests: int = 10) -> Ledger:
    """Some requests of both signals, acknowledged and in the tables."""
    ledger = Ledger()
    with ledger.load(collector, pace_s=0.02):
        ledger.wait_acknowledged(requests)
    ledger.finish(collector)
    return ledger


def spans_parts(data_dir: Path) -> list[Path]:
    return [
        path.parent for path in (data_dir / "chdb" / "data" / "spanhouse" / "spans").resolve().glob("[!d]*/data.bin")
    ]


def break_parts(parts: list[Path]) -> None:
    assert parts
    for part in parts:
        for name in CUT_OFF:
            (part / name).write_bytes(b"")


def owed(ledger: Ledger, signal_name: str = "traces") -> int:
    return next(ITEMS * len(book.acknowledged) for book in ledger.books if book.signal_name == signal_name)


def warnings(collector: CollectorProcess) -> list[str]:
    found: list[str] = json.loads(collector.get("/readyz"))["warnings"]
    return found


def test_a_broken_part_found_at_start_is_told_and_restored_from_the_retained_segments(embedded: Path) -> None:
    collector = CollectorProcess(embedded, *OPTIONS)
    collector.start()
    ledger = stored(collector)
    collector.kill()
    break_parts(spans_parts(embedded))
    collector.start()
    until(
        lambda: (
            collector.metric("spanhouse_restored_items_total", signal="traces") >= owed(ledger)
            and collector.metric("spanhouse_wal_bytes") == 0
        ),
        "the rows to be restored",
        PATIENCE_S,
        lambda: collector.stderr,
    )
    assert "set it aside: spans/detached/broken-on-start_" in collector.stderr
    assert any("spans/detached/broken-on-start_" in told for told in warnings(collector))
    assert collector.metric("spanhouse_broken_parts", table="spans") > 0
    assert collector.metric("spanhouse_restored_items_total", signal="logs") == 0
    assert collector.terminate() == 0
    print(ledger.judge(embedded))


def test_a_segment_whose_token_is_known_and_whose_part_is_broken_is_stored_by_its_replay(embedded: Path) -> None:
    """Killed after the insert and before the release: the replay of the token alone stores nothing."""
    collector = CollectorProcess(embedded, *OPTIONS, "--log-level", "error")
    collector.start()
    ledger = stored(collector)
    collector.kill()
    break_parts(spans_parts(embedded))
    for segment in (embedded / "retained").glob("traces-*"):
        shutil.move(segment, embedded / "wal" / segment.name)
    collector.start()
    ledger.finish(collector)
    assert collector.metric("spanhouse_restored_items_total", signal="traces") == owed(ledger)
    assert "are stored again from the log" in collector.stderr
    assert collector.terminate() == 0
    print(ledger.judge(embedded))


def test_what_somebody_deleted_stays_deleted_though_the_log_still_has_it(embedded: Path) -> None:
    """Once merges have dropped its rows, they look lost: they are stored again, and deleted again."""
    deleted, kept = (trace_id(number).hex() for number in (1, 2))
    with CollectorProcess(embedded, *OPTIONS) as collector:
        ledger = stored(collector)
        request = urllib.request.Request(
            f"{collector.http}/api/v1/traces",
            json.dumps({"trace_ids": [deleted]}).encode(),
            {"content-type": "application/json"},
            method="DELETE",
        )
        urllib.request.urlopen(request, timeout=30).close()
        assert collector.terminate() == 0
    run_in_database(embedded, "OPTIMIZE TABLE spans FINAL")
    with CollectorProcess(embedded, *OPTIONS) as collector:
        until(lambda: collector.metric("spanhouse_restored_items_total") > 0, "the request to be stored", PATIENCE_S)
        ledger.finish(collector)
        assert collector.terminate() == 0
    counts = embedded_counts(embedded)["traces"]
    assert int(deleted, 16) not in counts
    assert counts[int(kept, 16)] == 1
    assert len(counts) == owed(ledger) - 1


def run_in_database(data_dir: Path, statement: str) -> None:
    """Of a collector that has ended: in a process of its own, for chDB takes one directory each."""
    program = (
        "import sys, pathlib; from spanhouse_collector.storage.engine import EmbeddedEngine\n"
        "engine = EmbeddedEngine(pathlib.Path(sys.argv[1])); engine.create_database()\n"
        "connection = engine.connect(); connection.execute(sys.argv[2]); connection.close(); engine.close()"
    )
    subprocess.run([sys.executable, "-c", program, str(data_dir / "chdb"), statement], check=True, timeout=60)


def test_below_the_floor_nothing_is_written_and_what_broke_is_restored_before_it_goes_on(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", 400) as disk:
        data = prepare_embedded(disk / "data")
        ballast = disk / "ballast"
        with CollectorProcess(data, *OPTIONS, "--min-free-disk-bytes", "64MiB") as collector:
            ledger = stored(collector)
            before = collector.metric("spanhouse_stored_items_total")
            break_parts(spans_parts(data))
            fill_up_to(ballast, 40 << 20)  # below the floor for requests, above that for loading
            until(lambda: collector.metric("spanhouse_disk_free_bytes") < 64 << 20, "the disk to be seen", PATIENCE_S)
            assert collector.metric("spanhouse_loading_stopped") == 0
            fill_up_to(ballast, 8 << 20)
            until(lambda: collector.metric("spanhouse_loading_stopped") == 1, "loading to stop", PATIENCE_S)
            assert collector.metric("spanhouse_disk_floor_crossings_total", floor="requests") == 1
            assert collector.metric("spanhouse_disk_floor_crossings_total", floor="loading") == 1
            until(
                lambda: collector.metric("spanhouse_broken_parts", table="spans") > 0,
                "the broken parts to be found",
                PATIENCE_S,
                lambda: collector.stderr,
            )
            assert collector.metric("spanhouse_stored_items_total") == before
            ballast.unlink()
            until(
                lambda: collector.metric("spanhouse_restored_items_total", signal="traces") >= owed(ledger),
                "the rows to be restored",
                PATIENCE_S,
                lambda: collector.stderr,
            )
            assert collector.metric("spanhouse_loading_stopped") == 0
            assert json.loads(collector.get("/readyz"))["status"] == "ready"
            for told in ("requests are refused", "requests are taken", "merging stop until", "merging go on"):
                assert collector.stderr.count(told) == 1, collector.stderr
            ledger.finish(collector)
            assert collector.terminate() == 0
        print(ledger.judge(data))
