"""The loader: everything in the log reaches the database once, in order, whatever fails on the way."""

from __future__ import annotations

import errno
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from spanhouse_collector.errors import StorageRefused, code_of
from spanhouse_collector.loader.attempt import PATIENCE_ATTEMPTS
from spanhouse_collector.loader.segment_loader import PACE_MAX_S, PACE_RATIO
from spanhouse_collector.wal.recovery import MISSING
from spanhouse_collector.wal.segment import Segment
from tests.collector.loader.fake_database import (
    LOGICAL_ERROR,
    TOO_MANY_PARTS,
    FakeDatabase,
    LoaderRig,
    outage,
    running,
    wait_for,
)
from tests.collector.wal.disks import FaultyDisk
from tests.collector.wal.rig import NOW, WAIT_S, Rig, numbers_in


def test_segments_are_stored_in_order_under_their_names_and_deleted(tmp_path: Path, database: FakeDatabase) -> None:
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, segment_bytes=150))
    rig.fill(1)
    rig.fill(2, 3)
    rig.fill(4)
    names = [path.stem for path in rig.rig.files()]
    with running(rig):
        rig.wait_empty()
    assert [token for token, _ in database.calls] == names
    assert database.rows == Counter([1, 2, 3, 4])
    assert rig.rig.files() == []
    assert rig.sample("stored_items_total") == 4


@pytest.mark.parametrize("error", [outage(), outage(TOO_MANY_PARTS), StorageRefused("no password", code=516)])
def test_an_outage_is_waited_out_however_long(tmp_path: Path, database: FakeDatabase, error: Exception) -> None:
    rig = LoaderRig(tmp_path, database)
    database.script = [error] * (5 * PATIENCE_ATTEMPTS)
    rig.fill(1, 2)
    with running(rig):
        rig.wait_empty()
    assert len({token for token, _ in database.calls}) == 1
    assert database.rows == Counter([1, 2])
    assert rig.quarantined() == []
    assert rig.sample("insert_failures_total", reason=code_of(error)) == 5 * PATIENCE_ATTEMPTS


def test_pauses_between_attempts_grow(tmp_path: Path, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spanhouse_collector.loader.segment_loader.RETRY_FIRST_S", 0.01)
    monkeypatch.setattr("spanhouse_collector.loader.segment_loader.RETRY_MAX_S", 0.2)
    times: list[float] = []
    database.before = lambda token: times.append(time.monotonic())
    rig = LoaderRig(tmp_path, database)
    database.script = [outage()] * 6
    rig.fill(1)
    with running(rig):
        rig.wait_empty()
    assert times[6] - times[5] >= 0.15
    assert times[1] - times[0] >= 0.01


def test_an_exception_nobody_thought_of_is_retried_like_any_other(tmp_path: Path, database: FakeDatabase) -> None:
    """A loader thread that ended would let the log fill up behind it without a word."""
    rig = LoaderRig(tmp_path, database)
    database.script = [ValueError("the driver's bug"), KeyError("x")]
    rig.fill(1)
    with running(rig):
        rig.wait_empty()
        assert rig.loader.is_running
    assert database.rows == Counter([1])
    assert rig.sample("insert_failures_total", reason="value_error") == 1


def test_an_unexplained_failure_blames_the_data_only_when_it_persists(tmp_path: Path, database: FakeDatabase) -> None:
    rig = LoaderRig(tmp_path, database)
    database.script = [outage(LOGICAL_ERROR)] * (PATIENCE_ATTEMPTS - 1)
    rig.fill(1, 2)
    with running(rig):
        rig.wait_empty()
    assert len({token for token, _ in database.calls}) == 1
    assert database.rows == Counter([1, 2])


def test_failures_of_an_outage_do_not_use_up_the_patience_with_what_follows_it(
    tmp_path: Path, database: FakeDatabase
) -> None:
    """A server that comes back stumbles in its own ways; the data was never at fault."""
    rig = LoaderRig(tmp_path, database)
    codes = [0] * 50 + [LOGICAL_ERROR] * 2 + [0] + [LOGICAL_ERROR] * 4
    database.script = [outage(code) for code in codes]
    rig.fill(1, 2)
    with running(rig):
        rig.wait_empty()
    assert len({token for token, _ in database.calls}) == 1
    assert rig.quarantined() == []


def test_a_failure_after_the_insert_does_not_insert_again(tmp_path: Path, database: FakeDatabase) -> None:
    disk = FaultyDisk()
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, disk))
    rig.fill(1, 2)

    def fail_what_follows(token: str) -> None:
        disk.fail("create", errno.EIO, 3)
        disk.fail("remove", errno.EIO, 3)

    database.after = fail_what_follows
    with running(rig):
        wait_for(lambda: len(database.calls) == 1 or bool(rig.rig.files()), "the first insert")
        rig.rig.log.close()
        rig.wait_empty()
    assert len(database.calls) == 1
    assert rig.sample("stored_items_total") == 2
    assert database.rows == Counter([1, 2])


def test_fingerprints_are_on_disk_before_the_segment_is_gone(tmp_path: Path, database: FakeDatabase) -> None:
    disk = FaultyDisk()
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, disk, segment_bytes=50))
    rig.fill(1)
    begun, go = disk.hold("remove")
    with running(rig):
        assert begun.wait(WAIT_S)
        window = LoaderRig(tmp_path / "elsewhere", database)
        for path in (tmp_path / "recent").iterdir():
            (tmp_path / "elsewhere" / "recent" / path.name).write_bytes(path.read_bytes())
        window.recent.restore([], now_unix_nano=1_795_000_000_000_000_001)
        assert (1).to_bytes(16, "big") in window.recent
        go.set()
        rig.wait_empty()


def test_a_log_that_fills_its_disk_to_the_last_byte_still_drains(tmp_path: Path, database: FakeDatabase) -> None:
    """Fingerprints need room too, and only deleting a segment makes some."""
    disk = FaultyDisk()
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, disk, segment_bytes=50))
    rig.fill(1)
    rig.fill(2)

    def full_while_there_are_two(token: str) -> None:
        if len(rig.rig.files()) == 2:
            disk.fail("create", errno.ENOSPC)

    database.after = full_while_there_are_two
    with running(rig):
        rig.wait_empty()
    assert len(database.calls) == 2
    again = LoaderRig(tmp_path, database)
    again.recent.restore([], now_unix_nano=NOW)
    assert all(number.to_bytes(16, "big") in again.recent for number in (1, 2))


def test_bytes_that_could_not_be_cut_off_are_not_stored(tmp_path: Path, database: FakeDatabase) -> None:
    """Their sender was refused and sends again: stored from here too, they would be there twice."""
    disk = FaultyDisk()
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, disk))
    rig.fill(1)
    disk.fail("sync", errno.EIO)
    disk.fail("truncate", errno.EIO)
    assert not rig.rig.write(2).ok()
    assert numbers_in(rig.rig.files()[0].read_bytes()) == [1, 2]
    rig.fill(2)
    rig.rig.log.close()
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([1, 2])


def test_a_segment_that_somebody_deleted_is_counted_and_blocks_nobody(
    tmp_path: Path, database: FakeDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, segment_bytes=50))
    rig.fill(1)
    rig.fill(2)
    rig.rig.files()[0].unlink()
    size = rig.rig.log.size_bytes() // 2
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([2])
    assert rig.rig.lost(MISSING) == size
    assert "1 items are lost" in caplog.text


def test_the_drain_loads_everything_that_was_acknowledged(tmp_path: Path) -> None:
    """Also what lies in the active segment, and what a loader that waits has not seen yet."""
    for turn in range(30):
        database = FakeDatabase()
        rig = LoaderRig(tmp_path / str(turn), database, Rig(tmp_path / str(turn), segment_age_s=3600))
        rig.loader.start()
        rig.fill(*range(5))
        rig.rig.log.close()
        assert rig.loader.stop(drain_s=WAIT_S)
        assert database.rows == Counter(range(5))
        assert database.closed


def test_a_drain_without_time_still_ends(tmp_path: Path, database: FakeDatabase) -> None:
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, segment_age_s=3600))
    rig.loader.start()
    rig.fill(1)
    rig.rig.log.close()
    rig.loader.stop(drain_s=0)
    assert not rig.loader.is_running
    assert Rig(tmp_path).stored() == ([] if database.rows else [1])


def test_a_stop_while_the_database_is_away_gives_back_in_time_and_the_next_start_stores_it(
    tmp_path: Path, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spanhouse_collector.loader.segment_loader.RETRY_FIRST_S", 60.0)
    monkeypatch.setattr("spanhouse_collector.loader.segment_loader.RETRY_MAX_S", 60.0)
    rig = LoaderRig(tmp_path, database)
    database.script = [outage()] * 1000
    rig.loader.start()
    rig.fill(1, 2)
    wait_for(lambda: bool(database.calls), "the first attempt")
    rig.rig.log.close()
    began = time.monotonic()
    assert not rig.loader.stop(drain_s=0.2)
    assert time.monotonic() - began < 5
    database.script = []
    again = LoaderRig(tmp_path, database)
    with running(again):
        again.wait_empty()
    assert database.rows == Counter([1, 2])


def test_an_insert_that_hangs_does_not_hold_up_the_stop(tmp_path: Path, database: FakeDatabase) -> None:
    rig = LoaderRig(tmp_path, database)
    hanging, go = threading.Event(), threading.Event()

    def hang(token: str) -> None:
        hanging.set()
        go.wait(WAIT_S)

    database.before = hang
    rig.loader.start()
    rig.fill(1)
    assert hanging.wait(WAIT_S)
    began = time.monotonic()
    assert not rig.loader.stop(drain_s=0.05, grace_s=0.05)
    assert time.monotonic() - began < 5
    assert rig.loader.is_running
    go.set()
    wait_for(lambda: not rig.loader.is_running, "the thread to end")


def test_a_kill_between_insert_and_delete_stores_nothing_twice(tmp_path: Path, database: FakeDatabase) -> None:
    disk = FaultyDisk()
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, disk, segment_age_s=0.02))
    rig.fill(1, 2)
    begun, go = disk.hold("remove")
    rig.loader.start()
    assert begun.wait(WAIT_S)
    # The next life begins while the first, frozen, is as good as dead.
    again = LoaderRig(tmp_path, database)
    assert again.rig.found.segments
    with running(again):
        again.wait_empty()
    go.set()
    rig.loader.stop(drain_s=0)
    assert len(database.calls) == 2
    assert database.rows == Counter([1, 2])


@pytest.mark.parametrize(("trickle_bytes", "is_held_back"), [(1 << 20, True), (1, False)])
def test_only_a_trickle_is_held_back_and_in_proportion_to_what_an_insert_takes(
    tmp_path: Path,
    database: FakeDatabase,
    monkeypatch: pytest.MonkeyPatch,
    trickle_bytes: int,
    is_held_back: bool,
) -> None:
    monkeypatch.setattr("spanhouse_collector.loader.segment_loader.TRICKLE_BYTES", trickle_bytes)
    rig = LoaderRig(tmp_path, database)
    ages: list[float] = []
    next_segment = rig.rig.log.next_segment

    def noted(stop: threading.Event, *, seal_now: bool = False, min_age_s: float = 0.0) -> Segment | None:
        ages.append(min_age_s)
        return next_segment(stop, seal_now=seal_now, min_age_s=min_age_s)

    monkeypatch.setattr(rig.rig.log, "next_segment", noted)
    insert_s = 0.02
    database.before = lambda token: time.sleep(insert_s)  # the insert that takes its time
    rig.fill(1)
    with running(rig):
        wait_for(lambda: len(ages) > 1, "the loader to ask for the next segment")
    assert ages[0] == 0.0
    assert (PACE_RATIO * insert_s <= ages[1] <= PACE_MAX_S) if is_held_back else ages[1] == 0.0


def test_the_lag_grows_while_the_database_is_away_and_is_gone_when_all_is_visible(
    tmp_path: Path, database: FakeDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = LoaderRig(tmp_path, database)
    now = [NOW]
    rig.loader._clock = lambda: now[0]
    rig.fill(0)
    for seconds in (5, 50):
        now[0] = NOW + seconds * 1_000_000_000
        rig.loader.refresh_metrics()
        assert rig.sample("freshness_lag_seconds") == seconds
    with running(rig):
        rig.wait_empty()
        wait_for(lambda: rig.sample("stored_items_total") == 1, "the insert to be counted")
        rig.loader.refresh_metrics()
        assert rig.sample("freshness_lag_seconds") == 50
        monkeypatch.setattr("spanhouse_collector.loader.segment_loader.LAG_SHOWN_S", 0.0)
        rig.loader.refresh_metrics()
        assert rig.sample("freshness_lag_seconds") == 0
