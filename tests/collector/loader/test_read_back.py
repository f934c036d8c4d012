"""After a sign of a full disk no insert is believed: the segment stays until its rows are read back, each once."""

from __future__ import annotations

import errno
from collections import Counter
from pathlib import Path

import pytest

from tests.collector.loader.fake_database import FakeDatabase, LoaderRig, outage, running, wait_for
from tests.collector.wal.disks import FaultyDisk
from tests.collector.wal.rig import Rig

NOT_ENOUGH_SPACE = 243


def test_without_a_sign_nothing_is_read_back(tmp_path: Path, database: FakeDatabase) -> None:
    database.is_sound = False
    rig = LoaderRig(tmp_path, database)
    rig.fill(1, 2)
    with running(rig):
        rig.wait_empty()
    assert rig.sample("read_backs_total", outcome="proven") == 0


def test_an_insert_that_only_a_token_remembers_is_stored_again_and_what_is_there_is_not(
    tmp_path: Path, database: FakeDatabase
) -> None:
    """ENOSPC, then a success that is none: the engine remembers the token of the part it lost."""
    rig = LoaderRig(tmp_path, database)
    losses = [2, 3]

    def lose(token: str) -> None:
        if losses:
            database.lose(*losses)
            losses.clear()

    database.script = [outage(NOT_ENOUGH_SPACE)]
    database.after = lose
    rig.fill(1, 2, 3, 4)
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([1, 2, 3, 4])
    assert rig.sample("restored_items_total") == 2
    assert rig.sample("read_backs_total", outcome="restored") == 1


def test_what_an_earlier_process_left_in_the_log_is_read_back(tmp_path: Path, database: FakeDatabase) -> None:
    """It was inserted, its part broke, the process died: the replay's token is known and its rows are not there."""
    first = Rig(tmp_path)
    assert first.write(1).ok()
    database.tokens.add(first.files()[0].stem)
    rig = LoaderRig(tmp_path, database)
    for segment in rig.rig.found.segments:
        segment.is_suspect = True
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([1])


def test_a_segment_stays_while_its_part_is_broken(tmp_path: Path, database: FakeDatabase) -> None:
    rig = LoaderRig(tmp_path, database)
    database.script = [outage(NOT_ENOUGH_SPACE)]
    database.is_sound = False
    rig.fill(1)
    with running(rig):
        wait_for(lambda: len(database.calls) > 5, "attempts")
        assert len(rig.rig.files()) == 1
        assert rig.sample("stored_items_total") == 0
        database.is_sound = True
        rig.wait_empty()
    assert database.rows == Counter([1])


def test_a_disk_without_room_for_the_fingerprints_costs_no_segment_that_is_not_proven(
    tmp_path: Path, database: FakeDatabase
) -> None:
    """Deleting it made the room, and was the end of the only good copy."""
    disk = FaultyDisk()
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, disk, segment_bytes=50))
    rig.fill(1)
    losses = [1]

    def lose(token: str) -> None:
        disk.fail("create", errno.ENOSPC)
        if losses:
            database.lose(losses.pop())

    database.after = lose
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([1])
    assert rig.sample("restored_items_total") == 1


def test_records_in_quarantine_are_not_missed(tmp_path: Path, database: FakeDatabase) -> None:
    rig = LoaderRig(tmp_path, database)
    database.poison = {2}
    database.script = [outage(NOT_ENOUGH_SPACE)]
    rig.fill(1, 2, 3)
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([1, 3])
    assert rig.quarantined() == [2]
    assert rig.sample("read_backs_total", outcome="proven") == 1


def test_items_that_make_no_rows_hold_nothing_up(
    tmp_path: Path, database: FakeDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    rig = LoaderRig(tmp_path, database)
    database.script = [outage(NOT_ENOUGH_SPACE)]
    database.after = lambda token: database.lose(2)
    rig.fill(1, 2)
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([1])
    assert rig.sample("read_backs_total", outcome="short") == 1
    assert "1 items of" in caplog.text


def test_nothing_is_inserted_below_the_floor_and_all_of_it_above(tmp_path: Path, database: FakeDatabase) -> None:
    disk = FaultyDisk()
    disk.free = 999
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, disk, segment_age_s=0.02, min_free_load_bytes=1000))
    rig.fill(1, 2)
    with running(rig):
        wait_for(lambda: not rig.rig.room.is_open, "the floor to be seen")
        assert database.calls == []
        disk.free = 2000
        rig.rig.room.look(now=True)
        rig.rig.room.reopen()
        rig.wait_empty()
    assert database.rows == Counter([1, 2])
    assert rig.sample("insert_failures_total", reason="StorageUnavailable") == 0


def test_a_stop_below_the_floor_ends_at_once_and_keeps_the_log(tmp_path: Path, database: FakeDatabase) -> None:
    disk = FaultyDisk()
    disk.free = 0
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, disk, min_free_load_bytes=1000))
    rig.loader.start()
    rig.fill(1)
    rig.rig.log.close()
    assert not rig.loader.stop(drain_s=0.3)
    assert not rig.loader.is_running
    assert Rig(tmp_path).stored() == [1]
