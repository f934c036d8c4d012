"""Records that the database refuses, and files that could not be read: set aside, never lost, never in the way.
 Owns the `quarantine` directory: `<id>.binpb` is one record as it stood in the log (loadable as it is), `<id>.json`
says why; `damaged/` keeps whole files that recovery could not read. Leaves who decides that a record is poison to the
loader, and sending it again to whoever calls `take`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson
import xxhash

from spanhouse_collector.wal.disk import TEMPORARY_SUFFIX, Disk
from spanhouse_collector.wal.record import Record, scan

logger = logging.getLogger(__name__)

_ID: Final = re.compile(r"[a-z]+-[0-9]{12}-[0-9a-f]{8}-[0-9]+")


@dataclass(frozen=True)
class Quarantined:
    """Why one record was set aside. `id` is its segment and its ordinal there."""

    id: str
    signal: str
    project: str
    received_unix_nano: int
    item_count: int
    size_bytes: int
    error_code: int
    error: str


class Quarantine:
    """The quarantine of one data directory."""

    def __init__(self, directory: Path, disk: Disk) -> None:
        self._directory = directory
        self._disk = disk
        for leftover in directory.glob(f"**/*{TEMPORARY_SUFFIX}"):
            disk.remove(leftover)

    def put(self, why: Quarantined, record: bytes) -> bool:
        """Keep a record and its reason, durably; again is the same as once. Whether it is new."""
        reason = self._directory / f"{why.id}.json"
        is_new = not reason.exists()
        self._disk.write_file(self._directory / f"{why.id}.binpb", record)
        self._disk.write_file(reason, orjson.dumps(asdict(why), option=orjson.OPT_INDENT_2))
        return is_new

    def list(self) -> list[Quarantined]:
        """All records, oldest first. A reason without its record is one that `remove` did not finish."""
        found = [self._why(path) for path in self._directory.glob("*.json") if path.with_suffix(".binpb").exists()]
        return sorted((why for why in found if why is not None), key=lambda why: (why.received_unix_nano, why.id))

    def _why(self, path: Path) -> Quarantined | None:
        """The reason in a file; what can still be said of the record when that file is damaged."""
        try:
            why = Quarantined(**orjson.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError) as error:
            logger.warning("%s cannot be read: %s", path.name, error)
        else:
            return why
        found = self.read(path.stem)
        if found is None:
            return None
        record, _ = found
        return Quarantined(
            id=path.stem,
            signal=path.stem.partition("-")[0],
            project=record.envelope.project,
            received_unix_nano=record.envelope.received_unix_nano,
            item_count=record.envelope.item_count,
            size_bytes=record.end,
            error_code=0,
            error="the file that said why is damaged",
        )

    def read(self, record_id: str) -> tuple[Record, bytes] | None:
        """The record and its request; None when there is no such record."""
        path = self._path(record_id)
        if path is None or not path.exists():
            return None
        data = path.read_bytes()
        record = next(iter(scan(memoryview(data))), None)
        return None if record is None else (record, data[record.request_start : record.request_end])

    def remove(self, record_id: str) -> None:
        """Forget a record, once it is durable elsewhere."""
        path = self._path(record_id)
        if path is not None:
            self._disk.remove(path)
            self._disk.remove(path.with_suffix(".json"))

    def keep_damaged(self, path: Path) -> Path:
        """Keep a copy of a file that could not be read whole; returns where. Its name tells contents apart."""
        directory = self._directory / "damaged"
        directory.mkdir(mode=0o700, exist_ok=True)
        content = path.read_bytes()
        copy = directory / f"{path.stem}-{xxhash.xxh3_64_hexdigest(content)}{path.suffix}"
        if not copy.exists():
            self._disk.write_file(copy, content)
        return copy

    def damaged(self) -> Iterator[Path]:
        """The kept files."""
        yield from sorted((self._directory / "damaged").glob("*.binpb"))

    def _path(self, record_id: str) -> Path | None:
        return self._directory / f"{record_id}.binpb" if _ID.fullmatch(record_id) else None
