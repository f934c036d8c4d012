"""rotel + ClickHouse on this machine: the peer's side of bars 1 and 2 (DESIGN section 6).

Owns: setting up the peer (tables, rotel) for one measured run, and printing rounds of it.
Leaves to others: the accounting (`run_cost.py`), rotel's flags (`rotel_peer.py`), our own side.

    python -m tests.bench.compare_rotel --spans 300000 --rounds 3
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.bench.load import LoadPlan
from tests.bench.rotel_peer import DATABASE, STOCK, TUNED, RotelPeer, RotelSettings, create_tables
from tests.bench.run_cost import Contender, RunCost, Store, alternate, describe, measure, median_cost
from tests.servers.clickhouse_server import ClickHouseServer

SPAN_COUNT: Final = 300_000
SETTINGS: Final = {"tuned": TUNED, "stock": STOCK}


def otel_traces_store(server: ClickHouseServer, database: str = DATABASE) -> Store:
    """Return the store seen through `otel_traces` of *database*, whoever fills it."""
    in_database = {"database": database}

    def stored_count() -> int:
        return int(server.query("SELECT count() FROM otel_traces", settings=in_database))

    def disk_bytes() -> int:
        return int(
            server.query(
                "SELECT sum(bytes_on_disk) FROM system.parts WHERE active "
                "AND database = currentDatabase() AND startsWith(table, 'otel_traces')",
                settings=in_database,
            )
        )

    return Store(pid=server.pid, stored_count=stored_count, disk_bytes=disk_bytes)


def run_rotel(
    server: ClickHouseServer,
    log_path: Path,
    *,
    span_count: int = SPAN_COUNT,
    settings: RotelSettings = TUNED,
    rate_spans_per_s: float = 0.0,
    trace_id_ts: bool = True,
) -> RunCost:
    """Create rotel's tables anew, start rotel, send, and return the cost of the run."""
    create_tables(server, trace_id_ts=trace_id_ts)
    peer = RotelPeer(server, log_path, settings)
    peer.start()
    try:
        return measure(
            LoadPlan(target=peer.target, span_count=span_count, rate_spans_per_s=rate_spans_per_s),
            collector_pid=peer.pid,
            store=otel_traces_store(server),
        )
    finally:
        peer.stop()


def main(arguments: Sequence[str]) -> int:
    """Run rounds of the peer's side from the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description="cost of rotel + ClickHouse")
    parser.add_argument("--spans", type=int, default=SPAN_COUNT)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.0, help="spans a second; 0: flat out")
    parser.add_argument("--settings", action="append", choices=tuple(SETTINGS), help="default: tuned")
    parser.add_argument("--no-trace-id-ts", action="store_true", help="otel_traces alone")
    chosen = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="spanhouse-bench-") as directory,
        ClickHouseServer(Path(directory) / "clickhouse") as server,
    ):

        def contender(name: str) -> Contender:
            def run() -> RunCost:
                return run_rotel(
                    server,
                    Path(directory) / "rotel.log",
                    span_count=chosen.spans,
                    settings=SETTINGS[name],
                    rate_spans_per_s=chosen.rate,
                    trace_id_ts=not chosen.no_trace_id_ts,
                )

            return Contender(name=f"rotel ({name}) + ClickHouse", run=run)

        costs = alternate([contender(name) for name in chosen.settings or ("tuned",)], chosen.rounds)
    for name, rounds in costs.items():
        print(describe(f"{name}, median of {len(rounds)}", median_cost(rounds)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
