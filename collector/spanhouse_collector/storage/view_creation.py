"""Creating a materialised view between the ingest tables and those that people read.

Owns the statement. Leaves what the views say to `ingest_views`, and when they are created to `schema`.
"""

from __future__ import annotations

from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.ingest_views import IngestView


def create_view(connection: Connection, view: IngestView) -> None:
    """Create it unless it is there, its columns those of its target.

    Without them the engine finds them out by analysing the SELECT once more, which is half of what a view costs to
    create. Inserts do not ask for them: what the SELECT yields goes to the target by name.
    """
    rows = connection.query(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String} "
        "AND default_kind NOT IN ('ALIAS', 'MATERIALIZED') ORDER BY position",
        {"table": view.target},
    ).rows
    columns = ", ".join(f"`{name}` {column_type}" for name, column_type in rows)
    connection.execute(
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {view.name} TO {view.target} ({columns}) AS {view.select}"
    )
