"""`POST /api/v1/facets`: the values of many fields with their counts, each without the filter's conditions on itself.

Owns the request and its description. Leaves the counts to `query.facets`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.aggregate import Name
from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.search import Filter, Moment, Project
from spanhouse_collector.api.sql_reply import Access
from spanhouse_collector.api.written import project_of
from spanhouse_collector.query.facets import FIELDS_MAX, VALUES_DEFAULT, VALUES_MAX, FacetQuestion, Facets


class FacetRequest(BaseModel):
    """Whose values to count."""

    model_config = ConfigDict(extra="forbid")

    project: Project = ""
    of: Annotated[Literal["traces", "spans"], Field(description="What is counted")] = "traces"
    filter: Filter = ""
    since: Moment = ""
    until: Moment = ""
    fields: Annotated[
        list[Name],
        Field(
            min_length=1,
            max_length=FIELDS_MAX,
            description="As filters name them: `model`, `trace.state`, `attributes.KEY`, `tags.KEY`, `feedback.NAME`",
            examples=[["service_name", "span_type", "model"]],
        ),
    ]
    search: Annotated[str, Field(max_length=512, description="Only values that contain it, in any case")] = ""
    limit: Annotated[int, Field(strict=True, ge=1, le=VALUES_MAX, description="Values of each field")] = VALUES_DEFAULT


class FacetValue(BaseModel):
    """A value; none (`null`) stands for rows that have no value."""

    value: str | None
    count: int
    condition: Annotated[str, Field(description="The filter that finds these rows, to be added with AND")]


class Facet(BaseModel):
    """The most frequent values of a field."""

    field: str
    kind: str
    values: list[FacetValue]
    truncated: Annotated[bool, Field(description="There are more values than the limit")]
    partial: Annotated[bool, Field(description="There was no time to count this one")]


class FacetReply(BaseModel):
    """The facets, in the order asked for."""

    facets: list[Facet]
    elapsed_ms: float


def facets_router(facets: Facets, access: Access) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1", tags=["search"])

    @router.post(
        "/facets", summary="Values of fields with their counts", responses={200: {"model": FacetReply}, **ERRORS}
    )
    def count_values(request: Request, asked: FacetRequest) -> Response:
        bound = {"project": project_of(request, access, asked.project), "fields": tuple(asked.fields)}
        answer = facets.answer(FacetQuestion(**{**asked.model_dump(), **bound}))
        return json_reply(request, {"facets": answer.facets, "elapsed_ms": answer.elapsed_ms})

    return router
