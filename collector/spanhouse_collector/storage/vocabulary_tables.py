"""The tables that the trace model's SQL looks keys and values up in, when stored spans are mapped again.

Owns creating, filling and dropping them. They are Join tables: in memory, looked up inside the statement. Embedded they
are in memory only, because chDB does not open a directory in which such a table's file is damaged.
"""

from __future__ import annotations

from collections.abc import Mapping

from spanhouse_collector.model.span_sql.tables import (
    KEYS_PREFIX,
    VALUES_PREFIX,
    keys,
    keys_table,
    texts,
    values_table,
)
from spanhouse_collector.storage.engine import Connection, quoted


def create_vocabulary(connection: Connection, *, is_embedded: bool) -> None:
    """Create this version's tables and fill them; does nothing where they are right."""
    orders = {key: str(order) for key, order in keys().items()}
    values = {key: quoted(value) for key, value in texts().items()}
    _fill(connection, is_embedded, keys_table(), "order", "UInt32", orders)
    _fill(connection, is_embedded, values_table(), "value", "String", values)


def drop_old_vocabularies(connection: Connection) -> None:
    """Drop other versions' tables; whose re-mapping ended."""
    rows = connection.query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND (startsWith(name, {keys:String}) "
        "OR startsWith(name, {values:String}))",
        {"keys": KEYS_PREFIX, "values": VALUES_PREFIX},
    ).rows
    for name in sorted({str(name) for (name,) in rows} - {keys_table(), values_table()}):
        connection.execute(f"DROP TABLE {name} SYNC")


def _fill(
    connection: Connection, is_embedded: bool, table: str, column: str, column_type: str, content: Mapping[str, str]
) -> None:
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {table} (key String, `{column}` {column_type}) ENGINE = Join(ANY, LEFT, key) "
        f"SETTINGS persistent = {0 if is_embedded else 1}"
    )
    if int(connection.query(f"SELECT count() FROM {table}").rows[0][0]) == len(content):
        return
    connection.execute(f"TRUNCATE TABLE {table}")
    rows = ", ".join(f"({quoted(key)}, {value})" for key, value in content.items())
    connection.execute(f"INSERT INTO {table} (key, `{column}`) SETTINGS async_insert = 0 VALUES {rows}")
