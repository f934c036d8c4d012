"""The rows of an evaluation that are finished, in a file: what was paid for once is not asked again after a kill.

Owns: the format, one JSON object a line, the first of which names the evaluation and its data. A line that a kill cut
off is left out.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

import orjson

from spanhouse.assessments import Assessment, Feedback
from spanhouse.errors import InvalidArgument
from spanhouse.genai.results import RowResult
from spanhouse.genai.rows import Row

logger = logging.getLogger(__name__)


class Journal:
    """The journal of one evaluation; without a path it remembers nothing."""

    def __init__(self, path: Path | None, digest: str) -> None:
        self._path = path
        self._digest = digest
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()
        self.run_id = ""
        self.finished: dict[int, RowResult] = {}

    @classmethod
    def open(cls, path: str | Path | None, rows: Sequence[Row]) -> Self:
        """The journal at *path*, with what it holds of these rows.

        Raises:
            InvalidArgument: it is of other data, or no journal.

        """
        digest = hashlib.sha256("\n".join(row.request_id for row in rows).encode()).hexdigest()
        journal = cls(None if path is None else Path(path), digest)
        if journal._path is not None and journal._path.exists():
            journal._read(rows)
        return journal

    def _read(self, rows: Sequence[Row]) -> None:
        assert self._path is not None
        lines = self._path.read_bytes().split(b"\n")
        head = _object(lines[0]) or {}
        if "run_id" not in head:
            raise InvalidArgument(f"{self._path} is no journal of an evaluation")
        if head.get("data") != self._digest:
            raise InvalidArgument(f"{self._path} is the journal of other data: give another file")
        self.run_id = str(head["run_id"])
        for line in lines[1:]:
            made = _object(line)
            if made is not None and 0 <= int(made["row"]) < len(rows):
                self.finished[int(made["row"])] = _result(rows[int(made["row"])], made)
        logger.info("going on with %s: %d of %d rows are finished", self.run_id, len(self.finished), len(rows))

    def begin(self, run_id: str) -> None:
        """Open the file for what follows."""
        if self._path is None:
            return
        is_new = not self.run_id
        self.run_id = run_id
        if is_new:
            self._file = self._path.open("wb")
            self._write({"run_id": run_id, "data": self._digest})
            return
        whole = self._path.read_bytes().rpartition(b"\n")
        self._file = self._path.open("r+b")
        self._file.truncate(len(whole[0]) + len(whole[1]))  # a line that was cut off
        self._file.seek(0, 2)

    def add(self, number: int, result: RowResult) -> None:
        """One more row is finished. Rows whose application failed are asked again the next time."""
        if self._file is None or result.error is not None:
            return
        self._write(
            {
                "row": number,
                "trace_id": result.trace_id,
                "outputs": result.outputs,
                "duration_s": result.duration_s,
                "feedbacks": [feedback.to_dict() for feedback in result.feedbacks],
            }
        )

    def _write(self, made: Mapping[str, Any]) -> None:
        assert self._file is not None
        with self._lock:
            self._file.write(orjson.dumps(made, str) + b"\n")
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._file is not None:
            self._file.close()


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        made = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return made if isinstance(made, dict) else None


def _result(row: Row, made: Mapping[str, Any]) -> RowResult:
    feedbacks = [Assessment.from_dict(each) for each in made.get("feedbacks") or ()]
    return RowResult(
        row,
        trace_id=made.get("trace_id"),
        outputs=made.get("outputs"),
        duration_s=float(made.get("duration_s") or 0),
        feedbacks=[each for each in feedbacks if isinstance(each, Feedback)],
    )
