"""The body of an OTLP/JSON request as a Python object.

Owns what counts as JSON, what senders do to it that is mended, and how many objects it may hold. Leaves what they mean
to `json_decode`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp.counts import PARTS, Tally
from spanhouse_collector.otlp.json_fields import json_type

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def document_of(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        MalformedRequest: it is none.

    """
    document = _parse(body)
    if not isinstance(document, dict):
        raise MalformedRequest(
            f"the body is a JSON {json_type(document)}, not an object",
            hint='an export request looks like {"resourceSpans": […]}',
        )
    return document


def _limit_objects(body: bytes) -> None:
    """Refuse a body of more objects and lists than a request may hold parts, before they become a hundred bytes each.

    Raises:
        RequestTooLarge: it is one.

    """
    # Braces in texts are not told apart in the first look, which costs nothing; in the second they are.
    if body.count(b"{") + body.count(b"[") > PARTS.most:
        bare = _TEXT.sub(b"", body)
        Tally().add(PARTS, bare.count(b"{") + bare.count(b"["))


def _parse(body: bytes) -> Any:
    _limit_objects(body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as first:
        # orjson refuses two things that senders do: lone surrogates, which JavaScript makes when it cuts a string in
        # two, and bytes that are not UTF-8. Both become U+FFFD, as they do in protobuf.
        text = body.decode("utf-8", "replace")
        try:
            if "\ufffd" not in text and _SURROGATE.search(text) is None:
                raise first
            return _without_surrogates(json.loads(text, parse_constant=_no_constant))
        except (ValueError, RecursionError):
            raise MalformedRequest(f"the body is not JSON: {str(first)[:120]}") from first


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
