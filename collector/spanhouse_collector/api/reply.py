"""How the JSON API answers.

Owns the bytes of a reply: JSON, gzip where the client takes it, entity tags and 304, and the one shape of every error.
Serialising and compressing a large trace takes long enough to hurt the event loop: `json_reply` belongs into a worker
thread, which is where FastAPI runs handlers that are plain functions.

Numbers of JavaScript are exact up to 2^53 - 1, which no time in nanoseconds since 1970 is. A client that says
`Accept: application/json; integers=text` gets larger ones as text, wherever they stand, attributes included.
"""

from __future__ import annotations

import base64
import gzip
import re
from typing import Any, Final

import orjson
import xxhash
from starlette.requests import Request
from starlette.responses import Response

JSON: Final = "application/json"
GZIP_BYTES_MIN: Final = 1024
INTEGERS_AS_TEXT: Final = re.compile(r";\s*integers\s*=\s*\"?text\"?\s*(?:[;,]|$)", re.IGNORECASE)
EXACT_INTEGER_MAX: Final = 2**53 - 1
GZIP_LEVEL: Final = 1  # a skeleton of 20 MB: 0.1 s, and within a third of what the highest level reaches


def json_reply(request: Request, value: Any, *, status: int = 200, with_etag: bool = False) -> Response:
    """A value as JSON; with a tag, 304 when the client has it already."""
    if INTEGERS_AS_TEXT.search(request.headers.get("accept", "")):
        value = with_integers_as_text(value)
    body = _json(value)
    headers = {"vary": "accept, accept-encoding"}
    if with_etag:
        # Weak: the same tag whether it was compressed or not.
        tag = f'W/"{xxhash.xxh3_128_hexdigest(body)}"'
        headers |= {"etag": tag, "cache-control": "private, no-cache"}
        if _matches(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
    if len(body) >= GZIP_BYTES_MIN and accepts_gzip(request.headers.get("accept-encoding", "")):
        body = gzip.compress(body, GZIP_LEVEL, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(body, status, headers, media_type=JSON)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client that sends this takes gzip."""
    for part in accept_encoding.lower().split(","):
        name, _, parameters = part.partition(";")
        if name.strip() in ("gzip", "x-gzip", "*"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", parameters)
    return False


def _matches(if_none_match: str, tag: str) -> bool:
    """RFC 9110 section 13.1.2, with weak comparison."""
    opaque = tag.removeprefix("W/")
    listed = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return "*" in listed or opaque in listed


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value, default=_other, option=orjson.OPT_NON_STR_KEYS)
    except orjson.JSONEncodeError as error:
        if "64-bit" not in str(error):
            raise
        return orjson.dumps(_with_long_integers(value), default=_other, option=orjson.OPT_NON_STR_KEYS)


def _other(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)


def with_integers_as_text(value: Any) -> Any:
    """The same, where integers that JavaScript cannot hold are text."""
    if isinstance(value, dict):
        return {key: with_integers_as_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        if all(type(item) is int for item in value):  # columns of fifty thousand numbers, nearly all of them small
            is_exact = not value or (min(value) >= -EXACT_INTEGER_MAX and max(value) <= EXACT_INTEGER_MAX)
            return value if is_exact else [_exactly(item) for item in value]
        return [with_integers_as_text(item) for item in value]
    return _exactly(value)


def _exactly(value: Any) -> Any:
    is_long = isinstance(value, int) and not -EXACT_INTEGER_MAX <= value <= EXACT_INTEGER_MAX
    return str(value) if is_long else value


def _with_long_integers(value: Any) -> Any:
    """The same, where integers beyond 64 bits, which orjson refuses, are their digits."""
    if isinstance(value, dict):
        return {key: _with_long_integers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_long_integers(item) for item in value]
    is_long = isinstance(value, int) and not -(2**63) <= value < 2**64
    return orjson.Fragment(str(value)) if is_long else value


def error_body(code: str, message: str, hint: str = "", **more: Any) -> dict[str, Any]:
    """The body of every error of the API."""
    return {"error": {"code": code, "message": message, "hint": hint, **more}}


def error_reply(
    code: str, message: str, status: int, *, hint: str = "", headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """An error as a reply; `more` are further fields of it."""
    return Response(orjson.dumps(error_body(code, message, hint, **more)), status, headers, media_type=JSON)
