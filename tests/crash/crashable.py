"""A collector that dies at a named point, and what its process and memory look like from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from tests.collector_process import CollectorProcess

PROGRAM = Path(__file__).resolve().with_name("failing_collector.py")


class CrashingCollector(CollectorProcess):
    """Runs `failing_collector.py` in the place of `python -m spanhouse_collector`."""

    def __init__(self, data_dir: Path, point: str, nth: int, *options: str, clickhouse: str | None = None) -> None:
        super().__init__(data_dir, *options, clickhouse=clickhouse)
        self._point = point
        self._nth = nth

    def start(self) -> None:
        """Start it and wait until it is ready."""
        real = subprocess.Popen

        def popen(command: list[str], **options: Any) -> subprocess.Popen[str]:
            assert command[1:3] == ["-m", "spanhouse_collector"]
            started: subprocess.Popen[str] = real(
                [sys.executable, str(PROGRAM), self._point, str(self._nth), *command[3:]], **options
            )
            return started

        with mock.patch.object(subprocess, "Popen", popen):
            super().start()

    def wait_dead(self, timeout_s: float) -> int:
        """Its exit code, once it has killed itself."""
        return self._wait(timeout_s)


def rss_bytes(collector: CollectorProcess) -> int:
    """Resident memory."""
    pages = int(Path(f"/proc/{collector.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
