"""What the web UI asks before anything else: `GET /api/v1/ui`, and the filter language as data.

Owns their description. Leaves what the settings are to `service`, the language to `query.filter.vocabulary`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.query.filter.names import Unit
from spanhouse_collector.query.filter.vocabulary import vocabulary

Rows = Literal["traces", "spans", "logs", "metrics"]
UNITS: Final[dict[Rows, Unit]] = {"traces": "trace", "spans": "span", "logs": "log", "metrics": "metric"}


@dataclass(frozen=True, kw_only=True)
class UiSettings:
    """What a page must know of the collector that serves it."""

    version: str
    grpc_endpoint: str
    http_endpoint: str
    public_url: str
    time_zone: str
    embed_origins: tuple[str, ...]
    keys_exist: bool
    database: str

    @property
    def data(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "version": self.version,
            "endpoints": {"grpc": self.grpc_endpoint, "http": self.http_endpoint, "public": self.public_url},
            "time_zone": self.time_zone,
            "embed_origins": list(self.embed_origins),
            "keys_exist": self.keys_exist,
            "database": self.database,
        }


class Endpoints(BaseModel):
    """Where OTLP is sent to; `public` is the address that people use, '' where none is set."""

    grpc: str
    http: str
    public: str


class UiReply(BaseModel):
    """Settings of the collector that its pages depend on."""

    version: str
    endpoints: Endpoints
    time_zone: Annotated[str, Field(description="IANA name; '' leaves it to the browser")]
    embed_origins: Annotated[list[str], Field(description="Who may frame `/embed/`, besides the collector itself")]
    keys_exist: Annotated[bool, Field(description="Whether requests need a key")]
    database: Literal["embedded", "server"]


class VocabularyParameters(BaseModel):
    """Whose filters."""

    model_config = ConfigDict(extra="forbid")

    of: Rows = "traces"


class VocabularyField(BaseModel):
    """A field: how it compares, and what may be written beside it."""

    name: str
    kind: str
    level: str
    meaning: str
    aliases: list[str]
    operators: list[str]
    bare_number_unit: Literal["ns", "ms"] | None
    values: Annotated[list[str], Field(description="All there are, if it is a closed set")]
    example: str
    is_column: Annotated[bool, Field(description="Lists can be ordered, and aggregates grouped, by it")]


class VocabularyFamily(BaseModel):
    """Fields without number: `prefix.KEY`."""

    prefix: str
    kind: str
    level: str
    meaning: str
    aliases: list[str]
    operators: list[str]
    example: str
    is_column: bool


class VocabularyOperator(BaseModel):
    """An operator, and what it takes on its right."""

    operator: str
    takes: Literal["one", "two", "list", "none"]


class Vocabulary(BaseModel):
    """The filter language as data."""

    fields: list[VocabularyField]
    families: list[VocabularyFamily]
    operators: list[VocabularyOperator]
    words: list[str]
    duration_units: list[str]
    limits: dict[str, int]


def ui_router(settings: Callable[[], UiSettings]) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/v1", tags=["ui"])

    @router.get(
        "/ui",
        summary="Settings that pages depend on",
        responses={200: {"model": UiReply}, 304: {"description": "What the client has is current"}, **ERRORS},
    )
    def read_settings(request: Request) -> Response:
        return json_reply(request, settings().data, with_etag=True)

    @router.get(
        "/vocabulary",
        summary="The filter language as data",
        responses={200: {"model": Vocabulary}, 304: {"description": "What the client has is current"}, **ERRORS},
    )
    def read_vocabulary(request: Request, parameters: Annotated[VocabularyParameters, Query()]) -> Response:
        return json_reply(request, vocabulary(UNITS[parameters.of]), with_etag=True)

    return router
