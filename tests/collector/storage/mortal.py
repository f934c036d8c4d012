"""A migration whose process may be killed after any statement, and databases described so that two can be compared.

Owns those, and a short chain of span views with the same parts as the real one: what is claimed of killed starts does
not depend on what the views say, and the real chain takes seconds to create.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spanhouse_collector.storage import schema
from spanhouse_collector.storage.engine import Connection, Engine, Rows
from spanhouse_collector.wal.room import DiskRoom

UNKNOWN_TABLE = 60
STARTS_MAX = 200


class Killed(BaseException):
    """The process is gone."""


@dataclass
class MortalConnection:
    """A connection whose process is killed after so many statements."""

    inner: Connection
    statements_left: int
    done: list[str] = field(default_factory=list)
    version: str = ""

    @property
    def room(self) -> DiskRoom:
        return self.inner.room

    def execute(self, statement: str, settings: Mapping[str, Any] | None = None) -> None:
        if self.statements_left <= 0:
            raise Killed(statement)
        self.statements_left -= 1
        self.inner.execute(statement, settings)
        self.done.append(statement)

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Rows:
        if self.statements_left <= 0:
            raise Killed(statement)
        if self.version and statement == "SELECT version()":
            return Rows(("version()",), [(self.version,)])
        return self.inner.query(statement, parameters)

    def insert_file(self, table: str, columns: Sequence[str], path: Path, settings: Mapping[str, Any]) -> None:
        raise AssertionError("a migration inserts no file")

    def insert_native(
        self, table: str, columns: Sequence[str], chunks: Sequence[bytes], settings: Mapping[str, Any]
    ) -> None:
        raise AssertionError("a migration inserts no block")

    def close(self) -> None:
        self.inner.close()


@dataclass
class MortalEngine:
    """An engine whose connections are mortal."""

    inner: Engine
    statements_left: int = 10**9
    version: str = ""
    last: MortalConnection | None = None

    @property
    def database(self) -> str:
        return self.inner.database

    @property
    def is_embedded(self) -> bool:
        return self.inner.is_embedded

    @property
    def room(self) -> DiskRoom:
        return self.inner.room

    def create_database(self) -> None:
        self.inner.create_database()

    def connect(self) -> Connection:
        self.last = MortalConnection(self.inner.connect(), self.statements_left, version=self.version)
        return self.last

    def close(self) -> None:
        self.inner.close()


def start_killed_after(engine: Engine, statements: int) -> bool:
    """Start, and be killed after so many statements; tells whether there were as many."""
    try:
        schema.migrate(MortalEngine(engine, statements_left=statements))
    except Killed:
        if not engine.is_embedded:  # dead holders' locks: test_schema_lock
            execute(engine, f"DROP TABLE IF EXISTS {schema.LOCK_TABLE} SYNC")
        return True
    return False


def described(engine: Engine) -> list[tuple[str, ...]]:
    """Every table and view with its definition, without what differs between two databases.

    And without the columns of a materialised view, which no insert asks for: they are its target's when it was created,
    and those of its SELECT after MODIFY QUERY.
    """
    connection = engine.connect()
    try:
        rows = connection.query(
            "SELECT name, engine, replaceRegexpOne(replaceAll(create_table_query, currentDatabase(), 'DB'), "
            "'^(CREATE MATERIALIZED VIEW \\\\S+ TO \\\\S+) \\\\(.*?\\\\) AS SELECT', '\\\\1 AS SELECT') "
            "FROM system.tables WHERE database = currentDatabase() AND NOT startsWith(name, '.') ORDER BY name"
        ).rows
        return [tuple(map(str, row)) for row in rows]
    finally:
        connection.close()


def values(engine: Engine, statement: str) -> list[Any]:
    connection = engine.connect()
    try:
        return [row[0] for row in connection.query(statement).rows]
    finally:
        connection.close()


def execute(engine: Engine, *statements: str) -> None:
    connection = engine.connect()
    try:
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()
