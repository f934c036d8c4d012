"""The JSON API as one ASGI application.

Owns what all its routes share: the description at `/api/openapi.json`, one shape for every error (validation, unknown
paths and methods included), and that nothing is ever redirected. Leaves the routes to the routers it is given and to
`operations`, the bytes of replies to `reply`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from spanhouse_collector.api.reply import code_of, error_reply
from spanhouse_collector.errors import Overloaded, SpanhouseError

logger = logging.getLogger(__name__)

OPENAPI_PATH: Final = "/api/openapi.json"
INVALID_ARGUMENT: Final = "invalid_argument"
_HTTP_CODES: Final = {404: "not_found", 405: "method_not_allowed"}
_HINT: Final = f"what there is stands at {OPENAPI_PATH}"


class ErrorDetail(BaseModel):
    """What went wrong; `hint` says what to do, where that is known."""

    code: str
    message: str
    hint: str


class ErrorBody(BaseModel):
    """The body of every error."""

    error: ErrorDetail


# For `responses=` of a route: errors are of one shape, whatever their status.
ERRORS: Final[dict[int | str, dict[str, Any]]] = {"default": {"model": ErrorBody, "description": "An error"}}


def api_app(version: str, operations: Iterable[BaseRoute], routers: Sequence[APIRouter]) -> FastAPI:
    """The application of these routes."""
    app = FastAPI(
        title="Spanhouse",
        version=version,
        description="Traces of generative-AI applications: search, read, aggregate.",
        openapi_url=OPENAPI_PATH,
        docs_url=None,  # their pages load scripts from other hosts
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={
            HTTPException: _http_error,
            RequestValidationError: _invalid,
            SpanhouseError: _our_error,
            Exception: _fault,
        },
    )
    app.router.routes.extend(operations)
    for router in routers:
        app.include_router(router)
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, f"http_{error.status_code}")
    message = f"{request.method} {request.url.path}: {error.detail}"
    return error_reply(code, message, error.status_code, hint=_HINT, headers=dict(error.headers or {}))


async def _invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return error_reply(INVALID_ARGUMENT, "; ".join(_told(problem) for problem in error.errors()), 400, hint=_HINT)


def _told(problem: dict[str, Any]) -> str:
    """`query parameter clock_skew: Input should be 'corrected' or 'raw'`."""
    place, *path = (str(part) for part in problem["loc"])
    named = "the body" if place == "body" else f"{place} parameter"
    return f"{' '.join((named, '.'.join(path))).strip()}: {problem['msg']}"


async def _our_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, SpanhouseError)
    headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, Overloaded) else None
    return error_reply(code_of(error), error.message, error.http_status, hint=error.hint, headers=headers)


async def _fault(request: Request, error: Exception) -> Response:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_reply("internal", "a fault of ours; the collector's log has more", 500)
