"""Counting and timing the requests beside OTLP.

Owns their two metrics. The route is the pattern that answered (`/api/v1/traces/{trace_id}`), never the path that a
client wrote; the method is one of HTTP's.
"""

from __future__ import annotations

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spanhouse_collector.telemetry import Telemetry

OTHER: Final = "other"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLIENT_LEFT: Final = 499  # no status was sent


class RequestMetrics:
    """An ASGI application that counts what another one answers."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; count the reply when it has ended, however it did."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = CLIENT_LEFT

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            route = str(getattr(scope.get("route"), "path", OTHER))
            method = scope["method"] if scope["method"] in METHODS else OTHER
            self._telemetry.api_requests.labels(route, method, str(status)).inc()
            self._telemetry.api_seconds.labels(route).observe(time.perf_counter() - started)
