"""`DELETE /api/v1/traces`: deleting traces by their ids, by a filter, by time.

Owns the shape of requests and the description of the route. Leaves the rest to `query.deletes`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.sql_reply import Access
from spanhouse_collector.api.traces import TRACE_PREFIX, plain_trace_id
from spanhouse_collector.api.written import PROJECT_PATTERN, project_of
from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.query.deletes import TRACES_MAX, Selection, TraceDeleter
from spanhouse_collector.query.search_moments import moment_unix_nano

TraceIdInBody = Annotated[str, Field(pattern=f"^({TRACE_PREFIX})?[0-9a-fA-F]{{32}}$")]
Moment = Annotated[
    StrictInt | StrictStr | None,
    Field(description="Nanoseconds since 1970, a time in ISO 8601, or a duration before now"),
]


class DeleteBody(BaseModel):
    """Which traces: by their ids, or those that match a filter and began in a time, oldest first."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(pattern=PROJECT_PATTERN)] = ""
    trace_ids: Annotated[list[TraceIdInBody] | None, Field(min_length=1, max_length=TRACES_MAX)] = None
    filter: str | None = None
    since: Moment = None
    until: Annotated[Moment, Field(description="Exclusive; written as `since`")] = None
    limit: Annotated[int | None, Field(strict=True, ge=1, le=TRACES_MAX, description=f"{TRACES_MAX} when left out")] = (
        None
    )


class DeletedCount(BaseModel):
    """How many traces there were, and whether the limit left some that match: send the request again then."""

    deleted: int
    may_be_more: bool


def router(deleter: TraceDeleter, access: Access, *, clock: Callable[[], int] = time.time_ns) -> APIRouter:
    """The route. Its handler is a plain function: FastAPI runs it beside the event loop."""
    routes = APIRouter(prefix="/api/v1/traces", tags=["traces"])

    @routes.delete("", summary="Delete traces", responses={200: {"model": DeletedCount}, **ERRORS})
    def delete(request: Request, wanted: Annotated[DeleteBody, Body()]) -> Response:
        project = project_of(request, access, wanted.project)
        if wanted.trace_ids is not None:
            _check_alone(wanted)
            gone = deleter.delete_ids([plain_trace_id(each) for each in wanted.trace_ids], project=project)
        else:
            now = clock()
            gone = deleter.delete_selected(
                Selection(
                    project=project,
                    filter=wanted.filter or "",
                    since_unix_nano=moment_unix_nano(_text(wanted.since), "since", now),
                    until_unix_nano=moment_unix_nano(_text(wanted.until), "until", now),
                    limit=wanted.limit or TRACES_MAX,
                )
            )
        return json_reply(request, {"deleted": gone.count, "may_be_more": gone.may_be_more})

    return routes


def _text(moment: int | str | None) -> str:
    return "" if moment is None else str(moment)


def _check_alone(wanted: DeleteBody) -> None:
    others = [name for name in ("filter", "since", "until", "limit") if getattr(wanted, name) is not None]
    if others:
        raise MalformedRequest(f"trace_ids and {others[0]}: one of them says which traces", hint="send them apart")
