"""Who changed what: an entry before each request that changes keys, traces, prices or mappings, and one after it.

Owns which routes are audited and what an entry says. An entry is an OTLP log record in a project that no request can
name, so it is durable by the write-ahead log before the change happens, whether the database is there or not, and it is
read in SQL as the table `audit`. A request whose entry cannot be written is refused, before it changes anything.
Leaves writing to the function that it is given.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spanhouse_collector.api.key_guard import STATE
from spanhouse_collector.api.reply import error_reply
from spanhouse_collector.errors import SpanhouseError, code_of
from spanhouse_collector.identity.keys import ApiKey
from spanhouse_collector.otlp.project import AUDIT

logger = logging.getLogger(__name__)

BODY_CHARACTERS_MAX: Final = 16_384  # what an entry keeps of a request's body; a delete by 1,000 ids is 35,000 bytes
# (methods, path, action). A segment `{}` of a path is anything.
AUDITED: Final = (
    ("POST", "/api/v1/keys", "key.create"),
    ("DELETE", "/api/v1/keys/{}", "key.revoke"),
    ("POST", "/api/v1/keys/{}/rotate", "key.rotate"),
    ("DELETE", "/api/v1/traces", "traces.delete"),
    ("DELETE", "/api/v1/traces/{}/assessments/{}", "assessment.delete"),
    ("PUT", "/api/v1/prices", "price.set"),
    ("DELETE", "/api/v1/prices", "price.unset"),
    ("POST", "/api/v1/prices/reprice", "price.reprice"),
    ("POST", "/api/v1/remap", "remap"),
    ("POST", "/api/v1/quarantine/replay", "quarantine.replay"),
)
_PATTERNS: Final = tuple(
    (methods, re.compile("[^/]+".join(re.escape(part) for part in path.split("{}"))), action)
    for methods, path, action in AUDITED
)
Append = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True)
class Entry:
    """One log record of the audit: `attributes` as text, the request's body as the record's."""

    event_name: str
    time_unix_nano: int
    attributes: Mapping[str, str]
    body: str = ""

    def to_request(self) -> bytes:
        """An OTLP export request that holds the entry alone."""
        request = ExportLogsServiceRequest()
        group = request.resource_logs.add().scope_logs.add()
        group.scope.name = AUDIT
        record = group.log_records.add(time_unix_nano=self.time_unix_nano, event_name=self.event_name)
        record.body.string_value = self.body
        for name, value in self.attributes.items():
            record.attributes.add(key=name).value.string_value = value
        encoded: bytes = request.SerializeToString()
        return encoded


def action_of(method: str, path: str) -> str | None:
    """The action that a request is audited as; None for one that is not."""
    return next(
        (action for methods, pattern, action in _PATTERNS if method in methods and pattern.fullmatch(path)), None
    )


class AuditTrail:
    """ASGI middleware behind the guard of keys: writes an entry, lets the request through, writes how it ended."""

    def __init__(self, app: ASGIApp, append: Append, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._app = app
        self._append = append
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        action = action_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if action is None:
            await self._app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        body = await _whole_body(receive)
        entry = Entry(
            "audit.request", self._clock(), {**_described(scope), "action": action, "request_id": request_id},
            body[: 4 * BODY_CHARACTERS_MAX].decode("utf-8", "replace")[:BODY_CHARACTERS_MAX],
        )  # fmt: skip
        try:
            await self._append(entry.to_request())
        except SpanhouseError as error:
            message = f"the audit cannot be written, so nothing was changed: {error.message}"
            await error_reply(code_of(error), message, error.http_status, hint=error.hint)(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), self._send_with_entry(request_id, send))

    def _send_with_entry(self, request_id: str, send: Send) -> Send:
        """A send that writes how the request ended before the client hears of it."""

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                attributes = {"request_id": request_id, "status": str(message["status"])}
                try:
                    await self._append(Entry("audit.answer", self._clock(), attributes).to_request())
                except SpanhouseError as error:  # it is done; that it was asked for is on record
                    logger.error("the audit of request %s has no answer: %s", request_id, error.message)  # noqa: TRY400
            await send(message)

        return sent


def _described(scope: Scope) -> dict[str, str]:
    key: ApiKey | None = scope.get("state", {}).get(STATE)
    client = scope.get("client")
    return {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode("latin-1"),
        "client": client[0] if client else "",
        "key_id": key.id if key else "",
        "key_name": key.name if key else "",
        "project": key.project if key else "*",
    }


async def _whole_body(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        parts += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body", False):
            return bytes(parts)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A receive that gives the whole body once, then goes on as the real one does."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
