"""Bringing the database to the schema of this version.

Owns the order (tables by `migrations`, then views), the ingest tables derived from the reader schema, and the views
(`sql/views/*.sql`, `ingest_views`), which are replaced whenever their text changes. All of it is idempotent: a start
that was killed half-way is finished by the next.

One collector at a time does this: embedded, the data directory's lock sees to it; on a server, a lock table, because
CREATE TABLE is atomic there.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from spanhouse_collector.errors import StorageError, StorageUnavailable
from spanhouse_collector.otlp.signals import LOGS, METRICS
from spanhouse_collector.storage.engine import Connection, Engine, check_version, quoted
from spanhouse_collector.storage.ingest_views import IngestView, ingest_views
from spanhouse_collector.storage.migrations import apply_migrations, checksum
from spanhouse_collector.storage.reader_schema import ingest_columns, ingest_table
from spanhouse_collector.storage.view_creation import create_view

logger = logging.getLogger(__name__)

INGESTED: Final = (LOGS, METRICS)  # what the engine reads and maps by itself; spans come as rows
LOCK_TABLE: Final = "spanhouse_schema_lock"
LOCK_STALE_S: Final = 120  # a holder that died; a migration of empty or small tables takes seconds
LOCK_WAIT_S: Final = 150
TABLE_ALREADY_EXISTS: Final = 57
_LOCK: Final = "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {name:String}"


def plain_views() -> dict[str, str]:
    """View name → its SELECT, a view after those that it reads."""
    found = {
        file.name.removesuffix(".sql"): file.read_text("utf-8").strip()
        for file in sorted((files(__package__) / "sql" / "views").iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    }

    def height(name: str) -> int:
        read = set(re.findall(r"\b(?:FROM|JOIN) (\w+)", found[name])) & set(found)
        return 1 + max(map(height, read), default=0)

    return {name: found[name] for name in sorted(found, key=height)}


def migrate(engine: Engine) -> None:
    """Create or update everything the collector needs in the database.

    Raises:
        StorageRefused: the database is too old, or another version of Spanhouse made it (`migrations`).
        StorageError: as the database has it.

    """
    engine.create_database()
    connection = engine.connect()
    try:
        check_version(connection)
        with _exclusively(engine, connection):
            _create_bookkeeping(connection)
            _attach_detached(connection)
            apply_migrations(connection)
            logger.info("bringing views and vocabulary to this version")
            found = _Found.read(connection)
            _update_ingest_tables(connection, found)
            for view in ingest_views():
                _update_ingest_view(connection, found, view)
            for name, select in plain_views().items():
                _update_plain_view(connection, found, name, select)
    finally:
        connection.close()


def _create_bookkeeping(connection: Connection) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version UInt32, name String, checksum String, "
        "applied_at DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY version"
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_views (name String, checksum String, "
        "applied_at DateTime64(3) DEFAULT now64(3)) ENGINE = MergeTree ORDER BY name"
    )


@dataclass(frozen=True)
class _Found:
    """What the database has: its tables and views, and the checksums of the texts they were last brought to."""

    tables: frozenset[str]
    checksums: Mapping[str, str]

    @classmethod
    def read(cls, connection: Connection) -> _Found:
        tables = connection.query("SELECT name FROM system.tables WHERE database = currentDatabase()").rows
        checksums = connection.query("SELECT name, argMax(checksum, applied_at) FROM schema_views GROUP BY name").rows
        return cls(frozenset(str(name) for (name,) in tables), {str(name): str(text) for name, text in checksums})

    def is_current(self, name: str, text: str) -> bool:
        """Whether the table or view is there with this text. One that somebody dropped is not."""
        return name in self.tables and self.checksums.get(name) == checksum(text)


def _update_ingest_tables(connection: Connection, found: _Found) -> None:
    """Null tables hold nothing, so their columns simply become those of the reader schema."""
    for signal in INGESTED:
        columns = ingest_columns(signal)
        listing = ", ".join(f"{name} {column_type}" for name, column_type in columns.items())
        table = ingest_table(signal)
        if found.is_current(table, listing):
            continue
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({listing}) ENGINE = Null")
        if table in found.tables:
            for name, column_type in columns.items():
                connection.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {column_type}")
                connection.execute(f"ALTER TABLE {table} MODIFY COLUMN {name} {column_type}")
        _record_checksum(connection, table, listing)


def _update_ingest_view(connection: Connection, found: _Found, view: IngestView) -> None:
    """Create the view, or change its query in place: its identity is part of what deduplication remembers."""
    if found.is_current(view.name, view.select):
        return
    if view.name in found.tables:
        connection.execute(f"ALTER TABLE {view.name} MODIFY QUERY {view.select}")
        _load_again(connection, view)
    else:
        create_view(connection, view)
    _record_checksum(connection, view.name, view.select)


def _load_again(connection: Connection, view: IngestView) -> None:
    """Give a view whose query was modified its identity back: until it is loaded anew it has another one, and tokens
    used before are unknown to it (ClickHouse 26.7 and 26.9; the tests tell when that changes).

    An insert that found the view missing would lose its rows, so there is nothing to insert into meanwhile: another
    collector is told UNKNOWN_TABLE and tries again.
    """
    source = ingest_table(view.signal)
    connection.execute(f"DETACH TABLE {source} SYNC")  # waits for inserts under way
    connection.execute(f"DETACH TABLE {view.name} SYNC")
    connection.execute(f"ATTACH TABLE {view.name}")
    connection.execute(f"ATTACH TABLE {source}")


def _attach_detached(connection: Connection) -> None:
    """Finish `_load_again` for a collector that was killed in the middle of it; views first."""
    names = [*(view.name for view in ingest_views()), *(ingest_table(signal) for signal in INGESTED)]
    rows = connection.query("SELECT table FROM system.detached_tables WHERE database = currentDatabase()").rows
    detached = {str(name) for (name,) in rows}
    for name in names:
        if name in detached:
            connection.execute(f"ATTACH TABLE IF NOT EXISTS {name}")


def _update_plain_view(connection: Connection, found: _Found, name: str, select: str) -> None:
    if not found.is_current(name, select):
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS {select}")
        _record_checksum(connection, name, select)


def _record_checksum(connection: Connection, name: str, text: str) -> None:
    connection.execute(f"INSERT INTO schema_views (name, checksum) VALUES ({quoted(name)}, {quoted(checksum(text))})")


@contextmanager
def _exclusively(engine: Engine, connection: Connection) -> Iterator[None]:
    """Be the only collector that changes this database's schema."""
    if engine.is_embedded:
        yield
        return
    owner = f"{socket.gethostname()}:{os.getpid()} {secrets.token_hex(8)}"
    _take_lock(connection, owner)
    try:
        yield
    finally:
        # Not a lock that somebody took after breaking ours.
        if connection.query(f"{_LOCK} AND comment = {{owner:String}}", {"name": LOCK_TABLE, "owner": owner}).rows:
            connection.execute(f"DROP TABLE IF EXISTS {LOCK_TABLE} SYNC")


def _take_lock(connection: Connection, owner: str) -> None:
    attempts = Retrying(
        retry=retry_if_result(lambda taken: not taken),
        wait=wait_fixed(0.5),
        stop=stop_after_delay(LOCK_WAIT_S),
        retry_error_callback=lambda state: False,
    )
    if not attempts(_try_lock, connection, owner):
        raise StorageUnavailable(
            f"another collector has been changing the schema for {LOCK_WAIT_S} s",
            hint=f"if none is running, drop the table {LOCK_TABLE}",
        )


def _try_lock(connection: Connection, owner: str) -> bool:
    try:
        connection.execute(f"CREATE TABLE {LOCK_TABLE} (holder String) ENGINE = Null COMMENT {quoted(owner)}")
    except StorageError as error:
        if error.code != TABLE_ALREADY_EXISTS:
            raise
    else:
        return True
    rows = connection.query(
        f"{_LOCK} AND metadata_modification_time < now() - {{stale:UInt32}}",
        {"name": LOCK_TABLE, "stale": LOCK_STALE_S},
    ).rows
    if rows:
        logger.warning("breaking the schema lock of %s, which is older than %d s", rows[0][0], LOCK_STALE_S)
        connection.execute(f"DROP TABLE IF EXISTS {LOCK_TABLE} SYNC")
    return False
