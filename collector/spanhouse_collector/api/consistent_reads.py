"""Reads that see everything that was acknowledged before them: `consistent=true` on any route that answers GET.

Owns the two parameters, the wait and its end. An acknowledgement means *on disk*; the database has it a moment later,
and the tables of one request are not filled at the same instant: spans may be there before the tags of their trace.
Whoever must read its own writes asks for it, and waits until no segment is left that holds a record received before the
request. Leaves reading to the routes: they see neither parameter.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Receive, Scope, Send

from spanhouse_collector.api.reply import error_reply
from spanhouse_collector.errors import MalformedRequest, NotStoredYet, SpanhouseError, code_of
from spanhouse_collector.telemetry import Telemetry

CONSISTENT: Final = "consistent"
WAIT: Final = "consistent_wait_s"
CONSISTENT_WAIT_S: Final = 20.0
CONSISTENT_WAIT_MAX_S: Final = 60.0
POLL_S: Final = 0.02
_WORDS: Final = {"true": True, "1": True, "false": False, "0": False}


class ConsistentReads:
    """An ASGI application that lets another one answer, after what was acknowledged is stored where that is asked."""

    def __init__(
        self,
        app: ASGIApp,
        has_stored: Callable[[int], bool],
        telemetry: Telemetry,
        *,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._app = app
        self._has_stored = has_stored
        self._telemetry = telemetry
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait if asked to, then pass the request on without the parameters."""
        asked = scope.get("query_string", b"")
        if scope["type"] != "http" or scope["method"] != "GET" or CONSISTENT.encode() not in asked:
            await self._app(scope, receive, send)
            return
        pairs = parse_qsl(asked.decode("latin-1"), keep_blank_values=True)
        said = {name: value for name, value in pairs if name in (CONSISTENT, WAIT)}
        try:
            wait_s = _wait_s(said)
            if wait_s is not None:
                await self._wait(wait_s)
        except SpanhouseError as error:
            headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, NotStoredYet) else None
            reply = error_reply(code_of(error), error.message, error.http_status, hint=error.hint, headers=headers)
            await reply(scope, receive, send)
            return
        rest = urlencode([(name, value) for name, value in pairs if name not in said])
        await self._app({**scope, "query_string": rest.encode()} if said else scope, receive, send)

    async def _wait(self, wait_s: float) -> None:
        until = self._clock()
        deadline = time.monotonic() + wait_s
        while not self._has_stored(until):
            if time.monotonic() >= deadline:
                self._telemetry.inconsistent_reads.inc()
                raise NotStoredYet(
                    f"not all that was acknowledged before this request is stored after {wait_s:g} s",
                    hint=f"ask again, raise {WAIT} (at most {CONSISTENT_WAIT_MAX_S:g}), or leave {CONSISTENT} out",
                )
            await asyncio.sleep(POLL_S)


def _wait_s(said: dict[str, str]) -> float | None:
    """How long to wait; None for not at all."""
    word = said.get(CONSISTENT, "false")
    if word.lower() not in _WORDS:
        raise MalformedRequest(f"query parameter {CONSISTENT}: {word[:60]!r} is neither true nor false")
    try:
        wait_s = float(said.get(WAIT, CONSISTENT_WAIT_S))
    except ValueError:
        wait_s = -1.0
    if not 0 <= wait_s <= CONSISTENT_WAIT_MAX_S:
        raise MalformedRequest(
            f"query parameter {WAIT}: {said[WAIT][:60]!r} is no number of seconds from 0 to {CONSISTENT_WAIT_MAX_S:g}"
        )
    return wait_s if _WORDS[word.lower()] else None
