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
from spanhouse_collector.errors import MalformedRequest
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
    format: Annotated[
        Literal["rows", "columns"],
        Field(description="`columns`, with `payload=false` only: one list a field, a fifth of the bytes"),
    ] = "rows"


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
    metadata: dict[str, str]
    assessments: list[AssessmentBody]


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
    ttft_ns: int | None
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

    info: TraceInfo
    spans: list[Span]
    missing_parents: list[MissingParent]


class Dictionary(BaseModel):
    """Texts that repeat: the different ones, and of each span which one it has."""

    values: list[str]
    indexes: list[int]


class SpanColumns(BaseModel):
    """One list a field, parallel to each other, spans in the order of showing; other lists hold positions in these."""

    span_id: Annotated[str, Field(description="All of them one after the other, 16 digits each")]
    parent: Annotated[list[int], Field(description="Its position, -1 for none that is stored")]
    depth: list[int]
    start_ns: Annotated[list[int], Field(description="After `origin_unix_nano`; clocks corrected, as asked for")]
    duration_ns: list[int]
    has_ended: Annotated[list[Literal[0, 1]], Field(description="0: still in progress, and nothing is known of an end")]
    clock_skew_ns: list[int]
    name: Dictionary
    kind: Dictionary
    span_type: Dictionary
    service_name: Dictionary
    model: Dictionary
    agent_name: Dictionary
    tool_name: Dictionary
    state: Dictionary
    usage_scope: Dictionary
    input_tokens: list[int | None]
    output_tokens: list[int | None]
    total_tokens: list[int | None]
    cost_usd: list[float | None]
    ttft_ns: list[int | None]
    orphans: Annotated[list[int], Field(description="Positions of spans whose parent is not stored")]
    orphan_parent_ids: Annotated[list[str], Field(description="And the ids of these parents")]
    cycle_cuts: Annotated[list[int], Field(description="Positions of spans whose parent is below themselves")]


class MissingParentByPosition(BaseModel):
    """A parent that spans name and that is not stored."""

    name: str
    span_id: str
    children: list[int]
    start_ns: int
    duration_ns: int


class TraceColumns(BaseModel):
    """The skeleton of a trace with one list a field: `format=columns`."""

    info: TraceInfo
    span_count: int
    origin_unix_nano: Annotated[str, Field(pattern="^-?[0-9]+$", description="The trace's start, as text")]
    columns: SpanColumns
    missing_parents: list[MissingParentByPosition]


def traces_router(reader: TraceReader) -> APIRouter:
    """The routes of single traces."""
    router = APIRouter(prefix="/api/v1/traces", tags=["traces"])

    @router.get(
        "/{trace_id}",
        summary="One trace",
        responses={
            200: {"model": Trace | TraceColumns},
            304: {"description": "What the client has is current"},
            **ERRORS,
        },
    )
    def read_trace(
        request: Request, trace_id: TraceIdPrefix, parameters: Annotated[TraceParameters, Query()]
    ) -> Response:
        is_corrected = parameters.clock_skew == "corrected"
        wanted = plain_trace_id(trace_id)
        if parameters.format == "columns":
            if parameters.payload:
                raise MalformedRequest("format=columns has no payload", hint="say payload=false with it")
            trace = reader.read_columns(wanted, project=parameters.project, correct_clock_skew=is_corrected)
        else:
            trace = reader.read(
                wanted, project=parameters.project, payload=parameters.payload, correct_clock_skew=is_corrected
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
