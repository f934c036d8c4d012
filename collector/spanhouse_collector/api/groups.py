"""`GET /api/v1/sessions`, `/users`, `/projects`, `/attributes`.

Owns their parameters and description. Leaves the answers to `query.groups` and `query.groups_names`.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.search import Filter, Moment, Project
from spanhouse_collector.query.groups import Group, GroupQuestion, Groups
from spanhouse_collector.query.groups_names import NAMES_DEFAULT, NAMES_MAX, Attributes, Names, NamesQuestion
from spanhouse_collector.query.search_lists import LIMIT_DEFAULT, LIMIT_MAX
from spanhouse_collector.query.search_pages import TOKEN_BYTES_MAX


class GroupParameters(BaseModel):
    """Which of them. The filter chooses traces."""

    model_config = ConfigDict(extra="forbid")

    project: Project = ""
    filter: Filter = ""
    since: Moment = ""
    until: Moment = ""
    order_by: Annotated[
        str, Field(max_length=64, description="A field of the answer, and `desc`; `last_time_unix_nano desc`")
    ] = ""
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    page_token: Annotated[str, Field(max_length=TOKEN_BYTES_MAX)] = ""


class AttributeParameters(BaseModel):
    """What to complete: keys, the values of `key`, or the values of `field`."""

    model_config = ConfigDict(extra="forbid")

    of: Annotated[
        Attributes, Field(description="Whose keys: attributes of rows, or names of what is said of traces")
    ] = "span"
    project: Project = ""
    since: Moment = ""
    prefix: Annotated[str, Field(max_length=512)] = ""
    key: Annotated[str, Field(max_length=512)] = ""
    field: Annotated[str, Field(max_length=600, description="A field that filters know, of spans, logs or metrics")] = (
        ""
    )
    limit: Annotated[int, Field(ge=1, le=NAMES_MAX)] = NAMES_DEFAULT


class ProjectParameters(GroupParameters):
    """Which projects; the time chooses spans."""

    filter: Annotated[str, Field(max_length=0, description="Projects are not filtered")] = ""


class Sums(BaseModel):
    """What spans have together; tokens and dollars count once."""

    project: str
    trace_count: int
    span_count: int
    error_count: int
    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost_usd: float | None
    first_time_unix_nano: int
    last_time_unix_nano: int


class TraceSums(Sums):
    """What traces have together."""

    failed_trace_count: int


class Session(TraceSums):
    """A conversation."""

    session_id: str
    user_ids: list[str]


class User(TraceSums):
    """An end user."""

    user_id: str
    session_count: int


class ProjectSums(Sums):
    """A project."""

    session_count: int
    user_count: int


class Sessions(BaseModel):
    """A page of sessions."""

    sessions: list[Session]
    next_page_token: str | None


class Users(BaseModel):
    """A page of users."""

    users: list[User]
    next_page_token: str | None


class Projects(BaseModel):
    """A page of projects."""

    projects: list[ProjectSums]
    next_page_token: str | None


class AttributeName(BaseModel):
    """A key, or a value, and how many of the rows looked at (spans, unless asked otherwise) have it."""

    key: str | None = None
    value: str | None = None
    span_count: int


class AttributeNames(BaseModel):
    """Keys, or values of one key, the most frequent first."""

    attributes: list[AttributeName]


def groups_router(groups: Groups, names: Names) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["groups"])

    def answer(request: Request, group: Group, parameters: GroupParameters) -> Response:
        found = groups.answer(group, GroupQuestion(**parameters.model_dump()))
        return json_reply(request, {group: found.entries, "next_page_token": found.next_page_token})

    @router.get("/sessions", summary="Sessions", responses={200: {"model": Sessions}, **ERRORS})
    def sessions(request: Request, parameters: Annotated[GroupParameters, Query()]) -> Response:
        return answer(request, "sessions", parameters)

    @router.get("/users", summary="Users", responses={200: {"model": Users}, **ERRORS})
    def users(request: Request, parameters: Annotated[GroupParameters, Query()]) -> Response:
        return answer(request, "users", parameters)

    @router.get("/projects", summary="Projects", responses={200: {"model": Projects}, **ERRORS})
    def projects(request: Request, parameters: Annotated[ProjectParameters, Query()]) -> Response:
        return answer(request, "projects", parameters)

    @router.get("/attributes", summary="Attributes", responses={200: {"model": AttributeNames}, **ERRORS})
    def attributes(request: Request, parameters: Annotated[AttributeParameters, Query()]) -> Response:
        return json_reply(request, {"attributes": names.answer(NamesQuestion(**parameters.model_dump()))})

    return router
