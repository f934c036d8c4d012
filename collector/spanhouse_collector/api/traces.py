"""`GET /api/v1/traces/{trace_id}`: one trace, whole or as a skeleton, and its single spans.

Owns the parameters and the description of those routes. Leaves the answer to `query.traces`; lists of traces, tags and
assessments have routers of their own.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.assessment_bodies import AssessmentBody
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.otlp import project as projects
from spanhouse_collector.query.trace_prefix import DIGITS, DIGITS_MIN
from spanhouse_collector.query.traces import TraceReader

TRACE_PREFIX: Final = "tr-"  # MLflow's spelling of a trace id
TraceId = Annotated[
    str,
    Path(
        pattern=f"^({TRACE_PREFIX})?[0-9a-fA-F]{{32}}$",
        description="32 hexadecimal digits",
        examples=["0af7651916cd43dd8448eb211c80319c"],
    ),
]
# Reading takes the beginning of an id; what changes something takes it whole.
TraceIdPrefix = Annotated[
    str,
    Path(
        pattern=f"^({TRACE_PREFIX})?[0-9a-fA-F]{{{DIGITS_MIN},{DIGITS}}}$",
        description="32 hexadecimal digits, or the first of them, when no other trace begins with these",
        examples=["0af7651916cd43dd8448eb211c80319c"],
    ),
]
SpanId = Annotated[
    str, Path(pattern="^[0-9a-fA-F]{16}$", description="16 hexadecimal digits", examples=["b7ad6b7169203331"])
]


class SpanParameters(BaseModel):
    """How spans are shown. An unknown parameter is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(pattern=f"^$|{projects.PATTERN}", description="Only this project's spans")] = ""
    clock_skew: Annotated[
        Literal["corrected", "raw"],
        Field(description="`corrected` moves spans of other processes into their parents; `raw` shows times as sent"),
    ] = "corrected"


class TraceParameters(SpanParameters):
    """How a trace is shown."""

    payload: Annotated[bool, Field(description="`false` leaves out attributes, events, links and content")] = True


class TraceInfo(BaseModel):
    """A trace in one line."""

    trace_id: str
    project: str
    name: str
    start_time_unix_nano: int
    duration_ns: int
    state: Literal["OK", "ERROR", "IN_PROGRESS"]
    service_name: str
    session_id: str
    user_id: str
    span_count: int
    error_count: int
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost_usd: float | None
    models: list[str]
    input_preview: str
    output_preview: str
    # What spans were tagged with has no value: ''. Tags that are set by key have one.
    tags: dict[str, str]
    assessments: list[AssessmentBody]


class WholeTraceInfo(TraceInfo):
    """The same, and what clients said of the trace."""

    metadata: dict[str, str]


class Span(BaseModel):
    """A span; with its payload it has every column of the table `spans` and its content besides."""

    model_config = ConfigDict(extra="allow")

    span_id: str
    parent_span_id: str
    name: str
    kind: str
    span_type: str
    start_time_unix_nano: int
    end_time_unix_nano: int | None
    duration_ns: int
    clock_skew_ns: int
    state: Literal["OK", "ERROR", "IN_PROGRESS"]
    usage_scope: Literal["own", "aggregate", "duplicate", "none"]
    depth: int
    is_orphan: bool
    is_cycle_cut: bool


class MissingParent(BaseModel):
    """A parent that spans name and that is not stored."""

    name: str
    span_id: str
    child_span_ids: list[str]
    start_time_unix_nano: int
    end_time_unix_nano: int


class Trace(BaseModel):
    """A trace: spans stand parents first, siblings by time."""

    info: WholeTraceInfo
    spans: list[Span]
    missing_parents: list[MissingParent]


def traces_router(reader: TraceReader) -> APIRouter:
    """The routes of single traces."""
    router = APIRouter(prefix="/api/v1/traces", tags=["traces"])

    @router.get(
        "/{trace_id}",
        summary="One trace",
        responses={200: {"model": Trace}, 304: {"description": "What the client has is current"}, **ERRORS},
    )
    def read_trace(
        request: Request, trace_id: TraceIdPrefix, parameters: Annotated[TraceParameters, Query()]
    ) -> Response:
        trace = reader.read(
            plain_trace_id(trace_id),
            project=parameters.project,
            payload=parameters.payload,
            correct_clock_skew=parameters.clock_skew == "corrected",
        )
        return json_reply(request, trace, with_etag=True)

    @router.get(
        "/{trace_id}/spans/{span_id}",
        summary="One span with its payload",
        responses={200: {"model": Span}, 304: {"description": "What the client has is current"}, **ERRORS},
    )
    def read_span(
        request: Request, trace_id: TraceIdPrefix, span_id: SpanId, parameters: Annotated[SpanParameters, Query()]
    ) -> Response:
        span = reader.read_span(
            plain_trace_id(trace_id),
            span_id.lower(),
            project=parameters.project,
            correct_clock_skew=parameters.clock_skew == "corrected",
        )
        return json_reply(request, span, with_etag=True)

    return router


def plain_trace_id(text: str) -> str:
    """A trace id as it is stored: lower case, without MLflow's prefix."""
    return text.removeprefix(TRACE_PREFIX).lower()
