"""Segments that are stored, kept a little longer: the copy from which lost rows are restored.

The embedded engine does not notice each write that a full disk cuts off: a part of which every row can be read may be
broken for its next start, and a merge may break what was whole. Owns the folder of these segments and its limits, of
bytes and of age; the oldest go first. Nothing goes while the database may not be written: then they may be needed.

Leaves who looks whether they are needed to `storage.disk_guard`. Safe for any thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.segment import SEGMENT_SUFFIX, Segment, read_entries, sequence_of

logger = logging.getLogger(__name__)

# Longer than the engine keeps the parts that went into a merge (eight minutes): they are the other copy.
RETAINED_S: Final = 600.0


class RetainedSegments:
    """The stored segments of all signals that are still here."""

    def __init__(
        self,
        directory: Path,
        disk: Disk,
        telemetry: Telemetry,
        *,
        max_bytes: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._disk = disk
        self._telemetry = telemetry
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Segment]] = {}  # since when, and what; oldest first
        for since, path in sorted((path.stat().st_ctime, path) for path in directory.glob(f"*{SEGMENT_SUFFIX}")):
            segment = Segment(path, read_entries(path.read_bytes()))
            segment.forget_entries()
            self._kept[segment.id] = since, segment
        self._report()

    def keep(self, segment: Segment) -> bool:
        """Take a stored segment over from the log; False when it is larger than all that may be kept.

        Raises:
            OSError: it could not be moved and stands where it stood.

        """
        if segment.size_bytes > self._max_bytes:
            return False
        target = self._directory / segment.path.name
        self._disk.move(segment.path, target)
        segment.path = target
        segment.forget_entries()
        with self._lock:
            self._kept[segment.id] = self._clock(), segment
        self.expire()
        return True

    def expire(self) -> None:
        """Delete what is too old, and the oldest of what is too much."""
        with self._lock:
            too_many = sum(segment.size_bytes for _, segment in self._kept.values()) - self._max_bytes
            oldest_s = self._clock() - RETAINED_S
            for name, (since, segment) in list(self._kept.items()):
                if too_many <= 0 and since >= oldest_s:
                    break
                try:
                    self._disk.remove(segment.path)
                except OSError as error:
                    logger.warning("%s cannot be deleted yet: %s", segment.path.name, error.strerror)
                    break
                too_many -= segment.size_bytes
                del self._kept[name]
        self._report()

    def segments(self, signal_name: str) -> list[Segment]:
        """Those of a signal, oldest first."""
        with self._lock:
            found = [segment for _, segment in self._kept.values()]
        return [segment for segment in found if sequence_of(segment.path, signal_name) is not None]

    def forget(self, segment: Segment) -> None:
        """The log has it again."""
        with self._lock:
            self._kept.pop(segment.id, None)
        self._report()

    def _report(self) -> None:
        with self._lock:
            self._telemetry.wal_retained_bytes.set(sum(segment.size_bytes for _, segment in self._kept.values()))
