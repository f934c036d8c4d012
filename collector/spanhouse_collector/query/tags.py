"""Tags of traces, which may change, and their metadata, which may not.

Owns reading and changing them. Both begin as attributes of spans; a user's word on a tag counts before those, and of
each the last. Every change is appended to `trace_tag_changes`, the view `trace_tags` has what holds. Tags may be set
before the trace itself is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.model.trace_tree_info import PREVIEW_CHARACTERS
from spanhouse_collector.query.assessment_record import decimal_seconds
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.trace_project import TraceLocks, project_of_trace
from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.feedback_tables import TRACE_TAG_CHANGES, append

KEY_CHARS_MAX: Final = 250
VALUE_CHARS_MAX: Final = 8_000
CHANGES_MAX: Final = 100  # of one request
TAGS_MAX: Final = 200  # of one trace
_TAG: Final = "tag"
# Where a client says by itself what lists are to show, in MLflow's words.
_PREVIEWS: Final = {"input_preview": "mlflow.traceInputs", "output_preview": "mlflow.traceOutputs"}

_HOLDS: Final = (
    "SELECT project, trace_id, toString(kind) AS kind, key, value FROM trace_tags WHERE trace_id IN "
    "{trace_ids:Array(String)} AND ({project:String} = '' OR project = {project:String}) "
    "ORDER BY key SETTINGS max_execution_time = 30"
)
_LAST_SAID: Final = (
    f"SELECT key, toUnixTimestamp64Nano(max(said_at)) FROM {TRACE_TAG_CHANGES} WHERE trace_id = {{trace_id:String}} "
    f"AND project = {{project:String}} AND kind = '{_TAG}' AND by_user AND key IN {{keys:Array(String)}} GROUP BY key"
)


@dataclass(frozen=True)
class TraceLabels:
    """What is said of one trace."""

    tags: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    def previews(self) -> dict[str, str]:
        """Those of `input_preview` and `output_preview` that the client wrote itself, in place of what spans say."""
        said = {name: self.metadata.get(key, "")[:PREVIEW_CHARACTERS] for name, key in _PREVIEWS.items()}
        return {name: text for name, text in said.items() if text}


class TagBook:
    """Changes tags; safe to use from any thread."""

    def __init__(self, connections: Connections, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._connections = connections
        self._clock = clock
        self._locks = TraceLocks()

    def change(
        self, trace_id: str, to_set: Mapping[str, str], to_delete: Sequence[str], *, project: str = ""
    ) -> dict[str, str]:
        """Set and delete tags of a trace, all or none; returns the tags it has then.

        Raises:
            MalformedRequest: a key or value breaks a rule or a limit.
            StorageError: nothing is changed.

        """
        _check(to_set, to_delete)
        with self._connections.borrow() as connection, self._locks.of(trace_id):
            project = project_of_trace(connection, trace_id, project)
            tags = dict(labels_of(connection, [trace_id], project).get((project, trace_id), TraceLabels()).tags)
            gone = [key for key in dict.fromkeys(to_delete) if key in tags]
            changed = {key: value for key, value in to_set.items() if tags.get(key) != value}
            result = {key: value for key, value in {**tags, **to_set}.items() if key not in gone}
            if len(result) > TAGS_MAX and len(result) > len(tags):
                raise MalformedRequest(f"trace {trace_id} would have {len(result)} tags: tags_max is {TAGS_MAX}")
            rows = [(key, value, False) for key, value in changed.items()] + [(key, "", True) for key in gone]
            if rows:
                self._append(connection, project, trace_id, rows)
        return dict(sorted(result.items()))

    def _append(
        self, connection: Connection, project: str, trace_id: str, rows: Sequence[tuple[str, str, bool]]
    ) -> None:
        now = self._clock()
        parameters = {"trace_id": trace_id, "project": project, "keys": [key for key, _, _ in rows]}
        last_said = {str(key): int(said) for key, said in connection.query(_LAST_SAID, parameters).rows}
        append(
            connection,
            TRACE_TAG_CHANGES,
            [
                {
                    "project": project,
                    "kind": _TAG,
                    "key": key,
                    "trace_id": trace_id,
                    "value": value,
                    "is_deleted": is_deleted,
                    "by_user": True,
                    # Later than what was said before, whatever the clock says.
                    "said_at": decimal_seconds(max(now, last_said.get(key, 0) + 1)),
                    "received_at": decimal_seconds(now),
                }
                for key, value, is_deleted in rows
            ],
        )

    def labels(self, trace_id: str, *, project: str = "") -> TraceLabels:
        """The tags and metadata of one trace; of all projects that have it, when none is named."""
        with self._connections.borrow() as connection:
            found = labels_of(connection, [trace_id], project).values()
        merged = TraceLabels()
        for labels in found:
            merged.tags.update(labels.tags)
            merged.metadata.update(labels.metadata)
        return merged


def labels_of(
    connection: Connection, trace_ids: Sequence[str], project: str = ""
) -> dict[tuple[str, str], TraceLabels]:
    """(project, trace id) → its tags and metadata; traces without any are not there.

    Raises:
        StorageError: as the database has it.

    """
    found: dict[tuple[str, str], TraceLabels] = {}
    for row in connection.query(_HOLDS, {"trace_ids": list(trace_ids), "project": project}).rows:
        of_project, trace_id, kind, key, value = map(_text, row)
        labels = found.setdefault((of_project, trace_id), TraceLabels())
        (labels.tags if kind == _TAG else labels.metadata)[key] = value
    return found


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _check(to_set: Mapping[str, str], to_delete: Sequence[str]) -> None:
    changes = len(to_set) + len(to_delete)
    if not 0 < changes <= CHANGES_MAX:
        raise MalformedRequest(f"{changes} tags to change: a request changes 1 to changes_max={CHANGES_MAX}")
    if both := sorted(set(to_set) & set(to_delete)):
        raise MalformedRequest(f"tag {both[0]!r} is to be set and to be deleted")
    for key in (*to_set, *to_delete):
        if not 0 < len(key) <= KEY_CHARS_MAX:
            raise MalformedRequest(f"tag {key[:60]!r}: a key has 1 to key_chars_max={KEY_CHARS_MAX} characters")
    for key, value in to_set.items():
        if len(value) > VALUE_CHARS_MAX:
            raise MalformedRequest(
                f"tag {key!r}: the value has {len(value)} characters: value_chars_max is {VALUE_CHARS_MAX}"
            )
