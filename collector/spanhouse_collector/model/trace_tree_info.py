"""The summary of one trace, as it stands in a list of traces.

Owns the entry's fields and how each follows from the spans. The view `traces` says the same in SQL, for millions; a
test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from spanhouse_collector.model.trace_tree import TraceTree, root_rank
from spanhouse_collector.model.trace_tree_row import TAG_SEPARATOR, SpanRow
from spanhouse_collector.model.usage_owner import usage_totals

OK: Final = "OK"
ERROR: Final = "ERROR"
IN_PROGRESS: Final = "IN_PROGRESS"
PREVIEW_CHARACTERS: Final = 1000


@dataclass(frozen=True)
class Previews:
    """What went into a trace and what came out, for one line each."""

    input: str = ""
    output: str = ""


def state_of(row: SpanRow) -> str:
    """A span's state, in MLflow's words."""
    if row.is_pending:
        return IN_PROGRESS
    return ERROR if row.is_error else OK


def trace_info(trace_id: str, tree: TraceTree, scopes: list[str], previews: Previews) -> dict[str, Any]:
    """The entry of a trace that has at least one span."""
    rows = tree.rows
    root = rows[tree.root]
    tops = [row for row in rows if not row.parent_span_id] or list(rows)
    is_running = any(row.is_pending for row in tops)
    start = min(row.start_time_unix_nano for row in tops)
    end = max(max(row.end_time_unix_nano, row.start_time_unix_nano) for row in (rows if is_running else tops))
    return {
        "trace_id": trace_id,
        "project": root.project,
        "name": root.name,
        "start_time_unix_nano": start,
        "duration_ns": end - start,
        "state": _state(root, rows),
        "service_name": root.service_name,
        "session_id": root.session_id or _nearest_the_root([row for row in rows if row.session_id], "session_id"),
        "user_id": root.user_id or _nearest_the_root([row for row in rows if row.user_id], "user_id"),
        "span_count": len(rows),
        "error_count": sum(row.is_error for row in rows),
        **asdict(usage_totals(rows, scopes)),
        "models": sorted({row.model for row in rows if row.model}),
        "input_preview": previews.input[:PREVIEW_CHARACTERS],
        "output_preview": previews.output[:PREVIEW_CHARACTERS],
        "tags": sorted({tag for row in rows if row.tags for tag in row.tags.split(TAG_SEPARATOR)}),
        "assessments": [],
    }


def _state(root: SpanRow, rows: Iterable[SpanRow]) -> str:
    """The root's; of a trace whose root is not here, ERROR as soon as one of its spans is."""
    if root.parent_span_id and not root.is_pending:
        return ERROR if any(row.is_error for row in rows) else OK
    return state_of(root)


def _nearest_the_root(having: Sequence[SpanRow], field: str) -> str:
    """Of spans that have a value that of a root, else the earliest one's."""
    return str(getattr(min(having, key=root_rank), field)) if having else ""
