"""What all bars of one `make bench` share: the ClickHouse server, a directory, sizes, the progress on stderr.

Owns: `Session`, what a bar gives back, and the line of figures a contender gets in the table of parts.
Leaves to others: measuring.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.report import BenchRow
from tests.bench.run_cost import RunCost
from tests.servers.clickhouse_server import ClickHouseServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How long each measure runs."""

    span_count: int
    round_count: int
    paced_s: float
    soak_s: float
    read_span_counts: tuple[int, ...]
    read_count: int


FULL = Sizes(
    span_count=300_000,
    round_count=3,
    paced_s=20.0,
    soak_s=600.0,
    read_span_counts=(2_000_000, 20_000_000),
    read_count=60,
)
QUICK = Sizes(
    span_count=200_000, round_count=1, paced_s=10.0, soak_s=60.0, read_span_counts=(100_000, 1_000_000), read_count=20
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BarResult:
    """Rows of the table of bars, runs for the table of parts, and remarks."""

    rows: Sequence[BenchRow]
    costs: Sequence[tuple[str, RunCost]] = ()
    notes: Sequence[str] = ()
    details: dict[str, object] = field(default_factory=dict)


class Session:
    """One run of the benchmark. The server is started when first asked for."""

    def __init__(self, directory: Path, sizes: Sizes, *, is_quick: bool, stored: Path | None = None) -> None:
        self.sizes = sizes
        self.stored_directory = stored or directory / "stored"
        self.is_quick = is_quick
        self._directory = directory
        self._numbers = itertools.count(1)
        self._server: ClickHouseServer | None = None
        self._start_s = time.monotonic()

    @property
    def server(self) -> ClickHouseServer:
        """The ClickHouse server that every contender of the server kind writes to."""
        if self._server is None:
            self._server = ClickHouseServer(self._directory / "clickhouse")
            self._server.start()
        return self._server

    def stop_server(self) -> None:
        """End the server, so that what it holds does not disturb; the next use starts it again on the same data."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def fresh_directory(self, name: str) -> Path:
        """Return a directory that does not exist yet."""
        return self._directory / f"{name}-{next(self._numbers)}"

    def tell(self, text: str) -> None:
        """Print progress to stderr."""
        print(f"[{time.monotonic() - self._start_s:5.0f} s] {text}", file=sys.stderr, flush=True)
