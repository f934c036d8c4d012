"""`/api/v1/keys`: creating, listing, rotating and revoking API keys; `/api/v1/whoami`: what one's own key may do.

Owns the shape of requests and the description of those routes. Leaves the keys to `identity`, who may come here to
`key_guard`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Body, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.key_guard import STATE
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.identity.key_file import KeyFile
from spanhouse_collector.identity.keys import ALL_PROJECTS, ID_BYTES, NAME_CHARACTERS_MAX, SCOPES, ApiKey, KeyRequest

OVERLAP_S_DEFAULT: Final = 86_400.0
OVERLAP_S_MAX: Final = 90 * 86_400.0
KeyId = Annotated[str, Path(pattern=f"^[0-9a-f]{{{2 * ID_BYTES}}}$", description="As `GET /api/v1/keys` lists it")]
ScopeName = Literal["ingest", "read", "admin"]


class KeyBody(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(description="'*' for all projects")]
    scopes: Annotated[
        list[ScopeName], Field(min_length=1, max_length=len(SCOPES), description="What it may do; admin includes all")
    ]
    name: Annotated[str, Field(max_length=NAME_CHARACTERS_MAX, description="For people")] = ""
    expires_unix_nano: Annotated[int, Field(strict=True, ge=0, description="0: never")] = 0


class RotateBody(BaseModel):
    """For how long the old key goes on working."""

    model_config = ConfigDict(extra="forbid")

    overlap_s: Annotated[float, Field(ge=0, le=OVERLAP_S_MAX)] = OVERLAP_S_DEFAULT


class ListedKey(BaseModel):
    """A key without its secret. Times are nanoseconds since 1970; 0 is never."""

    id: str
    project: str
    scopes: list[ScopeName]
    name: str
    state: Literal["active", "expired", "revoked"]
    created_unix_nano: int
    expires_unix_nano: int
    revoked_unix_nano: int
    last_used_unix_nano: int


class MadeKey(ListedKey):
    """A new key. `key` is shown this once and stored nowhere."""

    key: str


class Keys(BaseModel):
    """All keys, oldest first."""

    keys: list[ListedKey]


class WhoAmI(BaseModel):
    """What the request's key may do; everything, while no key exists."""

    keys_exist: bool
    key_id: str
    project: Annotated[str, Field(description="'*' for all projects")]
    scopes: list[ScopeName]


def router(keys: KeyFile, *, clock: Callable[[], int] = time.time_ns) -> APIRouter:
    """The routes. Handlers that write the file are plain functions: FastAPI runs them beside the event loop."""
    routes = APIRouter(prefix="/api/v1", tags=["keys"])

    def listed(key: ApiKey) -> dict[str, Any]:
        fields = key.to_json()
        del fields["secret_sha256_hex"]
        return {**fields, "state": key.state(clock())}

    @routes.get("/keys", summary="API keys", responses={200: {"model": Keys}, **ERRORS})
    def list_keys(request: Request) -> Response:
        return json_reply(request, {"keys": [listed(key) for key in keys.list_keys()]})

    @routes.post("/keys", summary="Create an API key", status_code=201, responses={201: {"model": MadeKey}, **ERRORS})
    def create_key(request: Request, wanted: Annotated[KeyBody, Body()]) -> Response:
        made, text = keys.create(
            KeyRequest(wanted.project, tuple(wanted.scopes), wanted.name, wanted.expires_unix_nano)
        )
        return json_reply(request, {**listed(made), "key": text}, status=201)

    @routes.delete("/keys/{key_id}", summary="Revoke an API key", responses={200: {"model": ListedKey}, **ERRORS})
    def revoke_key(request: Request, key_id: KeyId) -> Response:
        return json_reply(request, listed(keys.revoke(key_id)))

    @routes.post(
        "/keys/{key_id}/rotate",
        summary="Replace an API key by a new one that may do the same",
        status_code=201,
        responses={201: {"model": MadeKey}, **ERRORS},
    )
    def rotate_key(request: Request, key_id: KeyId, wanted: Annotated[RotateBody, Body()]) -> Response:
        made, text = keys.rotate(key_id, overlap_s=wanted.overlap_s)
        return json_reply(request, {**listed(made), "key": text}, status=201)

    @routes.get("/whoami", summary="What your key may do", responses={200: {"model": WhoAmI}, **ERRORS})
    def whoami(request: Request) -> Response:
        key: ApiKey | None = request.scope.get("state", {}).get(STATE)
        answer = {
            "keys_exist": keys.keys_exist(),
            "key_id": key.id if key else "",
            "project": key.project if key else ALL_PROJECTS,
            "scopes": list(key.scopes if key else SCOPES),
        }
        return json_reply(request, answer)

    return routes
