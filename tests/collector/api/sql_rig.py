"""A collector's SQL routes on a port of their own, for clients as they are.

Owns the server's thread and stopping it. Leaves engines to `tests.engines`.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from starlette.requests import Request

from spanhouse_collector.api import clickhouse, sql
from spanhouse_collector.api.app import api_app
from spanhouse_collector.query.sql.limits import Limits
from spanhouse_collector.query.sql.runner import SqlRunner
from spanhouse_collector.storage.engine import Engine


class ProjectHeader:
    """Access as keys will give it, told by a header: tests stand in for another issue's keys."""

    def project_of(self, request: Request) -> str:
        return request.headers.get("x-test-project", "")


@dataclass(frozen=True)
class SqlServer:
    """The routes, listening."""

    port: int
    runner: SqlRunner
    client: httpx.Client

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sql(self, query: str, *, project: str = "", accept: str = "application/json", **more: Any) -> httpx.Response:
        headers = {"x-test-project": project, "accept": accept}
        return self.client.post(f"{self.url}/api/v1/sql", json={"query": query, **more}, headers=headers)

    def rows(self, query: str, **more: Any) -> list[list[Any]]:
        reply = self.sql(query, **more)
        assert reply.status_code == 200, reply.text
        rows: list[list[Any]] = reply.json()["rows"]
        return rows

    def clickhouse(
        self, query: str = "", *, project: str = "", headers: dict[str, str] | None = None, **url: str
    ) -> httpx.Response:
        """A POST as drivers send it: the query as the body, everything else in the URL."""
        sent = {"x-test-project": project, "accept-encoding": "identity", **(headers or {})}
        return self.client.post(f"{self.url}/clickhouse/", params=url, content=query.encode(), headers=sent)


@contextlib.contextmanager
def serving(engine: Engine, limits: Limits | None = None) -> Iterator[SqlServer]:
    """The routes over an engine, until the block ends."""
    runner = SqlRunner(engine, limits)
    access = ProjectHeader()
    app = api_app("test", [sql.router(runner, access), clickhouse.router(runner, access)])
    config = uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.serve([listening]))
        loop.run_until_complete(runner.close())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()

    thread = threading.Thread(target=run, name="sql-server")
    thread.start()
    try:
        with httpx.Client(timeout=60) as client:
            yield SqlServer(listening.getsockname()[1], runner, client)
    finally:
        server.should_exit = True
        thread.join(20)
        listening.close()
        assert not thread.is_alive(), "the server does not stop"
