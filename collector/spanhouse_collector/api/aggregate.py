"""`POST /api/v1/aggregate`: counts, rates, percentiles, tokens and dollars, grouped and over time.

Owns the request and its description. Leaves the numbers to `query.aggregate`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.search import Filter, Moment, Project
from spanhouse_collector.api.sql_reply import Access
from spanhouse_collector.api.written import project_of
from spanhouse_collector.query.aggregate import (
    GROUPS_MAX,
    METRICS_MAX,
    ROWS_DEFAULT,
    ROWS_MAX,
    AggregateQuestion,
    Aggregation,
)

Name = Annotated[str, Field(min_length=1, max_length=600)]


class AggregateRequest(BaseModel):
    """What to compute of what."""

    model_config = ConfigDict(extra="forbid")

    project: Project = ""
    of: Annotated[Literal["spans", "traces"], Field(description="Whose rows")] = "spans"
    filter: Filter = ""
    since: Moment = ""
    until: Moment = ""
    group_by: Annotated[list[Name], Field(max_length=GROUPS_MAX, description="Any fields that filters know")] = []
    interval: Annotated[str, Field(max_length=32, description="Width of a bucket of time: `5m`, `1h`")] = ""
    metrics: Annotated[
        list[Name],
        Field(
            min_length=1,
            max_length=METRICS_MAX,
            description="`count`, `error_rate`, `p50`, `p95`, `p99` (of duration, in nanoseconds), `input_tokens`, "
            "`cost_usd`, `session_count`, …, or a function of a field: `avg(attributes.score)`",
        ),
    ] = ["count"]
    order_by: Annotated[str, Field(max_length=610, description="A name of the answer, and `desc`")] = ""
    limit: Annotated[int, Field(strict=True, ge=1, le=ROWS_MAX)] = ROWS_DEFAULT


class AggregateReply(BaseModel):
    """A row has the fields grouped by and the metrics, each by its name; with an interval `bucket_start_unix_nano`."""

    rows: list[dict[str, Any]]
    truncated: Annotated[bool, Field(description="There are more rows than the limit")]
    elapsed_ms: float


def aggregate_router(aggregation: Aggregation, access: Access) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1", tags=["search"])

    @router.post("/aggregate", summary="Aggregate", responses={200: {"model": AggregateReply}, **ERRORS})
    def aggregate(request: Request, asked: AggregateRequest) -> Response:
        fields = {**asked.model_dump(), "project": project_of(request, access, asked.project)}
        for name in ("group_by", "metrics"):
            fields[name] = tuple(fields[name])
        answer = aggregation.answer(AggregateQuestion(**fields))
        return json_reply(
            request, {"rows": answer.rows, "truncated": answer.is_truncated, "elapsed_ms": answer.elapsed_ms}
        )

    return router
