"""MLflow's `mlflow.tracing`: the switches of tracing, under its names.

Owns: `set_destination` and `set_span_chat_tools`, which have other names here. Everything else is the package's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spanhouse.destination import project_of
from spanhouse.faults import FAULTS, never_raises
from spanhouse.live_span import LiveSpan
from spanhouse.notebook import disable_notebook_display, enable_notebook_display
from spanhouse.propagation import (
    get_tracing_context_headers_for_http_request,
    set_tracing_context_from_http_request_headers,
)
from spanhouse.provider import configure, disable, enable
from spanhouse.trace_level import context

__all__ = [
    "configure",
    "context",
    "disable",
    "disable_notebook_display",
    "enable",
    "enable_notebook_display",
    "get_tracing_context_headers_for_http_request",
    "set_destination",
    "set_span_chat_tools",
    "set_tracing_context_from_http_request_headers",
]


@never_raises(None)
def set_destination(destination: Any, *, context_local: bool = False) -> None:
    """`configure(project=destination)`: a name, or an object with an `experiment_id` that is one.

    A place of MLflow, or one for this context alone, is passed over and told.
    """
    place = getattr(destination, "mlflow_experiment", None) or destination
    named = place if isinstance(place, str) else getattr(place, "experiment_id", None)
    if not isinstance(named, str) or named.isdecimal() or context_local:
        FAULTS.count("settings_ignored")
        FAULTS.warn("set_destination() takes the name of a project, for the whole process: configure(project=…)")
        return
    configure(project=project_of(named))


@never_raises(None)
def set_span_chat_tools(span: LiveSpan, tools: Sequence[Mapping[str, Any]]) -> None:
    """`span.set_messages(tools=tools)`."""
    span.set_messages(tools=tools)
