"""`python -m tests.bench`: measure the bars of DESIGN section 6 and print them beside their peers.

Owns: the command line, the order of the bars, the tables and notes at the end, the JSON file.
Leaves to others: each bar (`bar*.py`), the texts of the tables (`report.py`).

The exit status is 0 when everything was measured, whether bars are met or not; 1 when a measure failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from tests.bench import (
    bar1_cost,
    bar2_full,
    bar3_ack,
    bar4_freshness,
    bar5_lists,
    bar6_aggregates,
    bar7_large_trace,
    bar9_memory,
    conditions,
    dialects,
    parts,
)
from tests.bench.report import BenchRow, grid, table
from tests.bench.run_cost import RunCost
from tests.bench.session import FULL, QUICK, BarResult, Session

BARS: Final[dict[str, Callable[[Session], BarResult]]] = {
    "1": bar1_cost.run,
    "2": bar2_full.run,
    "3": bar3_ack.run,
    "4": bar4_freshness.run,
    "5": bar5_lists.run,
    "6": bar6_aggregates.run,
    "7": bar7_large_trace.run,
    "9": bar9_memory.run,
    "dialects": dialects.run,
}
PARTS_HEADINGS: Final = (
    "CPU s per million spans", *parts.ORDER, "collector", "store", "store merges", "total",
    "spans/s", "MB coll.", "MB store", "B/span", "ACK p50", "p95", "p99 ms", "others",
)  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; returns the exit status."""
    chosen = _parser().parse_args(arguments)
    sizes = QUICK if chosen.quick else FULL
    sizes = replace(
        sizes,
        round_count=chosen.rounds or sizes.round_count,
        span_count=chosen.spans or sizes.span_count,
        soak_s=chosen.soak or sizes.soak_s,
    )
    results: dict[str, BarResult] = {}
    failures: dict[str, str] = {}
    before = conditions.describe()
    with tempfile.TemporaryDirectory(prefix="spanhouse-bench-", dir=chosen.dir) as directory:
        session = Session(Path(directory), sizes, is_quick=chosen.quick, stored=chosen.stored)
        try:
            for number in chosen.bars:
                session.tell(f"bar {number} …")
                try:
                    results[number] = BARS[number](session)
                except Exception as error:  # noqa: BLE001 - one failed measure must not take the others' results along
                    traceback.print_exc()
                    failures[number] = f"{type(error).__name__}: {error}"
        finally:
            session.stop_server()
    print(_report(results, failures, before))
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(_as_json(results, failures, before), indent=1) + "\n")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__, allow_abbrev=False)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--bars", type=_bars, default=tuple(BARS), help=f"comma-separated, of {','.join(BARS)}")
    parser.add_argument("--rounds", type=int, help=f"of each contender, in turn ({FULL.round_count}; quick: 1)")
    parser.add_argument("--spans", type=int, help=f"of one cost run ({FULL.span_count:,}; quick: {QUICK.span_count:,})")
    parser.add_argument("--soak", type=float, help=f"seconds of bar 9 ({FULL.soak_s:.0f}; quick: {QUICK.soak_s:.0f})")
    parser.add_argument("--quick", action="store_true", help="one round of shorter runs, bar 9 for a minute")
    parser.add_argument("--dir", type=Path, help="where databases and logs live during the run (the system's default)")
    parser.add_argument(
        "--stored", type=Path, metavar="DIR", help="where bars 5 to 7 find or make their spans, and leave them"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    return parser


def _bars(text: str) -> tuple[str, ...]:
    numbers = tuple(number.strip() for number in text.split(","))
    unknown = [number for number in numbers if number not in BARS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no measure for bar {', '.join(unknown)}; there are {', '.join(BARS)}")
    return numbers


def _report(results: dict[str, BarResult], failures: dict[str, str], before: Sequence[str]) -> str:
    rows = [row for result in results.values() for row in result.rows]
    rows += [
        BenchRow(number=number, measure=f"NOT MEASURED: {reason[:90]}", ours="", peer="", ratio=None, bar="", met=False)
        for number, reason in failures.items()
    ]
    costs = [cost for result in results.values() for cost in result.costs]
    if costs:
        before = [*before, "'others' of the table of parts: cores that processes outside the run used meanwhile"]
    notes = [*before, *(note for result in results.values() for note in result.notes)]
    blocks = [table(rows)]
    if costs:
        blocks.append(grid(PARTS_HEADINGS, [_part_cells(name, cost) for name, cost in costs]))
    blocks.append("\n".join(f"- {note}" for note in notes))
    return "\n\n".join(blocks)


def _part_cells(name: str, cost: RunCost) -> tuple[str, ...]:
    """Return a contender's line: its median round, CPU in seconds per million spans."""
    per_million = 1e6 / cost.span_count
    known = {} if name.startswith("rotel") else cost.collector_parts_s  # of rotel's threads we know no names

    def seconds(value: float | None) -> str:
        return "" if value is None else f"{value * per_million:.2f}"

    return (
        name,
        *(seconds(known.get(part)) for part in parts.ORDER),
        seconds(cost.collector_cpu.total_s),
        "" if cost.is_embedded else seconds(cost.store_cpu.total_s),
        seconds(cost.store_merge_cpu_s),
        seconds((cost.collector_cpu + cost.store_cpu).total_s),
        f"{cost.stored_spans_per_s:,.0f}",
        f"{cost.collector_rss_peak_bytes / 1e6:.0f}",
        "" if cost.is_embedded else f"{cost.store_rss_peak_bytes / 1e6:.0f}",
        f"{cost.disk_bytes_per_span:.0f}" if cost.disk_bytes_per_span else "",
        f"{cost.load.ack.p50_ms:.1f}",
        f"{cost.load.ack.p95_ms:.1f}",
        f"{cost.load.ack.p99_ms:.1f}",
        f"{cost.others_cores:.1f}",
    )


def _as_json(results: dict[str, BarResult], failures: dict[str, str], before: Sequence[str]) -> dict[str, object]:
    return {
        "conditions": list(before),
        "failures": failures,
        "bars": {
            number: {
                "rows": [asdict(row) for row in result.rows],
                "runs": {name: asdict(cost) for name, cost in result.costs},
                "notes": list(result.notes),
                "details": result.details,
            }
            for number, result in results.items()
        },
    }


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
