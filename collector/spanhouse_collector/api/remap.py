"""`/api/v1/remap`: mapping stored spans again, and how far that is.

Owns the shape of the request and the description of those routes. Leaves the rest to `query.remap`.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.times import IsoTime
from spanhouse_collector.otlp import project
from spanhouse_collector.query.remap import Remapper
from spanhouse_collector.storage.remap import RemapScope

_PROJECT: Final = f"^$|{project.PATTERN}"


class RemapBody(BaseModel):
    """Which stored spans to map again; what is left out does not narrow."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    project: Annotated[str, Field(pattern=_PROJECT)] = ""
    since: Annotated[IsoTime | None, Field(description="By the span's start")] = None
    everything: Annotated[bool, Field(strict=True, alias="all", description="Also spans that this version mapped")] = (
        False
    )

    def scope(self) -> RemapScope:
        """The same for storage."""
        return RemapScope(self.project, self.since, self.everything)


class RemapStatus(BaseModel):
    """How far it is; `span_count` is null until it is known."""

    running: bool
    span_count: int | None
    done_count: int
    failure: str


class RemapStarted(RemapStatus):
    """`started` is false when a run was under way: it goes on."""

    started: bool


def router(remapper: Remapper) -> APIRouter:
    """The routes. Handlers are plain functions: FastAPI runs them beside the event loop."""
    routes = APIRouter(prefix="/api/v1/remap", tags=["remap"])

    @routes.post(
        "", summary="Map stored spans again", status_code=202, responses={202: {"model": RemapStarted}, **ERRORS}
    )
    def begin(request: Request, wanted: Annotated[RemapBody, Body()]) -> Response:
        started = remapper.begin(wanted.scope())
        return json_reply(request, {"started": started, **vars(remapper.state)}, status=202)

    @routes.get("", summary="How far mapping again is", responses={200: {"model": RemapStatus}, **ERRORS})
    def state(request: Request) -> Response:
        return json_reply(request, vars(remapper.state))

    return routes
