"""The write-ahead log of one signal.
 Owns group commit (one writev and one sync for everything that waits), rotation by size and age, the size cap with
its back-pressure, and the hand-over of sealed segments to the loader. Contract: `done(None)` is called only after the
record is on stable storage, and a segment is deleted only after `release`.

Two threads: the committer, of its own, and the loader, which takes segments; whoever asks how much there is never
waits for a disk. Leaves what segments hold to `record`, what a start finds to `recovery`.

Source: decision 004.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spanhouse_collector.errors import WalUnavailable
from spanhouse_collector.telemetry import Repeated, Telemetry
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.record import Envelope, frame
from spanhouse_collector.wal.retained import RetainedSegments
from spanhouse_collector.wal.room import DiskRoom
from spanhouse_collector.wal.segment import Entry, Segment, SegmentBroken, SegmentWriter, segment_path

logger = logging.getLogger(__name__)

GROUP_MAX_BYTES: Final = 16 << 20  # of one commit: bounds how long a small request waits behind large ones
KEPT_IN_MEMORY: Final = 4  # sealed segments whose records are remembered; of the others only the sums are
LOG_FULL_PART: Final = 16  # of wal_max_bytes: less than this part is left

Done = Callable[[WalUnavailable | None], None]


@dataclass(frozen=True)
class _Append:
    head: bytes
    request: bytes
    tail: bytes
    envelope: Envelope
    done: Done

    @property
    def size_bytes(self) -> int:
        return len(self.head) + len(self.request) + len(self.tail)


class Budget:
    """How many bytes all logs of a data directory may hold together, and whether the disk has room for more."""

    def __init__(self, room: DiskRoom, *, max_bytes: int) -> None:
        self.room = room
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._used_bytes = 0
        self._is_full = False
        self._repeated = Repeated(logger)

    @property
    def used_bytes(self) -> int:
        """Bytes in the logs and on their way there."""
        return self._used_bytes

    def is_nearly_full(self, reserve_bytes: int) -> bool:
        """Whether large requests find no room: it is never full to the byte."""
        return self._max_bytes - self._used_bytes < min(reserve_bytes, self._max_bytes // LOG_FULL_PART)

    def reserve(self, size_bytes: int) -> None:
        """Take room for a record.

        Raises:
            WalUnavailable: there is none; the message names the limit.

        """
        if refusal := self.room.refusal():
            raise WalUnavailable(refusal)
        with self._lock:
            if self._used_bytes + size_bytes > self._max_bytes:
                full = f"the write-ahead log holds {self._used_bytes} of wal_max_bytes={self._max_bytes}"
                self._is_full = True
                self._repeated.warning("full", "%s: requests are refused; the database is behind or unreachable", full)
                raise WalUnavailable(full, hint="the database is behind or unreachable")
            self._used_bytes += size_bytes

    def take(self, size_bytes: int) -> None:
        """Count bytes that are there already, whatever the limit."""
        with self._lock:
            self._used_bytes += size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Room is free again."""
        with self._lock:
            self._used_bytes -= size_bytes
            if self._is_full and self._max_bytes - self._used_bytes >= self._max_bytes // LOG_FULL_PART:
                self._is_full = False
                self._repeated.warning("room", "the write-ahead log has room again: requests are taken")


class WriteAheadLog:
    """The log of one signal; `append` is for any thread, `next_segment` and `release` for the loader's."""

    def __init__(
        self,
        directory: Path,
        signal_name: str,
        budget: Budget,
        telemetry: Telemetry,
        disk: Disk,
        *,
        segment_bytes: int,
        segment_age_s: float,
        found: list[Segment],
        next_sequence: int,
        retained: RetainedSegments | None = None,
    ) -> None:
        self._retained = retained
        self._directory = directory
        self._signal_name = signal_name
        self._budget = budget
        self._telemetry = telemetry
        self._disk = disk
        self._segment_bytes = segment_bytes
        self._segment_age_s = segment_age_s
        self._sequence = next_sequence
        self._sealed: deque[Segment] = deque(found)
        self._active: SegmentWriter | None = None
        self._active_since_s = 0.0
        self._io = threading.Lock()  # the active file and the queue of sealed ones; held while the disk works
        self._stock = {segment.id: segment for segment in found}  # all that is on disk, oldest first
        self._stock_bytes = sum(segment.size_bytes for segment in found)
        self._counting = threading.Lock()  # the stock; never held for long
        self._pending: deque[_Append] = deque()
        self._arrived = threading.Condition()
        self._loadable = threading.Event()
        self._closing = False
        self._repeated = Repeated(logger)
        self._committer = threading.Thread(target=self._commit_loop, name=f"wal-{signal_name}", daemon=True)
        budget.take(self._stock_bytes)
        self._report()
        self._committer.start()

    def append(self, envelope: Envelope, request: bytes, done: Done) -> None:
        """Queue a request; `done` is called from the committer's thread, with None once it is durable.

        Raises:
            WalUnavailable: no room, or the log is closing; `done` will not be called.

        """
        head, tail = frame(envelope, request)
        item = _Append(head, request, tail, envelope, done)
        self._budget.reserve(item.size_bytes)
        with self._arrived:
            if self._closing:
                self._budget.give_back(item.size_bytes)
                raise WalUnavailable("the collector is shutting down")
            self._pending.append(item)
            self._arrived.notify()

    def next_segment(self, stop: threading.Event, *, seal_now: bool = False, min_age_s: float = 0.0) -> Segment | None:
        """The oldest sealed segment, sealing the active one when it is old enough; None once `stop` is set.

        `min_age_s` is an age that the loader asks for, above the setting. With `seal_now` nothing is waited for: None
        then means that the log is empty.
        """
        while not stop.is_set() or seal_now:
            self._loadable.clear()
            with self._io:
                if self._due(seal_now, min_age_s):
                    self._seal()
                if self._sealed:
                    return self._sealed.popleft()
                wait_s = self._until_due(min_age_s)
            if seal_now:
                return None
            self._loadable.wait(wait_s)
        return None

    def give_back(self, segment: Segment) -> None:
        """The loader could not store it now: it is the next one again."""
        with self._io:
            self._sealed.appendleft(segment)

    def release(self, segment: Segment, *, retain: bool = True) -> None:
        """The database has the segment, durably: it goes, to `retained` where that has room for it.

        Raises:
            OSError: it is still here; call again.

        """
        if not (retain and self._retained is not None and self._retained.keep(segment)):
            self._disk.remove(segment.path)
        with self._counting:
            del self._stock[segment.id]
            self._stock_bytes -= segment.size_bytes
        self._budget.give_back(segment.size_bytes)
        self._report()

    def take_back(self, segment: Segment) -> None:
        """A retained segment is not all in the database any more: load it again, and read it back.

        Raises:
            OSError: it cannot be moved.

        """
        assert self._retained is not None
        path = self._directory / segment.path.name
        self._disk.move(segment.path, path)
        segment.path = path
        segment.is_suspect = True
        self._retained.forget(segment)
        with self._counting:
            self._stock[segment.id] = segment
            self._stock_bytes += segment.size_bytes
        self._budget.take(segment.size_bytes)
        with self._io:
            self._sealed.append(segment)
        self._report()
        self._loadable.set()

    def oldest_unix_nano(self) -> int | None:
        """When the oldest record that is not in the database was received; None when there is none."""
        with self._counting:
            times = [segment.oldest_unix_nano for segment in self._stock.values() if segment.record_count]
        return min(times, default=None)

    def size_bytes(self) -> int:
        """Durable bytes that are not in the database yet."""
        return self._stock_bytes

    def wake(self) -> None:
        """Let a waiting loader look again, at its stop event for one."""
        self._loadable.set()

    def close(self) -> None:
        """Commit what waits, refuse what comes, end the committer. Segments stay for the next start."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        self._committer.join()
        with self._io:
            if self._active is not None:
                self._seal()
        self.wake()

    def _commit_loop(self) -> None:
        while True:
            with self._arrived:
                while not self._pending and not self._closing:
                    self._arrived.wait()
                group = self._take_group()
            if not group:
                return
            error = self._commit(group)
            if error is not None:
                self._budget.give_back(sum(item.size_bytes for item in group))
            for item in group:
                self._tell(item, error)

    def _tell(self, item: _Append, error: WalUnavailable | None) -> None:
        try:
            item.done(error)
        except Exception:  # whoever asked is gone (an event loop that ended); the others of the group are not
            logger.exception("nobody could be told how a write to the %s log ended", self._signal_name)

    def _take_group(self) -> list[_Append]:
        group: list[_Append] = []
        size = 0
        while self._pending and (not group or size + self._pending[0].size_bytes <= GROUP_MAX_BYTES):
            item = self._pending.popleft()
            size += item.size_bytes
            group.append(item)
        return group

    def _commit(self, group: list[_Append]) -> WalUnavailable | None:
        started = time.monotonic()
        try:
            with self._io:
                self._write(group)
        except WalUnavailable as error:
            self._telemetry.wal_faults.labels(self._signal_name).inc()
            self._budget.room.saw_full_disk()  # or another fault of it, which is no better
            self._repeated.warning("commit", "%s log: %s", self._signal_name, error)
            return error
        except Exception:  # the edge of the thread: without it every later request would wait for ever
            logger.exception("the %s log failed in a way nobody thought of", self._signal_name)
            self._telemetry.wal_faults.labels(self._signal_name).inc()
            return WalUnavailable("the write-ahead log failed; the collector's own log says how")
        self._telemetry.fsync_seconds.labels(self._signal_name).observe(time.monotonic() - started)
        self._report()
        self._loadable.set()
        return None

    def _write(self, group: list[_Append]) -> None:
        writer = self._writer()
        offset = writer.segment.size_bytes
        buffers: list[bytes] = []
        entries: list[Entry] = []
        for item in group:
            buffers += (item.head, item.request, item.tail)
            entries.append(Entry(offset, offset + item.size_bytes, item.envelope))
            offset += item.size_bytes
        try:
            writer.append(buffers, entries)
        except BaseException as error:
            # What the file holds is handed over now: it may be all that it can ever hold (a limit on file sizes), and
            # what is loaded makes room. An empty one is kept for the next try, unless it is in doubt.
            is_sound = isinstance(error, WalUnavailable) and not isinstance(error, SegmentBroken)
            if writer.segment.record_count or not is_sound:
                self._seal()
            raise
        with self._counting:
            self._stock[writer.segment.id] = writer.segment
            self._stock_bytes += sum(item.size_bytes for item in group)
        if offset >= self._segment_bytes:
            self._seal()

    def _writer(self) -> SegmentWriter:
        if self._active is None:
            path = segment_path(self._directory, self._signal_name, self._sequence)
            try:
                self._active = SegmentWriter(path, self._disk)
            except OSError as error:
                raise WalUnavailable(f"the write-ahead log cannot open a segment: {error.strerror}") from error
            self._sequence += 1
            self._active_since_s = time.monotonic()
        elif not self._active.segment.record_count:
            self._active_since_s = time.monotonic()
        return self._active

    def _seal(self) -> None:
        assert self._active is not None
        writer, self._active = self._active, None
        try:
            writer.close()
            if not writer.segment.record_count:
                self._disk.remove(writer.segment.path)
        except OSError as error:
            # What it holds was synced before, and an empty file is in nobody's way.
            self._repeated.warning("seal", "%s: %s", writer.segment.path.name, error.strerror)
        if writer.segment.record_count:
            if len(self._sealed) >= KEPT_IN_MEMORY:
                writer.segment.forget_entries()
            self._sealed.append(writer.segment)

    def _due(self, seal_now: bool, min_age_s: float) -> bool:
        if self._active is None or not self._active.segment.record_count:
            return False
        old = time.monotonic() - self._active_since_s >= max(self._segment_age_s, min_age_s)
        return not self._sealed and (old or seal_now)

    def _until_due(self, min_age_s: float) -> float | None:
        if self._active is None or not self._active.segment.record_count:
            return None
        return max(0.001, self._active_since_s + max(self._segment_age_s, min_age_s) - time.monotonic())

    def _report(self) -> None:
        self._telemetry.wal_segments.labels(self._signal_name).set(len(self._stock))
        self._telemetry.wal_bytes.labels(self._signal_name).set(self._stock_bytes)
