"""Connections for reading, lent to one thread at a time.

Owns how many reads run at once: a read beyond the limit waits a while and is then refused, so that a crowd of readers
cannot starve the loaders. Leaves statements to whoever borrows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from spanhouse_collector.errors import TooManyQueries
from spanhouse_collector.storage.engine import Connection, Engine

READS_MAX: Final = 8
WAIT_S: Final = 10.0
CLOSE_WAIT_S: Final = 10.0


class Connections:
    """A pool of connections that opens them when they are first needed."""

    def __init__(self, engine: Engine, *, reads_max: int = READS_MAX, wait_s: float = WAIT_S) -> None:
        self._engine = engine
        self._reads_max = reads_max
        self._wait_s = wait_s
        self._permits = threading.BoundedSemaphore(reads_max)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._running = 0

    @property
    def running(self) -> int:
        """Reads under way."""
        return self._running

    @contextmanager
    def borrow(self) -> Iterator[Connection]:
        """A connection for this thread until the block ends.

        Raises:
            TooManyQueries: none became free in time.
            StorageError: the database cannot be reached.

        """
        if not self._permits.acquire(timeout=self._wait_s):
            raise TooManyQueries(
                f"{self._reads_max} reads are running and none ended within {self._wait_s:g} s", hint="try again later"
            )
        try:
            with self._lock:
                self._running += 1
            connection = self._take()
            try:
                yield connection
            finally:
                with self._lock:
                    self._idle.append(connection)
        finally:
            with self._lock:
                self._running -= 1
            self._permits.release()

    def _take(self) -> Connection:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return self._engine.connect()

    def close(self) -> bool:
        """Wait for reads under way and close everything; False when a read does not end."""
        taken = sum(self._permits.acquire(timeout=CLOSE_WAIT_S / self._reads_max) for _ in range(self._reads_max))
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        return taken == self._reads_max
