"""How much room the disk of the data directory has, and what that allows.

Owns the two floors of free space: below `min_free_disk_bytes` no request is taken; below `min_free_load_bytes`, which
lies lower so that the log may drain first, nothing is written into the embedded database either. And the signs of a
full disk: what was written since the last of them is not believed until it was read back. Tells each change of state.

Leaves who stops to whoever writes, and when loading may begin again to `storage.disk_guard`. Safe for any thread.
"""

from __future__ import annotations

import errno
import logging
import threading
import time
from pathlib import Path
from typing import Final

from spanhouse_collector.errors import StorageError, StorageUnavailable
from spanhouse_collector.telemetry import Repeated, Telemetry
from spanhouse_collector.wal.disk import Disk

logger = logging.getLogger(__name__)

LOOK_S: Final = 0.1  # how often the disk is asked; an unseen moment without room is what must not be
RESUME_RATIO: Final = 1.25  # of min_free_load_bytes: loading begins again above it, so that it does not flutter
WAIT_S: Final = 0.1
REQUESTS: Final = "requests"
LOADING: Final = "loading"
FULL_ERRNOS: Final = (errno.ENOSPC, errno.EDQUOT)
NOT_ENOUGH_SPACE: Final = 243  # ClickHouse's number for it


class DiskRoom:
    """The room of one data directory. Without floors it only counts signs."""

    def __init__(
        self,
        directory: Path | None = None,
        disk: Disk | None = None,
        telemetry: Telemetry | None = None,
        *,
        min_free_bytes: int = 0,
        min_free_load_bytes: int = 0,
    ) -> None:
        self._directory = directory
        self._disk = disk or Disk()
        self._telemetry = telemetry or Telemetry()
        self.min_free_bytes = min_free_bytes
        self.min_free_load_bytes = min_free_load_bytes
        self._repeated = Repeated(logger)
        self._lock = threading.Lock()
        self._looked_s = -LOOK_S
        self.free_bytes = 0
        self._refuses = False
        self._is_low = False
        self._open = threading.Event()
        self._open.set()
        self._signs = 0
        for floor in (REQUESTS, LOADING):
            self._telemetry.disk_floor_crossings.labels(floor)

    @property
    def resume_bytes(self) -> int:
        """Free space from which loading begins again."""
        return int(self.min_free_load_bytes * RESUME_RATIO)

    @property
    def signs(self) -> int:
        """How many signs of a full disk were seen; compare it before and after a write."""
        return self._signs

    def look(self, *, now: bool = False) -> None:
        """Ask the disk, unless that was done a moment ago."""
        with self._lock:
            if self._directory is None or not (now or time.monotonic() - self._looked_s >= LOOK_S):
                return
            self._looked_s = time.monotonic()
            try:
                self.free_bytes = self._disk.free_bytes(self._directory)
            except OSError:
                self.free_bytes = 0  # a disk that cannot even say this takes nothing
            self._telemetry.disk_free_bytes.set(self.free_bytes)
            self._judge_requests()
            self._judge_loading()

    def _judge_requests(self) -> None:
        refuses = self.free_bytes < self.min_free_bytes
        if refuses == self._refuses:
            return
        self._refuses = refuses
        if refuses:
            self._telemetry.disk_floor_crossings.labels(REQUESTS).inc()
            self._repeated.warning("requests stop", "%s: requests are refused", self._told(REQUESTS))
        else:
            self._repeated.warning("requests go on", "%d bytes of disk are free: requests are taken", self.free_bytes)

    def _judge_loading(self) -> None:
        if self.free_bytes < self.min_free_load_bytes and not self._is_low:
            self._is_low = True
            self._open.clear()
            self._signs += 1
            self._telemetry.disk_floor_crossings.labels(LOADING).inc()
            self._telemetry.loading_stopped.set(1)
            self._repeated.warning(
                "loading stops",
                "%s: loading, settling and merging stop until %d are free; the log keeps everything",
                self._told(LOADING),
                self.resume_bytes,
            )
        elif self._is_low and self.free_bytes >= self.resume_bytes:
            self._is_low = False

    def _told(self, floor: str) -> str:
        name, least = {
            REQUESTS: ("min_free_disk_bytes", self.min_free_bytes),
            LOADING: ("min_free_load_bytes", self.min_free_load_bytes),
        }[floor]
        return f"only {self.free_bytes} bytes of disk are free, fewer than {name}={least}"

    def refusal(self) -> str:
        """Why a request cannot be taken now; '' when it can."""
        self.look()
        return self._told(REQUESTS) if self._refuses else ""

    @property
    def is_low(self) -> bool:
        """Whether the disk has less room than loading needs; from then on until there is clearly more."""
        return self._is_low

    @property
    def is_open(self) -> bool:
        """Whether the database may be written; closed from the moment the disk is low until `reopen`."""
        return self._open.is_set()

    def reopen(self) -> None:
        """There is room, and what was written before was looked at: go on writing."""
        with self._lock:
            if self._is_low or self._open.is_set():
                return
            self._open.set()
            self._telemetry.loading_stopped.set(0)
            self._repeated.warning(
                "loading goes on", "%d bytes of disk are free: loading, settling and merging go on", self.free_bytes
            )

    def saw_full_disk(self) -> None:
        """A write failed for want of room, or left something broken: nothing written lately is believed."""
        with self._lock:
            self._signs += 1
            self._telemetry.full_disk_signs.inc()

    def saw(self, error: BaseException | None) -> None:
        """Take note of an error, if it says that the disk is full."""
        if (isinstance(error, OSError) and error.errno in FULL_ERRNOS) or (
            isinstance(error, StorageError) and error.code == NOT_ENOUGH_SPACE
        ):
            self.saw_full_disk()

    def require(self) -> None:
        """Raise StorageUnavailable, with the limit's name, when the database may not be written now."""
        self.look()
        if not self._open.is_set():
            raise StorageUnavailable(
                f"the database is not written: {self._told(LOADING)}"
                if self._is_low
                else "the database is not written: the disk was nearly full, and what was stored then is being checked",
                hint="free space on the data directory's disk",
            )

    def wait(self, stop: threading.Event) -> bool:
        """Wait until the database may be written; False when told to stop first."""
        self.look()
        while not self._open.wait(WAIT_S):
            if stop.is_set():
                return False
        return True
