"""OTLP/HTTP as an ASGI application.

Owns `POST /v1/{traces,logs,metrics}` and their aliases: routing, CORS, and what is refused before the body is read.
Every refusal is a `google.rpc.Status`; nothing is ever redirected. Leaves connections to `http_listener`, reading to
`http_body`, the bytes of replies to `http_reply`.

Source: OTLP specification, "OTLP/HTTP"; RFC 9110; decision 007.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest, MethodNotAllowed, SpanhouseError, UnknownRoute
from spanhouse_collector.identity.credentials import key_in_headers
from spanhouse_collector.identity.key_file import KeyFile, bound_project
from spanhouse_collector.identity.keys import INGEST
from spanhouse_collector.otlp import project
from spanhouse_collector.otlp.body import JSON, media_type
from spanhouse_collector.otlp.signals import SIGNALS
from spanhouse_collector.receiver.export import Exporter, ExportRequest
from spanhouse_collector.receiver.http_body import Body, Receive
from spanhouse_collector.receiver.http_reply import (
    Headers,
    Send,
    headers_of,
    known_media_type,
    refuse,
    reply_type_of,
    respond,
)

logger = logging.getLogger(__name__)

TRANSPORT: Final = "http"
PATH_PREFIX: Final = "/v1/"
ALLOWED_HEADERS: Final = (
    "authorization, content-encoding, content-type, x-api-key, x-spanhouse-key, x-spanhouse-project"
)
PREFLIGHT_MAX_AGE_S: Final = 7200
# Langfuse's and Opik's OTLP endpoints, so that moving over is a change of host name.
ALIASES: Final = ("/api/public/otel", "/api/v1/private/otel", "/otel")
_CANONICAL: Final = tuple(signal.http_path for signal in SIGNALS)
BY_PATH: Final = {prefix + signal.http_path: signal for signal in SIGNALS for prefix in ("", *ALIASES)}
PREFIXES: Final = tuple(prefix + PATH_PREFIX for prefix in ("", *ALIASES))


def is_for_otlp(scope: dict[str, Any], others: tuple[str, ...]) -> bool:
    """Whether a request is OTLP's, so that even its 404 is a `google.rpc.Status`: by its path, or as a lost export.

    An exporter whose base address is wrong posts protobuf or JSON to a path that is not below one of the `others`.
    """
    path: str = scope["path"]
    if path.startswith(PREFIXES):
        return True
    if scope["method"] != "POST" or path.startswith(others):
        return False
    return known_media_type(headers_of(scope)) is not None


class OtlpHttp:
    """The ASGI application of the OTLP paths."""

    def __init__(
        self,
        exporter: Exporter,
        keys: KeyFile,
        *,
        max_request_bytes: int,
        request_timeout_s: float,
        cors_origins: tuple[str, ...],
    ) -> None:
        self._exporter = exporter
        self._keys = keys
        self._max_request_bytes = max_request_bytes
        self._timeout_s = request_timeout_s
        self._cors_origins = frozenset(cors_origins)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; the ASGI interface."""
        headers = headers_of(scope)
        reply_type = reply_type_of(headers)
        extra = self._cors(headers)
        body = Body(headers, receive)
        try:
            if scope["method"] == "OPTIONS" and extra and "access-control-request-method" in headers:
                await respond(send, 204, b"", None, {**extra, **_PREFLIGHT})
                return
            reply = await self._export(scope, headers, body)
            await respond(send, 200, reply, reply_type, extra)
            return
        except SpanhouseError as error:
            reason: SpanhouseError | None = error
        except Exception:  # the edge: a fault of ours is a 500 without its text
            logger.exception("an OTLP/HTTP request failed in a way nobody thought of")
            reason = None
        await refuse(send, reason, reply_type, body, extra)

    async def _export(self, scope: dict[str, Any], headers: Headers, body: Body) -> bytes:
        signal = BY_PATH.get(scope["path"])
        if signal is None:
            raise UnknownRoute(f"nothing is at {scope['path'][:80]!r}", hint=f"OTLP paths: {', '.join(_CANONICAL)}")
        with self._exporter.request(signal, TRANSPORT) as room:
            if scope["method"] != "POST":
                raise MethodNotAllowed(f"{scope['method'][:20]} is not possible on {scope['path']}", hint="use POST")
            kind = media_type(headers.get("content-type"))
            key = self._keys.authenticate(key_in_headers(headers), INGEST)
            name = bound_project(key) or project.for_export(headers.get(project.HEADER))
            data = await body.read(room, limit_bytes=self._max_request_bytes, timeout_s=self._timeout_s)
            if not data and kind == JSON:
                raise MalformedRequest("the body is empty", hint="an empty export request in JSON is {}")
            export = ExportRequest(
                signal=signal,
                transport=TRANSPORT,
                body=data,
                media_type=kind,
                content_encoding=headers.get("content-encoding"),
                project=name,
            )
            return await self._exporter.export(export, room)

    def _cors(self, headers: Headers) -> dict[str, str]:
        """Headers that let a browser page of an allowed origin read the reply; none for any other."""
        origin = headers.get("origin")
        if origin is None or origin not in self._cors_origins:
            return {}
        return {"access-control-allow-origin": origin, "vary": "Origin", "access-control-expose-headers": "Retry-After"}


_PREFLIGHT: Final = {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": ALLOWED_HEADERS,
    "access-control-max-age": str(PREFLIGHT_MAX_AGE_S),
}
