"""What a start makes of a damaged log: it starts, keeps what is intact, counts the rest and keeps a copy."""

from __future__ import annotations

import errno
import os
import random
from pathlib import Path

import pytest

from spanhouse_collector.wal.record import Envelope, frame
from spanhouse_collector.wal.recovery import DAMAGED, TORN_TAIL, UNREADABLE
from spanhouse_collector.wal.segment import REFUSALS_SUFFIX
from tests.collector.wal.disks import FaultyDisk
from tests.collector.wal.rig import Rig, framed, numbers


def segment_file(rig: Path, sequence: int, *records: bytes) -> Path:
    path = rig / "wal" / f"traces-{sequence:012d}-0000000{sequence}.binpb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(records))
    return path


def kept_copies(rig: Rig) -> list[bytes]:
    return [path.read_bytes() for path in rig.quarantine.damaged()]


def test_a_tail_torn_at_any_byte_loses_only_its_record_and_survives_further_starts(tmp_path: Path) -> None:
    good, last = framed(1) + framed(2), framed(3, 150)
    for cut in range(1, len(last)):
        directory = tmp_path / str(cut)
        path = segment_file(directory, 1, good, last[:cut])
        rig = Rig(directory)
        assert numbers(rig.found.segments) == [1, 2], cut
        assert rig.lost(TORN_TAIL) == cut
        assert path.read_bytes() == good
        assert kept_copies(rig) == []
        assert rig.write(4).ok()
        rig.log.close()
        again = Rig(directory)
        assert numbers(again.found.segments) == [1, 2, 4]
        assert again.lost(TORN_TAIL) == 0
        again.log.close()


def test_a_tail_of_zeros_is_a_tail_that_was_never_written(tmp_path: Path) -> None:
    segment_file(tmp_path, 1, framed(1), bytes(8192))
    rig = Rig(tmp_path)
    assert numbers(rig.found.segments) == [1]
    assert rig.lost(TORN_TAIL) == 8192


def test_a_record_inside_the_torn_record_is_what_a_client_sent_and_not_loaded(tmp_path: Path) -> None:
    """A request may hold the bytes of a whole record; only a damaged file is searched for the next one."""
    outer = framed(1)
    payload = b"x" * 50 + framed(99) + b"y" * 500
    head, tail = frame(Envelope("p", 5, bytes(16), 1), payload)
    segment_file(tmp_path, 1, outer, (head + payload + tail)[:-200])
    rig = Rig(tmp_path)
    assert numbers(rig.found.segments) == [1]
    assert rig.lost(TORN_TAIL) > 0


def test_a_sealed_segment_that_is_cut_short_is_damage_and_not_a_crash(tmp_path: Path) -> None:
    """Only the newest file can have been in the middle of an append; here acknowledged bytes are missing."""
    whole = framed(1) + framed(2)
    segment_file(tmp_path, 1, whole[:-30])
    segment_file(tmp_path, 2, framed(3))
    rig = Rig(tmp_path)
    assert numbers(rig.found.segments) == [1, 3]
    assert rig.lost(DAMAGED) > 0
    assert rig.lost(TORN_TAIL) == 0
    assert kept_copies(rig) == [whole[:-30]]


@pytest.mark.parametrize("region", ["size", "magic", "second size", "project", "digest", "request", "checksum"])
@pytest.mark.parametrize("damaged", [1, 2, 3])
def test_a_flipped_bit_costs_its_record_and_no_other(tmp_path: Path, region: str, damaged: int) -> None:
    records = [framed(number, 200) for number in (1, 2, 3)]
    offset = {"size": 0, "magic": 4, "second size": 9, "project": 15, "digest": 32, "request": 100, "checksum": -3}
    record = bytearray(records[damaged - 1])
    record[offset[region]] ^= 0x10
    records[damaged - 1] = bytes(record)
    segment_file(tmp_path, 1, *records)
    rig = Rig(tmp_path)
    assert numbers(rig.found.segments) == [number for number in (1, 2, 3) if number != damaged]
    assert rig.lost(DAMAGED) == len(record)
    assert kept_copies(rig) == [b"".join(records)]


def test_a_flipped_bit_anywhere_never_costs_more_than_one_record(tmp_path: Path) -> None:
    chance = random.Random(7)
    records = [framed(number, 120) for number in range(6)]
    data = b"".join(records)
    for turn in range(120):
        damaged = bytearray(data)
        damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        directory = tmp_path / str(turn)
        segment_file(directory, 1, bytes(damaged))
        rig = Rig(directory)
        assert len(numbers(rig.found.segments)) == 5
        assert rig.lost(DAMAGED) + rig.lost(TORN_TAIL) > 0
        rig.log.close()


def test_a_zeroed_page_costs_the_records_on_it(tmp_path: Path) -> None:
    records = [framed(number, 1000) for number in range(20)]
    data = bytearray(b"".join(records))
    data[4096:8192] = bytes(4096)
    segment_file(tmp_path, 1, bytes(data))
    rig = Rig(tmp_path)
    size = len(records[0])
    hit = {number for number in range(20) if number * size < 8192 and (number + 1) * size > 4096}
    assert numbers(rig.found.segments) == [number for number in range(20) if number not in hit]
    assert rig.lost(DAMAGED) == size * len(hit)
    assert kept_copies(rig) == [bytes(data)]


def test_a_file_of_garbage_is_kept_as_a_copy_and_out_of_the_way(tmp_path: Path) -> None:
    garbage = random.Random(1).randbytes(10_000)
    path = segment_file(tmp_path, 1, garbage)
    segment_file(tmp_path, 2, framed(2))
    rig = Rig(tmp_path)
    assert numbers(rig.found.segments) == [2]
    assert rig.lost(DAMAGED) == 10_000
    assert kept_copies(rig) == [garbage]
    assert not path.exists()


def test_a_file_of_a_future_version_is_kept_as_a_copy(tmp_path: Path) -> None:
    future = framed(1).replace(b"SpH1", b"SpH2")
    segment_file(tmp_path, 1, future)
    rig = Rig(tmp_path)
    assert rig.found.segments == []
    assert kept_copies(rig) == [future]


def test_swapped_files_lose_nothing(tmp_path: Path) -> None:
    """A record carries all that it needs; the order of two segments is no promise."""
    one = segment_file(tmp_path, 1, framed(1), framed(2))
    two = segment_file(tmp_path, 2, framed(3))
    one.rename(tmp_path / "x")
    two.rename(one)
    (tmp_path / "x").rename(two)
    rig = Rig(tmp_path)
    assert sorted(numbers(rig.found.segments)) == [1, 2, 3]
    assert rig.lost(DAMAGED) == 0


def test_a_deleted_file_costs_only_itself(tmp_path: Path) -> None:
    segment_file(tmp_path, 1, framed(1))
    segment_file(tmp_path, 2, framed(2)).unlink()
    segment_file(tmp_path, 3, framed(3))
    assert numbers(Rig(tmp_path).found.segments) == [1, 3]


def test_an_empty_file_is_removed_without_a_word(tmp_path: Path) -> None:
    path = segment_file(tmp_path, 5)
    rig = Rig(tmp_path)
    assert not path.exists()
    assert rig.lost(DAMAGED) == rig.lost(TORN_TAIL) == 0
    assert rig.found.next_sequence == 6


def test_foreign_files_are_left_alone(tmp_path: Path) -> None:
    segment_file(tmp_path, 1, framed(1))
    foreign = [
        tmp_path / "wal" / name for name in ("notes.txt", "traces-1-x.binpb", "logs-000000000001-00000001.binpb")
    ]
    for path in foreign:
        path.write_bytes(b"hello")
    assert numbers(Rig(tmp_path).found.segments) == [1]
    assert all(path.read_bytes() == b"hello" for path in foreign)


def test_leftovers_of_a_crash_are_removed(tmp_path: Path) -> None:
    path = segment_file(tmp_path, 1, framed(1))
    gone = [
        path.with_name(path.name + ".tmp"),
        path.with_name("traces-000000000009-00000009" + REFUSALS_SUFFIX),
        tmp_path / "quarantine" / "traces-000000000009-00000009-0.json.tmp",
    ]
    gone[2].parent.mkdir()
    notes = path.with_suffix(REFUSALS_SUFFIX)
    for leftover in (*gone, notes):
        leftover.write_bytes(b"[]")
    Rig(tmp_path)
    assert not any(leftover.exists() for leftover in gone)
    assert notes.exists()  # its segment is still there


def test_a_damaged_segment_keeps_its_name_and_a_second_damage_keeps_both_copies(tmp_path: Path) -> None:
    records = [framed(number) for number in range(4)]
    first = b"".join([records[0], b"damage" * 9, *records[1:]])
    path = segment_file(tmp_path, 1, first)
    rig = Rig(tmp_path)
    assert [segment.path for segment in rig.found.segments] == [path]
    rig.log.close()
    second = bytearray(path.read_bytes())
    second[60] ^= 1
    path.write_bytes(bytes(second))
    again = Rig(tmp_path)
    assert numbers(again.found.segments) == [1, 2, 3]
    assert sorted(kept_copies(again)) == sorted([first, bytes(second)])


def test_a_start_that_is_repeated_keeps_one_copy_of_the_same_damage(tmp_path: Path) -> None:
    damaged = framed(1) + b"damage" * 9 + framed(2)
    for _ in range(3):
        segment_file(tmp_path, 1, damaged)  # as after a crash between the copy and the repair
        rig = Rig(tmp_path)
        assert numbers(rig.found.segments) == [1, 2]
        rig.log.close()
    assert kept_copies(rig) == [damaged]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
def test_no_room_for_the_copy_of_a_damaged_file_stops_no_start_and_loses_nothing(tmp_path: Path, error: int) -> None:
    damaged = framed(1) + b"damage" * 9
    path = segment_file(tmp_path, 1, damaged)
    segment_file(tmp_path, 2, framed(2))
    disk = FaultyDisk()
    disk.fail("write_file", error)
    rig = Rig(tmp_path, disk)
    assert numbers(rig.found.segments) == [2]
    assert path.read_bytes() == damaged
    assert rig.lost(UNREADABLE) == len(damaged)
    rig.log.close()
    assert numbers(Rig(tmp_path).found.segments) == [1, 2]


def test_what_is_not_a_file_stops_no_start(tmp_path: Path) -> None:
    segment_file(tmp_path, 1, framed(1)).unlink()
    (tmp_path / "wal" / "traces-000000000001-00000001.binpb").mkdir()
    os.symlink("nowhere", tmp_path / "wal" / "traces-000000000002-00000002.binpb")
    segment_file(tmp_path, 3, framed(3))
    assert numbers(Rig(tmp_path).found.segments) == [3]


def test_what_recovery_returns_was_synced_first(tmp_path: Path) -> None:
    """A record that a killed process wrote and never synced is acknowledged when its client sends it again."""
    segment_file(tmp_path, 1, framed(1))
    segment_file(tmp_path, 2, framed(2), framed(3)[:50])
    disk = FaultyDisk()
    Rig(tmp_path, disk)
    assert disk.calls.count("sync_file") == 2


def test_new_segments_come_after_the_ones_that_were_found(tmp_path: Path) -> None:
    segment_file(tmp_path, 7, framed(1))
    rig = Rig(tmp_path)
    assert rig.write(2).ok()
    assert [path.name.split("-")[1] for path in rig.files()] == ["000000000007", "000000000008"]
    assert rig.stored() == [1, 2]
