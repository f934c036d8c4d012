"""One insert, and when its failure is blamed on the data.

Owns patience: an error that says nothing about its cause is raised to be tried again, until the same insert has failed
with it PATIENCE_ATTEMPTS times in a row. An outage in between starts the count anew: a database that just came back
fails in many ways, and none of them is the fault of a record.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Protocol

from spanhouse_collector.errors import RecordRefused, StorageError
from spanhouse_collector.storage.error_codes import may_be_the_data

PATIENCE_ATTEMPTS: Final = 6  # with the loader's pauses, about ten seconds


class Inserter(Protocol):
    """What loads a file of records into the database: `storage.writer.SegmentInserter`, or a test's."""

    def insert(self, path: Path, token: str) -> None:
        """Load a file; with a token that was used before, do nothing and succeed. Raises StorageError."""

    def close(self) -> None:
        """Give the connection up."""


class PatientInserter:
    """An inserter that raises RecordRefused only when it is time to suspect the data; for one thread."""

    def __init__(self, inserter: Inserter) -> None:
        self._inserter = inserter
        self._suspicions: dict[str, tuple[int, int]] = {}  # token → error code, and how often in a row

    def insert(self, path: Path, token: str) -> None:
        """Load a file.

        Raises:
            RecordRefused: its data is, or must be taken to be, the reason.
            StorageError: call again.

        """
        try:
            self._inserter.insert(path, token)
        except RecordRefused:
            raise
        except StorageError as error:
            if not may_be_the_data(error):
                self._suspicions.clear()
                raise
            code, times = self._suspicions.pop(token, (error.code, 0))
            times = times + 1 if code == error.code else 1
            if times < PATIENCE_ATTEMPTS:
                self._suspicions[token] = (error.code, times)
                raise
            raise RecordRefused(error.message, code=error.code) from error
        self._suspicions.pop(token, None)

    def close(self) -> None:
        """Give the connection up."""
        self._inserter.close()
