"""`GET /api/v1/logs` and `GET /api/v1/metrics`: lists of log records and of data points, as lists of spans are.

Owns the description of these routes. Leaves what is found to `query.search_records`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.search import ListParameters, page_of, question_of
from spanhouse_collector.query.search_records import BODY_CHARACTERS_MAX, RecordSearch


class Record(BaseModel):
    """What log records and data points have in common."""

    project: str
    service_name: str
    scope_name: str
    scope_version: str
    flags: int
    time_unix_nano: int
    received_at_unix_nano: int
    attributes: dict[str, Any]
    resource_attributes: dict[str, Any]
    scope_attributes: dict[str, Any]


class LogEntry(Record):
    """A log record."""

    trace_id: str
    span_id: str
    severity_number: int
    severity_text: str
    event_name: str
    dropped_attributes_count: int
    time_source: Annotated[Literal["time", "observed", "received"], Field(description="Whose time it is")]
    observed_time_unix_nano: int | None
    body_type: str
    body: Annotated[Any, Field(description="Typed as sent; of a truncated one the beginning of its text")]
    body_truncated: Annotated[bool, Field(description=f"The text has more than {BODY_CHARACTERS_MAX} characters")]


class Quantile(BaseModel):
    """One of a summary."""

    quantile: float | None
    value: float | None


class Exemplar(BaseModel):
    """A value that was measured in a span."""

    time_unix_nano: int
    value: float | None
    trace_id: str
    span_id: str


class MetricEntry(Record):
    """A data point; what its kind does not have is null, 0 or empty. NaN and infinity are null."""

    metric_name: str
    metric_description: str
    metric_unit: str
    metric_kind: Literal["gauge", "sum", "histogram", "exponential_histogram", "summary"]
    aggregation_temporality: str
    is_monotonic: bool
    start_time_unix_nano: int | None
    value_type: Literal["empty", "double", "int"]
    value: float | None
    count: int
    sum: float | None
    min: float | None
    max: float | None
    bucket_counts: list[int]
    explicit_bounds: list[float | None]
    scale: int
    zero_count: int
    zero_threshold: float | None
    positive_offset: int
    positive_bucket_counts: list[int]
    negative_offset: int
    negative_bucket_counts: list[int]
    quantiles: list[Quantile]
    exemplars: list[Exemplar]


class RecordPage(BaseModel):
    """What these lists say besides their entries; as lists of spans do."""

    next_page_token: str | None
    partial: bool
    complete_since_unix_nano: int | None
    total_count: int | None
    newest_token: str | None


class LogPage(RecordPage):
    """A page of log records."""

    logs: list[LogEntry]


class MetricPage(RecordPage):
    """A page of data points."""

    metrics: list[MetricEntry]


def records_router(logs: RecordSearch, metrics: RecordSearch) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["search"])

    @router.get("/logs", summary="A list of log records", responses={200: {"model": LogPage}, **ERRORS})
    def list_logs(request: Request, parameters: Annotated[ListParameters, Query()]) -> Response:
        answer = logs.answer(question_of(parameters))
        return json_reply(request, {"logs": answer.entries, **page_of(answer)})

    @router.get("/metrics", summary="A list of data points", responses={200: {"model": MetricPage}, **ERRORS})
    def list_metrics(request: Request, parameters: Annotated[ListParameters, Query()]) -> Response:
        answer = metrics.answer(question_of(parameters))
        return json_reply(request, {"metrics": answer.entries, **page_of(answer)})

    return router
