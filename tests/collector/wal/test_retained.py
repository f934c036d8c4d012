"""Stored segments that are kept a while: within their limits, across starts, and back into the log when needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.retained import RETAINED_S, RetainedSegments
from tests.collector.wal.rig import Rig, numbers_in


class Kept:
    """A log whose released segments are retained; the clock is the test's."""

    def __init__(self, directory: Path, max_bytes: int = 1 << 20) -> None:
        self.folder = directory / "retained"
        self.folder.mkdir(exist_ok=True)
        self.now_s = 0.0
        self.telemetry = Telemetry()
        self.retained = RetainedSegments(
            self.folder, Disk(), self.telemetry, max_bytes=max_bytes, clock=lambda: self.now_s
        )
        self.rig = Rig(directory, segment_bytes=50)
        self.rig.log._retained = self.retained

    def store(self, number: int) -> None:
        assert self.rig.write(number).ok()
        segment = self.rig.take()
        assert segment is not None
        self.rig.log.release(segment)

    def numbers(self) -> list[int]:
        return [
            number for segment in self.retained.segments("traces") for number in numbers_in(segment.path.read_bytes())
        ]

    def size_bytes(self) -> float:
        return self.telemetry.registry.get_sample_value("spanhouse_wal_retained_bytes") or 0.0


def test_a_released_segment_is_kept_and_is_no_part_of_the_log(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.store(1)
    assert kept.numbers() == [1]
    assert kept.rig.files() == []
    assert kept.rig.log.size_bytes() == 0
    assert kept.size_bytes() > 0


def test_the_oldest_go_when_there_are_too_many_bytes(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for number in range(5):
        kept.store(number)
    size = int(kept.size_bytes()) // 5
    kept = Kept(tmp_path, max_bytes=3 * size)
    assert sorted(kept.numbers()) == [0, 1, 2, 3, 4]
    kept.now_s = 1e10
    kept.retained.expire()
    assert kept.numbers() == []
    for number in range(5, 10):
        kept.store(number)
    assert kept.numbers() == [7, 8, 9]


def test_each_goes_when_it_is_old(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.store(1)
    kept.now_s = RETAINED_S / 2
    kept.store(2)
    kept.now_s = RETAINED_S + 1
    kept.retained.expire()
    assert kept.numbers() == [2]
    assert len(list(kept.folder.iterdir())) == 1


def test_a_limit_of_nothing_keeps_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path, max_bytes=0)
    kept.store(1)
    assert kept.numbers() == []
    assert list(kept.folder.iterdir()) == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_segment_taken_back_is_loaded_again_under_its_name_and_suspected(tmp_path: Path, restarted: bool) -> None:
    kept = Kept(tmp_path)
    kept.store(1)
    if restarted:
        kept.rig.log.close()
        kept = Kept(tmp_path)
    (segment,) = kept.retained.segments("traces")
    name = segment.id
    kept.rig.log.take_back(segment)
    assert kept.numbers() == []
    assert kept.rig.log.size_bytes() == segment.size_bytes
    again = kept.rig.take()
    assert again is segment
    assert (again.id, again.is_suspect) == (name, True)
    assert numbers_in(again.path.read_bytes()) == [1]
