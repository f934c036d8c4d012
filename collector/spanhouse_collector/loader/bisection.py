"""Finding the record that the database refuses.
 Owns halving a refused segment until the refused records stand alone, storing those that are refused only for what
OTLP does not define without that, putting the rest into quarantine, and storing all the others. A token names the
segment and the range of records. Every refusal is written down, durably, before a part of the refused range is
inserted: after a crash, an outage, or a change of the database's mind, the same ranges are split again, so that no
record is stored under two tokens.

Exact as long as a refused insert stores nothing. That holds for what cannot be parsed, because a file is one block;
a view that fails after another one has stored its rows is an error of the schema, and would store those twice.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import orjson

from spanhouse_collector.errors import RecordRefused
from spanhouse_collector.loader.attempt import Inserter, PatientInserter
from spanhouse_collector.otlp.repair import canonical
from spanhouse_collector.otlp.signals import Signal
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.quarantine import Quarantine, Quarantined
from spanhouse_collector.wal.record import frame, scan
from spanhouse_collector.wal.segment import REFUSALS_SUFFIX, Entry, Segment

logger = logging.getLogger(__name__)

PART_SUFFIX: Final = ".part"

Range = tuple[int, int]  # of records: first, and one behind the last


class Refusals:
    """Which ranges of a segment were refused, and why; in a file beside the segment, as long as that lives."""

    def __init__(self, path: Path, disk: Disk) -> None:
        self._path = path
        self._disk = disk
        self._known: dict[Range, RecordRefused] = {}
        if path.exists():
            for first, end, code, message in orjson.loads(path.read_bytes()):
                self._known[first, end] = RecordRefused(message, code=code)

    def get(self, part: Range) -> RecordRefused | None:
        """Why a range was refused; None when it was not, or never tried."""
        return self._known.get(part)

    def note(self, part: Range, why: RecordRefused) -> None:
        """Remember a refusal, durably."""
        self._known[part] = why
        rows = [(*part, why.code, why.message) for part, why in self._known.items()]
        self._disk.write_file(self._path, orjson.dumps(rows))


class Bisection:
    """Isolates refused records of one signal. `directory` takes the temporary files; they are removed again."""

    def __init__(
        self,
        directory: Path,
        signal: Signal,
        inserter: Inserter,
        quarantine: Quarantine,
        telemetry: Telemetry,
        disk: Disk | None = None,
    ) -> None:
        self._directory = directory
        self._signal = signal
        self._inserter = PatientInserter(inserter)
        self._quarantine = quarantine
        self._telemetry = telemetry
        self._disk = disk or Disk()
        self._stored: set[str] = set()  # tokens of the segment at hand; saves repeating them after each failure

    def has_begun(self, segment: Segment) -> bool:
        """Whether parts of the segment may be stored: then it must not be inserted as a whole."""
        return self._refusals_path(segment).exists()

    def forget(self, segment: Segment) -> None:
        """The segment is gone."""
        self._stored.clear()
        self._disk.remove(self._refusals_path(segment))

    def load(self, segment: Segment, refusal: RecordRefused | None) -> list[Entry]:
        """Store every record of the segment but the refused ones; returns those.

        `refusal` is why the whole was refused; None to go on with what was begun.

        Raises:
            StorageError: the database failed for another reason; call again, stored parts are not stored twice.
            OSError: the disk did; the same.

        """
        data = segment.path.read_bytes()
        entries = list(segment.entries)
        refusals = Refusals(self._refusals_path(segment), self._disk)
        if refusal is not None:
            refusals.note((0, len(entries)), refusal)
        refused: list[Entry] = []
        todo = [(0, len(entries))]
        while todo:
            part = first, end = todo.pop()
            token = f"{segment.id}:{first}-{end - 1}"
            if token in self._stored:
                continue
            why = refusals.get(part)
            if why is None:
                why = self._insert(segment, data[entries[first].start : entries[end - 1].end], token)
                if why is None:
                    self._stored.add(token)
                    continue
                refusals.note(part, why)
            if end - first == 1:
                if self._store_canonical(segment, data[entries[first].start : entries[first].end], token):
                    continue
                refused.append(entries[first])
                self._set_aside(f"{segment.id}-{first}", data, entries[first], why)
            else:
                middle = (first + end) // 2
                todo += [(middle, end), (first, middle)]
        return refused

    def _store_canonical(self, segment: Segment, record: bytes, token: str) -> bool:
        """Store a refused record without what OTLP does not define; False when that changes or helps nothing.

        Field numbers and wire types that protobuf tells readers to overlook are corruption to the engine.
        """
        found = next(iter(scan(memoryview(record))), None)
        if found is None:
            return False
        request = canonical(self._signal, record[found.request_start : found.request_end])
        if request is None:
            return False
        token = f"{token}:canonical"
        if token not in self._stored:
            head, tail = frame(found.envelope, request)
            if self._insert(segment, head + request + tail, token) is not None:
                return False
            self._stored.add(token)
        return True

    def _insert(self, segment: Segment, data: bytes, token: str) -> RecordRefused | None:
        path = self._directory / f"{segment.id}{PART_SUFFIX}"
        try:
            path.write_bytes(data)
            self._inserter.insert(path, token)
        except RecordRefused as refusal:
            return refusal
        finally:
            path.unlink(missing_ok=True)
        return None

    def _set_aside(self, record_id: str, data: bytes, entry: Entry, why: RecordRefused) -> None:
        record = data[entry.start : entry.end]
        is_new = self._quarantine.put(
            Quarantined(
                id=record_id,
                signal=self._signal.name,
                project=entry.envelope.project,
                received_unix_nano=entry.envelope.received_unix_nano,
                item_count=entry.envelope.item_count,
                size_bytes=len(record),
                error_code=why.code,
                error=why.message,
            ),
            record,
        )
        if is_new:
            self._telemetry.quarantined_records.labels(self._signal.name).inc()
            logger.error("a record cannot be stored and is in quarantine as %s: %s", record_id, why)

    def _refusals_path(self, segment: Segment) -> Path:
        return self._directory / f"{segment.id}{REFUSALS_SUFFIX}"
