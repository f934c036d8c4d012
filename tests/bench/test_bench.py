"""What `make bench` computes from its readings is right, and rotel's table gets every column. No measuring here."""

from __future__ import annotations

import argparse
import re

import pytest

from tests.bench import __main__ as command
from tests.bench import bar9_memory, conditions, parts, report, rotel_table, spans
from tests.bench.cpu import CpuUse, RssSamples, ThreadCpu
from tests.bench.engine_limit import write_files
from tests.bench.load import LoadResult, Percentiles
from tests.bench.rotel_peer import TABLES_SQL
from tests.bench.run_cost import NO_CPU, RunCost
from tests.bench.session import BarResult

ACK = Percentiles(p50_ms=5.0, p95_ms=20.0, p99_ms=30.0, max_ms=40.0)


def cost(*, collector_s: float, store_s: float, merge_s: float = 0.0) -> RunCost:
    """Return a run of a million spans."""
    load = LoadResult(
        acked_span_count=1_000_000,
        acked_request_count=2_000,
        refused={},
        partial_success_count=0,
        sent_bytes=1,
        elapsed_s=10.0,
        spans_per_s=100_000.0,
        ack=ACK,
        ack_from_plan=ACK,
        client_cpu_s=1.0,
    )
    return RunCost(
        span_count=1_000_000,
        load=load,
        stored_elapsed_s=20.0,
        collector_cpu=CpuUse(user_s=collector_s, system_s=0.0),
        store_cpu=CpuUse(user_s=store_s, system_s=0.0) if store_s else NO_CPU,
        store_merge_cpu_s=merge_s,
        collector_rss_peak_bytes=100_000_000,
        store_rss_peak_bytes=200_000_000,
        disk_bytes_per_span=250.0,
        went_quiet=True,
        others_cores=0.5,
        collector_parts_s={parts.EVENT_LOOP: 2.0, parts.WAL: 0.5},
    )


def test_threads_belong_to_parts_by_their_python_name_first() -> None:
    assert parts.part_of("python", "MainThread") == parts.EVENT_LOOP
    assert parts.part_of("Unknown", "loader-traces") == parts.LOADER
    assert parts.part_of("python", "wal-logs") == parts.WAL
    assert parts.part_of("MergeMutate", None) == parts.MERGES
    assert parts.part_of("event_engine", None) == parts.GRPC
    assert parts.part_of("python", "asyncio_0") == parts.part_of("BgSchPool", None) == parts.OTHER


def test_parts_add_up_to_the_process() -> None:
    before = {1: ThreadCpu(name="python", cpu_s=5.0), 2: ThreadCpu(name="MergeMutate", cpu_s=1.0)}
    after = {
        1: ThreadCpu(name="python", cpu_s=7.0),
        2: ThreadCpu(name="MergeMutate", cpu_s=1.5),
        3: ThreadCpu(name="Unknown", cpu_s=4.0),
    }
    spent = parts.spent_s(before, after, {1: "MainThread", 3: "loader-traces"}, process_s=7.0)
    assert spent == {parts.EVENT_LOOP: 2.0, parts.LOADER: 4.0, parts.ENDED: 0.5, parts.MERGES: 0.5}
    assert sum(spent.values()) == 7.0


def test_select_fills_every_column_of_rotels_table() -> None:
    listing = TABLES_SQL.read_text().partition("CREATE TABLE IF NOT EXISTS otel_traces (")[2].partition("INDEX")[0]
    columns: list[str] = []
    group = ""
    for line in listing.splitlines():
        if opened := re.match(r"\s+(\w+) Nested \(", line):
            group = opened[1] + "."
        elif line.strip().startswith(")"):
            group = ""
        elif column := re.match(r"\s+(\w+) \w", line):
            columns.append(group + column[1])
    assert list(rotel_table.COLUMNS) == columns
    assert all(f"AS `{name}`" in rotel_table.select() for name in columns)


def test_flat_memory_is_told_from_growing_by_the_second_half() -> None:
    warming = tuple(range(0, 100_000, 1_000))
    flat = RssSamples(interval_s=0.5, rss_bytes=warming + (100_000,) * 100)
    growing = RssSamples(interval_s=0.5, rss_bytes=warming + tuple(100_000 + n for n in range(100)))
    assert bar9_memory.rise_bytes(flat) == 0.0
    assert bar9_memory.rise_bytes(growing) == pytest.approx(1_200.0)  # a byte every half second, ten minutes


def test_files_hold_all_requests_and_little_more_than_their_size(tmp_path_factory: pytest.TempPathFactory) -> None:
    templates = spans.build_templates(template_count=2, spans_per_request=16)
    stream = spans.stream(templates, id_seed=1, clock_ns=lambda: 10**18, span_count=160)
    directory = tmp_path_factory.mktemp("files") / "new"
    files = write_files(directory, stream, wrap=bytes, file_bytes=templates[0].size_bytes * 3 // 2)
    assert [file.span_count for file in files] == [32] * 5
    assert sorted(path.name for path in directory.iterdir()) == ["0", "1", "2", "3", "4"]
    assert sum(path.stat().st_size for path in directory.iterdir()) == sum(file.size_bytes for file in files)


def test_report_names_bars_failures_parts_and_conditions() -> None:
    ours, peer = cost(collector_s=3.0, store_s=9.0, merge_s=1.0), cost(collector_s=8.0, store_s=16.0)
    row = report.ratio_at_most("1", "CPU", ours=12.0, peer=24.0, limit=0.6, unit="us/span")
    result = BarResult(rows=[row], costs=[("ours", ours), ("rotel", peer)], notes=["a remark"])
    text = command._report({"1": result}, {"3": "RuntimeError: it fell over"}, ["two cores"])
    bars, part_table, notes = text.split("\n\n")
    assert bars.splitlines()[2].endswith("yes")
    assert "NOT MEASURED: RuntimeError: it fell over" in bars.splitlines()[3]
    assert part_table.splitlines()[2].split()[:3] == ["ours", "2.00", "0.50"]
    assert part_table.splitlines()[3].split()[:2] == ["rotel", "8.00"]
    assert (notes.splitlines()[0], notes.splitlines()[-1]) == ("- two cores", "- a remark")


def test_rows_beside_a_bar_are_neither_met_nor_missed() -> None:
    row = report.for_comparison("", "p50", value=5.0, peer=4.0, unit="ms")
    assert report.table([row]).splitlines()[2].split() == ["p50", "5", "ms", "4", "ms"]
    assert report.for_comparison("", "cost", value=5.0, peer=4.0, unit="us", has_ratio=True).ratio == 1.25


def test_bars_are_chosen_by_number() -> None:
    assert command._bars("1, 9") == ("1", "9")
    with pytest.raises(argparse.ArgumentTypeError, match="no measure for bar 77"):
        command._bars("1,77")


def test_conditions_tell_machine_and_versions() -> None:
    lines = conditions.describe()
    assert re.match(r"\d+ cores \(.+\), \d+ GB, Linux", lines[0])
    assert "chdb-core 2" in lines[1]
