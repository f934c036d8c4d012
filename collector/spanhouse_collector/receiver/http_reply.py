"""Replies of the HTTP receiver, and what of a request decides their form.

Owns statuses, headers and the order of their writing. Leaves the bytes of bodies to `otlp.response`.

Source: OTLP specification, "OTLP/HTTP Response"; RFC 9110 sections 10.2.3 (Retry-After) and 15.5.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from spanhouse_collector.errors import (
    MethodNotAllowed,
    Overloaded,
    SpanhouseError,
    Unauthenticated,
    UnsupportedMediaType,
)
from spanhouse_collector.otlp import response
from spanhouse_collector.otlp.body import JSON, MEDIA_TYPES
from spanhouse_collector.receiver.http_body import Body

Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = Mapping[str, str]


def headers_of(scope: dict[str, Any]) -> dict[str, str]:
    """The headers of an ASGI request; one that is sent more than once reads as a list, as RFC 9110 has it."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def known_media_type(headers: Headers) -> str | None:
    """The media type of the request, when it is one of OTLP's."""
    name = headers.get("content-type", "").partition(";")[0].strip().lower()
    return name if name in MEDIA_TYPES else None


def reply_type_of(headers: Headers) -> str:
    """The media type of the reply: the request's own, JSON where that is not one of ours."""
    return known_media_type(headers) or JSON


async def refuse(
    send: Send, error: SpanhouseError | None, reply_type: str, body: Body, extra: Headers | None = None
) -> None:
    """Answer with the error's HTTP status and a Status body; None is a fault of ours."""
    headers = dict(extra or {})
    if isinstance(error, Overloaded):
        headers["retry-after"] = str(error.retry_after_s)
    elif isinstance(error, MethodNotAllowed):
        headers["allow"] = "POST"
    elif isinstance(error, UnsupportedMediaType) and error.accept_encoding:
        headers["accept-encoding"] = error.accept_encoding
    elif isinstance(error, Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="spanhouse"'
    status = 500 if error is None else error.http_status
    if body.is_unread:
        headers["connection"] = "close"
    await respond(send, status, response.status_body(error, reply_type), reply_type, headers, unread=body)


async def respond(
    send: Send, status: int, content: bytes, content_type: str | None, extra: Headers, *, unread: Body | None = None
) -> None:
    """Write a whole reply, then take what is left of an unread body, then end the exchange."""
    headers = [(name.encode(), value.encode()) for name, value in extra.items()]
    if content_type is not None:
        headers += [(b"content-type", content_type.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if unread is not None and unread.is_unread:
        await send({"type": "http.response.body", "body": content, "more_body": True})
        await unread.discard()
        content = b""
    await send({"type": "http.response.body", "body": content})
