"""The window of fingerprints: what was acknowledged a short while ago is known, across restarts and clock changes."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from spanhouse_collector.wal import recent as recent_module
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.recent import RecentRequests
from spanhouse_collector.wal.record import Envelope
from tests.collector.wal.disks import FaultyDisk
from tests.collector.wal.rig import NOW

WINDOW_S = 600
SECOND = 10**9
DAY = 86_400 * SECOND


class Clocks:
    """A wall clock that may be set, and a monotonic one that may not."""

    def __init__(self) -> None:
        self.wall = NOW
        self.monotonic = 50 * SECOND

    def pass_time(self, seconds: float) -> None:
        self.wall += int(seconds * SECOND)
        self.monotonic += int(seconds * SECOND)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def opened(
    directory: Path, clocks: Clocks, *envelopes: Envelope, disk: Disk | None = None, window_s: float = WINDOW_S
) -> RecentRequests:
    recent = RecentRequests(
        directory / "recent", disk or Disk(), window_s=window_s, monotonic_ns=lambda: clocks.monotonic
    )
    recent.restore(envelopes, now_unix_nano=clocks.wall)
    return recent


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


def received(number: int, clocks: Clocks) -> Envelope:
    return Envelope("p", clocks.wall, digest(number), 1)


def acknowledge(recent: RecentRequests, number: int, clocks: Clocks) -> Envelope:
    recent.remember(digest(number))
    return received(number, clocks)


def known(recent: RecentRequests, *numbers: int) -> list[int]:
    recent.expire()
    return [number for number in numbers if digest(number) in recent]


def seen_files(directory: Path) -> list[Path]:
    return sorted((directory / "recent").glob("*.seen"))


def test_a_request_is_known_for_the_window_and_no_longer(tmp_path: Path, clocks: Clocks) -> None:
    recent = opened(tmp_path, clocks)
    acknowledge(recent, 1, clocks)
    clocks.pass_time(WINDOW_S - 1)
    acknowledge(recent, 2, clocks)
    assert known(recent, 1, 2, 3) == [1, 2]
    clocks.pass_time(1)
    assert known(recent, 1, 2) == [2]


def test_the_window_survives_a_restart_through_segments(tmp_path: Path, clocks: Clocks) -> None:
    old = received(1, clocks)
    clocks.pass_time(WINDOW_S)
    young = received(2, clocks)
    assert known(opened(tmp_path, clocks, old, young), 1, 2) == [2]


def test_the_window_survives_a_restart_through_files(tmp_path: Path, clocks: Clocks) -> None:
    recent = opened(tmp_path, clocks)
    recent.persist([acknowledge(recent, 1, clocks)], now_unix_nano=clocks.wall)
    clocks.pass_time(300)
    recent.persist([acknowledge(recent, 2, clocks)], now_unix_nano=clocks.wall)
    clocks.pass_time(299)
    assert known(opened(tmp_path, clocks), 1, 2) == [1, 2]
    clocks.pass_time(1)
    again = opened(tmp_path, clocks)
    assert known(again, 1, 2) == [2]
    clocks.pass_time(300)
    assert known(again, 1, 2) == []


def test_each_process_writes_a_file_of_its_own(tmp_path: Path, clocks: Clocks) -> None:
    """Appending behind an entry that a crash tore would shift every later one."""
    for number in range(3):
        recent = opened(tmp_path, clocks)
        recent.persist([acknowledge(recent, number, clocks)], now_unix_nano=clocks.wall)
        recent.close()
        path = seen_files(tmp_path)[-1]
        path.write_bytes(path.read_bytes() + b"torn entry")
    assert len(seen_files(tmp_path)) == 3
    assert known(opened(tmp_path, clocks), 0, 1, 2) == [0, 1, 2]


def test_files_rotate_and_are_deleted_once_their_window_is_over(tmp_path: Path, clocks: Clocks) -> None:
    recent = opened(tmp_path, clocks)
    for number in range(40):
        recent.persist([acknowledge(recent, number, clocks)], now_unix_nano=clocks.wall)
        assert len(seen_files(tmp_path)) <= 3
        clocks.pass_time(WINDOW_S / 4)
    assert known(opened(tmp_path, clocks), *range(40)) == [37, 38, 39]
    clocks.pass_time(WINDOW_S)
    opened(tmp_path, clocks)
    assert seen_files(tmp_path) == []


@pytest.mark.parametrize("jump", [-DAY, DAY, -3650 * DAY, 3650 * DAY])
def test_a_clock_that_is_set_forgets_nothing_early_and_nothing_late(tmp_path: Path, clocks: Clocks, jump: int) -> None:
    recent = opened(tmp_path, clocks)
    acknowledge(recent, 1, clocks)
    clocks.wall += jump
    assert known(recent, 1) == [1]
    acknowledge(recent, 2, clocks)
    clocks.pass_time(WINDOW_S - 1)
    assert known(recent, 1, 2) == [1, 2]
    clocks.pass_time(1)
    assert known(recent, 1, 2) == []


@pytest.mark.parametrize("jump", [-DAY, DAY, -3650 * DAY])
def test_a_clock_that_is_set_between_receipt_and_storing_loses_no_fingerprint(
    tmp_path: Path, clocks: Clocks, jump: int
) -> None:
    recent = opened(tmp_path, clocks)
    envelope = acknowledge(recent, 1, clocks)
    clocks.wall += jump
    recent.persist([envelope], now_unix_nano=clocks.wall)
    clocks.wall -= max(jump, 0)  # forwards and back again; backwards it stays
    assert known(opened(tmp_path, clocks), 1) == [1]


def test_times_in_the_future_count_as_now_and_expire_all_the_same(tmp_path: Path, clocks: Clocks) -> None:
    """The clock was ten years ahead and was put right: a fingerprint from then must not live for ten years."""
    clocks.wall += 3650 * DAY
    recent = opened(tmp_path, clocks)
    recent.persist([acknowledge(recent, 1, clocks)], now_unix_nano=clocks.wall)
    clocks.wall -= 3650 * DAY
    again = opened(tmp_path, clocks, received(2, clocks))
    assert known(again, 1, 2) == [1, 2]
    clocks.pass_time(WINDOW_S)
    assert known(again, 1, 2) == []
    again.persist([acknowledge(again, 3, clocks)], now_unix_nano=clocks.wall)
    assert len(seen_files(tmp_path)) == 1


def test_a_request_that_is_remembered_again_counts_from_then(tmp_path: Path, clocks: Clocks) -> None:
    recent = opened(tmp_path, clocks)
    acknowledge(recent, 1, clocks)
    clocks.pass_time(400)
    acknowledge(recent, 2, clocks)
    acknowledge(recent, 1, clocks)
    clocks.pass_time(400)
    assert known(recent, 1, 2) == [1, 2]


def test_beyond_the_most_that_is_kept_the_oldest_go_first(
    tmp_path: Path, clocks: Clocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_module, "ENTRIES_MAX", 3)
    recent = opened(tmp_path, clocks)
    envelopes = [acknowledge(recent, number, clocks) for number in range(5)]
    assert known(recent, *range(5)) == [2, 3, 4]
    clocks.pass_time(1)
    late = [received(number, clocks) for number in (7, 8)]
    assert len(opened(tmp_path, clocks, *late, *envelopes)) == 3


@pytest.mark.parametrize(("operation", "error"), [("write", errno.ENOSPC), ("sync", errno.EIO), ("create", errno.EIO)])
def test_a_failed_write_is_reported_and_done_over_in_a_new_file(
    tmp_path: Path, clocks: Clocks, operation: str, error: int
) -> None:
    disk = FaultyDisk()
    recent = opened(tmp_path, clocks, disk=disk)
    first = acknowledge(recent, 1, clocks)
    disk.fail(operation, error)
    with pytest.raises(OSError, match=r".+"):
        recent.persist([first], now_unix_nano=clocks.wall)
    recent.persist([first], now_unix_nano=clocks.wall)
    assert known(opened(tmp_path, clocks), 1) == [1]


def test_a_short_write_is_a_failed_write(tmp_path: Path, clocks: Clocks) -> None:
    disk = FaultyDisk()
    recent = opened(tmp_path, clocks, disk=disk)
    envelopes = [acknowledge(recent, number, clocks) for number in range(4)]
    disk.write_limit = 50
    with pytest.raises(OSError, match="only a part"):
        recent.persist(envelopes, now_unix_nano=clocks.wall)
    recent.persist(envelopes, now_unix_nano=clocks.wall)
    assert known(opened(tmp_path, clocks), *range(4)) == [0, 1, 2, 3]


def test_files_of_garbage_and_foreign_files_do_no_harm(tmp_path: Path, clocks: Clocks) -> None:
    directory = tmp_path / "recent"
    directory.mkdir()
    (directory / "notes.seen").write_bytes(b"hello")
    (directory / "000000000004.seen").write_bytes(b"\0" * 100)
    (directory / "000000000005.seen").mkdir()
    recent = opened(tmp_path, clocks)
    recent.persist([acknowledge(recent, 1, clocks)], now_unix_nano=clocks.wall)
    assert (directory / "notes.seen").read_bytes() == b"hello"
    assert (directory / "000000000006.seen").exists()
    assert known(opened(tmp_path, clocks), 1) == [1]


def test_the_seed_stays_and_a_damaged_one_is_replaced(tmp_path: Path, clocks: Clocks) -> None:
    seed = opened(tmp_path, clocks).seed
    assert opened(tmp_path, clocks).seed == seed
    (tmp_path / "recent" / "seed").write_bytes(b"short")
    assert opened(tmp_path, clocks).seed != seed
    (tmp_path / "other").mkdir()
    assert opened(tmp_path / "other", clocks).seed != seed
