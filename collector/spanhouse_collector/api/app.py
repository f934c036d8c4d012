"""The JSON API as one ASGI application.

Owns what all its routes share: the description at `/api/openapi.json`, one shape for every error (validation, unknown
paths and methods included), and that nothing is ever redirected. Leaves the routes to the routers it is given, the
bytes of replies to `reply`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from spanhouse_collector.api.reply import JSON, error_reply
from spanhouse_collector.errors import FilterInvalid, Overloaded, SpanhouseError, SqlError, code_of

logger = logging.getLogger(__name__)

OPENAPI_PATH: Final = "/api/openapi.json"
INVALID_ARGUMENT: Final = "invalid_argument"
_NOT_ALLOWED: Final = 405
# 400: a body whose JSON is nested too deeply to be read.
_HTTP_CODES: Final = {400: INVALID_ARGUMENT, 404: "not_found", _NOT_ALLOWED: "method_not_allowed"}
_HINT: Final = f"what there is stands at {OPENAPI_PATH}"


class ErrorDetail(BaseModel):
    """What went wrong; `hint` says what to do, where that is known.

    Of a filter and of SQL's syntax, `position` is the character that is wrong, from 0; `excerpt` shows it with a caret.
    """

    code: str
    message: str
    hint: str
    position: int | None = None
    excerpt: str | None = None


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


class Status(BaseModel):
    """google.rpc.Status: what the listener answers before it knows whether OTLP or the API is asked."""

    code: int
    message: str
    details: list[Any]


# For `responses=` of a route: errors are of one shape, whatever their status, but for a head that is too long to read.
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    431: {"model": Status, "description": "The head of the request is too long"},
    "default": {"model": ErrorBody, "description": "An error"},
}


def api_app(version: str, routers: Sequence[APIRouter]) -> FastAPI:
    """The application of these routes."""
    app = FastAPI(
        title="Spanhouse",
        version=version,
        description="Traces of generative-AI applications: search, read, aggregate. Besides, at the same port: OTLP at "
        "`/v1/traces`, `/v1/logs` and `/v1/metrics`, and ClickHouse's HTTP protocol, read-only, at `/clickhouse/`. "
        "With `Accept: application/json; integers=text` integers beyond 2^53 - 1, times above all, are text. "
        "Every GET takes `consistent=true`: it waits until all that was acknowledged before it is stored, "
        "`consistent_wait_s` (20) seconds at most; then it is 503 `not_stored_yet`.",
        openapi_url=OPENAPI_PATH,
        docs_url=None,  # their pages load scripts from other hosts
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            HTTPException: partial(_http_error, [route for router in routers for route in router.routes]),
            RequestValidationError: _invalid,
            SpanhouseError: _our_error,
            Exception: _fault,
        },
    )
    for router in routers:
        app.include_router(router)
    return app


async def _http_error(routes: Sequence[BaseRoute], request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, f"http_{error.status_code}")
    message = f"{request.method} {request.url.path}: {error.detail}"
    headers = dict(error.headers or {})
    if error.status_code == _NOT_ALLOWED:  # routing names the methods of the first route of the path only
        headers["Allow"] = ", ".join(sorted(_methods(routes, request)))
    return error_reply(code, message, error.status_code, hint=_HINT, headers=headers)


def _methods(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """What the requested path takes."""
    scope = dict(request.scope)
    here = [route for route in routes if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE]
    return {method for route in here for method in route.methods or ()} or {"GET"}


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if any(problem["loc"] == ("body",) for problem in problems) and media not in ("", JSON):
        return error_reply("unsupported_media_type", f"the body is {media}", 415, hint=f"send it as {JSON}")
    return error_reply(INVALID_ARGUMENT, "; ".join(_told(problem) for problem in problems), 400, hint=_HINT)


def _told(problem: dict[str, Any]) -> str:
    """`query parameter clock_skew: Input should be 'corrected' or 'raw'`."""
    place, *path = (str(part) for part in problem["loc"])
    if problem["type"] == "json_invalid":
        return f"the body is no JSON: {problem['ctx']['error']}, at character {problem['loc'][1] + 1}"
    named = "the body" if place == "body" else f"{place} parameter"
    return f"{' '.join((named, '.'.join(path))).strip()}: {problem['msg']}"


async def _our_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SpanhouseError)
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, Overloaded) else None
    place: dict[str, Any] = {}
    if isinstance(error, (FilterInvalid, SqlError)) and error.position is not None:
        place = {"position": error.position, "excerpt": error.excerpt}
    return error_reply(code_of(error), error.message, error.http_status, hint=error.hint, headers=headers, **place)


async def _fault(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_reply("internal", "a fault of ours; the collector's log has more", 500)
