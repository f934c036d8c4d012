"""No acknowledged record is lost to a kill or a power cut, whatever mix of them and of disk faults comes.

The model is `ForgetfulDisk`: after a kill everything written is there, after a power cut only what was synced, and of
the rest any beginning, with holes or without. A record is acknowledged when `done(None)` was called, or when a start
found it in the log: a client that sends it again is then told OK because of its fingerprint.
"""

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest

from spanhouse_collector.errors import WalUnavailable
from spanhouse_collector.wal.recent import RecentRequests
from tests.collector.wal.disks import ForgetfulDisk
from tests.collector.wal.rig import NOW, WAIT_S, Rig, numbers, numbers_in

LIVES = 8


class Life:
    """One process: from a start to a kill or a power cut."""

    def __init__(self, directory: Path, disk: ForgetfulDisk, chance: random.Random) -> None:
        self.directory = directory
        self.disk = disk
        self.chance = chance
        self.rig = Rig(directory, disk, segment_bytes=600)
        self.recent = RecentRequests(directory / "recent", disk, window_s=600)
        found = [entry.envelope for segment in self.rig.found.segments for entry in segment.entries]
        self.recent.restore(found, now_unix_nano=NOW)
        self.remembered = [int.from_bytes(digest, "big") for digest in self.recent._seen]
        self.found = numbers(self.rig.found.segments)

    def run(self, first: int, stored: set[int]) -> set[int]:
        """Write, with faults and with a loader beside it; returns what was acknowledged."""
        acknowledged: set[int] = set()
        for number in range(first, first + self.chance.randrange(1, 12)):
            if self.chance.random() < 0.15:
                self.disk.fail(self.chance.choice(["write", "sync", "truncate", "create"]), errno.EIO)
            if self.chance.random() < 0.1:
                self.disk.write_limit = self.chance.randrange(200)
            try:
                if self.rig.write(number, self.chance.randrange(20, 400)).ok():
                    acknowledged.add(number)
            except WalUnavailable:
                continue
            if self.chance.random() < 0.3:
                self.load_one(stored)
        return acknowledged

    def load_one(self, stored: set[int]) -> None:
        """What the loader does with one segment; the database is durable by itself."""
        segment = self.rig.take()
        if segment is None:
            return
        stored.update(numbers_in(segment.path.read_bytes()[: segment.size_bytes]))
        try:
            self.recent.persist((entry.envelope for entry in segment.entries), now_unix_nano=NOW)
            self.rig.log.release(segment)
        except OSError:
            self.rig.log.give_back(segment)

    def end(self, there: Path) -> ForgetfulDisk:
        """Die in the middle of a group commit: written, and not yet synced."""
        for script in self.disk.scripts.values():
            script.clear()
        self.disk.write_limit = None
        begun, go = self.disk.hold("sync")
        writes = [self.rig.write(10_000 + number, self.chance.randrange(20, 300)) for number in range(3)]
        assert begun.wait(WAIT_S)
        if self.chance.random() < 0.5:
            after = self.disk.after_kill(self.directory, there)
        else:
            after = self.disk.after_power_cut(self.directory, there, self.chance)
        go.set()  # the dead process's thread, which nobody looks at any more
        assert all(write.ended.wait(WAIT_S) for write in writes)
        self.rig.log.close()
        self.recent.close()
        return after


@pytest.mark.parametrize("seed", range(25))
def test_whatever_was_acknowledged_is_stored_or_in_the_log_after_any_crash(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    disk = ForgetfulDisk()
    acknowledged: set[int] = set()
    stored: set[int] = set()
    for turn in range(LIVES):
        life = Life(tmp_path / str(turn), disk, chance)
        assert acknowledged <= stored | set(life.found), f"lost in life {turn}"
        assert acknowledged <= set(life.remembered), f"life {turn} would store these again"
        # What this start remembers it acknowledges without writing, so from here on it must not be lost either.
        acknowledged |= set(life.remembered)
        acknowledged |= life.run(turn * 100, stored)
        disk = life.end(tmp_path / str(turn + 1))
    last = Rig(tmp_path / str(LIVES), disk)
    assert acknowledged <= stored | set(numbers(last.found.segments))


def test_the_model_does_lose_what_was_never_synced(tmp_path: Path) -> None:
    """Else the test above could not fail."""
    disk = ForgetfulDisk()
    rig = Rig(tmp_path / "a", disk)
    assert rig.write(1).ok()
    begun, go = disk.hold("sync")
    write = rig.write(2)
    assert begun.wait(WAIT_S)
    lost = False
    for seed in range(20):
        after = disk.after_power_cut(tmp_path / "a", tmp_path / str(seed), random.Random(seed))
        found = numbers(Rig(tmp_path / str(seed), after).found.segments)
        assert found[0] == 1
        lost = lost or found == [1]
    assert lost
    after = disk.after_kill(tmp_path / "a", tmp_path / "killed")
    assert numbers(Rig(tmp_path / "killed", after).found.segments) == [1, 2]
    go.set()
    assert write.ok()
