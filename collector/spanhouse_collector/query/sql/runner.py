"""Running people's queries: a few at a time, each within its limits, each ended when nobody waits for it any more.

Owns slots, threads and cancelling. Leaves what may run to `guard` and how to the backends.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from spanhouse_collector.errors import SpanhouseError, TooManyQueries
from spanhouse_collector.query.sql.backend import Backend, Order, Running, native_header
from spanhouse_collector.query.sql.embedded import EmbeddedBackend
from spanhouse_collector.query.sql.formats import Format, format_named
from spanhouse_collector.query.sql.guard import check
from spanhouse_collector.query.sql.limits import Limits, project_settings
from spanhouse_collector.query.sql.server import ServerBackend
from spanhouse_collector.query.sql.settings import combine
from spanhouse_collector.storage.engine import EmbeddedEngine, Engine, ServerEngine

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


@dataclass(frozen=True)
class Query:
    """What a person asks. `settings` come from outside and are judged; `our_settings` are the route's own.

    `format` holds unless the statement has a FORMAT clause; with `fixed_format`, even then.
    """

    statement: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    format: str = "TabSeparated"
    fixed_format: bool = False
    settings: Sequence[tuple[str, str]] = ()
    our_settings: Mapping[str, str] = field(default_factory=dict)
    project: str = ""


def backend_of(engine: Engine) -> Backend:
    """The backend of an engine."""
    if isinstance(engine, EmbeddedEngine):
        return EmbeddedBackend(engine)
    assert isinstance(engine, ServerEngine)
    return ServerBackend(engine)


class Answer:
    """The answer to a query, while it is made. `first` has arrived; iterate for all of it; `finish` in any case."""

    def __init__(self, runner: SqlRunner, running: Running, order: Order, first: bytes, started: float) -> None:
        self.format: Format = order.format
        self.query_id = order.query_id
        self.first = first
        self._runner = runner
        self._running = running
        self._started = started
        self._pending: asyncio.Future[bytes] | None = None
        self._done = not first
        self._finished = False

    @property
    def elapsed_s(self) -> float:
        """Time since the query came."""
        return time.perf_counter() - self._started

    def summary(self) -> dict[str, int]:
        """What the engine has read so far, as far as it tells."""
        return {**self._running.summary(), "elapsed_ns": int(self.elapsed_s * 1e9)}

    async def chunks(self) -> AsyncIterator[bytes]:
        """The bytes of the answer. Raises SqlError or StorageError when it fails half-way."""
        yield self.first
        while not self._done:
            self._pending = asyncio.ensure_future(self._runner.in_thread(self._running.read))
            chunk = await asyncio.shield(self._pending)
            self._done = not chunk
            if chunk:
                yield chunk

    def finish(self) -> None:
        """Give the slot back; a query that still runs is ended in the background."""
        if not self._finished:
            self._finished = True
            self._runner.in_background(self._finish())

    async def _finish(self) -> None:
        try:
            if self._pending is not None and not self._pending.done():
                await self._runner.kill(self.query_id)
                await asyncio.wait([self._pending])
                self._pending.exception()
            await self._runner.in_thread(self._running.close)
        finally:
            self._runner.release()


class SqlRunner:
    """Runs queries on one engine. One event loop; `close` when it ends."""

    def __init__(self, engine: Engine, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.database = engine.database
        self.timezone = ""  # known after the first who asks
        self._backend = backend_of(engine)
        self._slots = asyncio.Semaphore(self.limits.concurrent)
        self._waiting = 0
        self._running = 0
        # One thread more than slots: a query that is being ended holds its thread until the engine lets go.
        self._threads = ThreadPoolExecutor(self.limits.concurrent + 1, thread_name_prefix="sql")
        self._background: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Queries that wait for a slot."""
        return self._waiting

    @property
    def running(self) -> int:
        """Queries that have a slot."""
        return self._running

    async def run(self, query: Query) -> Answer:
        """Check a query and start it; returns when the first bytes of the answer are here.

        Raises:
            SqlError: it may not run, or failed.
            TooManyQueries: no slot became free in time.
            StorageError: the database cannot be reached.

        """
        started = time.perf_counter()
        await self._take_slot()
        handed_over = False
        query_id = uuid.uuid4().hex
        running: asyncio.Future[tuple[Running, Order, bytes]] | None = None
        try:
            running = asyncio.ensure_future(self.in_thread(lambda: self._start(query, query_id)))
            under_way, order, first = await asyncio.shield(running)
            handed_over = True
            return Answer(self, under_way, order, first, started)
        except asyncio.CancelledError:
            if running is not None:
                handed_over = True
                self.in_background(self._abandon(running, query_id))
            raise
        finally:
            if not handed_over:
                self.release()

    def _start(self, query: Query, query_id: str) -> tuple[Running, Order, bytes]:
        with self._backend.asking() as ask:
            checked = check(ask, query.statement, query.parameters, database=self.database, project=query.project)
        wanted = query.format if query.fixed_format or not checked.format else checked.format
        ours = {**self.limits.settings(), **query.our_settings}
        if query.project:
            ours |= project_settings(self.database, query.project)
        settings = combine(ours, [*query.settings, *checked.settings])
        order = Order(checked.sql, format_named(wanted), query_id, checked.parameters, settings)
        running = self._backend.run(order)
        try:
            first = running.read()
            if not first and order.format.name == "Native":
                with self._backend.asking() as ask:
                    first = native_header(ask, order)
            return running, order, first
        except SpanhouseError:
            running.close()
            raise

    async def _abandon(self, running: asyncio.Future[tuple[Running, Order, bytes]], query_id: str) -> None:
        """End a query whose client left before the first bytes."""
        try:
            while not running.done():
                await self.kill(query_id)
                await asyncio.wait([running], timeout=0.2)  # it may not have begun when it was first told to end
            if running.exception() is None:
                await self.in_thread(running.result()[0].close)
        finally:
            self.release()

    async def kill(self, query_id: str) -> None:
        """End a query; that it is over already is no fault."""
        try:
            await asyncio.to_thread(self._backend.kill, query_id)
        except SpanhouseError as error:
            logger.warning("the query %s could not be ended: %s", query_id, error)

    async def _take_slot(self) -> None:
        limits = self.limits
        if self._slots.locked() and self._waiting >= limits.waiting:
            raise TooManyQueries(
                f"{limits.concurrent} queries are running and {limits.waiting} are waiting", hint="ask again later"
            )
        self._waiting += 1
        try:
            await asyncio.wait_for(self._slots.acquire(), limits.wait_s)
        except TimeoutError:
            raise TooManyQueries(
                f"{limits.concurrent} queries have been running for {limits.wait_s:g} s", hint="ask again later"
            ) from None
        finally:
            self._waiting -= 1
        self._running += 1

    def release(self) -> None:
        """Give a slot back."""
        self._running -= 1
        self._slots.release()

    async def in_thread(self, work: Callable[[], Result]) -> Result:
        """Run blocking work on a thread of ours."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something to its end whoever is cancelled."""
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def close(self) -> None:
        """Wait for what is being ended, then give everything up."""
        if self._background:
            await asyncio.wait(set(self._background))
        await asyncio.to_thread(self._threads.shutdown)
        self._backend.close()
