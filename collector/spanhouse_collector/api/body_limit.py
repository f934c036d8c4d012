"""A limit on what a request of the API may carry.

Owns refusing longer bodies before they are in memory, whatever their sender says of their length. OTLP has limits of
its own, in the receiver.
"""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spanhouse_collector.api.reply import error_reply

API_BODY_BYTES_MAX: Final = 4 << 20


class BodyLimit:
    """An ASGI application that reads at most API_BODY_BYTES_MAX for another one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 for a longer body; everything else is the application's."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Limited(self._app, scope, receive, send).answer()


class _Limited:
    """One request, its body counted while it is read."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._scope, self._receive, self._send = app, scope, receive, send
        self._read_bytes = 0
        self._is_refused = False

    async def answer(self) -> None:
        """Let the application answer; in its place, say that the body is too long."""
        await self._app(self._scope, self._counted, self._sent)

    async def _counted(self) -> Message:
        message = await self._receive()
        self._read_bytes += len(message.get("body", b""))
        # To the application the client has gone: what it then says is not sent.
        return {"type": "http.disconnect"} if self._is_too_long else message

    @property
    def _is_too_long(self) -> bool:
        return self._read_bytes > API_BODY_BYTES_MAX

    async def _sent(self, message: Message) -> None:
        if not self._is_too_long:
            await self._send(message)
        elif not self._is_refused:
            self._is_refused = True
            reply = error_reply(
                "request_too_large",
                f"the body is longer than {API_BODY_BYTES_MAX} bytes",
                413,
                hint="the limit is API_BODY_BYTES_MAX; send less at once",
            )
            await reply(self._scope, self._receive, self._send)
