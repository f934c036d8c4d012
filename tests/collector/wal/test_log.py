"""The write-ahead log at work: group commit, rotation, limits, and a disk that fails.

The promise under test: `done(None)` only for what is on stable storage, and a fault costs nothing but the requests
that were told about it.
"""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from spanhouse_collector.errors import WalUnavailable
from spanhouse_collector.wal.log import KEPT_IN_MEMORY
from spanhouse_collector.wal.record import Envelope
from spanhouse_collector.wal.segment import Segment
from tests.collector.wal.disks import FaultyDisk
from tests.collector.wal.rig import WAIT_S, Rig, numbers_in


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


def test_an_acknowledged_record_is_in_the_file(tmp_path: Path, disk: FaultyDisk) -> None:
    rig = Rig(tmp_path, disk)
    assert rig.write(1).ok()
    (path,) = rig.files()
    assert numbers_in(path.read_bytes()) == [1]
    assert disk.calls.index("write") < disk.calls.index("sync")


def test_nothing_is_acknowledged_before_the_sync_returned(tmp_path: Path, disk: FaultyDisk) -> None:
    rig = Rig(tmp_path, disk)
    begun, go = disk.hold("sync")
    write = rig.write(1)
    assert begun.wait(WAIT_S)
    assert not write.ended.is_set()
    go.set()
    assert write.ok()


def test_requests_that_arrive_during_a_sync_share_the_next_one(tmp_path: Path, disk: FaultyDisk) -> None:
    rig = Rig(tmp_path, disk)
    begun, go = disk.hold("sync")
    first = rig.write(0)
    assert begun.wait(WAIT_S)
    others = [rig.write(number) for number in range(1, 401)]  # 1203 buffers: more than one writev takes
    go.set()
    assert first.ok()
    assert all(write.ok() for write in others)
    assert disk.calls.count("sync") == 2
    assert disk.calls.count("write") == 2
    assert rig.stored() == list(range(401))


def test_a_segment_is_sealed_at_its_size(tmp_path: Path) -> None:
    rig = Rig(tmp_path, segment_bytes=1000)
    for number in range(9):
        assert rig.write(number, size=300).ok()
    assert len(rig.files()) == 3
    assert rig.stored() == list(range(9))
    assert rig.files() == []


def test_a_segment_is_handed_over_at_its_age_and_not_before(tmp_path: Path) -> None:
    rig = Rig(tmp_path, segment_age_s=0.05)
    assert rig.write(1).ok()
    segment = rig.log.next_segment(threading.Event())
    assert segment is not None
    assert numbers_in(segment.path.read_bytes()) == [1]
    patient = Rig(tmp_path / "patient")
    assert patient.write(1).ok()
    stop = threading.Event()
    waiting = threading.Thread(target=lambda: handed.append(patient.log.next_segment(stop)))
    handed: list[object] = []
    waiting.start()
    stop.set()
    patient.log.wake()
    waiting.join(WAIT_S)
    assert handed == [None]
    assert patient.log.size_bytes() > 0


def test_the_age_that_a_loader_asks_for_holds_a_segment_back_until_it_is_full(tmp_path: Path) -> None:
    rig = Rig(tmp_path, segment_age_s=0.001, segment_bytes=1000)
    assert rig.write(1).ok()
    stop = threading.Event()
    handed: list[Segment | None] = []
    paced = threading.Thread(target=lambda: handed.append(rig.log.next_segment(stop, min_age_s=WAIT_S * 10)))
    paced.start()
    paced.join(0.1)
    assert paced.is_alive()
    for number in range(2, 6):
        assert rig.write(number, size=300).ok()
    paced.join(WAIT_S)
    assert [segment is not None for segment in handed] == [True]


def test_a_sealed_segment_never_changes(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    assert rig.write(1).ok()
    segment = rig.take()
    assert segment is not None
    content = segment.path.read_bytes()
    assert rig.write(2).ok()
    assert segment.path.read_bytes() == content
    assert len(rig.files()) == 2


def test_a_segment_given_back_is_the_next_again(tmp_path: Path) -> None:
    rig = Rig(tmp_path, segment_bytes=100)
    for number in range(3):
        assert rig.write(number).ok()
    first = rig.take()
    assert first is not None
    rig.log.give_back(first)
    assert rig.stored() == [0, 1, 2]


def test_waking_up_ends_the_wait_of_a_loader_that_is_told_to_stop(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    stop = threading.Event()
    loader = threading.Thread(target=rig.log.next_segment, args=(stop,))
    loader.start()
    stop.set()
    rig.log.wake()
    loader.join(WAIT_S)
    assert not loader.is_alive()


@pytest.mark.parametrize(
    ("operation", "error"), [("write", errno.ENOSPC), ("write", errno.EIO), ("write", errno.EFBIG), ("sync", errno.EIO)]
)
def test_a_failed_write_is_refused_leaves_no_trace_and_the_next_one_works(
    tmp_path: Path, disk: FaultyDisk, operation: str, error: int
) -> None:
    rig = Rig(tmp_path, disk)
    assert rig.write(1).ok()
    used = rig.budget.used_bytes
    disk.fail(operation, error)
    refused = rig.write(2)
    assert not refused.ok()
    assert isinstance(refused.error, WalUnavailable)
    assert rig.budget.used_bytes == used
    assert numbers_in(rig.files()[0].read_bytes()) == [1]
    assert rig.files()[0].stat().st_size == used
    assert rig.write(3).ok()
    assert rig.stored() == [1, 3]
    assert rig.budget.used_bytes == 0


def test_a_short_write_is_refused_and_cut_off(tmp_path: Path, disk: FaultyDisk) -> None:
    rig = Rig(tmp_path, disk)
    assert rig.write(1).ok()
    disk.write_limit = 50
    assert not rig.write(2).ok()
    assert rig.files()[0].stat().st_size == rig.log.size_bytes()
    assert rig.write(3).ok()
    assert rig.stored() == [1, 3]


def test_a_file_that_takes_no_more_is_handed_over_and_the_next_record_gets_a_new_one(
    tmp_path: Path, disk: FaultyDisk
) -> None:
    """A limit on the size of files would else refuse everything for as long as the database is away."""
    rig = Rig(tmp_path, disk)
    assert rig.write(1).ok()
    disk.fail("write", errno.EFBIG, times=3)
    assert [rig.write(number).ok() for number in (2, 3, 4)] == [False] * 3
    assert rig.write(5).ok()
    assert [numbers_in(path.read_bytes()) for path in rig.files()] == [[1], [5]]


def test_a_file_whose_sync_failed_is_never_appended_to_again(tmp_path: Path, disk: FaultyDisk) -> None:
    rig = Rig(tmp_path, disk)
    assert rig.write(1).ok()
    disk.fail("sync", errno.EIO)
    assert not rig.write(2).ok()
    assert rig.write(3).ok()
    assert [numbers_in(path.read_bytes()) for path in rig.files()] == [[1], [3]]


def test_a_file_that_cannot_be_cut_back_is_abandoned(tmp_path: Path, disk: FaultyDisk) -> None:
    rig = Rig(tmp_path, disk)
    assert rig.write(1).ok()
    disk.fail("sync", errno.EIO)
    disk.fail("truncate", errno.EIO)
    assert not rig.write(2).ok()
    assert rig.write(3).ok()
    segment = rig.take()
    assert segment is not None
    assert segment.record_count == 1
    assert segment.size_bytes < segment.path.stat().st_size  # the loader cuts it: test_segment_loader


@pytest.mark.parametrize("operation", ["create", "sync_directory"])
def test_a_segment_that_cannot_be_made_is_refused_and_leaks_nothing(
    tmp_path: Path, disk: FaultyDisk, operation: str
) -> None:
    rig = Rig(tmp_path, disk)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    disk.fail(operation, errno.EIO, times=5)
    assert [rig.write(number).ok() for number in range(5)] == [False] * 5
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert rig.files() == []
    assert rig.write(6).ok()


@pytest.mark.parametrize("operation", ["close", "remove"])
def test_a_fault_while_sealing_stops_nobody(tmp_path: Path, disk: FaultyDisk, operation: str) -> None:
    """What the file holds was synced before it is closed; an empty file is in nobody's way."""
    rig = Rig(tmp_path, disk, segment_bytes=100)
    if operation == "remove":
        disk.fail("sync", errno.EIO)  # of the first record: the segment is sealed empty and removed
    disk.fail(operation, errno.EIO)
    assert rig.write(1).ok() == (operation == "close")
    assert rig.write(2).ok()
    assert rig.stored() == ([1, 2] if operation == "close" else [2])


def test_a_fault_nobody_thought_of_refuses_the_request_and_the_log_lives_on(
    tmp_path: Path, disk: FaultyDisk, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(tmp_path, disk)
    assert rig.write(1).ok()

    def out_of_memory() -> None:
        raise MemoryError

    disk.scripts["sync"] = [out_of_memory]
    assert not rig.write(2).ok()
    assert "MemoryError" in caplog.text
    assert rig.write(3).ok()
    segments = [rig.take(), rig.take()]
    assert [segment.record_count for segment in segments if segment] == [1, 1]


def test_a_caller_that_cannot_be_told_does_not_keep_the_others_waiting(
    tmp_path: Path, disk: FaultyDisk, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(tmp_path, disk)
    begun, go = disk.hold("sync")
    first = rig.write(1)
    assert begun.wait(WAIT_S)

    def gone(error: WalUnavailable | None) -> None:
        raise RuntimeError("Event loop is closed")

    rig.log.append(Envelope("p", 1, bytes(16), 1), b"raw", gone)
    last = rig.write(2)
    go.set()
    assert first.ok()
    assert last.ok()
    assert "nobody could be told" in caplog.text


def test_a_full_log_refuses_names_its_limit_and_takes_more_once_it_drained(tmp_path: Path) -> None:
    rig = Rig(tmp_path, max_bytes=1000)
    assert rig.write(1, size=700).ok()
    with pytest.raises(WalUnavailable, match="wal_max_bytes=1000"):
        rig.write(2, size=700)
    assert rig.stored() == [1]
    assert rig.write(3, size=700).ok()


def test_what_an_earlier_process_left_counts_against_the_limit(tmp_path: Path) -> None:
    first = Rig(tmp_path, max_bytes=1000)
    assert first.write(1, size=700).ok()
    first.log.close()
    rig = Rig(tmp_path, max_bytes=1000)
    with pytest.raises(WalUnavailable, match="wal_max_bytes"):
        rig.write(2, size=700)
    assert rig.stored() == [1]
    assert rig.budget.used_bytes == 0


def test_too_little_free_space_refuses_and_names_the_limit(tmp_path: Path, disk: FaultyDisk) -> None:
    disk.free = 999
    rig = Rig(tmp_path, disk, min_free_bytes=1000)
    with pytest.raises(WalUnavailable, match="min_free_disk_bytes=1000"):
        rig.write(1)
    disk.free = 1000
    rig.room.look(now=True)
    assert rig.write(1).ok()


def test_a_disk_that_cannot_say_its_free_space_takes_nothing(tmp_path: Path, disk: FaultyDisk) -> None:
    rig = Rig(tmp_path, disk, min_free_bytes=1)
    disk.fail("free_bytes", errno.EIO)
    with pytest.raises(WalUnavailable):
        rig.write(1)


def test_closing_commits_what_waits_and_refuses_what_comes(tmp_path: Path, disk: FaultyDisk) -> None:
    rig = Rig(tmp_path, disk)
    begun, go = disk.hold("sync")
    writes = [rig.write(1)]
    assert begun.wait(WAIT_S)
    writes += [rig.write(number) for number in (2, 3)]
    closing = threading.Thread(target=rig.log.close)
    closing.start()
    go.set()
    closing.join(WAIT_S)
    assert not closing.is_alive()
    assert all(write.ok() for write in writes)
    used = rig.budget.used_bytes
    with pytest.raises(WalUnavailable, match="shutting down"):
        rig.write(4)
    assert rig.budget.used_bytes == used
    assert Rig(tmp_path).stored() == [1, 2, 3]


def test_asking_how_much_there_is_never_waits_for_the_disk(tmp_path: Path, disk: FaultyDisk) -> None:
    """/metrics and /readyz are answered on the event loop, beside every export."""
    rig = Rig(tmp_path, disk)
    assert rig.write(1).ok()
    begun, go = disk.hold("sync")
    write = rig.write(2)
    assert begun.wait(WAIT_S)
    answers: list[object] = []
    asking = threading.Thread(target=lambda: answers.extend((rig.log.size_bytes(), rig.log.oldest_unix_nano())))
    asking.start()
    asking.join(2)
    still_waiting = asking.is_alive()
    go.set()
    assert write.ok()
    assert not still_waiting
    assert len(answers) == 2


def test_the_records_of_a_log_that_fills_for_hours_are_not_kept_in_memory(tmp_path: Path) -> None:
    rig = Rig(tmp_path, segment_bytes=100)
    for number in range(20):
        assert rig.write(number).ok()
    kept = [segment for segment in rig.log._sealed if segment._entries is not None]
    assert len(kept) == KEPT_IN_MEMORY
    sums = [(segment.record_count, segment.item_count) for segment in rig.log._sealed]
    assert len(set(sums)) == 1
    segments = list(rig.log._sealed)
    assert [segment.entries[0].envelope.fingerprint[-1] for segment in segments] == list(range(20))
    assert rig.stored() == list(range(20))


def test_sizes_and_counts_follow_what_is_on_disk(tmp_path: Path) -> None:
    rig = Rig(tmp_path, segment_bytes=500)

    def sample(name: str) -> float | None:
        return rig.telemetry.registry.get_sample_value(f"spanhouse_wal_{name}", {"signal": "traces"})

    for number in range(7):
        assert rig.write(number, size=200).ok()
    segment = rig.take()
    assert segment is not None
    on_disk = sum(path.stat().st_size for path in rig.files())
    assert rig.log.size_bytes() == rig.budget.used_bytes == on_disk == sample("bytes")
    assert len(rig.files()) == sample("segments")
    rig.log.release(segment)
    assert rig.log.size_bytes() == on_disk - segment.size_bytes == sample("bytes")
