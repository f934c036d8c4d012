"""`/api/v1/traces/{trace_id}/tags`: reading and changing the tags of a trace.

Owns the shape of requests and the description of those routes. Leaves the rest to `query.tags`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.sql_reply import Access
from spanhouse_collector.api.traces import TraceId, plain_trace_id
from spanhouse_collector.api.written import ProjectParameter, project_of
from spanhouse_collector.query.tags import CHANGES_MAX, KEY_CHARS_MAX, VALUE_CHARS_MAX, TagBook

Key = Annotated[str, Field(min_length=1, max_length=KEY_CHARS_MAX)]
Text = Annotated[str, Field(max_length=VALUE_CHARS_MAX)]


class TagChanges(BaseModel):
    """What to change; keys that are not there are deleted without a word."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    to_set: Annotated[dict[Key, Text], Field(alias="set", max_length=CHANGES_MAX)] = {}
    to_delete: Annotated[list[Key], Field(alias="delete", max_length=CHANGES_MAX)] = []


class Tags(BaseModel):
    """The tags that a trace has."""

    tags: dict[str, str]


class Labels(Tags):
    """Tags, and metadata, which clients give with the trace and nobody changes."""

    metadata: dict[str, str]


def router(book: TagBook, access: Access) -> APIRouter:
    """The routes. Handlers are plain functions: FastAPI runs them beside the event loop."""
    routes = APIRouter(prefix="/api/v1/traces/{trace_id}/tags", tags=["tags"])

    @routes.get("", summary="Tags and metadata of a trace", responses={200: {"model": Labels}, **ERRORS})
    def read(request: Request, trace_id: TraceId, project: ProjectParameter = "") -> Response:
        labels = book.labels(plain_trace_id(trace_id), project=project_of(request, access, project))
        return json_reply(request, vars(labels))

    @routes.patch("", summary="Set and delete tags of a trace", responses={200: {"model": Tags}, **ERRORS})
    def change(
        request: Request, trace_id: TraceId, changes: Annotated[TagChanges, Body()], project: ProjectParameter = ""
    ) -> Response:
        of_project = project_of(request, access, project)
        tags = book.change(plain_trace_id(trace_id), changes.to_set, changes.to_delete, project=of_project)
        return json_reply(request, {"tags": tags})

    return routes
