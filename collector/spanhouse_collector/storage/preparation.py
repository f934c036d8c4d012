"""The database brought to this version before anything is stored into it or read from it.

Owns doing that at start, and going on with it in the background while a server is away: requests go into the log
meanwhile. Leaves the schema to `schema`, prices to `prices_tables`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from spanhouse_collector.errors import StorageError, StorageUnavailable, code_of
from spanhouse_collector.model.prices import catalogue
from spanhouse_collector.storage.engine import Engine
from spanhouse_collector.storage.prices_tables import load_catalogue
from spanhouse_collector.storage.schema import migrate
from spanhouse_collector.telemetry import Repeated

logger = logging.getLogger(__name__)

RETRY_S: Final = 0.5


class Preparation:
    """One preparation: `attempt`, and while that says no, `go_on` until `stop`."""

    def __init__(self, engine: Engine, *, is_first_start: bool) -> None:
        self._engine = engine
        self._is_first_start = is_first_start
        self._repeated = Repeated(logger)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def attempt(self) -> bool:
        """Prepare the database; whether it is. A server that is away is no fault of this start.

        Raises:
            StorageError: the embedded engine cannot; a server refuses.

        """
        try:
            self._prepare()
        except StorageUnavailable as error:
            if self._engine.is_embedded:
                raise
            logger.warning("%s: starting all the same, requests go into the log until it does", error.message)
            return False
        return True

    def go_on(self, when_ready: Callable[[], None]) -> None:
        """Try in a thread until it is done, then call `when_ready` there."""
        self._thread = threading.Thread(target=self._run, args=(when_ready,), name="preparation", daemon=True)
        self._thread.start()

    def stop(self, grace_s: float) -> None:
        """End the tries; one under way on a server that hangs is left behind."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(grace_s)

    def _run(self, when_ready: Callable[[], None]) -> None:
        while not self._stop.wait(RETRY_S):
            try:
                self._prepare()
            except StorageError as error:
                # Refused or away: the log keeps everything until an operator has mended it.
                self._repeated.warning(code_of(error), "the database cannot be used yet, trying again: %s", error)
            else:
                if not self._stop.is_set():
                    logger.info("the database is ready; loading what is in the log")
                    when_ready()
                return

    def _prepare(self) -> None:
        """Its schema, and the price tables of the installed catalogue."""
        started = time.monotonic()
        if self._is_first_start:
            logger.info("making the database; a first start takes some seconds")
        with ThreadPoolExecutor(1, "catalogue") as beside:
            if self._is_first_start:
                beside.submit(catalogue)  # a second of Python while the engine makes the tables; kept for what follows
            migrate(self._engine)
        logger.info("loading the prices of models")
        connection = self._engine.connect()
        try:
            load_catalogue(connection)
        finally:
            connection.close()
        logger.info("the database is prepared, after %.1f s", time.monotonic() - started)
