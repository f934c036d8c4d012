"""MLflow's `mlflow.tracing.fluent`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.decorator import trace
from spanhouse.reading import delete_trace_tag, get_trace, search_sessions, search_traces, set_trace_tag
from spanhouse.spans import (
    get_active_trace_id,
    get_current_active_span,
    get_last_active_trace_id,
    start_span,
    start_span_no_context,
)
from spanhouse.trace_copies import add_trace, log_trace
from spanhouse.trace_level import update_current_trace

__all__ = [
    "add_trace",
    "delete_trace_tag",
    "get_active_trace_id",
    "get_current_active_span",
    "get_last_active_trace_id",
    "get_trace",
    "log_trace",
    "search_sessions",
    "search_traces",
    "set_trace_tag",
    "start_span",
    "start_span_no_context",
    "trace",
    "update_current_trace",
]
