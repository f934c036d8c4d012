"""What tests of people's SQL share: two projects' rows, and a query's outcome without HTTP.

Owns the rows and running a query to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from spanhouse_collector.otlp.signals import BY_NAME
from spanhouse_collector.query.sql.guard import Checked, check
from spanhouse_collector.query.sql.limits import Limits
from spanhouse_collector.query.sql.runner import Query, SqlRunner, backend_of
from spanhouse_collector.storage.engine import Engine
from tests.builders import START_UNIX_NANO, any_value, logs, make_span, traces
from tests.tables import Sent, Store

OURS, THEIRS = "ours", "theirs"
SECRET = "their-secret"


def fill(store: Store) -> None:
    """Five spans of one project, seven of another, which hold a secret; a log of each."""
    ours = traces(*[make_span(f"a{number}", attributes={"n": number}) for number in range(5)])
    theirs = traces(*[make_span(SECRET, attributes={"n": SECRET}) for _ in range(7)])
    store.insert(BY_NAME["traces"], Sent(ours, project=OURS), Sent(theirs, project=THEIRS))
    store.insert(
        BY_NAME["logs"],
        Sent(logs(_record("hello")), project=OURS),
        Sent(logs(_record(SECRET)), project=THEIRS),
    )


def _record(body: str) -> LogRecord:
    return LogRecord(time_unix_nano=START_UNIX_NANO, body=any_value(body))


def checked(
    engine: Engine, statement: str, parameters: Mapping[str, str] | None = None, *, project: str = ""
) -> Checked:
    backend = backend_of(engine)
    try:
        with backend.asking() as ask:
            return check(ask, statement, parameters or {}, database=engine.database, project=project)
    finally:
        backend.close()


def outcome(engine: Engine, query: Query, limits: Limits | None = None) -> bytes:
    """The whole answer."""

    async def run() -> bytes:
        runner = SqlRunner(engine, limits)
        try:
            answer = await runner.run(query)
            try:
                return b"".join([chunk async for chunk in answer.chunks()])
            finally:
                answer.finish()
        finally:
            await runner.close()

    return asyncio.run(run())


def rows(
    engine: Engine, statement: str, parameters: Mapping[str, str] | None = None, *, project: str = ""
) -> list[list[Any]]:
    query = Query(statement, parameters or {}, format="JSONCompactEachRow", fixed_format=True, project=project)
    return [orjson.loads(line) for line in outcome(engine, query, Limits(nice=0)).splitlines()]
