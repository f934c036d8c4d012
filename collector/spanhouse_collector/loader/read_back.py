"""Proof that a segment is in the database, and storing again what is not.

Owns what is asked after a sign of a full disk, before a segment is released: each request's rows are counted, and the
parts that hold them checked. What is missing is stored anew under a token of its own, for the engine remembers that of
an insert whose part it lost. What is left of such a request goes first, so that nothing is stored twice.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final, Protocol

from spanhouse_collector.errors import StorageUnavailable
from spanhouse_collector.loader.attempt import Inserter
from spanhouse_collector.otlp.signals import Signal
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.room import DiskRoom
from spanhouse_collector.wal.segment import Entry, Segment

logger = logging.getLogger(__name__)

RESTORE_SUFFIX: Final = ".part"  # of a temporary file, as bisection's: a start removes them
PROVEN: Final = "proven"
RESTORED: Final = "restored"
SHORT: Final = "short"
_ATTEMPTS: Final = 3


class Rows(Protocol):
    """What stands in a signal's table: `storage.stored_rows.StoredRows`, or a test's. Methods raise StorageError."""

    def counts(self, received: Collection[int]) -> dict[int, int]:
        """Moment of receipt → how many rows there are of it."""

    def check_parts(self, received: Collection[int]) -> None:
        """Raise StorageUnavailable when the parts that hold them are broken."""

    def were_deleted(self, since_unix_nano: int) -> bool:
        """Whether traces were deleted since then."""

    def remove(self, received: Collection[int]) -> None:
        """Take away what is left of requests received at these moments."""

    def close(self) -> None:
        """Give the connection up."""


class ReadBack:
    """Proves segments of one signal; for its loader's thread. `directory` takes a temporary file."""

    def __init__(
        self, directory: Path, signal: Signal, inserter: Inserter, rows: Rows, room: DiskRoom, telemetry: Telemetry
    ) -> None:
        self._directory = directory
        self._signal = signal
        self._inserter = inserter
        self._rows = rows
        self._room = room
        self._telemetry = telemetry

    def prove(self, segment: Segment, set_aside: Collection[Entry]) -> None:
        """Return once all items of the segment, but those of entries set aside, are stored and sound on disk.

        Raises:
            StorageError: that cannot be said yet; the segment must not go. Call again.
            OSError: the same.

        """
        entries = [entry for entry in segment.entries if entry not in set_aside]
        outcome = PROVEN
        for _ in range(_ATTEMPTS):
            signs = self._room.signs
            stored = self._rows.counts({entry.envelope.received_unix_nano for entry in entries})
            missing = _missing(entries, stored)
            if not missing:
                self._check(entries)
                self._telemetry.read_backs.labels(self._signal.name, outcome).inc()
                return
            lost = [entry for entry in entries if entry.envelope.received_unix_nano in missing]
            self._restore(segment, lost, {moment for moment in missing if stored.get(moment)})
            outcome = RESTORED
            again = self._rows.counts(missing)
            if all(again.get(moment, 0) == stored.get(moment, 0) for moment in missing) and signs == self._room.signs:
                # An insert of nothing but these, on a disk with room, made no more: it is what is made of them.
                self._check(entries)
                logger.warning("%d items of %s make no rows", sum(missing.values()), segment.id)
                self._telemetry.read_backs.labels(self._signal.name, SHORT).inc()
                return
        raise StorageUnavailable(f"{segment.id} cannot be read back: {sum(missing.values())} items are missing")

    def _check(self, entries: Iterable[Entry]) -> None:
        try:
            self._rows.check_parts({entry.envelope.received_unix_nano for entry in entries})
        except StorageUnavailable:
            self._room.saw_full_disk()  # the guard of the disk looks at the tables now
            raise

    def _restore(self, segment: Segment, entries: Collection[Entry], left: Collection[int]) -> None:
        """Store these requests again, in the place of what is left of them: of those received at `left`."""
        items = sum(entry.envelope.item_count for entry in entries)
        deleted = self._rows.were_deleted(segment.oldest_unix_nano)
        logger.log(
            logging.WARNING if deleted else logging.ERROR,
            "the database lost rows of %d items of %s%s: they are stored again from the log",
            items,
            segment.id,
            ", or of traces deleted since" if deleted else "",
        )
        data = segment.path.read_bytes()
        path = self._directory / f"{segment.id}{RESTORE_SUFFIX}"
        if left:
            self._rows.remove(left)
        try:
            path.write_bytes(b"".join(data[entry.start : entry.end] for entry in entries))
            self._inserter.insert(path, f"{segment.id}:restored-{secrets.token_hex(4)}")
        finally:
            path.unlink(missing_ok=True)
        self._telemetry.restored_items.labels(self._signal.name).inc(items)

    def close(self) -> None:
        """Give the connection up."""
        self._rows.close()


def _missing(entries: Iterable[Entry], stored: dict[int, int]) -> Counter[int]:
    """Moment of receipt → items that have no row."""
    sent = Counter[int]()
    for entry in entries:
        sent[entry.envelope.received_unix_nano] += entry.envelope.item_count
    return sent - Counter(stored)
