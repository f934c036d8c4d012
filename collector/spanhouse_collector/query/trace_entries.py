"""Entries of a list of traces, put together from the rows of their spans.

Owns reading those rows and what an entry says of them: the columns of the view `traces`, to the letter; a test holds
the two together; and adding what spans do not tell. A page has a few hundred spans: to plan the view takes several
times as long as to read them. What has more spans than ROWS_MAX is the view's to sum up. Leaves which traces these are
to `search_traces` and `search_first_window`, and to `trace_tree_info` a single trace: that is summed up over its tree,
which corrects what is not settled yet; here tokens and dollars are those that filters and orders see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from spanhouse_collector.model.trace_tree_info import ERROR, IN_PROGRESS, OK, PREVIEW_CHARACTERS
from spanhouse_collector.model.usage_owner import OWN, OWNER_TYPES
from spanhouse_collector.query.tags import TraceLabels
from spanhouse_collector.query.trace_extras import extras_of
from spanhouse_collector.query.trace_view import COUNTS
from spanhouse_collector.storage.engine import Connection

ROWS_MAX: Final = 10_000
Key = tuple[str, str]


class SpanPart(NamedTuple):
    """What an entry needs of a span, by the names of its columns; texts as long as a preview."""

    project: str
    trace_id: str
    span_id: str
    parent_span_id: str
    pending_span_id: str
    pending_parent_span_id: str
    name: str
    start_time_unix_nano: int
    end_time_unix_nano: int
    is_pending: bool
    is_error: bool
    service_name: str
    session_id: str
    user_id: str
    span_type: str
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    cost_usd: float | None
    usage_scope: str
    model: str
    tags: Sequence[str]
    input: str
    output: str

    @property
    def is_top(self) -> bool:
        """Whether it has no parent, or announces a span that has none."""
        return not (self.pending_parent_span_id if self.pending_span_id else self.parent_span_id)

    @property
    def ended_unix_nano(self) -> int:
        """When it ended; a span in progress when it started."""
        return max(self.end_time_unix_nano, self.start_time_unix_nano)

    @property
    def root_rank(self) -> tuple[bool, int, str]:
        """Smallest for the span that stands for the trace."""
        return not self.is_top, self.start_time_unix_nano, self.pending_span_id or self.span_id


_COMPUTED: Final = {
    "start_time_unix_nano": "toUnixTimestamp64Nano(start_time)",
    "end_time_unix_nano": "toUnixTimestamp64Nano(end_time)",
    "input": f"substringUTF8(input, 1, {PREVIEW_CHARACTERS})",
    "output": f"substringUTF8(output, 1, {PREVIEW_CHARACTERS})",
}
_COLUMNS: Final = ", ".join(_COMPUTED.get(name, name) for name in SpanPart._fields)


def parts_of(restriction: str) -> str:
    """The statement that reads what entries need of the spans that count and that the restriction lets through."""
    return f"SELECT {_COLUMNS} FROM spans WHERE {COUNTS} AND {restriction} LIMIT {ROWS_MAX + 1}"


def entries_of(rows: Sequence[Sequence[Any]]) -> dict[Key, dict[str, Any]]:
    """Project and trace id → the entry, of all the rows that a trace has."""
    traces: dict[Key, list[SpanPart]] = {}
    for row in rows:
        part = SpanPart._make(row)
        traces.setdefault((part.project, part.trace_id), []).append(part)
    return {key: _entry(spans) for key, spans in traces.items()}


def _entry(spans: Sequence[SpanPart]) -> dict[str, Any]:
    tops = [span for span in spans if span.is_top]
    root = min(spans, key=lambda span: span.root_rank)
    is_running = any(span.is_pending for span in tops)
    start = min(span.start_time_unix_nano for span in tops or spans)
    end = max(span.ended_unix_nano for span in (tops if tops and not is_running else spans))
    return {
        "trace_id": root.trace_id,
        "project": root.project,
        "name": root.name,
        "start_time_unix_nano": start,
        "duration_ns": end - start,
        "state": _state(root, spans, has_top=bool(tops)),
        "service_name": root.service_name,
        "session_id": _nearest_the_root([span for span in spans if span.session_id], "session_id"),
        "user_id": _nearest_the_root([span for span in spans if span.user_id], "user_id"),
        "span_count": len(spans),
        "error_count": sum(span.is_error for span in spans),
        **_usage([span for span in spans if span.usage_scope == OWN]),
        "models": sorted({span.model for span in spans if span.model}),
        **_previews([span for span in spans if span.is_top or span.span_type in OWNER_TYPES]),
        "tags": sorted({tag for span in spans for tag in span.tags}),
    }


def _state(root: SpanPart, spans: Sequence[SpanPart], *, has_top: bool) -> str:
    if root.is_pending:
        return IN_PROGRESS
    return ERROR if root.is_error or (not has_top and any(span.is_error for span in spans)) else OK


def _nearest_the_root(having: Sequence[SpanPart], field: str) -> str:
    return str(getattr(min(having, key=lambda span: span.root_rank), field)) if having else ""


def _usage(owners: Sequence[SpanPart]) -> Mapping[str, Any]:
    costs = [span.cost_usd for span in owners if span.cost_usd is not None]
    return {
        "input_tokens": sum(span.input_tokens or 0 for span in owners),
        "output_tokens": sum(span.output_tokens or 0 for span in owners),
        "total_tokens": sum(
            (span.input_tokens or 0) + (span.output_tokens or 0) if span.total_tokens is None else span.total_tokens
            for span in owners
        ),
        "cost_usd": sum(costs) if costs else None,
    }


def _previews(telling: Sequence[SpanPart]) -> Mapping[str, str]:
    """What the root was asked and answered, else the first call and the last."""
    asked = [span for span in telling if span.input]
    answered = [span for span in telling if span.output]
    first = min(asked, key=_earliest, default=None)
    last = max(answered, key=_latest, default=None)
    return {
        "input_preview": first.input if first is not None else "",
        "output_preview": last.output if last is not None else "",
    }


def _earliest(span: SpanPart) -> tuple[bool, bool, int, str]:
    return not span.is_top, span.span_type not in OWNER_TYPES, span.start_time_unix_nano, span.span_id


def _latest(span: SpanPart) -> tuple[bool, bool, int, str]:
    return span.is_top, span.span_type in OWNER_TYPES, span.ended_unix_nano, span.span_id


def complete(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Add what spans do not tell: tags, metadata and assessments, and previews of content that came as log records."""
    extras = extras_of(connection, [entry["trace_id"] for entry in entries])
    for entry in entries:
        key: Key = (entry["project"], entry["trace_id"])
        said = extras.labels.get(key, TraceLabels())
        entry["tags"] = {**dict.fromkeys(entry["tags"], ""), **said.tags}
        entry["metadata"] = dict(said.metadata)
        entry.update(said.previews())
        entry["assessments"] = extras.assessments.get(key, [])
    if extras.has_logs:
        _previews_from_logs(connection, [entry for entry in entries if _lacks_preview(entry)])


def _lacks_preview(entry: dict[str, Any]) -> bool:
    return not entry["input_preview"] or not entry["output_preview"]


def _previews_from_logs(connection: Connection, entries: Sequence[dict[str, Any]]) -> None:
    """Fill previews of traces whose content came as log records."""
    if not entries:
        return
    told = connection.query(
        "SELECT project, trace_id, argMinIf(substringUTF8(input, 1, {length:UInt32}), time, input != ''), "
        "argMaxIf(substringUTF8(output, 1, {length:UInt32}), time, output != '') FROM logs "
        "WHERE trace_id IN {ids:Array(String)} AND span_id != '' AND (input != '' OR output != '') "
        "GROUP BY project, trace_id",
        {"ids": [entry["trace_id"] for entry in entries], "length": PREVIEW_CHARACTERS},
    )
    texts = {(row[0], row[1]): row[2:] for row in told.rows}
    for entry in entries:
        asked, answered = texts.get((entry["project"], entry["trace_id"]), ("", ""))
        entry["input_preview"] = entry["input_preview"] or asked
        entry["output_preview"] = entry["output_preview"] or answered
