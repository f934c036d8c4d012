"""`GET /api/v1/traces` and `GET /api/v1/spans`: lists, filtered, in any order, page by page.

Owns the parameters and the description of these routes. Leaves what is found to `query.search_traces` and
`query.search_spans`, filters to `query.filter`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.traces import TraceInfo
from spanhouse_collector.otlp import project as projects
from spanhouse_collector.query.search_lists import LIMIT_DEFAULT, LIMIT_MAX, ListAnswer, ListQuestion
from spanhouse_collector.query.search_pages import ORDER_KEYS_MAX, TOKEN_BYTES_MAX
from spanhouse_collector.query.search_spans import SpanSearch
from spanhouse_collector.query.search_traces import TraceSearch

FILTER_CHARS_MAX: Final = 8 << 10  # the whole head of a request may have twice that
Project = Annotated[str, Field(pattern=f"^$|{projects.PATTERN}", description="Only this project; all, if empty")]
Moment = Annotated[
    str,
    Field(
        max_length=64,
        description="A duration before now (`1h`), a time (ISO 8601, UTC unless said otherwise), or nanoseconds "
        "since 1970",
        examples=["1h", "2026-11-20T10:00:00Z"],
    ),
]
Filter = Annotated[
    str,
    Field(
        max_length=FILTER_CHARS_MAX,
        description="The filter language (docs/filter.md)",
        examples=["model = 'gpt-4o' AND trace.cost_usd > 0.1"],
    ),
]


class ListParameters(BaseModel):
    """What to list. An unknown parameter is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid")

    project: Project = ""
    filter: Filter = ""
    since: Moment = ""
    until: Moment = ""
    order_by: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=600)]],
        Field(
            max_length=ORDER_KEYS_MAX,
            description="`FIELD` or `FIELD desc`, any that filters know; the most recent first, if there is none",
        ),
    ] = []
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    page_token: Annotated[
        str, Field(max_length=TOKEN_BYTES_MAX, description="`next_page_token` of the page before")
    ] = ""
    count: Annotated[bool, Field(description="Count all that is found, on all pages")] = False
    live: Annotated[bool, Field(description="Tell `newest_token`, for asking what arrives from now on")] = False
    newer_than: Annotated[
        str,
        Field(max_length=TOKEN_BYTES_MAX, description="A `newest_token`: only what is new or has changed since"),
    ] = ""


class Highlight(BaseModel):
    """A piece of a text that was found, and where in it."""

    span_id: str
    field: Literal["input", "output"]
    snippet: str
    snippet_start: Annotated[int, Field(description="Where the snippet begins in the text, in characters")]
    offsets: Annotated[list[tuple[int, int]], Field(description="Start and end in the snippet, in characters")]


class Page(BaseModel):
    """What all lists say besides their entries."""

    next_page_token: str | None
    partial: Annotated[bool, Field(description="Time ran out: what is here is right, and there may be more")]
    complete_since_unix_nano: Annotated[int | None, Field(description="Of a partial list: complete down to this")]
    total_count: Annotated[int | None, Field(description="If asked for, and if there was time to count")]
    newest_token: Annotated[str | None, Field(description="With `live` or `newer_than`: for the next `newer_than`")]
    highlights: Annotated[dict[str, list[Highlight]], Field(description="By the id of the entry")]


class TracePage(Page):
    """A page of traces."""

    traces: list[TraceInfo]


class SpanEntry(BaseModel):
    """A span in a list; `GET /api/v1/traces/{trace_id}/spans/{span_id}` has the whole."""

    model_config = ConfigDict(extra="allow")

    trace_id: str
    span_id: str
    parent_span_id: str
    project: str
    name: str
    kind: str
    span_type: str
    service_name: str
    start_time_unix_nano: int
    end_time_unix_nano: int | None
    duration_ns: int
    state: Literal["OK", "ERROR", "IN_PROGRESS"]
    model: str
    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    cost_usd: float | None
    usage_scope: Literal["own", "aggregate", "duplicate", "none"]
    input_preview: str
    output_preview: str


class SpanPage(Page):
    """A page of spans."""

    spans: list[SpanEntry]


def search_router(traces: TraceSearch, spans: SpanSearch) -> APIRouter:
    """The routes of lists."""
    router = APIRouter(prefix="/api/v1", tags=["search"])

    @router.get("/traces", summary="A list of traces", responses={200: {"model": TracePage}, **ERRORS})
    def list_traces(request: Request, parameters: Annotated[ListParameters, Query()]) -> Response:
        answer = traces.answer(question_of(parameters))
        return json_reply(request, {"traces": answer.entries, **page_of(answer), "highlights": answer.highlights})

    @router.get("/spans", summary="A list of spans", responses={200: {"model": SpanPage}, **ERRORS})
    def list_spans(request: Request, parameters: Annotated[ListParameters, Query()]) -> Response:
        answer = spans.answer(question_of(parameters))
        return json_reply(request, {"spans": answer.entries, **page_of(answer), "highlights": answer.highlights})

    return router


def question_of(parameters: ListParameters) -> ListQuestion:
    """The question that the parameters ask."""
    return ListQuestion(**{**parameters.model_dump(), "order_by": tuple(parameters.order_by)})


def page_of(answer: ListAnswer) -> dict[str, Any]:
    """What every list says besides its entries."""
    return {
        "next_page_token": answer.next_page_token,
        "partial": answer.is_partial,
        "complete_since_unix_nano": answer.complete_since_unix_nano,
        "total_count": answer.total_count,
        "newest_token": answer.newest_token,
    }
