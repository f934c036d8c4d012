"""Which requests were made durable a short while ago: an identical one is acknowledged and not stored again.

Owns the window of fingerprints, in memory, and its copy on disk. A fingerprint is durable with its record for as
long as the segment lives; before a segment is deleted its fingerprints are written to a file here, so the window
survives a crash at any moment. 24 bytes a request. A process only ever appends to a file of its own, and begins another
when that is a window old or a write to it failed; a file is deleted once its last entry is older than the window.

Ages are measured on the monotonic clock, so that a wall clock that is set forgets nothing early and nothing late. Only
a start has to trust the wall clock; times that lie in its future count as now.

Not thread-safe except `persist`, which only writes files: the receiver's event loop owns the rest.
"""

from __future__ import annotations

import errno
import logging
import secrets
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.record import FINGERPRINT_BYTES, Envelope

logger = logging.getLogger(__name__)

ENTRIES_MAX: Final = 500_000  # about 80 MB, 800 requests a second for ten minutes; the oldest are forgotten first
SUFFIX: Final = ".seen"
_ENTRY: Final = struct.Struct(f"<{FINGERPRINT_BYTES}sQ")
_SEED_BYTES: Final = 8


class RecentRequests:
    """Fingerprints received within `window_s`."""

    def __init__(
        self, directory: Path, disk: Disk, *, window_s: float, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        directory.mkdir(mode=0o700, exist_ok=True)
        self._directory = directory
        self._disk = disk
        self._window_ns = max(1, int(window_s * 1e9))
        self._monotonic_ns = monotonic_ns
        self._seen: OrderedDict[bytes, int] = OrderedDict()  # when, on the monotonic clock; oldest first
        self._writing = threading.Lock()
        self._files: dict[Path, int] = {}  # when each got its last entry, on the monotonic clock
        self._open: tuple[Path, int] | None = None  # the file that is appended to, and its descriptor
        self._open_since_ns = 0
        self._sequence = 1 + max((int(path.stem) for path in self._numbered()), default=0)
        self.seed = self._load_seed()

    def _numbered(self) -> Iterator[Path]:
        return (path for path in self._directory.glob(f"*{SUFFIX}") if path.stem.isdecimal() and path.stem.isascii())

    def _load_seed(self) -> int:
        """The key of this directory's fingerprints: random, so that no sender can aim for a collision."""
        path = self._directory / "seed"
        if not path.exists() or path.stat().st_size != _SEED_BYTES:
            self._disk.write_file(path, secrets.token_bytes(_SEED_BYTES))
        return int.from_bytes(path.read_bytes(), "little")

    def restore(self, envelopes: Iterable[Envelope], *, now_unix_nano: int) -> None:
        """Fill the window from the files and from the records still in the log."""
        now = self._monotonic_ns()
        found: list[tuple[int, bytes]] = []

        def note(digest: bytes, received_unix_nano: int) -> int:
            age = max(0, now_unix_nano - received_unix_nano)
            if age < self._window_ns:
                found.append((age, digest))
            return age

        for envelope in envelopes:
            note(envelope.fingerprint, envelope.received_unix_nano)
        for path in sorted(self._numbered()):
            try:
                data = path.read_bytes()
            except OSError as error:
                logger.warning("%s cannot be read: what it lists may be stored twice if sent again: %s", path, error)
                continue
            whole = len(data) - len(data) % _ENTRY.size  # a torn last entry was never relied on
            youngest = min((note(*entry) for entry in _ENTRY.iter_unpack(data[:whole])), default=self._window_ns)
            self._files[path] = now - youngest
        for age, digest in sorted(found, reverse=True)[-ENTRIES_MAX:]:
            self._remember(digest, now - age)
        self._delete_old(now)

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._seen

    def __len__(self) -> int:
        return len(self._seen)

    def remember(self, digest: bytes) -> None:
        """A request became durable."""
        self._remember(digest, self._monotonic_ns())
        self.expire()

    def _remember(self, digest: bytes, when_ns: int) -> None:
        self._seen[digest] = when_ns
        self._seen.move_to_end(digest)

    def expire(self) -> None:
        """Forget what is older than the window, and the oldest beyond ENTRIES_MAX."""
        now = self._monotonic_ns()
        while self._seen:
            digest, when = next(iter(self._seen.items()))
            if now - when < self._window_ns and len(self._seen) <= ENTRIES_MAX:
                return
            del self._seen[digest]

    def persist(self, envelopes: Iterable[Envelope], *, now_unix_nano: int) -> None:
        """Write the fingerprints of records whose segment is about to be deleted, durably.

        Raises:
            OSError: they are not durable; call again.

        """
        data = b"".join(
            _ENTRY.pack(envelope.fingerprint, envelope.received_unix_nano)
            for envelope in envelopes
            if envelope.fingerprint in self._seen or now_unix_nano - envelope.received_unix_nano < self._window_ns
        )
        if data:
            with self._writing:
                self._append(data)

    def _append(self, data: bytes) -> None:
        now = self._monotonic_ns()
        if self._open is None or now - self._open_since_ns >= self._window_ns:
            self._begin_file(now)
            self._delete_old(now)
        assert self._open is not None
        path, descriptor = self._open
        try:
            if self._disk.write(descriptor, [data]) < len(data):
                raise OSError(errno.ENOSPC, f"{path.name} took only a part")
            self._disk.sync(descriptor)
        except OSError:
            self._end_file()  # its end is in doubt: never append to it again
            raise
        self._files[path] = now

    def _begin_file(self, now: int) -> None:
        self._end_file()
        path = self._directory / f"{self._sequence:012d}{SUFFIX}"
        self._open = path, self._disk.create(path)
        self._open_since_ns = self._files[path] = now
        self._sequence += 1

    def _end_file(self) -> None:
        if self._open is not None:
            (_, descriptor), self._open = self._open, None
            self._disk.close(descriptor)

    def close(self) -> None:
        """Close the file; the window stays on disk."""
        with self._writing:
            self._end_file()

    def _delete_old(self, now: int) -> None:
        """Delete files whose last entry is older than the window."""
        for path, last in list(self._files.items()):
            if now - last >= self._window_ns and (self._open is None or self._open[0] != path):
                self._disk.remove(path)
                del self._files[path]
