"""Running a program as a user would, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from typing import Final, NamedTuple

TIMEOUT_S: Final = 120.0


class Ran(NamedTuple):
    code: int
    out: str
    err: str
    seconds: float


def run(program: str, **environment: str) -> Ran:
    """Run *program*; no variable of OpenTelemetry or Spanhouse is inherited."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SPANHOUSE_", "OTEL_"))}
    started = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr, time.monotonic() - started)
