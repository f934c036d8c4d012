"""What operators ask of a running collector.

Owns `/healthz`, `/readyz`, `/metrics` and the quarantine routes. Leaves what they report to those who know it, through
the `Operations` protocol, and errors to `app`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Body
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.quarantine import Quarantined

RecordId = Annotated[str, Field(max_length=128)]


class Operations(Protocol):
    """What a running collector can tell and do."""

    def unready_reasons(self) -> list[str]:
        """Why requests should not be sent here now; empty when they may."""

    def warnings(self) -> list[str]:
        """What is wrong though requests may be sent here: the database is not written, parts of it were broken."""

    def refresh_metrics(self) -> None:
        """Bring gauges that depend on the clock up to date."""

    def quarantined(self) -> list[Quarantined]:
        """The records that the database refused."""

    async def replay(self, record_ids: list[str]) -> list[str]:
        """Put records back into the log; returns the ids that were not found."""


class Health(BaseModel):
    """That the process answers."""

    status: Literal["ok"]


class Readiness(BaseModel):
    """Whether requests may be sent here, and why not."""

    status: Literal["ready", "unready"]
    reasons: list[str]
    warnings: list[str]


class QuarantinedRecord(BaseModel):
    """A record that the database refused, and why."""

    id: str
    signal: str
    project: str
    received_unix_nano: int
    item_count: int
    size_bytes: int
    error_code: int
    error: str


class QuarantineList(BaseModel):
    """What is in quarantine, oldest first."""

    quarantined: list[QuarantinedRecord]


class ReplayBody(BaseModel):
    """Which records to put back into the log."""

    model_config = ConfigDict(extra="forbid")

    ids: Annotated[list[RecordId], Field(description="As `GET /api/v1/quarantine` lists them")]


class Replayed(BaseModel):
    """How many are in the log again, and which ids are not in quarantine."""

    replayed: int
    missing: list[str]


def operations_router(operations: Operations, telemetry: Telemetry) -> APIRouter:
    """The operators' routes."""
    routes = APIRouter(tags=["operations"])

    # HEAD is what some load balancers and people with curl ask; it is no route of its own in the description.
    @routes.head("/healthz", include_in_schema=False)
    @routes.get("/healthz", summary="Whether the process answers", responses={200: {"model": Health}})
    async def healthz(request: Request) -> Response:
        return json_reply(request, {"status": "ok"})

    @routes.head("/readyz", include_in_schema=False)
    @routes.get(
        "/readyz",
        summary="Whether requests may be sent here",
        responses={200: {"model": Readiness}, 503: {"model": Readiness, "description": "Not now"}},
    )
    async def readyz(request: Request) -> Response:
        reasons = operations.unready_reasons()
        status = {
            "status": "unready" if reasons else "ready",
            "reasons": reasons,
            "warnings": operations.warnings(),
        }
        return json_reply(request, status, status=503 if reasons else 200)

    @routes.head("/metrics", include_in_schema=False)
    @routes.get(
        "/metrics",
        summary="The collector's own metrics, as Prometheus reads them",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        operations.refresh_metrics()
        return Response(generate_latest(telemetry.registry), media_type=CONTENT_TYPE_LATEST)

    @routes.get(
        "/api/v1/quarantine",
        summary="Records that the database refused",
        responses={200: {"model": QuarantineList}, **ERRORS},
    )
    def list_quarantine(request: Request) -> Response:
        return json_reply(request, {"quarantined": [asdict(why) for why in operations.quarantined()]})

    @routes.post(
        "/api/v1/quarantine/replay",
        summary="Put records back into the log",
        responses={200: {"model": Replayed}, **ERRORS},
    )
    async def replay_quarantine(request: Request, wanted: Annotated[ReplayBody, Body()]) -> Response:
        missing = await operations.replay(wanted.ids)
        return json_reply(request, {"replayed": len(wanted.ids) - len(missing), "missing": missing})

    return routes
