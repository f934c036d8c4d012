"""What a start does with the database before anything else: its schema and its prices brought to this version.

Owns the order of the two, and waiting for a server that is still coming up. Leaves the schema to `schema`, prices to
`prices_tables`.
"""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from spanhouse_collector.errors import StorageUnavailable
from spanhouse_collector.model.prices import catalogue
from spanhouse_collector.storage.engine import Engine
from spanhouse_collector.storage.prices_tables import load_catalogue
from spanhouse_collector.storage.schema import migrate

logger = logging.getLogger(__name__)

DATABASE_WAIT_S: Final = 30.0  # a server that comes up beside us, in one compose file, takes a few seconds


def prepare_patiently(engine: Engine, *, is_first_start: bool) -> None:
    """Migrate and load the prices, waiting a while for a server that is still coming up.

    Raises:
        StorageError: it did not, or it refuses.

    """

    def waiting(state: Any) -> None:
        if state.attempt_number == 1:
            logger.warning("waiting for the database: %s", state.outcome.exception())

    Retrying(
        retry=retry_if_exception_type(StorageUnavailable),
        wait=wait_fixed(0.5),
        before_sleep=waiting,
        stop=stop_after_delay(0 if engine.is_embedded else DATABASE_WAIT_S),
        reraise=True,
    )(_prepare, engine, is_first_start)


def _prepare(engine: Engine, is_first_start: bool) -> None:
    """Bring the database to this version: its schema, and the price tables to the installed catalogue."""
    with ThreadPoolExecutor(1, "catalogue") as beside:
        if is_first_start:
            beside.submit(catalogue)  # a second of Python while the engine creates the tables; kept for what follows
        migrate(engine)
    connection = engine.connect()
    try:
        load_catalogue(connection)
    finally:
        connection.close()
