"""Trace ids of which only the beginning is given, as people type and copy them.

Owns finding the one trace that is meant. A whole id is taken as it is: nothing is asked.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.errors import MalformedRequest, NotFound
from spanhouse_collector.storage.engine import Connection

DIGITS: Final = 32
DIGITS_MIN: Final = 4
_SHOWN_MAX: Final = 5
# The index knows whole ids only: this reads the column of ids, newest parts or not.
_IDS: Final = (
    "SELECT DISTINCT trace_id FROM spans WHERE startsWith(trace_id, {prefix:String}) "
    "AND ({project:String} = '' OR project = {project:String}) "
    f"LIMIT {_SHOWN_MAX + 1} SETTINGS max_execution_time = 30"
)


def whole_trace_id(connection: Connection, prefix: str, project: str) -> str:
    """The id of the one stored trace that begins with `prefix`, of a project if one is named.

    Raises:
        NotFound: no trace begins so.
        MalformedRequest: several do.
        StorageError: as the database has it.

    """
    if len(prefix) == DIGITS:
        return prefix
    found = sorted(str(trace_id) for (trace_id,) in connection.query(_IDS, {"prefix": prefix, "project": project}).rows)
    if not found:
        raise NotFound(
            f"no stored trace begins with {prefix}", hint="a span can be read about a second after it was acknowledged"
        )
    if len(found) > 1:
        more = ", …" if len(found) > _SHOWN_MAX else ""
        raise MalformedRequest(
            f"several traces begin with {prefix}: {', '.join(found[:_SHOWN_MAX])}{more}", hint="give more digits"
        )
    return found[0]
