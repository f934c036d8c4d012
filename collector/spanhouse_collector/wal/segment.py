"""One file of the log.

Owns appending with a sync, and giving back what a failed append left behind. A segment is only ever appended to, by one
thread, until it is sealed; after that its bytes never change, which is what makes its name a deduplication token.

Leaves grouping, rotation and limits to `log`, reading at start to `recovery`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spanhouse_collector.errors import WalUnavailable
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.record import Envelope, scan

_NAME: Final = re.compile(r"(?P<signal>traces|logs|metrics)-(?P<sequence>[0-9]{12})-(?P<nonce>[0-9a-f]{8})\.binpb")
SEGMENT_SUFFIX: Final = ".binpb"
REFUSALS_SUFFIX: Final = ".refused"  # of the loader's notes on a segment; they live as long as it does


@dataclass(frozen=True)
class Entry:
    """A record's place in its segment."""

    start: int
    end: int
    envelope: Envelope


class Segment:
    """A file of records, `size_bytes` of them durable. `id` is unique for ever and never changes."""

    def __init__(self, path: Path, entries: Sequence[Entry] = ()) -> None:
        self.path = path
        self.size_bytes = 0
        self.record_count = 0
        self.item_count = 0  # spans, log records or data points
        self.oldest_unix_nano = 0  # when its first record was received; 0 while there is none
        self.newest_unix_nano = 0
        self.is_suspect = False  # whether an insert of it may have been believed too early: it is read back
        self._entries: list[Entry] | None = []
        self.add(entries)

    @property
    def id(self) -> str:
        """The deduplication token of the segment's insert."""
        return self.path.stem

    @property
    def entries(self) -> Sequence[Entry]:
        """Its records; read from the file again, and no longer kept, once they were forgotten."""
        return read_entries(self.path.read_bytes()) if self._entries is None else self._entries

    def add(self, entries: Sequence[Entry]) -> None:
        """Records became durable at its end."""
        if self._entries is not None:
            self._entries.extend(entries)
        for entry in entries:
            self.size_bytes = entry.end
            self.record_count += 1
            self.item_count += entry.envelope.item_count
            received = entry.envelope.received_unix_nano
            self.oldest_unix_nano = min(self.oldest_unix_nano or received, received)
            self.newest_unix_nano = max(self.newest_unix_nano, received)

    def forget_entries(self) -> None:
        """Keep only the sums in memory: a log that fills for hours holds millions of records."""
        self._entries = None


def read_entries(data: bytes) -> list[Entry]:
    """The records at the start of a file's bytes."""
    return [Entry(record.start, record.end, record.envelope) for record in scan(memoryview(data))]


def segment_path(directory: Path, signal_name: str, sequence: int) -> Path:
    """A new name: the sequence gives the order, the nonce keeps it unique should a sequence ever repeat."""
    return directory / f"{signal_name}-{sequence:012d}-{uuid.uuid4().hex[:8]}{SEGMENT_SUFFIX}"


def sequence_of(path: Path, signal_name: str) -> int | None:
    """The sequence number in a segment's name; None when the file is not a segment of this signal."""
    match = _NAME.fullmatch(path.name)
    return int(match["sequence"]) if match is not None and match["signal"] == signal_name else None


class SegmentWriter:
    """Appends to a new segment file."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self.segment = Segment(path)
        self._disk = disk
        self._descriptor = disk.create(path)

    def append(self, buffers: Sequence[bytes], entries: Sequence[Entry]) -> None:
        """Write the buffers and sync; when this returns, they are durable.

        Raises:
            WalUnavailable: they are not, and the file ends where it ended before. `SegmentBroken` when even that
                could not be made sure of: nothing may be appended to this file again.

        """
        size = sum(map(len, buffers))
        try:
            written = self._disk.write(self._descriptor, buffers)
        except OSError as error:
            self._give_back()
            raise WalUnavailable(
                f"the write-ahead log cannot be written: {error.strerror}",
                hint="free space on the data directory's disk",
            ) from error
        if written < size:
            self._give_back()
            raise WalUnavailable(
                f"the write-ahead log took {written} of {size} bytes", hint="the data directory's disk is full"
            )
        try:
            self._disk.sync(self._descriptor)
        except OSError as error:
            # After a failed sync the kernel may have dropped the pages: asking again would lie.
            self._give_back()
            raise SegmentBroken(f"the write-ahead log cannot be synced: {error.strerror}") from error
        self.segment.add(entries)

    def _give_back(self) -> None:
        try:
            self._disk.truncate(self._descriptor, self.segment.size_bytes)
        except OSError as error:
            raise SegmentBroken(f"the write-ahead log cannot be cut back: {error.strerror}") from error

    def close(self) -> None:
        """Close the file; its segment stays."""
        self._disk.close(self._descriptor)


class SegmentBroken(WalUnavailable):
    """The last append failed and left the file in doubt: seal it at its durable size and go on in a new one."""
