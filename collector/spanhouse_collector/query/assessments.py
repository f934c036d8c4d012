"""Assessments of traces and spans: feedback and expectations, versioned, with what overrides what.

Owns reading and writing them. Every change appends a version, and none is ever altered: `assessment_versions` is the
history, the view `assessments` what holds. Changes of one trace follow each other, so that none is lost. They may come
before the trace itself. Leaves what an assessment may be to `assessment_record`.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest, NotFound
from spanhouse_collector.query.assessment_record import (
    SELECTED,
    Assessment,
    AssessmentError,
    Source,
    check_whole,
    checked_metadata,
    value_kind,
    value_text,
)
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.trace_project import TraceLocks, project_of_trace
from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.feedback_tables import ASSESSMENT_VERSIONS, append

ASSESSMENTS_MAX: Final = 1_000  # of one trace
VERSIONS_MAX: Final = 1_000  # of one assessment
DELETED: Final = "deleted"
RENAMED: Final = "renamed"
CURRENT: Final = "current"

_OF_TRACES: Final = (
    "trace_id IN {trace_ids:Array(String)} AND ({project:String} = '' OR project = {project:String}) "
    f"AND state != '{RENAMED}'"
)
_NEWEST_FIRST: Final = "ORDER BY version DESC, received_at DESC"
_LIMITED: Final = "SETTINGS max_execution_time = 30"
_CURRENT: Final = (
    f"SELECT * FROM (SELECT {SELECTED} FROM {ASSESSMENT_VERSIONS} WHERE {_OF_TRACES} {_NEWEST_FIRST} "
    f"LIMIT 1 BY project, trace_id, assessment_id) WHERE state = '{CURRENT}' "
    f"ORDER BY create_time_unix_nano, assessment_id {_LIMITED}"
)
_VERSIONS: Final = f"SELECT {SELECTED} FROM {ASSESSMENT_VERSIONS} WHERE {_OF_TRACES} {_NEWEST_FIRST} {_LIMITED}"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An assessment as its author sends it."""

    name: str
    kind: str
    source: Source
    value: Any = None
    is_category: bool = False
    span_id: str = ""
    rationale: str = ""
    metadata: Mapping[str, Any]
    error: AssessmentError | None = None
    overrides: str = ""


@dataclass(frozen=True)
class Selection:
    """Which assessments of a trace to list; '' does not narrow."""

    name: str = ""
    kind: str = ""
    span_id: str = ""
    valid_only: bool = False

    def takes(self, assessment: Assessment) -> bool:
        """Whether an assessment is among them."""
        wanted = ((self.name, assessment.name), (self.kind, assessment.kind), (self.span_id, assessment.span_id))
        return all(value in ("", found) for value, found in wanted) and (assessment.valid or not self.valid_only)


class AssessmentBook:
    """Reads and writes assessments; safe to use from any thread."""

    def __init__(self, connections: Connections, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._connections = connections
        self._clock = clock
        self._locks = TraceLocks()

    def add(self, trace_id: str, draft: Draft, *, project: str = "") -> dict[str, Any]:
        """Store a new assessment; one that overrides another makes that one invalid.

        Raises:
            MalformedRequest: it breaks a rule or a limit.
            NotFound: it overrides one that is not there.
            StorageError: it is not stored.

        """
        value, metadata = value_text(draft.value), checked_metadata(draft.metadata)
        kind_of_value = value_kind(draft.value, is_category=draft.is_category)
        with self._connections.borrow() as connection, self._locks.of(trace_id):
            project = project_of_trace(connection, trace_id, project)
            standing = _current(connection, [trace_id], project)
            if len(standing) >= ASSESSMENTS_MAX:
                raise MalformedRequest(
                    f"trace {trace_id} has {len(standing)} assessments: assessments_max is {ASSESSMENTS_MAX}",
                    hint="update one of them, or delete some",
                )
            now = self._clock()
            made = Assessment(
                project=project,
                trace_id=trace_id,
                assessment_id=f"a-{secrets.token_hex(16)}",
                name=draft.name,
                kind=draft.kind,
                value=value,
                value_kind=kind_of_value,
                span_id=draft.span_id,
                rationale=draft.rationale,
                source=draft.source,
                metadata=metadata,
                error=draft.error,
                overrides=draft.overrides,
                create_time_unix_nano=now,
                last_update_time_unix_nano=now,
            )
            check_whole(made)
            rows = [made]
            if draft.overrides:
                rows.append(_overridden(made, standing, now))
            _write(connection, rows)
        return made.to_json()

    def update(
        self, trace_id: str, assessment_id: str, changes: Mapping[str, Any], *, project: str = ""
    ) -> dict[str, Any]:
        """Change some of `name, value, is_category, rationale, source, metadata, error`; the rest stays.

        Raises:
            MalformedRequest: it breaks a rule or a limit.
            NotFound: there is no such assessment.
            StorageError: it is not changed.

        """
        with self._connections.borrow() as connection, self._locks.of(trace_id):
            before = _one(connection, trace_id, assessment_id, project)
            after = _next(_changed(before, changes), before, self._clock())
            check_whole(after)
            ended = [replace(before, state=RENAMED, version=after.version)] if after.name != before.name else []
            _write(connection, [after, *ended])
        return after.to_json()

    def delete(self, trace_id: str, assessment_id: str, *, project: str = "") -> None:
        """Remove an assessment; the one that it overrode holds again.

        Raises:
            NotFound: there is no such assessment.
            StorageError: it is not removed.

        """
        with self._connections.borrow() as connection, self._locks.of(trace_id):
            before = _one(connection, trace_id, assessment_id, project)
            now = self._clock()
            bare = replace(
                before, value="null", value_kind="null", rationale="", metadata={}, error=None, state=DELETED
            )
            rows = [_next(bare, before, now)]
            standing = {each.assessment_id: each for each in _current(connection, [trace_id], before.project)}
            if before.valid and (freed := standing.get(before.overrides)) is not None:
                rows.append(_next(replace(freed, valid=True), freed, now))
            _write(connection, rows)

    def of_trace(self, trace_id: str, wanted: Selection, *, project: str = "") -> list[dict[str, Any]]:
        """The assessments of a trace, oldest first; those that were overridden say `valid: false`."""
        with self._connections.borrow() as connection:
            found = _current(connection, [trace_id], project)
        return [assessment.to_json() for assessment in found if wanted.takes(assessment)]

    def history(self, trace_id: str, assessment_id: str, *, project: str = "") -> list[dict[str, Any]]:
        """All versions of an assessment and of those that it overrides, newest first.

        Raises:
            NotFound: there is no such assessment.

        """
        with self._connections.borrow() as connection:
            _one(connection, trace_id, assessment_id, project)
            versions = _read(connection, _VERSIONS, [trace_id], project)
        of_id: dict[str, list[Assessment]] = {}
        for version in versions:
            of_id.setdefault(version.assessment_id, []).append(version)
        told: list[Assessment] = []
        following = assessment_id
        # Of one that was deleted nothing is told.
        while (chain := of_id.pop(following, None)) is not None and chain[0].state == CURRENT:
            told += chain
            following = chain[0].overrides
        return [version.to_json() for version in told]


def assessments_of(
    connection: Connection, trace_ids: Sequence[str], project: str = ""
) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(project, trace id) → its assessments, oldest first; those that were overridden say `valid: false`.

    Raises:
        StorageError: as the database has it.

    """
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for assessment in _current(connection, trace_ids, project):
        found.setdefault((assessment.project, assessment.trace_id), []).append(assessment.to_json())
    return found


def _current(connection: Connection, trace_ids: Sequence[str], project: str) -> list[Assessment]:
    return _read(connection, _CURRENT, trace_ids, project)


def _read(connection: Connection, statement: str, trace_ids: Sequence[str], project: str) -> list[Assessment]:
    found = connection.query(statement, {"trace_ids": list(trace_ids), "project": project})
    return [Assessment.from_row(columns) for columns in found.dicts()]


def _one(connection: Connection, trace_id: str, assessment_id: str, project: str) -> Assessment:
    for found in _current(connection, [trace_id], project):
        if found.assessment_id == assessment_id:
            return found
    raise NotFound(f"trace {trace_id} has no assessment {assessment_id}")


def _next(changed: Assessment, before: Assessment, now: int) -> Assessment:
    """The version after `before`, later than it whatever the clock says."""
    if before.version >= VERSIONS_MAX:
        raise MalformedRequest(
            f"assessment {before.assessment_id} was changed {before.version} times: versions_max is {VERSIONS_MAX}",
            hint="delete it and add a new one",
        )
    later = max(now, before.last_update_time_unix_nano + 1)
    return replace(changed, version=before.version + 1, last_update_time_unix_nano=later)


def _overridden(made: Assessment, standing: Iterable[Assessment], now: int) -> Assessment:
    """The next version of the one that `made` overrides: no longer valid."""
    found = next((each for each in standing if each.assessment_id == made.overrides), None)
    if found is None:
        raise NotFound(f"trace {made.trace_id} has no assessment {made.overrides} to override")
    if not found.valid:
        raise MalformedRequest(
            f"assessment {made.overrides} is overridden already", hint="override the one that is valid"
        )
    if (found.name, found.kind, found.span_id) != (made.name, made.kind, made.span_id):
        raise MalformedRequest(
            f"assessment {made.overrides} is {found.kind} {found.name!r} of "
            f"{f'span {found.span_id}' if found.span_id else 'the trace'}; what overrides it is as well"
        )
    return _next(replace(found, valid=False), found, now)


def _changed(before: Assessment, changes: Mapping[str, Any]) -> Assessment:
    """The assessment with these fields in place of its own. A value ends an error, and an error a value."""
    fields = {name: changes[name] for name in ("name", "rationale", "source", "error") if name in changes}
    if "metadata" in changes:
        fields["metadata"] = checked_metadata(changes["metadata"])
    if "value" in changes:
        is_category = changes.get("is_category", before.value_kind == "category")
        fields["value"] = value_text(changes["value"])
        fields["value_kind"] = value_kind(changes["value"], is_category=is_category)
        if changes["value"] is not None:
            fields.setdefault("error", None)
    elif fields.get("error") is not None:
        fields |= {"value": "null", "value_kind": "null"}
    return replace(before, **fields)


def _write(connection: Connection, versions: Iterable[Assessment]) -> None:
    append(connection, ASSESSMENT_VERSIONS, [version.to_row() for version in versions])
