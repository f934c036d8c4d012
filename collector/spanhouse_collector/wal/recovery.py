"""What a start finds in the log.

Owns reading the segments that an earlier process left: a tail torn by the crash is cut off, a damaged middle is stepped
over and what is intact behind it saved, a file with nothing intact is moved to quarantine. A saved segment keeps its
name, and so its deduplication token: had it been inserted before, it is not inserted again.

What it returns is durable: after a kill the page cache holds records that were never synced, and a client that sends
one of those again is told OK because the log has it.

Every loss is counted and logged; none stops the start.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.disk import TEMPORARY_SUFFIX, Disk
from spanhouse_collector.wal.quarantine import Quarantine
from spanhouse_collector.wal.record import Record, find_next, is_cut_short, scan
from spanhouse_collector.wal.segment import REFUSALS_SUFFIX, SEGMENT_SUFFIX, Entry, Segment, read_entries, sequence_of

logger = logging.getLogger(__name__)

TORN_TAIL: Final = "torn_tail"
DAMAGED: Final = "damaged"
UNREADABLE: Final = "unreadable"
MISSING: Final = "missing"
ENTRIES_KEPT_MAX: Final = 200_000  # records remembered in memory; of segments beyond that, only their sums


@dataclass(frozen=True)
class Found:
    """The segments to load, oldest first, and the first sequence number that is free."""

    segments: list[Segment]
    next_sequence: int


def recover(directory: Path, signal_name: str, quarantine: Quarantine, telemetry: Telemetry, disk: Disk) -> Found:
    """Read a signal's segments and make each of them whole and durable."""
    for leftover in directory.glob(f"{signal_name}-*{TEMPORARY_SUFFIX}"):
        disk.remove(leftover)
    for notes in directory.glob(f"{signal_name}-*{REFUSALS_SUFFIX}"):
        if not notes.with_suffix(SEGMENT_SUFFIX).exists():
            disk.remove(notes)
    numbered = sorted(
        (sequence, path) for path in directory.iterdir() if (sequence := sequence_of(path, signal_name)) is not None
    )
    last = numbered[-1][0] if numbered else 0
    reader = _Reader(signal_name, quarantine, telemetry, disk)
    segments: list[Segment] = []
    kept = 0
    for sequence, path in numbered:
        segment = reader.read(path, was_active=sequence == last)
        if segment is None:
            continue
        kept += segment.record_count
        if kept > ENTRIES_KEPT_MAX:
            segment.forget_entries()
        segments.append(segment)
    return Found(segments, last + 1)


class _Reader:
    """Reads the segments of one signal."""

    def __init__(self, signal_name: str, quarantine: Quarantine, telemetry: Telemetry, disk: Disk) -> None:
        self._signal_name = signal_name
        self._quarantine = quarantine
        self._telemetry = telemetry
        self._disk = disk

    def read(self, path: Path, *, was_active: bool) -> Segment | None:
        """The segment, made whole; None when nothing of it can be loaded. `was_active`: it was last appended to."""
        try:
            entries = self._entries(path, was_active=was_active)
            if entries:
                self._disk.sync_file(path)
                return Segment(path, entries)
            self._disk.remove(path)
        except OSError as error:
            # A sector that cannot be read, no room for a copy: the file stays as it is for the next start.
            self._lost(UNREADABLE, path.lstat().st_size)
            logger.error("%s: left alone and not loaded, because of: %s", path.name, error)  # noqa: TRY400 - no bug of ours
        return None

    def _entries(self, path: Path, *, was_active: bool) -> list[Entry]:
        view = memoryview(path.read_bytes())
        records, lost_bytes, is_torn = _read_intact(view, was_active=was_active)
        if not lost_bytes:
            return [Entry(record.start, record.end, record.envelope) for record in records]
        if is_torn:
            end = records[-1].end if records else 0
            self._disk.truncate(path, end)
            self._lost(TORN_TAIL, lost_bytes)
            logger.warning(
                "%s: cut off %d bytes of a record that a crash interrupted; it was never acknowledged",
                path.name,
                lost_bytes,
            )
            return read_entries(bytes(view[:end]))
        intact = b"".join(view[record.start : record.end] for record in records)
        kept = self._quarantine.keep_damaged(path)
        if intact:
            self._disk.write_file(path, intact)
        self._lost(DAMAGED, lost_bytes)
        logger.error(
            "%s: %d bytes are damaged; %d intact records are loaded, the file is kept as %s",
            path.name,
            lost_bytes,
            len(records),
            kept,
        )
        return read_entries(intact)

    def _lost(self, reason: str, size_bytes: int) -> None:
        self._telemetry.wal_lost_bytes.labels(self._signal_name, reason).inc(size_bytes)


def _read_intact(view: memoryview, *, was_active: bool) -> tuple[list[Record], int, bool]:
    """The intact records, the bytes that are not in one, and whether those bytes are only a tail cut short."""
    records = list(scan(view))
    good_end = records[-1].end if records else 0
    if good_end == len(view):
        return records, 0, False
    if was_active and is_cut_short(view, good_end):
        return records, len(view) - good_end, True
    lost = 0
    while (record := find_next(view, good_end)) is not None:
        lost += record.start - good_end
        records.append(record)
        good_end = record.end
    return records, lost + len(view) - good_end, False
