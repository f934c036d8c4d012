"""A real ClickHouse server for tests and benchmarks, without a ClickHouse package.

Owns: one server process (start, readiness, stop, kill), its configuration files and its ports. The engine is
`libchdb.so` from the npm package `@chdb/lib-linux-x64-gnu`, pinned in `tests/js/package.json`: clickhouse-local with
its HTTP and native listeners switched on is ClickHouse's own protocol, users, passwords, profiles and quotas.

    with ClickHouseServer(tmp_path / "clickhouse") as server:
        run_collector("--clickhouse", server.url())

Three users: `server.user` / `server.password` may do everything; `server.reader` / `server.reader_password` has
`readonly = 2` (reads, and may change its settings as clients do); `default`, without a password, is who the engine runs
as: clickhouse-local insists on it from 127.0.0.1, so it can connect, but it sees no table and makes none.

Where this differs from a packaged server:

- An error in the protocol itself aborts the whole process about four seconds later, where a packaged server logs it:
  a wrong password or a malformed hello on the *native* port, an HTTP request cut off inside its *head*, and at times a
  TLS hello on the HTTP port (a test of these starts its own server). Over HTTP a wrong password is only refused, and a
  client may vanish while sending a body or reading an answer, most of the time. `running` tells; `start` again, or let
  `tests.servers.supervised` do it, as a supervisor would.
- SIGTERM ends the process at once, without a shutdown. Parts that were written stay.
- Users come from the configuration; CREATE USER has nowhere to write.
- There are no `system.*_log` tables unless `extra_config` asks for them.
- `default` is an Overlay database, one made with CREATE DATABASE is Atomic.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

JS_DIR = Path(__file__).resolve().parents[1] / "js"
LIBRARY_PATH = JS_DIR / "node_modules" / "@chdb" / "lib-linux-x64-gnu" / "libchdb.so"
CHILD_PROGRAM = Path(__file__).resolve().with_name("clickhouse_child.py")
STORE = "store"  # of a server's directory: databases and data, which another server may take over once this one is down

START_TIMEOUT_S = 100.0
STOP_TIMEOUT_S = 20.0
KILL_TIMEOUT_S = 10.0
POLL_INTERVAL_S = 0.05
TAIL_BYTES = 4000

# A port below the kernel's ephemeral range: no outgoing connection can take it while the server is down, and a client
# that keeps dialling a closed port can never connect to itself.
LOWEST_PORT, HIGHEST_PORT = 20_000, 32_000

# The query that keeps clickhouse-local alive: a row every three seconds, for a month.
SERVE_QUERY = (
    "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP; "
    "SELECT sleepEachRow(3) FROM numbers(1000000) FORMAT Null "
    "SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 10000000"
)

CONFIG = """\
<clickhouse>
    <logger><log>{log}</log></logger>
    <users_config>{users}</users_config>
    {extra}
</clickhouse>
"""

# `default` runs SERVE_QUERY; an explicit list of grants takes every other right away from it.
USERS = """\
<clickhouse>
    <profiles>
        <default/>
        <readonly><readonly>2</readonly></readonly>
    </profiles>
    <quotas><default/></quotas>
    <users>
        <default>
            <password/><profile>default</profile><quota>default</quota>
            <networks><ip>127.0.0.1</ip></networks>
            <grants><query>GRANT SYSTEM LISTEN ON *.*</query></grants>
        </default>
        <{user}>
            <password>{password}</password><profile>default</profile><quota>default</quota>
            <networks><ip>::/0</ip></networks>
            <access_management>1</access_management>
            <named_collection_control>1</named_collection_control>
        </{user}>
        <{reader}>
            <password>{reader_password}</password><profile>readonly</profile><quota>default</quota>
            <networks><ip>::/0</ip></networks>
        </{reader}>
        {extra}
    </users>
</clickhouse>
"""


class ServerFailedError(RuntimeError):
    """The server did not start, or refused a query; the text says why."""


class ClickHouseServer:
    """One ClickHouse server on the loopback, over a directory that outlives it.

    Not started by the constructor. After `stop` or `kill`, `start` brings it back on the same ports with its data.
    `extra_config` is XML placed inside `<clickhouse>` of the configuration (`<remote_servers>`, `<query_log>`, limits);
    `extra_users` is XML placed inside `<users>`.
    """

    user = "spanhouse"
    password = "spanhouse-secret"
    reader = "reader"
    reader_password = "reader-secret"

    def __init__(
        self,
        data_dir: Path,
        *,
        http_port: int | None = None,
        tcp_port: int | None = None,
        extra_config: str = "",
        extra_users: str = "",
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.http_port = http_port or free_port()
        self.tcp_port = tcp_port or free_port(other_than=self.http_port)
        self._extra_config = extra_config
        self._extra_users = extra_users
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server, whatever happened."""
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id; an error when it is not running."""
        if self._process is None:
            raise ServerFailedError("the ClickHouse server is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def started(self) -> bool:
        """Whether `start` was called and neither `stop` nor `kill` since; the process may have ended by itself."""
        return self._process is not None

    @property
    def rss_bytes(self) -> int:
        """Resident memory of the server process."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def url(self, database: str = "default") -> str:
        """The address as Spanhouse's `--clickhouse` takes it."""
        return f"clickhouse://{self.user}:{self.password}@127.0.0.1:{self.http_port}/{database}"

    def start(self) -> None:
        """Start the process and wait until it answers an authenticated query."""
        if self.running:
            raise ServerFailedError(f"the ClickHouse server runs already, process {self.pid}")
        self._end()  # one that ended by itself still holds its pipe
        if not LIBRARY_PATH.is_file():
            raise ServerFailedError(f"{LIBRARY_PATH} is missing: run `npm ci --prefix tests/js`")
        config_path = self._write_config()
        with self._stderr_path.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-S", str(CHILD_PROGRAM), str(LIBRARY_PATH), *self._arguments(config_path)],
                stdin=subprocess.PIPE,  # its end tells the child that this process is gone
                stdout=stderr,
                stderr=stderr,
                cwd=self.data_dir,
                start_new_session=True,  # Ctrl-C reaches the tests first, and they stop the server
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        """End the process: SIGTERM, and SIGKILL when it takes too long. Does nothing when it is not running."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_TIMEOUT_S)
        self._end()

    def kill(self) -> None:
        """End the process with SIGKILL, as a crash would. Does nothing when it is not running."""
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.kill()
            process.wait(KILL_TIMEOUT_S)
        if process.stdin is not None:
            process.stdin.close()

    def query(
        self,
        sql: str,
        *,
        body: bytes = b"",
        user: str | None = None,
        password: str | None = None,
        settings: Mapping[str, str | int] | None = None,
        timeout_s: float = 60.0,
    ) -> str:
        """Run one statement over HTTP and return the answer as text without its last newline.

        `body` follows the statement (the data of an INSERT). Raises ServerFailedError with the server's own message.
        """
        parameters = {"query": sql, **{name: str(value) for name, value in (settings or {}).items()}}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}/?{urllib.parse.urlencode(parameters)}",
            data=body,
            headers={
                "X-ClickHouse-User": self.user if user is None else user,
                "X-ClickHouse-Key": self.password if password is None else password,
            },
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                text: str = answer.read().decode()
        except urllib.error.HTTPError as refusal:
            raise ServerFailedError(f"{refusal.code}: {refusal.read().decode(errors='replace').strip()}") from refusal
        return text.removesuffix("\n")

    @property
    def _stderr_path(self) -> Path:
        return self.data_dir / "stderr.txt"

    def _write_config(self) -> Path:
        """Write both configuration files and return the main one's path."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        users_path = self.data_dir / "users.xml"
        users_path.write_text(
            USERS.format(
                user=self.user,
                password=self.password,
                reader=self.reader,
                reader_password=self.reader_password,
                extra=self._extra_users,
            )
        )
        config_path = self.data_dir / "config.xml"
        config_path.write_text(
            CONFIG.format(log=self.data_dir / "server.log", users=users_path, extra=self._extra_config)
        )
        return config_path

    def _arguments(self, config_path: Path) -> list[str]:
        """Return clickhouse-local's arguments, its own name first."""
        return [
            "clickhouse",
            f"--config-file={config_path}",
            "--path",
            str(self.data_dir / STORE),
            f"--http_port={self.http_port}",
            f"--tcp_port={self.tcp_port}",
            "--listen_host=127.0.0.1",
            "--log-level=warning",
            "--multiquery",
            "--output-format=TabSeparated",
            f"--query={SERVE_QUERY}",
        ]

    def _wait_until_ready(self) -> None:
        """Return once /ping and an authenticated query both answer."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            if not self.running:
                raise ServerFailedError(f"the ClickHouse server ended while starting:\n{self._tail()}")
            try:
                ping = f"http://127.0.0.1:{self.http_port}/ping"
                with urllib.request.urlopen(ping, timeout=5.0) as answer:
                    answer.read()
                if ClickHouseServer.query(self, "SELECT 1", timeout_s=5.0) == "1":  # not one that waits for a start
                    return
            except OSError as not_yet:
                problem: Exception = not_yet
            except ServerFailedError as refusal:
                problem = refusal
            if time.monotonic() > deadline:
                raise ServerFailedError(
                    f"the ClickHouse server did not answer in {START_TIMEOUT_S:.0f} s: {problem}\n{self._tail()}"
                )
            time.sleep(POLL_INTERVAL_S)

    @property
    def last_words(self) -> str:
        """How the process ended and the end of what it printed and logged."""
        status = None if self._process is None else self._process.poll()
        return f"exit status {status}\n{self._tail()}"

    def _tail(self) -> str:
        """Return the end of what the process printed and logged."""
        paths = [path for path in (self._stderr_path, self.data_dir / "server.log") if path.is_file()]
        texts = [path.read_bytes()[-TAIL_BYTES:].decode(errors="replace") for path in paths]
        return "\n".join(texts).strip() or "(it printed nothing)"


def free_port(other_than: int = 0) -> int:
    """Return a loopback port nobody listens on, outside the kernel's ephemeral range."""
    for port in random.SystemRandom().sample(range(LOWEST_PORT, HIGHEST_PORT), 200):
        if port == other_than:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerFailedError(f"no free port between {LOWEST_PORT} and {HIGHEST_PORT}")
