"""Refused records: isolated exactly, set aside, and never the reason that another record is missing or there twice."""

from __future__ import annotations

import errno
import random
from collections import Counter
from pathlib import Path

import pytest

from spanhouse_collector.loader.attempt import PATIENCE_ATTEMPTS
from tests.collector.loader.fake_database import (
    LOGICAL_ERROR,
    FakeDatabase,
    LoaderRig,
    outage,
    running,
    wait_for,
)
from tests.collector.wal.disks import FaultyDisk
from tests.collector.wal.rig import Rig

EIGHT = range(8)


def one_segment(tmp_path: Path, database: FakeDatabase, *numbers: int, disk: FaultyDisk | None = None) -> LoaderRig:
    """A loader over a log of one sealed segment that holds these records."""
    first = Rig(tmp_path, disk)
    assert all(write.ok() for write in [first.write(number) for number in numbers])
    first.log.close()
    return LoaderRig(tmp_path, database, Rig(tmp_path, disk))


@pytest.mark.parametrize("poison", [{0}, {7}, {3}, {0, 7}, {2, 3}, {1, 4, 6}, set(EIGHT)])
def test_exactly_the_refused_records_go_to_quarantine(tmp_path: Path, database: FakeDatabase, poison: set[int]) -> None:
    database.poison = poison
    rig = one_segment(tmp_path, database, *EIGHT)
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter(number for number in EIGHT if number not in poison)
    assert rig.quarantined() == sorted(poison)
    assert rig.sample("quarantined_records_total") == len(poison)
    assert rig.sample("stored_items_total") == 8 - len(poison)
    assert {why.error_code for why in rig.rig.quarantine.list()} == {117}
    assert sorted(path.name for path in rig.rig.wal.iterdir()) == []


def test_the_segments_behind_a_refused_one_are_stored(tmp_path: Path, database: FakeDatabase) -> None:
    database.poison = {1}
    rig = LoaderRig(tmp_path, database, Rig(tmp_path, segment_bytes=50))
    for number in range(4):
        rig.fill(number)
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([0, 2, 3])
    assert rig.quarantined() == [1]


def test_tokens_name_the_segment_and_the_records(tmp_path: Path, database: FakeDatabase) -> None:
    database.poison = {2}
    rig = one_segment(tmp_path, database, 0, 1, 2, 3)
    (segment,) = rig.rig.found.segments
    with running(rig):
        rig.wait_empty()
    assert database.calls == [
        (segment.id, [0, 1, 2, 3]),
        (f"{segment.id}:0-1", [0, 1]),
        (f"{segment.id}:2-3", [2, 3]),
        (f"{segment.id}:2-2", [2]),
        (f"{segment.id}:3-3", [3]),
    ]


@pytest.mark.parametrize("calls_before_the_crash", range(1, 11))
@pytest.mark.parametrize("is_cured", [False, True])
def test_a_crash_in_the_middle_and_even_a_database_that_changed_its_mind_store_nothing_twice(
    tmp_path: Path, database: FakeDatabase, calls_before_the_crash: int, *, is_cured: bool
) -> None:
    """Cured: an upgrade later the poison can be stored, but ranges that were split stay split."""
    database.poison = {2, 5}
    rig = one_segment(tmp_path, database, *EIGHT)

    class KilledError(BaseException):
        pass

    def kill(token: str) -> None:
        if len(database.calls) > calls_before_the_crash:
            raise KilledError

    database.before = kill
    (segment,) = rig.rig.found.segments
    try:
        rig.loader._store(segment)
    except KilledError:
        pass
    else:
        pytest.skip("it was done before")
    database.before = lambda token: None
    if is_cured:
        database.poison = set()
    again = LoaderRig(tmp_path, database)
    with running(again):
        again.wait_empty()
    stored = database.rows + Counter(again.quarantined())
    assert stored == Counter(EIGHT)


def test_an_outage_in_the_middle_is_retried_and_stores_nothing_twice(tmp_path: Path, database: FakeDatabase) -> None:
    database.poison = {2}
    rig = one_segment(tmp_path, database, *EIGHT)
    database.script = [None, None, outage(), outage(), None, outage(210)]
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter(number for number in EIGHT if number != 2)
    assert rig.quarantined() == [2]
    assert rig.sample("quarantined_records_total") == 1


def test_a_failure_without_a_known_reason_is_bisected_after_patience_and_nothing_is_stored_twice(
    tmp_path: Path, database: FakeDatabase
) -> None:
    """Too little memory for the whole, enough for its parts; and in the end enough for the whole again."""
    rig = one_segment(tmp_path, database, *EIGHT)
    database.script = [outage(LOGICAL_ERROR)] * PATIENCE_ATTEMPTS + [None, outage()]
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter(EIGHT)
    assert rig.quarantined() == []
    assert Counter(token.partition(":")[2] for token, _ in database.calls) == {
        "": PATIENCE_ATTEMPTS,
        "0-3": 1,
        "4-7": 2,
    }


def test_a_passing_unexplained_failure_sends_no_good_record_to_quarantine(
    tmp_path: Path, database: FakeDatabase
) -> None:
    database.poison = {0}
    rig = one_segment(tmp_path, database, *EIGHT)
    chance = random.Random(3)
    database.script = [None, *(outage(LOGICAL_ERROR) if chance.random() < 0.5 else None for _ in range(60))]
    with running(rig):
        rig.wait_empty()
    assert rig.quarantined() == [0]
    assert database.rows == Counter(range(1, 8))


def test_a_record_that_fails_for_ever_without_a_known_reason_ends_in_quarantine(
    tmp_path: Path, database: FakeDatabase
) -> None:
    rig = one_segment(tmp_path, database, *EIGHT)

    def fail(token: str) -> None:
        if 6 in database.calls[-1][1]:
            raise outage(LOGICAL_ERROR)

    database.before = fail
    with running(rig):
        rig.wait_empty()
    assert rig.quarantined() == [6]
    assert database.rows == Counter(number for number in EIGHT if number != 6)


@pytest.mark.parametrize("operation", ["write_file"])
def test_a_full_disk_delays_the_quarantine_and_loses_nothing(
    tmp_path: Path, database: FakeDatabase, operation: str
) -> None:
    disk = FaultyDisk()
    database.poison = {1}
    rig = one_segment(tmp_path, database, 0, 1, 2, disk=disk)
    disk.fail(operation, errno.ENOSPC, times=6)
    with running(rig):
        rig.wait_empty()
    assert database.rows == Counter([0, 2])
    assert rig.quarantined() == [1]


def test_a_stop_in_the_middle_is_finished_by_the_next_start(tmp_path: Path, database: FakeDatabase) -> None:
    database.poison = {1, 6}
    rig = one_segment(tmp_path, database, *EIGHT)
    database.script = [None, None, None, *[outage()] * 10_000]
    rig.loader.start()
    wait_for(lambda: len(database.calls) > 4, "the outage")
    rig.rig.log.close()
    assert not rig.loader.stop(drain_s=0)
    database.script = []
    again = LoaderRig(tmp_path, database)
    with running(again):
        again.wait_empty()
    assert database.rows + Counter(again.quarantined()) == Counter(EIGHT)
    assert again.quarantined() == [1, 6]
