"""What people write about traces, into its tables: assessments, tags, and that a trace is deleted.

Owns the INSERT, which is durable when it returns: the tables are synced when inserted. Leaves the rows to `query`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson

from spanhouse_collector.storage.engine import Connection

ASSESSMENT_VERSIONS: Final = "assessment_versions"
TRACE_TAG_CHANGES: Final = "trace_tag_changes"
DELETED_TRACES: Final = "deleted_traces"
_SETTINGS: Final = {"async_insert": 0}  # the default is 1: the answer would come before the rows are anywhere


def append(connection: Connection, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Append rows as one block, which is all or nothing.

    Raises:
        StorageError: none of them may be counted on; append them again.

    """
    connection.room.require()
    lines = b"\n".join(map(orjson.dumps, rows)).decode()
    connection.execute(f"INSERT INTO {table} FORMAT JSONEachRow\n{lines}", _SETTINGS)
