"""The body of an HTTP request, read within its limits or thrown away within others.

Owns both. A body takes room in memory as it arrives, whatever its declared length says. One that is refused unread is
still drained for a moment after the reply: closing a socket with unread bytes in it resets the connection, and the
sender, cut off in the middle of writing, would never see why and send it all again.

Source: RFC 9112 section 9.6 (closing in stages); OTLP specification, "OTLP/HTTP Request".
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest, RequestTimeout, RequestTooLarge
from spanhouse_collector.receiver.admission import Room

ENTRY_BYTES: Final = 1 << 20  # what a body may wait for at the door; the rest must fit as it comes
LINGER_S: Final = 2.0
LINGER_MAX_BYTES: Final = 256 << 20

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Body:
    """One request's body."""

    def __init__(self, headers: Mapping[str, str], receive: Receive) -> None:
        self._receive = receive
        length = headers.get("content-length", "")
        self._declared_bytes = int(length) if length.isdecimal() else 0
        self._awaits_invitation = headers.get("expect", "").lower() == "100-continue"
        # Whether bytes of it may still come.
        self.is_unread = self._declared_bytes > 0 or "transfer-encoding" in headers

    async def read(self, room: Room, *, limit_bytes: int, timeout_s: float) -> bytes:
        """The body as sent, counted against `room`.

        Raises:
            RequestTooLarge: by its declared length, before a byte is read, or by its real one.
            Overloaded: no room for it in memory.
            RequestTimeout: it did not arrive in time.
            MalformedRequest: the client went away.

        """
        if self._declared_bytes > limit_bytes:
            raise RequestTooLarge(
                f"Content-Length {self._declared_bytes} is larger than max_request_bytes={limit_bytes}",
                hint="send smaller batches or raise --max-request-bytes",
            )
        await room.enter(min(self._declared_bytes, ENTRY_BYTES))
        try:
            async with asyncio.timeout(timeout_s):
                return await self._gather(room, limit_bytes)
        except TimeoutError:
            raise RequestTimeout(f"the body did not arrive within request_timeout={timeout_s:g} s") from None

    async def _gather(self, room: Room, limit_bytes: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            part, is_last = await self._next()
            size += len(part)
            if size > limit_bytes:
                raise RequestTooLarge(
                    f"the body is larger than max_request_bytes={limit_bytes}",
                    hint="send smaller batches or raise --max-request-bytes",
                )
            if size > room.size_bytes:
                room.resize(size)
            parts.append(part)
            if is_last:
                return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _next(self) -> tuple[bytes, bool]:
        self._awaits_invitation = False
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_unread = False
            raise MalformedRequest("the client went away in the middle of the body")
        self.is_unread = message.get("more_body", False)
        return message.get("body", b""), not self.is_unread

    async def discard(self) -> None:
        """Read on for a moment and keep nothing; for after the reply, before the connection is closed."""
        if self._awaits_invitation:
            return  # refused before it was asked for: the sender holds it back
        size = 0
        try:
            async with asyncio.timeout(LINGER_S):
                while self.is_unread and size < LINGER_MAX_BYTES:
                    part, _ = await self._next()
                    size += len(part)
        except (TimeoutError, MalformedRequest):
            return
