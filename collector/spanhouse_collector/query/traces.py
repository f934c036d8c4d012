"""One trace, read and put together.

Owns the answers of `GET /api/v1/traces/{trace_id}` and of its single spans: the summary, the spans in the order of
showing, the parents that are missing. Leaves lists of traces to search, JSON of a single span to `span_json`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any, Final

from spanhouse_collector.errors import NotFound
from spanhouse_collector.model.span import StoredSpan
from spanhouse_collector.model.trace_tree import TraceTree, build_tree, winners
from spanhouse_collector.model.trace_tree_info import Previews, trace_info
from spanhouse_collector.model.usage_owner import OWNER_TYPES, usage_scopes
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.span_columns import columns_of, missing_parent
from spanhouse_collector.query.span_json import MISSING_PARENT, content_of, first_text, skeletons, text_of, whole
from spanhouse_collector.query.spans import SpanRecord, read_records, read_rows
from spanhouse_collector.query.tags import TraceLabels
from spanhouse_collector.query.trace_extras import TraceExtras, extras_of
from spanhouse_collector.query.trace_prefix import whole_trace_id
from spanhouse_collector.storage.engine import Connection

# Where a client may have said what a whole trace was asked and answered.
TRACE_INPUT: Final = "langfuse.trace.input"
TRACE_OUTPUT: Final = "langfuse.trace.output"


class TraceReader:
    """Reads single traces; safe to use from any thread."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def read(
        self, trace_id: str, *, project: str = "", payload: bool = True, correct_clock_skew: bool = True
    ) -> dict[str, Any]:
        """A trace of one project, or of whichever has it; the beginning of its id is enough when no other begins so.

        Raises:
            NotFound: no span of it is stored.
            MalformedRequest: several traces begin so.
            RequestTooLarge: its payload does not fit into one answer.
            StorageError: as the database has it.

        """
        with self._connections.borrow() as connection:
            trace_id = whole_trace_id(connection, trace_id, project)
            extras = extras_of(connection, [trace_id], project)
            records = read_records(connection, trace_id, project, with_logs=extras.has_logs) if payload else []
            rows = [record.row for record in records] if payload else read_rows(connection, trace_id, project)
            if not rows:
                raise _no_trace(trace_id)
            tree = build_tree(rows, correct_clock_skew=correct_clock_skew)
            spans = _counting(records) if payload else _preview_spans(connection, trace_id, project, tree)
        scopes = usage_scopes(tree.rows, tree.parents)
        contents = {span_id: content_of(span) for span_id, span in spans.items()}
        info = _info(trace_id, tree, scopes, _previews(tree, spans, contents), extras)
        lights = skeletons(tree, scopes)
        return {
            "info": info,
            "spans": [whole(spans[light["span_id"]], light, contents[light["span_id"]]) for light in lights]
            if payload
            else lights,
            "missing_parents": [{"name": MISSING_PARENT, **asdict(missing)} for missing in tree.missing_parents],
        }

    def read_columns(self, trace_id: str, *, project: str = "", correct_clock_skew: bool = True) -> dict[str, Any]:
        """The skeleton of a trace with one list a field; times are offsets from `origin_unix_nano`, which is text.

        Raises:
            NotFound: no span of it is stored.
            MalformedRequest: several traces begin so.
            StorageError: as the database has it.

        """
        with self._connections.borrow() as connection:
            trace_id = whole_trace_id(connection, trace_id, project)
            extras = extras_of(connection, [trace_id], project)
            rows = read_rows(connection, trace_id, project)
            if not rows:
                raise _no_trace(trace_id)
            tree = build_tree(rows, correct_clock_skew=correct_clock_skew)
            spans = _preview_spans(connection, trace_id, project, tree)
        scopes = usage_scopes(tree.rows, tree.parents)
        contents = {span_id: content_of(span) for span_id, span in spans.items()}
        info = _info(trace_id, tree, scopes, _previews(tree, spans, contents), extras)
        origin = info["start_time_unix_nano"]
        orphans = {tree.rows[position].span_id: position for position, is_it in enumerate(tree.is_orphan) if is_it}
        return {
            "info": info,
            "span_count": len(tree.rows),
            "origin_unix_nano": str(origin),
            "columns": columns_of(tree, scopes, origin),
            "missing_parents": [missing_parent(missing, orphans, origin) for missing in tree.missing_parents],
        }

    def read_span(
        self, trace_id: str, span_id: str, *, project: str = "", correct_clock_skew: bool = True
    ) -> dict[str, Any]:
        """One span of a trace with its payload, as it stands in the whole trace.

        Raises:
            NotFound: it is not stored.
            StorageError: as the database has it.

        """
        with self._connections.borrow() as connection:
            trace_id = whole_trace_id(connection, trace_id, project)
            rows = read_rows(connection, trace_id, project)
            spans = _counting(read_records(connection, trace_id, project, [span_id]))
        tree = build_tree(rows, correct_clock_skew=correct_clock_skew)
        span = spans.get(span_id)
        position = next((place for place, row in enumerate(tree.rows) if row.span_id == span_id), None)
        if span is None or position is None:
            raise NotFound(f"trace {trace_id} has no span {span_id}" if rows else _no_trace(trace_id).message)
        light = skeletons(tree, usage_scopes(tree.rows, tree.parents))[position]
        return whole(span, light, content_of(span))


def _info(trace_id: str, tree: TraceTree, scopes: list[str], previews: Previews, extras: TraceExtras) -> dict[str, Any]:
    """The summary, and what was said of the trace besides its spans."""
    info = trace_info(trace_id, tree, scopes, previews)
    key = (info["project"], trace_id)
    said = extras.labels.get(key, TraceLabels())
    # What spans were tagged with has no value; tags that are set by key have one.
    info["tags"] = {**dict.fromkeys(info["tags"], ""), **said.tags}
    assessments = extras.assessments.get(key, [])
    return {**info, **said.previews(), "metadata": said.metadata, "assessments": assessments}


def _no_trace(trace_id: str) -> NotFound:
    return NotFound(
        f"no span of trace {trace_id} is stored", hint="a span can be read about a second after it was acknowledged"
    )


def _counting(records: Sequence[SpanRecord]) -> dict[str, StoredSpan]:
    """Span id → the record that counts."""
    return {span_id: records[at].span for span_id, at in winners([record.row for record in records]).items()}


def _preview_ids(tree: TraceTree) -> tuple[str, str, str]:
    """The spans whose content stands for the trace's: its root, the first call, the last call to end."""
    root = tree.rows[tree.root]
    calls = [row for row in tree.rows if row.span_type in OWNER_TYPES] or [root]
    first = min(calls, key=attrgetter("start_time_unix_nano"))
    last = max(calls, key=attrgetter("end_time_unix_nano"))
    return root.span_id, first.span_id, last.span_id


def _preview_spans(connection: Connection, trace_id: str, project: str, tree: TraceTree) -> dict[str, StoredSpan]:
    return _counting(read_records(connection, trace_id, project, sorted(set(_preview_ids(tree)))))


def _previews(tree: TraceTree, spans: Mapping[str, StoredSpan], contents: Mapping[str, Mapping[str, Any]]) -> Previews:
    """What the client says of the trace, else what its root says, else its first question and its last answer."""
    root, first, last = _preview_ids(tree)
    attributes = spans[root].attributes
    return Previews(
        input=first_text(
            [text_of(attributes.get(TRACE_INPUT)), contents[root]["input_text"], contents[first]["input_text"]]
        ),
        output=first_text(
            [text_of(attributes.get(TRACE_OUTPUT)), contents[root]["output_text"], contents[last]["output_text"]]
        ),
    )
