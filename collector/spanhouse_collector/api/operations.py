"""What operators ask of a running collector.

Owns `/healthz`, `/readyz`, `/metrics` and the quarantine routes. Leaves what they report to those who know it, through
the `Operations` protocol, and errors to `app`.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Protocol

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from spanhouse_collector.api.reply import error_body
from spanhouse_collector.telemetry import Telemetry
from spanhouse_collector.wal.quarantine import Quarantined


class Operations(Protocol):
    """What a running collector can tell and do."""

    def unready_reasons(self) -> list[str]:
        """Why requests should not be sent here now; empty when they may."""

    def refresh_metrics(self) -> None:
        """Bring gauges that depend on the clock up to date."""

    def quarantined(self) -> list[Quarantined]:
        """The records that the database refused."""

    async def replay(self, record_ids: list[str]) -> list[str]:
        """Put records back into the log; returns the ids that were not found."""


def operations_routes(operations: Operations, telemetry: Telemetry) -> list[BaseRoute]:
    """The operators' routes."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        reasons = operations.unready_reasons()
        return JSONResponse({"status": "unready" if reasons else "ready", "reasons": reasons}, 503 if reasons else 200)

    async def metrics(_request: Request) -> Response:
        operations.refresh_metrics()
        return Response(generate_latest(telemetry.registry), media_type=CONTENT_TYPE_LATEST)

    async def list_quarantine(_request: Request) -> Response:
        return JSONResponse({"quarantined": [asdict(why) for why in operations.quarantined()]})

    async def replay_quarantine(request: Request) -> Response:
        try:
            ids = (await request.json())["ids"]
        except (ValueError, KeyError, TypeError):
            ids = None
        if not isinstance(ids, list) or not all(isinstance(record_id, str) for record_id in ids):
            return JSONResponse(
                error_body("invalid_argument", "the body has no list of ids", 'send {"ids": ["…"]}'), 400
            )
        missing = await operations.replay(ids)
        return JSONResponse({"replayed": len(ids) - len(missing), "missing": missing}, 200)

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/api/v1/quarantine", list_quarantine),
        Route("/api/v1/quarantine/replay", replay_quarantine, methods=["POST"]),
    ]
