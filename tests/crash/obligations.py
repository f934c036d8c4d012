"""What the collector owes: every request that got OK, stored exactly once. The judge of the crash tests.

Owns the requests that were sent, which of them were acknowledged, clients that send them from threads (traces over
gRPC, logs over HTTP) and send what was not acknowledged again, byte for byte, as real exporters do; and the comparison
with the tables.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import grpc
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from tests.builders import logs, make_span, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.crash import read_tables
from tests.otlp_client import SERVICES
from tests.servers.clickhouse_server import ClickHouseServer

# The short form runs with the other tests; the environment makes it as long as wanted (`make chaos`), and another one.
CHAOS: Final = int(os.environ.get("SPANHOUSE_CHAOS_ROUNDS", "0"))
SEED: Final = int(os.environ.get("SPANHOUSE_CHAOS_SEED", "20261120"))
ITEMS: Final = 10  # of each request
BODY: Final = "some text that makes an item a little larger than its ids " * 4
CALL_TIMEOUT_S: Final = 20.0
PAUSE_S: Final = 0.02  # of a client whose request was refused
POLL_S: Final = 0.05
DRAIN_S: Final = 90.0
# Waits end long before pytest's limit does, whose report names no reason.
PATIENCE_S: Final = 600.0 if CHAOS else 60.0
_EXPORT_TRACES: Final = f"/{SERVICES['ExportTraceServiceRequest'][0]}/Export"


def payload(signal_name: str, number: int, padding: int) -> bytes:
    """Request `number`: the trace ids of its items are its own, so that the tables tell what arrived."""
    text = BODY + "x" * padding
    ids = range(number * ITEMS, (number + 1) * ITEMS)
    if signal_name == "traces":
        spans = (make_span(number=item + 1, attributes={"text": text}) for item in ids)
        return traces(*spans).SerializeToString()
    records = [LogRecord(trace_id=trace_id(item + 1), severity_text=text) for item in ids]
    return logs(*records).SerializeToString()


@dataclass
class Book:
    """The requests of one signal and what became of them; for many threads."""

    signal_name: str
    padding: int = 0
    acknowledged: set[int] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    _open: deque[int] = field(default_factory=deque)
    _next: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sent(self) -> int:
        return self._next

    def take(self, *, old_only: bool = False) -> tuple[int, bytes] | None:
        """One that was sent and not acknowledged, else a new one."""
        with self._lock:
            if self._open:
                number = self._open.popleft()
            elif old_only:
                return None
            else:
                number = self._next
                self._next += 1
        return number, payload(self.signal_name, number, self.padding)

    def settle(self, number: int, refusal: str) -> None:
        """'' for OK; anything else is sent again."""
        with self._lock:
            if refusal:
                self.refused[refusal] += 1
                self._open.append(number)
            else:
                self.acknowledged.add(number)


class Load:
    """Clients at work against one life of a collector; a context manager. Ends within a call's time."""

    def __init__(
        self,
        books: list[Book],
        collector: CollectorProcess,
        *,
        threads: int = 2,
        old_only: bool = False,
        pace_s: float = 0.0,
    ):
        self._collector = collector
        self._old_only = old_only
        self._pace_s = pace_s
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(book,), daemon=True) for book in books for _ in range(threads)
        ]

    def _work(self, book: Book) -> None:
        client = GrpcClient(self._collector.grpc) if book.signal_name == "traces" else HttpClient(self._collector.http)
        while not self._stop.is_set():
            request = book.take(old_only=self._old_only)
            if request is None:
                break
            number, body = request
            refusal = client.send(body)
            book.settle(number, refusal)
            self._stop.wait(PAUSE_S if refusal else self._pace_s)
        client.close()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.join()

    def join(self) -> None:
        for thread in self._threads:
            thread.join(3 * CALL_TIMEOUT_S)
            assert not thread.is_alive(), "a client hangs"


class GrpcClient:
    """Traces over one channel."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=(("grpc.use_local_subchannel_pool", 1),))
        self._export = self._channel.unary_unary(_EXPORT_TRACES)

    def send(self, body: bytes) -> str:
        """'' for OK, else why not."""
        try:
            self._export(body, timeout=CALL_TIMEOUT_S)
        except grpc.RpcError as error:
            return str(error.code().name)
        return ""

    def close(self) -> None:
        self._channel.close()


class HttpClient:
    """Logs over one connection."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=CALL_TIMEOUT_S)

    def send(self, body: bytes) -> str:
        """'' for OK, else why not."""
        try:
            self._connection.request("POST", "/v1/logs", body, {"content-type": "application/x-protobuf"})
            reply = self._connection.getresponse()
            reply.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return type(error).__name__
        return "" if reply.status == http.client.OK else str(reply.status)

    def close(self) -> None:
        self._connection.close()


class Ledger:
    """Both signals' books, and the judgement."""

    def __init__(self, *, padding: int = 0) -> None:
        self.books = [Book("traces", padding), Book("logs", padding)]

    @property
    def acknowledged(self) -> int:
        return sum(len(book.acknowledged) for book in self.books)

    def load(self, collector: CollectorProcess, *, pace_s: float = 0.0) -> Load:
        """Clients that send as fast as they are answered, or with a pause after each answer."""
        return Load(self.books, collector, pace_s=pace_s)

    def wait_acknowledged(self, count: int, timeout_s: float = PATIENCE_S) -> None:
        """Until this many requests, of all that were ever sent, got OK."""
        until(lambda: self.acknowledged >= count, f"{count} requests to be acknowledged", timeout_s, self._state)

    def _state(self) -> str:
        told = (
            f"{book.signal_name}: {len(book.acknowledged)} of {book.sent} acknowledged, refused {dict(book.refused)}"
            for book in self.books
        )
        return "; ".join(told)

    def finish(self, collector: CollectorProcess) -> None:
        """Send everything that is not acknowledged until it is, and wait until the log is empty."""
        with Load(self.books, collector, old_only=True) as load:
            load.join()
        until(
            lambda: collector.metric("spanhouse_wal_bytes") == 0,
            "the log to drain",
            DRAIN_S,
            lambda: f"{collector.metric('spanhouse_wal_bytes'):g} bytes left\n{collector.stderr}",
        )

    def judge(self, database: Path | ClickHouseServer, name: str = "spanhouse") -> str:
        """Compare with the tables of a collector that has ended; a line of numbers for the report.

        Raises AssertionError: something is missing, there twice, or was never sent.
        """
        counts = embedded_counts(database) if isinstance(database, Path) else _server_counts(database, name)
        told = []
        for book in self.books:
            stored = counts[book.signal_name]
            owed = {number * ITEMS + item + 1 for number in book.acknowledged for item in range(ITEMS)}
            missing = owed - set(stored)
            twice = {number: times for number, times in stored.items() if times > 1}
            unknown = [number for number in stored if (number - 1) // ITEMS >= book.sent]
            told.append(
                f"{book.signal_name}: {len(book.acknowledged)} of {book.sent} requests acknowledged, {len(owed)} items "
                f"owed, {len(stored)} stored, {len(missing)} missing, {len(twice)} twice, {len(unknown)} unknown; "
                f"refused {dict(book.refused)}"
            )
            assert not missing, told
            assert not twice, told
            assert not unknown, told
        return "\n".join(told)


def embedded_counts(data_dir: Path) -> dict[str, dict[int, int]]:
    answer = subprocess.run(
        [sys.executable, "-m", read_tables.__name__, str(data_dir / "chdb")],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=Path(__file__).resolve().parents[2],
    )
    return {name: _by_number(rows) for name, rows in json.loads(answer.stdout).items()}


def _server_counts(server: ClickHouseServer, database: str) -> dict[str, dict[int, int]]:
    found = {}
    for name, query in read_tables.QUERIES.items():
        text = server.query(query, settings={"database": database})
        found[name] = _by_number([line.split("\t") for line in text.splitlines()])
    return found


def _by_number(rows: list[list[str]]) -> dict[int, int]:
    return {int(trace, 16): int(times) for trace, times in rows}


def until(condition: Callable[[], bool], what: str, timeout_s: float, state: Callable[[], object] = lambda: "") -> None:
    """Poll until it holds; `state` tells how far things had come when it does not."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s:g} s in vain for {what}: {state()}"
        time.sleep(POLL_S)
