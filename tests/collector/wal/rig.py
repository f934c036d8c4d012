"""A write-ahead log for tests: its parts with small limits, and requests whose outcome can be waited for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from spanhouse_collector.errors import WalUnavailable
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.log import Budget, WriteAheadLog
from spanhouse_collector.wal.quarantine import Quarantine
from spanhouse_collector.wal.record import Envelope, frame, scan
from spanhouse_collector.wal.recovery import Found, recover
from spanhouse_collector.wal.room import DiskRoom
from spanhouse_collector.wal.segment import Segment

NOW: Final = 1_795_000_000_000_000_000
WAIT_S: Final = 20.0
LONG_S: Final = 3600.0


def envelope(number: int, *, project: str = "p", received: int = NOW, items: int = 1) -> Envelope:
    return Envelope(project, received + number, number.to_bytes(16, "big"), items)


def request(number: int, size: int = 100) -> bytes:
    """Bytes that differ for each number, and hold no record's head."""
    return (f"request {number} ".encode() * (size // 8 + 1))[:size]


def framed(number: int, size: int = 100) -> bytes:
    body = request(number, size)
    head, tail = frame(envelope(number), body)
    return head + body + tail


def numbers_in(data: bytes) -> list[int]:
    """The numbers of the records at the start of these bytes."""
    return [int.from_bytes(record.envelope.fingerprint, "big") for record in scan(memoryview(data))]


def numbers(segments: list[Segment]) -> list[int]:
    return [number for segment in segments for number in numbers_in(segment.path.read_bytes())]


@dataclass
class Write:
    """An append and how it ended."""

    number: int
    ended: threading.Event = field(default_factory=threading.Event)
    error: WalUnavailable | None = None

    def done(self, error: WalUnavailable | None) -> None:
        self.error = error
        self.ended.set()

    def ok(self) -> bool:
        assert self.ended.wait(WAIT_S), f"write {self.number} was never answered"
        return self.error is None


class Rig:
    """A log over a directory, opened as a start does it; `reopen` is the next start."""

    def __init__(
        self,
        directory: Path,
        disk: Disk | None = None,
        *,
        segment_bytes: int = 1 << 20,
        segment_age_s: float = LONG_S,
        max_bytes: int = 1 << 30,
        min_free_bytes: int = 0,
        min_free_load_bytes: int = 0,
    ) -> None:
        self.wal = directory / "wal"
        self.directory = directory
        self.disk = disk or Disk()
        self.telemetry = Telemetry()
        for path in (self.wal, directory / "quarantine"):
            path.mkdir(parents=True, exist_ok=True)
        self.quarantine = Quarantine(directory / "quarantine", self.disk)
        self.room = DiskRoom(
            directory,
            self.disk,
            self.telemetry,
            min_free_bytes=min_free_bytes,
            min_free_load_bytes=min_free_load_bytes,
        )
        self.budget = Budget(self.room, max_bytes=max_bytes)
        self.found: Found = recover(self.wal, "traces", self.quarantine, self.telemetry, self.disk)
        self.log = WriteAheadLog(
            self.wal,
            "traces",
            self.budget,
            self.telemetry,
            self.disk,
            segment_bytes=segment_bytes,
            segment_age_s=segment_age_s,
            found=self.found.segments,
            next_sequence=self.found.next_sequence,
        )

    def write(self, number: int, size: int = 100) -> Write:
        """Queue a record; raises WalUnavailable when there is no room."""
        write = Write(number)
        self.log.append(envelope(number), request(number, size), write.done)
        return write

    def take(self) -> Segment | None:
        """The next segment, sealing the active one, without waiting."""
        return self.log.next_segment(threading.Event(), seal_now=True)

    def stored(self) -> list[int]:
        """Take all segments, as a loader would, and say what records they hold."""
        found: list[int] = []
        while (segment := self.take()) is not None:
            found += numbers_in(segment.path.read_bytes())
            self.log.release(segment)
        return found

    def lost(self, reason: str) -> float:
        value = self.telemetry.registry.get_sample_value(
            "spanhouse_wal_lost_bytes_total", {"signal": "traces", "reason": reason}
        )
        return value or 0.0

    def files(self) -> list[Path]:
        return sorted(self.wal.glob("*.binpb"))
