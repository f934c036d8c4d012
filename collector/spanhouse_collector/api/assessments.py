"""`/api/v1/traces/{trace_id}/assessments`: feedback and expectations on a trace or one of its spans.

Owns the parameters and the description of those routes. Leaves bodies to `assessment_bodies` and the rest to
`query.assessments`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.assessment_bodies import AssessmentBody, AssessmentChange, AssessmentDraft
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.sql_reply import Access
from spanhouse_collector.api.traces import TraceId, plain_trace_id
from spanhouse_collector.api.written import PROJECT_PATTERN, OptionalSpanId, ProjectParameter, project_of
from spanhouse_collector.query.assessments import AssessmentBook, Selection

AssessmentId = Annotated[str, Path(pattern="^a-[0-9a-f]{32}$", examples=["a-0af7651916cd43dd8448eb211c80319c"])]
_CREATED: Final = 201


class Assessments(BaseModel):
    """Assessments of a trace."""

    assessments: list[AssessmentBody]


class AssessmentHistory(BaseModel):
    """Versions of an assessment and of those it overrides, newest first."""

    versions: list[AssessmentBody]


class Deleted(BaseModel):
    """That something is gone."""

    deleted: bool


class ListParameters(BaseModel):
    """Which assessments to list."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(pattern=PROJECT_PATTERN)] = ""
    name: str = ""
    kind: Literal["", "feedback", "expectation"] = ""
    span_id: OptionalSpanId = ""
    valid_only: Annotated[bool, Field(description="Leave out those that another one overrides")] = False


def router(book: AssessmentBook, access: Access) -> APIRouter:
    """The routes. Handlers are plain functions: FastAPI runs them beside the event loop."""
    routes = APIRouter(prefix="/api/v1/traces/{trace_id}/assessments", tags=["assessments"])

    @routes.get("", summary="Assessments of a trace", responses={200: {"model": Assessments}, **ERRORS})
    def list_assessments(
        request: Request, trace_id: TraceId, parameters: Annotated[ListParameters, Query()]
    ) -> Response:
        project = project_of(request, access, parameters.project)
        wanted = Selection(parameters.name, parameters.kind, parameters.span_id.lower(), parameters.valid_only)
        return json_reply(request, {"assessments": book.of_trace(plain_trace_id(trace_id), wanted, project=project)})

    @routes.post(
        "",
        summary="Assess a trace or a span, which may be yet to come",
        status_code=_CREATED,
        responses={_CREATED: {"model": AssessmentBody}, **ERRORS},
    )
    def add(
        request: Request, trace_id: TraceId, draft: Annotated[AssessmentDraft, Body()], project: ProjectParameter = ""
    ) -> Response:
        of_project = project_of(request, access, project)
        made = book.add(plain_trace_id(trace_id), draft.draft(), project=of_project)
        return json_reply(request, made, status=_CREATED)

    @routes.patch(
        "/{assessment_id}", summary="Change an assessment", responses={200: {"model": AssessmentBody}, **ERRORS}
    )
    def update(
        request: Request,
        trace_id: TraceId,
        assessment_id: AssessmentId,
        change: Annotated[AssessmentChange, Body()],
        project: ProjectParameter = "",
    ) -> Response:
        of_project = project_of(request, access, project)
        changed = book.update(plain_trace_id(trace_id), assessment_id, change.changes(), project=of_project)
        return json_reply(request, changed)

    @routes.delete("/{assessment_id}", summary="Remove an assessment", responses={200: {"model": Deleted}, **ERRORS})
    def delete(
        request: Request, trace_id: TraceId, assessment_id: AssessmentId, project: ProjectParameter = ""
    ) -> Response:
        book.delete(plain_trace_id(trace_id), assessment_id, project=project_of(request, access, project))
        return json_reply(request, {"deleted": True})

    @routes.get(
        "/{assessment_id}/history",
        summary="What an assessment said before",
        responses={200: {"model": AssessmentHistory}, **ERRORS},
    )
    def history(
        request: Request, trace_id: TraceId, assessment_id: AssessmentId, project: ProjectParameter = ""
    ) -> Response:
        of_project = project_of(request, access, project)
        versions = book.history(plain_trace_id(trace_id), assessment_id, project=of_project)
        return json_reply(request, {"versions": versions})

    return routes
