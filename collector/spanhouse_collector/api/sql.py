"""`POST /api/v1/sql`: a person's SELECT, answered as JSON, Arrow, Parquet, CSV or lines of JSON.

Owns the request, the shape of the JSON answer, and saying when it was cut. Leaves what may run, and limits, to
`query.sql`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from spanhouse_collector.api.app import ERRORS
from spanhouse_collector.api.sql_reply import (
    CLIENT_LEFT,
    Access,
    AnswerReply,
    ClientLeft,
    chosen_encoding,
    unless_gone,
)
from spanhouse_collector.errors import SpanhouseError, SqlRefused, code_of
from spanhouse_collector.query.sql.formats import ARROW_STREAM, PARQUET
from spanhouse_collector.query.sql.runner import Answer, Query, SqlRunner

ROWS_DEFAULT: Final = 10_000
ROWS_MAX: Final = 1_000_000
_ROWS_FORMAT: Final = "JSONCompactEachRowWithNamesAndTypes"
# What a request may accept besides JSON. A cut cannot be told there: more rows than asked for are an error.
BY_MEDIA_TYPE: Final = {
    ARROW_STREAM: "ArrowStream",
    "application/vnd.apache.arrow.file": "Arrow",
    PARQUET: "Parquet",
    "text/csv": "CSVWithNames",
    "application/x-ndjson": "JSONEachRow",
}


class SqlRequest(BaseModel):
    """A query and how to answer it."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(description="One SELECT in ClickHouse's SQL.", min_length=1)]
    params: Annotated[dict[str, Any], Field(description="Values of {name:Type} in the query.")] = {}
    max_rows: Annotated[
        int | None, Field(strict=True, ge=1, le=ROWS_MAX, description=f"At most so many rows; {ROWS_DEFAULT}.")
    ] = None
    quote_64bit_integers: Annotated[
        bool, Field(strict=True, description="64-bit integers as strings, for readers that know only doubles.")
    ] = False


class SqlColumn(BaseModel):
    """A column of the answer."""

    name: str
    type: Annotated[str, Field(description="ClickHouse's type.")]


class SqlAnswer(BaseModel):
    """The answer; `truncated` when there were more rows than `max_rows`, or it ended with `error`."""

    columns: list[SqlColumn]
    rows: list[list[Any]]
    truncated: bool
    elapsed_ms: float
    error: dict[str, str] | None = None


def router(runner: SqlRunner, access: Access) -> APIRouter:
    """The route, over a runner, for whom `access` says."""
    routes = APIRouter(tags=["sql"])

    @routes.post(
        "/api/v1/sql",
        response_model=SqlAnswer,
        responses={**ERRORS, 200: {"content": {media: {} for media in BY_MEDIA_TYPE}}},
        summary="Run a SELECT",
    )
    async def sql(request: Request, asked: SqlRequest) -> Response:
        media = _accepted(request.headers.get("accept", ""))
        query = _query(asked, media, access.project_of(request))
        try:
            answer = await unless_gone(request, runner.run(query))
        except ClientLeft:
            return Response(status_code=CLIENT_LEFT)
        headers = {"content-type": media or "application/json", "x-clickhouse-query-id": answer.query_id}
        body = answer.chunks() if media else _json(answer, asked.max_rows or ROWS_DEFAULT)
        encoding = chosen_encoding(request.headers.get("accept-encoding", ""))
        return AnswerReply(answer, body, {**headers, "vary": "accept, accept-encoding"}, encoding=encoding)

    return routes


def _accepted(accept: str) -> str:
    """The first media type that the request accepts and that is not JSON; '' for JSON."""
    for part in accept.split(","):
        media = part.split(";")[0].strip().lower()
        if media in ("application/json", "*/*", "application/*"):
            return ""
        if media in BY_MEDIA_TYPE:
            return media
    return ""


def _query(asked: SqlRequest, media: str, project: str) -> Query:
    settings = {
        "output_format_json_quote_64bit_integers": str(int(asked.quote_64bit_integers)),
        "output_format_json_validate_utf8": "1",  # a String may hold any bytes; JSON may not
    }
    if not media:
        settings["limit"] = str((asked.max_rows or ROWS_DEFAULT) + 1)
    elif asked.max_rows:
        settings["max_result_rows"] = str(asked.max_rows)
    return Query(
        asked.query,
        parameters(asked.params),
        format=BY_MEDIA_TYPE.get(media, _ROWS_FORMAT),
        fixed_format=True,
        our_settings=settings,
        project=project,
    )


def parameters(values: Mapping[str, Any]) -> dict[str, str]:
    """Values of JSON as ClickHouse reads parameters: escaped as in a tab-separated file.

    Raises:
        SqlRefused: a value that has no such form.

    """
    return {name: _text(value) if not isinstance(value, str) else _escaped(value) for name, value in values.items()}


def _escaped(text: str) -> str:
    for plain, escaped in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\0", "\\0")):
        text = text.replace(plain, escaped)
    return text


def _text(value: Any) -> str:
    """A value inside another, or one that is not a string."""
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(_literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{_literal(key)}:{_literal(item)}" for key, item in value.items()) + "}"
    raise SqlRefused(f"a parameter cannot be {type(value).__name__}")


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return "'" + _escaped(value).replace("'", "\\'") + "'"
    return "NULL" if value is None else _text(value)


async def _json(answer: Answer, max_rows: int) -> AsyncIterator[bytes]:
    """The engine's lines as one JSON object, without reading the values."""
    head: list[bytes] = []
    rows = 0
    cut = False
    error = ""
    try:
        async for lines in _lines(answer.chunks()):
            body = lines[max(0, 2 - len(head)) :]
            if len(head) < 2:
                head += lines[: 2 - len(head)]
                if len(head) == 2:
                    yield _columns(*head)
            cut = rows + len(body) > max_rows
            kept = body[: max_rows - rows]
            if kept:
                yield (b"," if rows else b"") + b",".join(kept)
            rows += len(kept)
            if cut:
                break
    except SpanhouseError as failure:
        cut = True
        error = (
            ',"error":'
            + orjson.dumps({"code": code_of(failure), "message": failure.message, "hint": failure.hint}).decode()
        )
    if len(head) < 2:
        yield _columns(b"[]", b"[]")
    yield f'],"truncated":{str(cut).lower()},"elapsed_ms":{answer.elapsed_s * 1e3:.3f}{error}}}'.encode()


def _columns(names: bytes, types: bytes) -> bytes:
    pairs = zip(orjson.loads(names), orjson.loads(types), strict=True)
    return b'{"columns":' + orjson.dumps([{"name": name, "type": kind} for name, kind in pairs]) + b',"rows":['


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        if lines:
            yield lines
    if rest:
        yield [rest]
