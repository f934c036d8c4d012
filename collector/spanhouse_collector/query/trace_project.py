"""Which project a trace is of, for those who name only the trace.

Owns that look-up, and a lock for each trace: what is read, judged and written again must not be written twice at once.
"""

from __future__ import annotations

import threading
import zlib
from typing import Final

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp import project as projects
from spanhouse_collector.storage.engine import Connection

LOCKS: Final = 64
_SHOWN_MAX: Final = 5
_OF_SPANS: Final = (
    "SELECT DISTINCT project FROM spans WHERE trace_id = {trace_id:String} ORDER BY project "
    f"LIMIT {_SHOWN_MAX + 1} SETTINGS max_execution_time = 30"
)


class TraceLocks:
    """Locks shared by traces; two traces may have the same one."""

    def __init__(self) -> None:
        self._locks = tuple(threading.Lock() for _ in range(LOCKS))

    def of(self, trace_id: str) -> threading.Lock:
        """The lock of a trace."""
        return self._locks[zlib.crc32(trace_id.encode()) % LOCKS]


def project_of_trace(connection: Connection, trace_id: str, project: str) -> str:
    """The project that was named, else the one that has the trace, else the default: it may not have arrived yet.

    Raises:
        MalformedRequest: several have it.
        StorageError: as the database has it.

    """
    if project:
        return project
    found = [str(name) for (name,) in connection.query(_OF_SPANS, {"trace_id": trace_id}).rows]
    if len(found) > 1:
        raise MalformedRequest(
            f"trace {trace_id} is in several projects: {', '.join(found[:_SHOWN_MAX])}", hint="say which: project=…"
        )
    return found[0] if found else projects.DEFAULT
