"""What one run of load costs: CPU of the collector and of the store, throughput, memory, disk.

Owns: the accounting around a load run, the same for rotel and for Spanhouse.
Leaves to others: the processes (`rotel_peer.py`, `tests/servers`), the load (`load.py`).

A run counts from the first send until the store holds every ACKed span and has gone quiet, so the
merges it started are in; the CPU of merge threads is also given apart, and the collector's by part.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.bench import cpu, parts
from tests.bench.cpu import CpuUse, ThreadCpu
from tests.bench.load import LoadPlan, LoadProcess, LoadResult
from tests.bench.report import BenchRow, ratio_at_most

STORED_TIMEOUT_S: Final = 120.0
STORED_POLL_S: Final = 0.1
NO_CPU: Final = CpuUse(user_s=0.0, system_s=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Where spans end up: how to count them and how much disk they take."""

    pid: int
    stored_count: Callable[[], int]
    disk_bytes: Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """Figures of one run. With an embedded store both pids are one: its CPU is the collector's."""

    span_count: int
    load: LoadResult
    stored_elapsed_s: float
    collector_cpu: CpuUse
    store_cpu: CpuUse
    store_merge_cpu_s: float
    collector_rss_peak_bytes: int
    store_rss_peak_bytes: int
    disk_bytes_per_span: float
    went_quiet: bool
    others_cores: float
    collector_parts_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def is_embedded(self) -> bool:
        """Whether collector and store are one process."""
        return self.store_cpu == NO_CPU

    @property
    def stored_spans_per_s(self) -> float:
        """Throughput from the first send to the last span's visibility."""
        return self.span_count / self.stored_elapsed_s

    @property
    def total_us_per_span(self) -> float:
        """CPU of collector and store together, merges included, in microseconds a span."""
        return (self.collector_cpu + self.store_cpu).total_s / self.span_count * 1e6

    @property
    def ingest_us_per_span(self) -> float:
        """The same without merges."""
        return self.total_us_per_span - self.store_merge_cpu_s / self.span_count * 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Something whose run can be measured: rotel, or Spanhouse in one of its settings."""

    name: str
    run: Callable[[], RunCost]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """CPU time of both processes at one moment."""

    collector: CpuUse
    store: CpuUse
    machine_s: float
    at_s: float
    collector_threads: Mapping[int, ThreadCpu]
    store_threads: Mapping[int, ThreadCpu]


def measure(
    plan: LoadPlan,
    *,
    collector_pid: int,
    store: Store,
    warm_up_span_count: int = 25_600,
    thread_names: Callable[[], Mapping[int, str]] = dict,
) -> RunCost:
    """Send the plan and return what it cost, after a warm-up that is not counted.

    *thread_names* tells, when the run is over, what the collector calls its native threads.

    Raises:
        TimeoutError: ACKed spans did not become visible within `STORED_TIMEOUT_S`.
    """
    load = LoadProcess(plan)
    load.start()
    try:
        if warm_up_span_count:
            _warm_up(plan, store, warm_up_span_count)
        load.wait_ready()
        cpu.wait_until_quiet(store.pid)
        stored_before = store.stored_count()
        for pid in {collector_pid, store.pid}:
            cpu.reset_rss_peak(pid)
        before, start_s = _read(collector_pid, store.pid), time.perf_counter()
        sent = load.run()
        _wait_until_stored(store, stored_before + sent.acked_span_count)
        stored_elapsed_s = time.perf_counter() - start_s
    finally:
        load.stop()
    went_quiet = cpu.wait_until_quiet(store.pid)
    after = _read(collector_pid, store.pid)
    merge_s = parts.spent_s(before.store_threads, after.store_threads, {}, process_s=0.0).get(parts.MERGES, 0.0)
    return RunCost(
        span_count=sent.acked_span_count,
        load=sent,
        stored_elapsed_s=stored_elapsed_s,
        collector_cpu=after.collector - before.collector,
        store_cpu=after.store - before.store,
        store_merge_cpu_s=merge_s,
        collector_rss_peak_bytes=cpu.read_rss_peak_bytes(collector_pid),
        store_rss_peak_bytes=cpu.read_rss_peak_bytes(store.pid),
        disk_bytes_per_span=store.disk_bytes() / store.stored_count(),
        went_quiet=went_quiet,
        others_cores=_others_cores(before, after, sent.client_cpu_s),
        collector_parts_s=parts.spent_s(
            before.collector_threads,
            after.collector_threads,
            thread_names(),
            process_s=(after.collector - before.collector).total_s,
        ),
    )


def alternate(
    contenders: Sequence[Contender], round_count: int, told: Callable[[str], None] = lambda line: None
) -> Mapping[str, Sequence[RunCost]]:
    """Run all contenders in turn, *round_count* times: a slow minute of the machine hits them alike.

    *told* gets a line of progress after each run.
    """
    costs: dict[str, list[RunCost]] = {contender.name: [] for contender in contenders}
    for number in range(1, round_count + 1):
        for contender in contenders:
            cost = contender.run()
            costs[contender.name].append(cost)
            told(f"round {number}: {describe(contender.name, cost)}")
    return costs


def median_cost(rounds: Sequence[RunCost]) -> RunCost:
    """Return the round whose total cost is the median (the lower one of an even number)."""
    ordered = sorted(rounds, key=lambda cost: cost.total_us_per_span)
    return ordered[(len(ordered) - 1) // 2]


def cost_row(
    number: str, measure_name: str, *, ours: Sequence[RunCost], peer: Sequence[RunCost], limit: float
) -> BenchRow:
    """Return the row of a CPU bar: median total cost a span against the peer's, merges included."""
    return ratio_at_most(
        number,
        measure_name,
        ours=median_cost(ours).total_us_per_span,
        peer=median_cost(peer).total_us_per_span,
        limit=limit,
        unit="us/span",
    )


def describe(name: str, cost: RunCost) -> str:
    """Return the figures of one run as lines of text."""
    per_million = 1e6 / cost.span_count
    return "\n".join(
        (
            f"{name}: {cost.span_count:,} spans, {cost.stored_spans_per_s:,.0f} spans/s stored, "
            f"{cost.load.spans_per_s:,.0f} spans/s ACKed, refused {cost.load.refused or 'none'}",
            f"  CPU s per million spans: collector {cost.collector_cpu.total_s * per_million:.2f} "
            f"(system {cost.collector_cpu.system_s * per_million:.2f}), "
            f"store {cost.store_cpu.total_s * per_million:.2f} "
            f"(system {cost.store_cpu.system_s * per_million:.2f}; "
            f"merges {cost.store_merge_cpu_s * per_million:.2f}), "
            f"together {cost.total_us_per_span:.2f}, "
            f"without merges {cost.ingest_us_per_span:.2f}",
            f"  ACK ms: p50 {cost.load.ack.p50_ms:.1f}, p95 {cost.load.ack.p95_ms:.1f}, "
            f"p99 {cost.load.ack.p99_ms:.1f}, max {cost.load.ack.max_ms:.1f}",
            f"  peak memory MB: collector {cost.collector_rss_peak_bytes / 1e6:.0f}, "
            f"store {cost.store_rss_peak_bytes / 1e6:.0f}; "
            f"disk {cost.disk_bytes_per_span:.0f} bytes/span; "
            f"load client {cost.load.client_cpu_s * per_million:.2f} CPU s per million spans; "
            f"others used {cost.others_cores:.1f} cores" + ("" if cost.went_quiet else "; the store did NOT go quiet"),
        )
    )


def _warm_up(plan: LoadPlan, store: Store, span_count: int) -> None:
    """Send a little first: caches, compiled expressions, connections."""
    load = LoadProcess(
        LoadPlan(
            target=plan.target,
            spans_per_request=plan.spans_per_request,
            span_count=span_count,
            template_count=max(1, span_count // plan.spans_per_request),
            seed=plan.seed + 1,
            metadata=plan.metadata,
        )
    )
    stored_before = store.stored_count()
    load.start()
    try:
        load.wait_ready()
        sent = load.run()
    finally:
        load.stop()
    _wait_until_stored(store, stored_before + sent.acked_span_count)


def _wait_until_stored(store: Store, count: int) -> None:
    """Return once the store holds *count* spans."""
    deadline_s = time.monotonic() + STORED_TIMEOUT_S
    while (stored := store.stored_count()) < count:
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"{stored} of {count} ACKed spans visible after {STORED_TIMEOUT_S:.0f} s")
        time.sleep(STORED_POLL_S)
    if stored > count:
        raise AssertionError(f"{stored} spans stored, {count} sent: duplicates")


def _read(collector_pid: int, store_pid: int) -> _Reading:
    """Return the CPU seconds used so far; an embedded store's are in the collector's."""
    embedded = collector_pid == store_pid
    return _Reading(
        collector=cpu.read_cpu(collector_pid),
        store=NO_CPU if embedded else cpu.read_cpu(store_pid),
        machine_s=cpu.read_machine_s(),
        at_s=time.monotonic(),
        collector_threads=cpu.read_threads(collector_pid),
        store_threads=cpu.read_threads(store_pid),
    )


def _others_cores(before: _Reading, after: _Reading, client_cpu_s: float) -> float:
    """Return how many cores were taken by what is no part of the run: the higher, the less a time is worth."""
    ours_s = (after.collector + after.store).total_s - (before.collector + before.store).total_s + client_cpu_s
    return max(0.0, (after.machine_s - before.machine_s - ours_s) / (after.at_s - before.at_s))
