"""An answer of `query.sql` as an HTTP reply that is sent while it is made.

Owns sending chunks, noticing that the client has left (the query then ends), compression, and what is said when the
answer fails half-way. Leaves what the bytes are to `sql` and `clickhouse`.
"""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Final, Protocol, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.query.sql.runner import Answer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Result = TypeVar("Result")
CLIENT_LEFT: Final = 499  # nobody reads it; servers' logs know it by this number


class Access(Protocol):
    """Whose rows a request may read."""

    def project_of(self, request: Request) -> str:
        """The only project that the request's key may read; '' for all. Raises SpanhouseError for a bad key."""


class OpenAccess:
    """Every request reads everything: a collector without keys."""

    def project_of(self, request: Request) -> str:
        """See `Access`."""
        return ""


class ClientLeft(Exception):
    """Nobody waits for the reply any more."""


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result:
    """The outcome of `work`, which is cancelled when the client leaves; the body must have been read before.

    Raises:
        ClientLeft: it left.

    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_until_gone(request.receive))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientLeft
    finally:
        for waiting in (task, gone):
            waiting.cancel()


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


IGNORED_SETTINGS: Final = "x-spanhouse-ignored-settings"


def ignored_header(answer: Answer) -> dict[str, str]:
    """Names of the settings in the query that do not hold here; nothing when all do."""
    return {IGNORED_SETTINGS: ", ".join(each.name for each in answer.ignored)} if answer.ignored else {}


class AnswerReply(Response):
    """Sends `body` chunk by chunk and finishes the answer however it ends."""

    def __init__(
        self,
        answer: Answer,
        body: AsyncIterator[bytes],
        headers: Mapping[str, str],
        *,
        encoding: str = "",
        when_failed: Callable[[SpanhouseError], bytes] | None = None,
    ) -> None:
        self._answer = answer
        self._chunks = body
        self._encoder = _encoder(encoding)
        self._when_failed = when_failed
        self.status_code = 200
        self.background = None
        encoded = {"content-encoding": encoding} if encoding else {}
        self.init_headers({**headers, **encoded})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        sending = asyncio.ensure_future(self._send(send))
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, gone):
                task.cancel()
            self._answer.finish()

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        failed = False
        try:
            async for chunk in self._chunks:
                await self._send_some(send, chunk)
        except SpanhouseError as error:
            if self._when_failed is None:
                raise
            failed = True
            await self._send_some(send, self._when_failed(error), flush=True)
        if failed:
            return  # without the last chunk the server breaks the connection: nobody takes the answer for whole
        rest = self._encoder.flush() if self._encoder else b""
        await send({"type": "http.response.body", "body": rest, "more_body": False})

    async def _send_some(self, send: Send, chunk: bytes, *, flush: bool = False) -> None:
        if self._encoder:
            chunk = self._encoder.compress(chunk) + (self._encoder.flush() if flush else b"")
        if chunk:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})


class _Encoder(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _encoder(encoding: str) -> _Encoder | None:
    if encoding == "gzip":
        return zlib.compressobj(1, wbits=31)
    if encoding == "deflate":
        return zlib.compressobj(1)
    if encoding == "zstd":
        return zstd.ZstdCompressor(level=1)
    return None


def chosen_encoding(accepted: str) -> str:
    """The best of what a client accepts: zstd, gzip, deflate, or '' for none."""
    names = {
        part.split(";")[0].strip().lower() for part in accepted.split(",") if not part.replace(" ", "").endswith(";q=0")
    }
    return next((name for name in ("zstd", "gzip", "deflate") if name in names), "")
