"""Media of spans as answers: bytes that a stranger chose, from the same origin as the pages.

Owns what keeps them harmless (types that a browser shows by an allow-list, everything else a download, and a policy
under which nothing in them runs) and ranges, which players ask for. Leaves the bytes to `query.traces`.

Source: RFC 9110 section 14.
"""

from __future__ import annotations

import re
from typing import Annotated, Final

import xxhash
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from spanhouse_collector.api.app import ERRORS, ErrorBody
from spanhouse_collector.api.reply import error_reply
from spanhouse_collector.api.traces import SpanId, TraceId, plain_trace_id
from spanhouse_collector.model.content.media_index import UNKNOWN_TYPE, Media
from spanhouse_collector.otlp import project as projects
from spanhouse_collector.query.traces import TraceReader

NUMBER_MAX: Final = 9999

POLICY: Final = "sandbox; default-src 'none'"
_RANGE: Final = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


class MediaParameters(BaseModel):
    """Whose media."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str, Field(pattern=f"^$|{projects.PATTERN}", description="Only this project's spans")] = ""


def media_router(reader: TraceReader) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api/v1/traces", tags=["traces"])

    @router.get(
        "/{trace_id}/spans/{span_id}/media/{number}",
        summary="Bytes of one of the media in a span's messages",
        response_class=Response,
        responses={
            200: {"content": {"*/*": {}}, "description": "The bytes"},
            206: {"content": {"*/*": {}}, "description": "The range asked for"},
            304: {"description": "What the client has is current"},
            416: {"model": ErrorBody, "description": "The range is outside of them"},
            **ERRORS,
        },
    )
    def read_media(
        request: Request,
        trace_id: TraceId,
        span_id: SpanId,
        number: Annotated[int, Path(ge=0, le=NUMBER_MAX)],
        parameters: Annotated[MediaParameters, Query()],
    ) -> Response:
        wanted = plain_trace_id(trace_id)
        return media_reply(request, reader.read_media(wanted, span_id.lower(), number, project=parameters.project))

    return router


def media_reply(request: Request, media: Media) -> Response:
    """The bytes, or the one range of them that is asked for; several ranges are answered with everything."""
    size = len(media.data)
    headers = {
        "content-security-policy": POLICY,
        "content-disposition": "inline" if media.is_shown else "attachment",
        "cache-control": "private, max-age=31536000, immutable",  # a span's content never changes
        "accept-ranges": "bytes",
        "etag": f'"{xxhash.xxh3_128_hexdigest(media.data)}"',
    }
    mime_type = media.mime_type if media.is_shown else UNKNOWN_TYPE
    if request.headers.get("if-none-match", "") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    match = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if match is None or match[1] == match[2] == "":
        return Response(media.data, 200, headers, media_type=mime_type)
    if match[1]:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    else:
        first, last = max(0, size - int(match[2])), size - 1
    if first > last:
        return error_reply(
            "range_not_satisfiable",
            f"there are {size} bytes",
            416,
            hint="ask for bytes that there are",
            headers={"content-range": f"bytes */{size}"},
        )
    headers["content-range"] = f"bytes {first}-{last}/{size}"
    return Response(media.data[first : last + 1], 206, headers, media_type=mime_type)
