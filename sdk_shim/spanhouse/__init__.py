"""Trace generative-AI applications with OpenTelemetry.

Owns the public names of the shim, and nothing else. Three ways to trace: `autolog()` for libraries, `@trace` and
`start_span` for your own code, `Client` for callbacks and threads. What reads back is imported when it is first used.
The shim never imports the collector.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from spanhouse._version import __version__
from spanhouse.decorator import trace
from spanhouse.faults import health
from spanhouse.live_span import LiveSpan
from spanhouse.provider import configure, disable, enable, flush, flush_trace_async_logging, shutdown
from spanhouse.span_status import SpanStatus, SpanStatusCode
from spanhouse.span_types import SpanType
from spanhouse.spans import (
    get_active_trace_id,
    get_current_active_span,
    get_last_active_trace_id,
    start_span,
    start_span_no_context,
)

if TYPE_CHECKING:
    from spanhouse import client as client
    from spanhouse import entities as entities
    from spanhouse import exceptions as exceptions
    from spanhouse import genai as genai
    from spanhouse import tracing as tracing
    from spanhouse import tracking as tracking
    from spanhouse.assessments import Assessment, AssessmentSource, AssessmentSourceType, Expectation, Feedback
    from spanhouse.autologging import Library, autolog
    from spanhouse.client import Client, MlflowClient
    from spanhouse.destination import get_tracking_uri, set_experiment, set_tracking_uri
    from spanhouse.errors import CollectorUnreachable, InvalidArgument, RequestRefused, SpanhouseError, TraceNotFound
    from spanhouse.notebook import disable_notebook_display, enable_notebook_display
    from spanhouse.propagation import (
        TracedThreadPoolExecutor,
        copy_context,
        get_tracing_context_headers_for_http_request,
        set_tracing_context_from_http_request_headers,
    )
    from spanhouse.reading import (
        delete_assessment,
        delete_trace_tag,
        delete_traces,
        get_assessment,
        get_trace,
        log_assessment,
        log_expectation,
        log_feedback,
        override_feedback,
        search_sessions,
        search_traces,
        set_trace_tag,
        update_assessment,
    )
    from spanhouse.trace_copies import add_trace, log_trace
    from spanhouse.trace_data import Span, Trace, TraceInfo, TraceState
    from spanhouse.trace_level import context, update_current_trace

    # The namespaces of `libraries`, one a library.
    ag2: Library
    agno: Library
    anthropic: Library
    autogen: Library
    bedrock: Library
    beeai: Library
    chroma: Library
    cohere: Library
    crewai: Library
    dspy: Library
    gemini: Library
    google_adk: Library
    google_genai: Library
    groq: Library
    guardrails: Library
    haystack: Library
    instructor: Library
    lancedb: Library
    langchain: Library
    langgraph: Library
    litellm: Library
    llama_index: Library
    llamaindex: Library
    mcp: Library
    milvus: Library
    mistral: Library
    mistralai: Library
    ollama: Library
    openai: Library
    openai_agents: Library
    pinecone: Library
    pipecat: Library
    portkey: Library
    pydantic_ai: Library
    qdrant: Library
    smolagents: Library
    strands: Library
    together: Library
    transformers: Library
    vertexai: Library
    watsonx: Library
    weaviate: Library

_LATER = {
    "spanhouse.assessments": ("Assessment", "AssessmentSource", "AssessmentSourceType", "Expectation", "Feedback"),
    "spanhouse.autologging": ("autolog",),
    "spanhouse.client": ("Client", "MlflowClient"),
    "spanhouse.destination": ("get_tracking_uri", "set_experiment", "set_tracking_uri"),
    "spanhouse.errors": ("CollectorUnreachable", "InvalidArgument", "RequestRefused", "SpanhouseError",
                         "TraceNotFound"),
    "spanhouse.notebook": ("disable_notebook_display", "enable_notebook_display"),
    "spanhouse.propagation": ("TracedThreadPoolExecutor", "copy_context",
                              "get_tracing_context_headers_for_http_request",
                              "set_tracing_context_from_http_request_headers"),
    "spanhouse.reading": ("delete_assessment", "delete_trace_tag", "delete_traces", "get_assessment", "get_trace",
                          "log_assessment", "log_expectation", "log_feedback", "override_feedback", "search_sessions",
                          "search_traces", "set_trace_tag", "update_assessment"),
    "spanhouse.trace_copies": ("add_trace", "log_trace"),
    "spanhouse.trace_data": ("Span", "Trace", "TraceInfo", "TraceState"),
    "spanhouse.trace_level": ("context", "update_current_trace"),
}  # fmt: skip
_NAMESPACES = ("client", "entities", "exceptions", "genai", "tracing", "tracking")
_MODULE_OF = {name: module for module, names in _LATER.items() for name in names}

__all__ = [
    "Assessment",
    "AssessmentSource",
    "AssessmentSourceType",
    "Client",
    "CollectorUnreachable",
    "Expectation",
    "Feedback",
    "InvalidArgument",
    "LiveSpan",
    "MlflowClient",
    "RequestRefused",
    "Span",
    "SpanStatus",
    "SpanStatusCode",
    "SpanType",
    "SpanhouseError",
    "Trace",
    "TraceInfo",
    "TraceNotFound",
    "TraceState",
    "TracedThreadPoolExecutor",
    "__version__",
    "add_trace",
    "autolog",
    "configure",
    "context",
    "copy_context",
    "delete_assessment",
    "delete_trace_tag",
    "delete_traces",
    "disable",
    "disable_notebook_display",
    "enable",
    "enable_notebook_display",
    "flush",
    "flush_trace_async_logging",
    "get_active_trace_id",
    "get_assessment",
    "get_current_active_span",
    "get_last_active_trace_id",
    "get_trace",
    "get_tracing_context_headers_for_http_request",
    "get_tracking_uri",
    "health",
    "log_assessment",
    "log_expectation",
    "log_feedback",
    "log_trace",
    "override_feedback",
    "search_sessions",
    "search_traces",
    "set_experiment",
    "set_trace_tag",
    "set_tracing_context_from_http_request_headers",
    "set_tracking_uri",
    "shutdown",
    "start_span",
    "start_span_no_context",
    "trace",
    "update_assessment",
    "update_current_trace",
]


def __getattr__(name: str) -> Any:
    module = _MODULE_OF.get(name)
    if module is not None:
        value = getattr(importlib.import_module(module), name)
    elif name in _NAMESPACES:
        return importlib.import_module(f"spanhouse.{name}")
    else:
        from spanhouse.libraries import ALIASES, LIBRARIES

        if name not in LIBRARIES and name not in ALIASES:
            raise AttributeError(f"module 'spanhouse' has no attribute {name!r}")
        from spanhouse.autologging import Library

        value = Library(ALIASES.get(name, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
