"""The chain of views that maps spans, changed as a whole.

Owns creating it and replacing it when the mapping changed. Leaves what the views say to `span_selects`.

While it is replaced, inserts must fail and be tried again: rows that found no view would be lost. A guard sees to that,
a view whose target does not exist. It goes when the chain is whole, so a start that was killed half-way leaves it for
the next one. Views that come back under their names keep what deduplication remembers of them (`test_span_chain` tells
when that changes).
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.ingest_views import IngestView
from spanhouse_collector.storage.reader_schema import ingest_columns, ingest_table
from spanhouse_collector.storage.span_selects import mapping_table, span_views
from spanhouse_collector.storage.view_creation import create_view

GUARD: Final = "ingest_traces_guard"
_TABLES_MAX: Final = 40  # of an older mapping's chain


def chain_text() -> str:
    """What its checksum is of: the whole chain, and what it reads, because its tables pass spans on as they come."""
    read = ", ".join(f"{name} {column_type}" for name, column_type in ingest_columns(TRACES).items())
    return "\n;\n".join((read, *(f"{view.name} {view.target} {view.select}" for view in span_views())))


def replace_chain(connection: Connection, tables: frozenset[str]) -> None:
    """Make the chain that of this version; `tables` are those that the database has."""
    views = span_views()
    _guard(connection, views[0])
    old = {view.name for view in views} | {f"{views[-1].name}_{number}" for number in range(1, _TABLES_MAX)}
    old |= {mapping_table(number) for number in range(1, _TABLES_MAX)}
    for name in sorted(old & tables, reverse=True):
        connection.execute(f"DROP TABLE IF EXISTS {name} SYNC")
    for view in views:
        if view is not views[-1]:
            connection.execute(f"CREATE TABLE {view.target} ENGINE = Null EMPTY AS {view.select}")
    for view in reversed(views):
        create_view(connection, view)
    connection.execute(f"DROP TABLE IF EXISTS {GUARD} SYNC")


def _guard(connection: Connection, first: IngestView) -> None:
    """Make every insert into the source fail with UNKNOWN_TABLE."""
    source = ingest_table(first.signal)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {GUARD}_target (one UInt8) ENGINE = Null")
    connection.execute(
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {GUARD} TO {GUARD}_target AS SELECT toUInt8(1) AS one FROM {source}"
    )
    connection.execute(f"DROP TABLE {GUARD}_target SYNC")
