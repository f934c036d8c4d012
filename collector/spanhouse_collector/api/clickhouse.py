"""ClickHouse's HTTP interface at `/clickhouse/`, read-only: drivers, Grafana and BI tools point at it.

Owns the protocol: where the statement, its parameters and settings stand in a request, formats, compression, headers
and the text of exceptions. Leaves what may run to `query.sql`. Source: ClickHouse docs, "HTTP interface", and
src/Server/ HTTPHandler.cpp at 26.9.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from spanhouse_collector.api.native_blocks import REVISION_WITH_CUSTOM_SERIALIZATION, CompressedBlocks, greeting
from spanhouse_collector.api.sql_reply import (
    CLIENT_LEFT,
    Access,
    AnswerReply,
    ClientLeft,
    chosen_encoding,
    ignored_header,
    unless_gone,
)
from spanhouse_collector.errors import RequestTooLarge, SpanhouseError, SqlError, SqlRefused, TooManyQueries
from spanhouse_collector.query.sql.guard import PARAMETERS_BYTES_MAX, STATEMENT_BYTES_MAX
from spanhouse_collector.query.sql.runner import Answer, Query, SqlRunner
from spanhouse_collector.query.sql.tables import DATABASE_ALIASES

PATH: Final = "/clickhouse"
DISPLAY_NAME: Final = "spanhouse"
# Parameters of the URL that are neither settings nor ours to obey: every query is a session of its own.
_PASSED_OVER: Final = frozenset(
    [
        "add_http_cors_header",
        "buffer_size",
        "close_session",
        "compress",
        "client_protocol_version",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "framing",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "session_check",
        "session_id",
        "session_timeout",
        "stacktrace",
        "user",
    ]
)
# The Go driver's first query. It reads the answer in its own revision of the Native format, and all later ones in the
# revision that the answer names: 0, the plain one.
_GREETING: Final = re.compile(
    r"\s*select\s+displayname\(\),\s*version\(\),\s*revision\(\),\s*timezone\(\)\s*", re.IGNORECASE
)
_GREETING_ANSWER: Final = (
    f"SELECT '{DISPLAY_NAME}' AS `displayName()`, version() AS `version()`, toUInt32(0) AS `revision()`, "
    "timezone() AS `timezone()`"
)
_NAMES: Final = {
    46: "UNKNOWN_FUNCTION",
    48: "NOT_IMPLEMENTED",
    60: "UNKNOWN_TABLE",
    62: "SYNTAX_ERROR",
    73: "UNKNOWN_FORMAT",
    81: "UNKNOWN_DATABASE",
    164: "READONLY",
    202: "TOO_MANY_SIMULTANEOUS_QUERIES",
    210: "NETWORK_ERROR",
    516: "AUTHENTICATION_FAILED",
}
_NOT_FOUND: Final = frozenset({16, 46, 47, 60, 81, 115})
_BAD_REQUEST: Final = frozenset({6, 26, 27, 36, 38, 41, 42, 43, 53, 62, 70, 72, 73, 130, 386, 456, 457, 523})
_SUFFIX: Final = re.compile(r"\s*\(([A-Z0-9_]+)\)\s*$")


@dataclass(frozen=True)
class _Asked:
    """What a request says besides its query."""

    query: Query
    native_blocks: bool
    encoding: str
    protocol_version: int


def router(runner: SqlRunner, access: Access) -> APIRouter:
    """The routes, over a runner, for whom `access` says."""
    routes = APIRouter()

    async def ping(_request: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    async def query(request: Request) -> Response:
        if not request.url.query and request.method != "POST":
            return PlainTextResponse("Ok.\n")
        try:
            return await _answer(request, runner, access)
        except ClientLeft:
            return Response(status_code=CLIENT_LEFT)
        except SpanhouseError as error:
            return _exception(error)

    routes.add_route(PATH, query, ["GET", "POST"], include_in_schema=False)
    routes.add_route(f"{PATH}/", query, ["GET", "POST"], include_in_schema=False)
    for name in ("ping", "replicas_status"):
        routes.add_route(f"{PATH}/{name}", ping, ["GET"], include_in_schema=False)
    return routes


async def _answer(request: Request, runner: SqlRunner, access: Access) -> Response:
    project = access.project_of(request)
    asked = await _read(request, runner.database, project)
    if _GREETING.fullmatch(asked.query.statement):
        asked = _greeted(asked)
        if asked.query.format == "Native" and asked.protocol_version >= REVISION_WITH_CUSTOM_SERIALIZATION:
            return await _greeting(runner, asked)
    answer = await unless_gone(request, runner.run(asked.query))
    tag = "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))
    headers = {
        "content-type": answer.format.media_type,
        "x-clickhouse-summary": _summary(answer),
        "x-clickhouse-query-id": answer.query_id,
        "x-clickhouse-format": answer.format.name,
        "x-clickhouse-server-display-name": DISPLAY_NAME,
        "x-clickhouse-timezone": await timezone_of(runner),
        "x-clickhouse-exception-tag": tag,
        **ignored_header(answer),
    }
    body = _blocks(answer) if asked.native_blocks else answer.chunks()
    return AnswerReply(
        answer, body, headers, encoding=asked.encoding, when_failed=lambda error: _late_exception(error, tag)
    )


def _greeted(asked: _Asked) -> _Asked:
    given = asked.query
    answer = Query(_GREETING_ANSWER, format=given.format, settings=given.settings, project=given.project)
    return _Asked(answer, asked.native_blocks, asked.encoding, asked.protocol_version)


async def _greeting(runner: SqlRunner, asked: _Asked) -> Response:
    text = b"".join([chunk async for chunk in _whole(runner, Query(_GREETING_ANSWER, format="JSONCompactEachRow"))])
    name, version, revision, timezone = orjson.loads(text)
    block = greeting(
        [
            ("displayName()", "String", name),
            ("version()", "String", version),
            ("revision()", "UInt32", revision),
            ("timezone()", "String", timezone),
        ]
    )
    if asked.native_blocks:
        blocks = CompressedBlocks()
        block = blocks.compress(block) + blocks.flush()
    return Response(block, media_type="application/octet-stream", headers={"x-clickhouse-format": "Native"})


async def _whole(runner: SqlRunner, query: Query) -> AsyncIterator[bytes]:
    answer = await runner.run(query)
    try:
        async for chunk in answer.chunks():
            yield chunk
    finally:
        answer.finish()


async def timezone_of(runner: SqlRunner) -> str:
    """The engine's time zone, asked once."""
    if not runner.timezone:
        text = b"".join([chunk async for chunk in _whole(runner, Query("SELECT timezone()"))])
        runner.timezone = text.decode().strip()
    return runner.timezone


async def _blocks(answer: Answer) -> AsyncIterator[bytes]:
    blocks = CompressedBlocks()
    async for chunk in answer.chunks():
        yield blocks.compress(chunk)
    yield blocks.flush()


async def _read(request: Request, database: str, project: str) -> _Asked:
    """The request's parts.

    Raises:
        SqlRefused: it asks for something that is not there.
        RequestTooLarge: the body is too large.

    """
    url = request.query_params
    statement = "\n".join(part for part in (url.get("query", ""), await _body(request)) if part)
    wanted = url.get("database") or request.headers.get("x-clickhouse-database") or database
    if wanted not in (database, *DATABASE_ALIASES):
        raise SqlRefused(f"Database {wanted} does not exist", hint=f"the database is {database}", code=81)
    if url.get("decompress", "0") not in ("0", "false"):
        raise SqlRefused("decompress=1 is for inserts: send the query as it is", code=48)
    settings = [
        (name, value) for name, value in url.multi_items() if name not in _PASSED_OVER and not name.startswith("param_")
    ]
    query = Query(
        statement,
        {name.removeprefix("param_"): value for name, value in url.items() if name.startswith("param_")},
        format=url.get("default_format") or request.headers.get("x-clickhouse-format") or "TabSeparated",
        settings=settings,
        project=project,
    )
    compressed = url.get("enable_http_compression", "0") not in ("0", "false")
    version = url.get("client_protocol_version", "0")
    return _Asked(
        query,
        url.get("compress", "0") not in ("0", "false"),
        chosen_encoding(request.headers.get("accept-encoding", "")) if compressed else "",
        int(version) if version.isdecimal() else 0,
    )


async def _body(request: Request) -> str:
    if request.headers.get("content-encoding", "identity") != "identity":
        raise SqlRefused("the body of a query cannot be compressed", code=48)
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise SqlRefused("external tables are not available", hint="send the query as the body", code=48)
    limit = STATEMENT_BYTES_MAX + PARAMETERS_BYTES_MAX
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise RequestTooLarge(f"the body has more than {limit} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise SqlRefused(f"the statement is not UTF-8: {error.reason} at byte {error.start}", code=62) from None


def _summary(answer: Answer) -> str:
    keys = (
        "read_rows",
        "read_bytes",
        "written_rows",
        "written_bytes",
        "total_rows_to_read",
        "result_rows",
        "result_bytes",
    )
    found = {**dict.fromkeys(keys, 0), **answer.summary()}
    return orjson.dumps({name: str(value) for name, value in found.items()}).decode()


def code_of(error: SpanhouseError) -> int:
    """ClickHouse's number for an error."""
    if isinstance(error, TooManyQueries):
        return 202
    code = getattr(error, "code", 0)
    return code if isinstance(code, int) and code else 210


def told(error: SpanhouseError) -> str:
    """The error as ClickHouse words it."""
    code = code_of(error)
    found = _SUFFIX.search(error.message)
    name = found[1] if found else _NAMES.get(code, "UNKNOWN_EXCEPTION")
    hint = f" ({error.hint})" if error.hint else ""
    return f"Code: {code}. DB::Exception: {_SUFFIX.sub('', error.message).rstrip('.')}{hint}. ({name})"


def _exception(error: SpanhouseError) -> Response:
    code = code_of(error)
    status = error.http_status
    if isinstance(error, SqlError):
        status = 404 if code in _NOT_FOUND else 400 if code in _BAD_REQUEST else 500
    headers = {"x-clickhouse-exception-code": str(code), "x-clickhouse-server-display-name": DISPLAY_NAME}
    return PlainTextResponse(told(error) + "\n", status, headers)


def _late_exception(error: SpanhouseError, tag: str) -> bytes:
    """An error after the first bytes, as ClickHouse puts it at the end of the body."""
    text = told(error) + "\n"
    mark = "__exception__"
    return f"\r\n{mark}\r\n{tag}\r\n{text}{len(text.encode())} {tag}\r\n{mark}\r\n".encode()
