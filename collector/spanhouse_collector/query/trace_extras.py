"""What there is to a trace besides its spans: tags and metadata, assessments, log records.

Owns asking first whether there is any, for all of them in one statement: most traces have none, and each of the others
takes several milliseconds to plan. Leaves what they are to `tags`, `assessments` and `spans`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from spanhouse_collector.query.assessments import assessments_of
from spanhouse_collector.query.tags import TraceLabels, labels_of
from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.feedback_tables import ASSESSMENT_VERSIONS, TRACE_TAG_CHANGES

Key = tuple[str, str]
_LABELS: Final = 1
_ASSESSMENTS: Final = 2
_LOGS: Final = 3
_ANY: Final = " UNION ALL ".join(
    f"SELECT {number} FROM {table} WHERE trace_id IN {{trace_ids:Array(String)}} LIMIT 1"
    for number, table in ((_LABELS, TRACE_TAG_CHANGES), (_ASSESSMENTS, ASSESSMENT_VERSIONS), (_LOGS, "logs"))
)


@dataclass(frozen=True)
class TraceExtras:
    """By project and trace id."""

    labels: dict[Key, TraceLabels] = field(default_factory=dict)
    assessments: dict[Key, list[dict[str, Any]]] = field(default_factory=dict)
    has_logs: bool = False


def extras_of(connection: Connection, trace_ids: Sequence[str], project: str = "") -> TraceExtras:
    """What there is to these traces.

    Raises:
        StorageError: as the database has it.

    """
    found = {row[0] for row in connection.query(_ANY, {"trace_ids": list(trace_ids)}).rows}
    return TraceExtras(
        labels_of(connection, trace_ids, project) if _LABELS in found else {},
        assessments_of(connection, trace_ids, project) if _ASSESSMENTS in found else {},
        _LOGS in found,
    )
