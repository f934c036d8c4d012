"""rotel as a peer: OTLP/gRPC in, ClickHouse over HTTP out, started from the PyPI package `rotel`.

Owns: one rotel process (its flags, readiness, end) and creating the tables it writes to.
Leaves to others: the ClickHouse server (`tests/servers`), load and accounting (`run_cost.py`).

Which flags, and why (300,000 to 400,000 spans, two or three rounds, CPU us a span of rotel + ClickHouse, of it
merges; two shared cores, so compare lines, not absolute values):

    8,192 spans, 200 ms, lz4  (rotel's defaults)   45-57, merges 10-13: small parts, sorted and merged again
    32,768                                         40-45, merges 7-8
    65,536, 1 s, lz4                               30-38, merges 3-5
    65,536, 1 s, none                              28-29, merges 3-5: lz4 costs rotel 3 us, loopback gains nothing
    131,072, 1 s, none                             24-29, merges 0: they are only put off; rotel holds 1.2 GB

Async insert on or off made no difference at these sizes, and rotel can only ask for it: its `false` leaves the
setting out, and the server's own default is 1. JSON columns are another table definition and are left out.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.servers.clickhouse_server import ClickHouseServer, free_port

DATABASE: Final = "otel"
TABLES_SQL: Final = Path(__file__).with_name("otel_traces_rotel.sql")
START_TIMEOUT_S: Final = 20.0
STOP_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RotelSettings:
    """The choices that move rotel's throughput and cost."""

    batch_max_spans: int
    batch_timeout_ms: int
    compression: str
    async_insert: bool = True  # rotel's default, and its advice "for most workloads"


STOCK: Final = RotelSettings(batch_max_spans=8_192, batch_timeout_ms=200, compression="lz4")
TUNED: Final = RotelSettings(batch_max_spans=65_536, batch_timeout_ms=1_000, compression="none")


class RotelError(RuntimeError):
    """rotel is not installed, or did not start; the text says why."""


class RotelPeer:
    """One rotel process that fills `otel.otel_traces` of a server."""

    def __init__(self, server: ClickHouseServer, log_path: Path, settings: RotelSettings = TUNED) -> None:
        self._server = server
        self._log_path = log_path
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.grpc_port = free_port()

    @property
    def pid(self) -> int:
        """The process id of rotel while it runs."""
        if self._process is None:
            raise RotelError("rotel is not running")
        return self._process.pid

    @property
    def target(self) -> str:
        """The address for an OTLP/gRPC client."""
        return f"127.0.0.1:{self.grpc_port}"

    def command(self) -> tuple[str, ...]:
        """Return the command line."""
        settings = self._settings
        return (
            str(agent_path()),
            "start",
            f"--otlp-grpc-endpoint={self.target}",
            f"--otlp-http-endpoint=127.0.0.1:{free_port(other_than=self.grpc_port)}",
            "--otlp-receiver-metrics-disabled",
            "--otlp-receiver-logs-disabled",
            f"--batch-max-size={settings.batch_max_spans}",
            f"--batch-timeout={settings.batch_timeout_ms}ms",
            "--exporter=clickhouse",
            f"--clickhouse-exporter-endpoint=http://127.0.0.1:{self._server.http_port}",
            f"--clickhouse-exporter-database={DATABASE}",
            f"--clickhouse-exporter-user={self._server.user}",
            f"--clickhouse-exporter-password={self._server.password}",
            f"--clickhouse-exporter-compression={settings.compression}",
            f"--clickhouse-exporter-async-insert={str(settings.async_insert).lower()}",
        )

    def start(self) -> None:
        """Start rotel and wait until its gRPC port accepts a connection."""
        with self._log_path.open("wb") as log:
            self._process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline_s = time.monotonic() + START_TIMEOUT_S
        while not _accepts(self.grpc_port):
            if self._process.poll() is not None or time.monotonic() > deadline_s:
                self.stop()
                raise RotelError(f"rotel did not start: {self.log_tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End this rotel: SIGTERM, and SIGKILL when it takes too long."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def log_tail(self) -> str:
        """Return the end of what rotel printed."""
        return self._log_path.read_text(errors="replace")[-2000:].strip() or "(it printed nothing)"


def agent_path() -> Path:
    """Return the program inside the `rotel` package, without importing the package.

    Raises:
        RotelError: the package is not installed.
    """
    found = importlib.util.find_spec("rotel")
    if found is None or found.origin is None:
        raise RotelError("the package rotel is not installed: pip install rotel")
    return Path(found.origin).with_name("rotel-agent")


def create_tables(server: ClickHouseServer, *, trace_id_ts: bool = True) -> None:
    """Create rotel's trace tables anew in `DATABASE`, the lookup table and its view included.

    Without *trace_id_ts* only `otel_traces` is created.
    """
    server.query(f"DROP DATABASE IF EXISTS {DATABASE} SYNC")
    server.query(f"CREATE DATABASE {DATABASE}")
    statements = [part for part in TABLES_SQL.read_text().split(";\n") if part.strip()]
    for statement in statements if trace_id_ts else statements[:1]:
        server.query(statement, settings={"database": DATABASE})


def _accepts(port: int) -> bool:
    """Return whether something listens on the loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
