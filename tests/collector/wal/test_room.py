"""The disk's room: two floors, each told both ways, the lower one with hysteresis; and the signs of a full disk."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from spanhouse_collector.errors import StorageUnavailable
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.room import DiskRoom
from tests.collector.wal.disks import FaultyDisk


class Rig:
    def __init__(self, directory: Path) -> None:
        self.disk = FaultyDisk()
        self.telemetry = Telemetry()
        self.room = DiskRoom(directory, self.disk, self.telemetry, min_free_bytes=2000, min_free_load_bytes=1000)

    def free(self, size_bytes: int) -> None:
        self.disk.free = size_bytes
        self.room.look(now=True)

    def may_write(self) -> bool:
        return self.room.is_open

    def is_low(self) -> bool:
        return self.room.is_low

    def sample(self, name: str, **labels: str) -> float:
        return self.telemetry.registry.get_sample_value(f"spanhouse_{name}", labels) or 0.0


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = Rig(tmp_path)
    made.free(5000)
    return made


def test_requests_stop_first_and_loading_only_below_its_own_floor(rig: Rig) -> None:
    rig.free(1999)
    assert "min_free_disk_bytes=2000" in rig.room.refusal()
    assert rig.may_write()
    rig.free(999)
    assert not rig.may_write()
    with pytest.raises(StorageUnavailable, match="min_free_load_bytes=1000"):
        rig.room.require()
    assert rig.sample("disk_floor_crossings_total", floor="requests") == 1
    assert rig.sample("disk_floor_crossings_total", floor="loading") == 1
    assert rig.sample("loading_stopped") == 1
    assert rig.sample("disk_free_bytes") == 999


def test_loading_begins_again_only_clearly_above_its_floor_and_when_the_guard_says_so(rig: Rig) -> None:
    rig.free(999)
    rig.free(1100)
    assert rig.is_low()
    rig.room.reopen()
    assert not rig.may_write()
    rig.free(1250)
    assert not rig.is_low()
    assert not rig.may_write()
    with pytest.raises(StorageUnavailable, match="being checked"):
        rig.room.require()
    rig.room.reopen()
    rig.room.require()
    assert rig.sample("loading_stopped") == 0


def test_the_log_has_one_warning_each_way(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(50):
        rig.free(0)
        rig.free(5000)
        rig.room.reopen()
    told = [record.getMessage() for record in caplog.records]
    assert len([text for text in told if "requests are refused" in text]) == 1
    assert len([text for text in told if "requests are taken" in text]) == 1
    assert len([text for text in told if "stop until 1250 are free" in text]) == 1
    assert len([text for text in told if "merging go on" in text]) == 1


def test_a_crossed_floor_and_each_error_of_a_full_disk_is_a_sign(rig: Rig) -> None:
    before = rig.room.signs
    rig.free(999)
    rig.room.saw(OSError(errno.ENOSPC, "no space"))
    rig.room.saw(OSError(errno.EDQUOT, "quota"))
    rig.room.saw(StorageUnavailable("Cannot reserve 1.00 MiB", code=243))
    assert rig.room.signs == before + 4
    rig.room.saw(OSError(errno.EIO, "broken"))
    rig.room.saw(StorageUnavailable("connection refused"))
    assert rig.room.signs == before + 4


def test_a_disk_that_cannot_be_asked_counts_as_full(rig: Rig) -> None:
    rig.disk.fail("free_bytes", errno.EIO)
    rig.room.look(now=True)
    assert not rig.may_write()


def test_who_waits_for_room_is_let_go_when_told_to_stop(rig: Rig) -> None:
    rig.free(0)
    stop = threading.Event()
    stop.set()
    assert not rig.room.wait(stop)
