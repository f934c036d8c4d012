"""`spanhouse serve` as a real process for tests.
 Owns starting it on free ports, waiting for its line of JSON, asking its tables and metrics, and ending it by its own
id.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Final

READY_TIMEOUT_S: Final = 120.0  # a first start takes four seconds, and twenty times that beside enough other processes


def _kill(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()


class CollectorProcess:
    """A collector in a process of its own; a context manager."""

    def __init__(
        self, data_dir: Path, *options: str, clickhouse: str | None = None, env: dict[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self._options = [*options, *(["--clickhouse", clickhouse] if clickhouse else [])]
        self._env = env or {}
        self._process: subprocess.Popen[str] | None = None
        self._stderr_lines: list[str] = []
        self.grpc = ""
        self.http = ""

    def start(self) -> None:
        """Start it and wait until it is ready; raises RuntimeError with its last words when it ends instead."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("SPANHOUSE_", "OTEL_"))}
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "spanhouse_collector",
                "serve",
                "--data-dir",
                str(self.data_dir),
                "--grpc-port",
                "0",
                "--http-port",
                "0",
                *self._options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment, **self._env},
        )
        atexit.register(_kill, self._process)  # of a test that failed before it could end it
        self._stderr_lines = []
        self._reader = threading.Thread(target=self._drain_stderr, args=(self._process,), daemon=True)
        self._reader.start()
        watchdog = threading.Timer(READY_TIMEOUT_S, self._process.kill)
        watchdog.start()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        watchdog.cancel()
        if not line:
            code = self._wait(READY_TIMEOUT_S)
            raise RuntimeError(f"the collector ended with {code} before it was ready:\n{self.stderr}")
        ready: dict[str, Any] = json.loads(line)
        self.grpc, self.http = ready["grpc"], ready["http"]

    def _drain_stderr(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        for line in process.stderr:
            self._stderr_lines.append(line)

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "not started"
        return self._process

    @property
    def stderr(self) -> str:
        return "".join(self._stderr_lines[-60:])

    def terminate(self, timeout_s: float = 60.0) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._wait(timeout_s)

    def kill(self) -> None:
        """SIGKILL: no last words, no flush."""
        self.process.kill()
        self._wait(10)

    def _wait(self, timeout_s: float) -> int:
        try:
            code = self.process.wait(timeout_s)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self._close_pipes()
        return code

    def _close_pipes(self) -> None:
        """Read the last words of an ended process and let go of its pipes."""
        self._reader.join(10)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.http + path, timeout=10) as reply:
            return str(reply.read().decode())

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples that carry these labels; 0.0 when there is none."""
        total = 0.0
        for line in self.get("/metrics").splitlines():
            match = re.fullmatch(rf"{re.escape(name)}(?:\{{(.*)\}})? ([^ ]+)", line)
            if match and all(f'{key}="{value}"' in (match[1] or "") for key, value in labels.items()):
                total += float(match[2])
        return total

    def wait_stored(self, signal_name: str, items: int, timeout_s: float = 60.0) -> None:
        """Wait until the collector says it stored this many items since its start."""
        deadline = time.monotonic() + timeout_s
        while (stored := self.metric("spanhouse_stored_items_total", signal=signal_name)) < items:
            if time.monotonic() > deadline:
                raise AssertionError(f"{stored:g} of {items} {signal_name} stored after {timeout_s} s\n{self.stderr}")
            time.sleep(0.05)

    def __enter__(self) -> CollectorProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            self._wait(10)
