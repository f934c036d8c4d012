"""A test server that is started again when it ended by itself, as systemd would do with a packaged one.

Owns the watch: one thread, which says aloud what it did. For tests that interrupt their server's clients: the engine of
the tests aborts at some of what a packaged server only logs (see `clickhouse_server`), and no test is to hang on that.
A server that the test itself stopped or killed stays down.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.servers.clickhouse_server import START_TIMEOUT_S, ClickHouseServer, ServerFailedError

WATCH_S: Final = 0.1
QUERY_RETRY_S: Final = START_TIMEOUT_S + 10


class SupervisedServer(ClickHouseServer):
    """A ClickHouseServer whose queries wait for a start that is due; send only such as may be sent twice."""

    def __init__(self, data_dir: Path, *, extra_config: str = "", extra_users: str = "") -> None:
        super().__init__(data_dir, extra_config=extra_config, extra_users=extra_users)
        self.restarts = 0
        self._changing = threading.RLock()  # whoever starts or ends the process
        self._watcher: threading.Thread | None = None
        self._unwatched = threading.Event()
        self._wanted = False  # between a `start` and the test's own `stop` or `kill`

    def start(self) -> None:
        """Start the process and wait until it answers; from now on it is watched."""
        with self._changing:
            super().start()
            self._wanted = True
            if self._watcher is None:
                self._unwatched.clear()
                self._watcher = threading.Thread(target=self._watch, name="clickhouse-supervisor", daemon=True)
                self._watcher.start()

    def stop(self) -> None:
        """End the process, and the watch."""
        self._wanted = False
        self._unwatched.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        super().stop()

    def kill(self) -> None:
        """End the process with SIGKILL; it stays down until `start`."""
        with self._changing:
            self._wanted = False
            super().kill()

    def query(
        self,
        sql: str,
        *,
        body: bytes = b"",
        user: str | None = None,
        password: str | None = None,
        settings: Mapping[str, str | int] | None = None,
        timeout_s: float = 60.0,
    ) -> str:
        """As `ClickHouseServer.query`; asked again when the server ended in between."""
        deadline = time.monotonic() + QUERY_RETRY_S
        while True:
            try:
                return super().query(
                    sql, body=body, user=user, password=password, settings=settings, timeout_s=timeout_s
                )
            except OSError:
                if not self._wanted or time.monotonic() > deadline:
                    raise
            time.sleep(WATCH_S)

    def _watch(self) -> None:
        while not self._unwatched.wait(WATCH_S):
            with self._changing:
                if self.running or not self._wanted:
                    continue
                self.restarts += 1
                print(f"the ClickHouse server ended by itself: {self.last_words}", file=sys.__stderr__, flush=True)
                try:
                    super().start()
                except ServerFailedError as error:
                    print(f"… and does not start again yet: {error}", file=sys.__stderr__, flush=True)
