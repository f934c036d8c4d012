"""Limits on what a request of the API may carry, and on how long that may take to come.

Owns refusing longer bodies before they are in memory, whatever their sender says of their length, and bodies that do
not arrive. OTLP has limits of its own, in the receiver.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spanhouse_collector.api.reply import error_reply

API_BODY_BYTES_MAX: Final = 4 << 20


class BodyLimit:
    """An ASGI application that reads at most API_BODY_BYTES_MAX for another one, and for at most `timeout_s`."""

    def __init__(self, app: ASGIApp, *, timeout_s: float) -> None:
        self._app = app
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 for a longer body, 408 for one that does not come; everything else is the application's."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Limited(self._app, scope, receive, send, self._timeout_s).answer()


class _Limited:
    """One request, its body counted while it is read."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, timeout_s: float) -> None:
        self._app, self._scope, self._receive, self._send = app, scope, receive, send
        self._timeout_s = timeout_s
        self._ends = time.monotonic() + timeout_s
        self._read_bytes = 0
        self._is_whole = False  # what follows is that the client left, for which there is no deadline
        self._is_late = False
        self._is_refused = False

    async def answer(self) -> None:
        """Let the application answer; in its place, say that the body is too long."""
        await self._app(self._scope, self._counted, self._sent)

    async def _counted(self) -> Message:
        message = await self._next()
        self._read_bytes += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        # To the application the client has gone: what it then says is not sent.
        return {"type": "http.disconnect"} if self._is_too_long else message

    async def _next(self) -> Message:
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout(max(0.0, self._ends - time.monotonic())):
                return await self._receive()
        except TimeoutError:
            self._is_late = True
            return {"type": "http.disconnect"}

    @property
    def _is_too_long(self) -> bool:
        return self._read_bytes > API_BODY_BYTES_MAX

    async def _sent(self, message: Message) -> None:
        if not self._is_too_long and not self._is_late:
            await self._send(message)
        elif not self._is_refused:
            self._is_refused = True
            reply = self._too_long() if self._is_too_long else self._too_late()
            await reply(self._scope, self._receive, self._send)

    def _too_long(self) -> Response:
        return error_reply(
            "request_too_large",
            f"the body is longer than {API_BODY_BYTES_MAX} bytes",
            413,
            hint="the limit is API_BODY_BYTES_MAX; send less at once",
        )

    def _too_late(self) -> Response:
        return error_reply(
            "request_timeout",
            f"the body did not arrive within request_timeout={self._timeout_s:g} s",
            408,
            hint="send as many bytes as Content-Length says",
            headers={"connection": "close"},
        )
