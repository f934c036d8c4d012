"""A database for loader tests that keeps what it is given: an inserter as the loader's protocol has it, and no SQL."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from spanhouse_collector.errors import RecordRefused, StorageUnavailable
from spanhouse_collector.loader.bisection import Bisection
from spanhouse_collector.loader.read_back import ReadBack
from spanhouse_collector.loader.segment_loader import SegmentLoader
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.wal.recent import RecentRequests
from tests.collector.wal.rig import NOW, WAIT_S, Rig, numbers_in

INCORRECT_DATA: Final = 117
LOGICAL_ERROR: Final = 49
TOO_MANY_PARTS: Final = 252


class FakeDatabase:
    """Stores files whole or not at all, each token once; refuses poison; fails as its script says."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self.tokens: set[str] = set()
        self.rows: Counter[int] = Counter()
        self.poison: set[int] = set()
        self.script: list[Exception | None] = []  # one for each call, from the front
        self.before: Callable[[str], object] = lambda token: None
        self.after: Callable[[str], object] = lambda token: None
        self.closed = False
        self.is_sound = True

    def insert(self, path: Path, token: str) -> None:
        data = path.read_bytes()
        numbers = numbers_in(data)
        self.calls.append((token, numbers))
        self.before(token)
        if self.script and (error := self.script.pop(0)) is not None:
            raise error
        if refused := self.poison & set(numbers):
            raise RecordRefused(f"Code: 117. record {min(refused)}", code=INCORRECT_DATA)
        if token not in self.tokens:
            self.tokens.add(token)
            self.rows.update(numbers)
        self.after(token)

    def close(self) -> None:
        self.closed = True

    def lose(self, *numbers: int) -> None:
        """Forget rows, and not the tokens they came with: what a part is that a full disk broke."""
        for number in numbers:
            del self.rows[number]

    def counts(self, received: Collection[int]) -> dict[int, int]:
        """As `StoredRows`: the rig's records are received at the moment of their number."""
        return {moment: self.rows[moment - NOW] for moment in received if self.rows[moment - NOW]}

    def check_parts(self, received: Collection[int]) -> None:
        if not self.is_sound:
            raise StorageUnavailable("part all_1_1_0 is broken")

    def were_deleted(self, since_unix_nano: int) -> bool:
        return False

    def remove(self, received: Collection[int]) -> None:
        self.lose(*(moment - NOW for moment in received))


class LoaderRig:
    """A log, a loader and the fake database; `start` again over the same directory is the next life."""

    def __init__(self, directory: Path, database: FakeDatabase, rig: Rig | None = None) -> None:
        self.rig = rig or Rig(directory, segment_age_s=0.02)
        self.database = database
        self.recent = RecentRequests(directory / "recent", self.rig.disk, window_s=600)
        self.bisection = Bisection(
            self.rig.wal, TRACES, database, self.rig.quarantine, self.rig.telemetry, self.rig.disk
        )
        self.loader = SegmentLoader(
            TRACES,
            self.rig.log,
            database,
            self.bisection,
            self.recent,
            self.rig.telemetry,
            self.rig.disk,
            clock=lambda: NOW,
            room=self.rig.room,
            read_back=ReadBack(self.rig.wal, TRACES, database, database, self.rig.room, self.rig.telemetry),
        )

    def fill(self, *numbers: int) -> None:
        """Make these records durable, in one segment if nothing takes them meanwhile."""
        assert all(write.ok() for write in [self.rig.write(number) for number in numbers])

    def sample(self, name: str, **labels: str) -> float:
        value = self.rig.telemetry.registry.get_sample_value(f"spanhouse_{name}", {"signal": "traces", **labels})
        return value or 0.0

    def quarantined(self) -> list[int]:
        found = [self.rig.quarantine.read(why.id) for why in self.rig.quarantine.list()]
        return sorted(int.from_bytes(read[0].envelope.fingerprint, "big") for read in found if read)

    def wait_empty(self) -> None:
        wait_for(lambda: self.rig.log.size_bytes() == 0, "the log to be empty")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        threading.Event().wait(0.002)


def outage(code: int = 0) -> StorageUnavailable:
    return StorageUnavailable("connection refused" if code == 0 else f"Code: {code}.", code=code)


@contextmanager
def running(rig: LoaderRig) -> Iterator[LoaderRig]:
    """The loader, for the length of the block; ended at its end without a drain."""
    rig.loader.start()
    try:
        yield rig
    finally:
        rig.loader.stop(drain_s=0)
