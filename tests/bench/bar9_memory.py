"""Bar 9 of DESIGN section 6: memory of `serve` idle, and at 50,000 spans a second for ten minutes.

Owns: reading the idle process, the soak, deciding whether memory stayed flat.
Leaves to others: sampling (`cpu.py`), the load (`load.py`).

Flat means: the line through the second half of the samples, drawn on over ten minutes, rises by no more than
`RISE_MAX_BYTES`. A collector that cannot keep up lets its log grow, on disk and not in memory; what is left in it at
the end is told.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Final

from tests.bench import contenders, cpu
from tests.bench.contenders import Target
from tests.bench.cpu import RssSamples
from tests.bench.load import LoadPlan, LoadProcess, LoadResult
from tests.bench.report import BenchRow, at_most, for_comparison
from tests.bench.session import BarResult, Session

NUMBER: Final = "9"
RATE_SPANS_PER_S: Final = 50_000.0
IDLE_MAX_MB: Final = 350.0
LOADED_MAX_MB: Final = 1_500.0
RISE_MAX_BYTES: Final = 100e6
SOAK_S: Final = 600.0
IDLE_AFTER_S: Final = 5.0
IDLE_SAMPLES: Final = 5
SAMPLE_EVERY_S: Final = 0.5


def run(session: Session) -> BarResult:
    """Measure bar 9."""
    session.stop_server()
    with contenders.ours_embedded(session) as target:
        idle_mb, idle_cores = _idle(target)
        session.tell(f"idle: {idle_mb:.0f} MB, {idle_cores:.3f} cores")
        samples, load, backlog_mb = _soak(session, target)
    rise = rise_bytes(samples)
    session.tell(
        f"{load.spans_per_s:,.0f} spans/s for {load.elapsed_s:.0f} s: at most {samples.max_bytes / 1e6:.0f} MB, "
        f"rising by {rise / 1e6:.0f} MB in ten minutes, {backlog_mb:.0f} MB left in the log"
    )
    rows = [
        at_most(NUMBER, "memory of serve, idle, embedded", value=idle_mb, limit=IDLE_MAX_MB, unit="MB"),
        at_most(NUMBER, _loaded_measure(session), value=samples.max_bytes / 1e6, limit=LOADED_MAX_MB, unit="MB"),
        at_most(
            NUMBER, "  its rise over ten minutes (second half)", value=rise / 1e6, limit=RISE_MAX_BYTES / 1e6, unit="MB"
        ),
        *_beside(samples, load, idle_cores),
    ]
    return BarResult(
        rows=rows,
        notes=_notes(session, load, backlog_mb),
        details={"resident MB every 5 s": [round(value / 1e6) for value in samples.rss_bytes[::10]]},
    )


def rise_bytes(samples: RssSamples) -> float:
    """Return by how much memory would grow in ten minutes, judged by the second half of the samples."""
    half = samples.rss_bytes[len(samples.rss_bytes) // 2 :]
    return RssSamples(interval_s=samples.interval_s, rss_bytes=half).slope_bytes_per_s() * SOAK_S


def _idle(target: Target) -> tuple[float, float]:
    """Return resident MB and cores in use of a collector that has nothing to do."""
    time.sleep(IDLE_AFTER_S)
    before, start_s = cpu.read_cpu(target.collector_pid).total_s, time.monotonic()
    readings: list[int] = []
    for _ in range(IDLE_SAMPLES):
        readings.append(cpu.read_rss_bytes(target.collector_pid))
        time.sleep(1.0)
    cores = (cpu.read_cpu(target.collector_pid).total_s - before) / (time.monotonic() - start_s)
    return statistics.median(readings) / 1e6, cores


def _soak(session: Session, target: Target) -> tuple[RssSamples, LoadResult, float]:
    """Return memory under load, what was sent, and the MB still in the log at its end."""
    assert target.collector is not None
    load = LoadProcess(
        LoadPlan(
            target=target.address,
            span_count=int(RATE_SPANS_PER_S * session.sizes.soak_s),
            rate_spans_per_s=RATE_SPANS_PER_S,
            in_flight_max=64,
        )
    )
    load.start()
    try:
        load.wait_ready()
        with cpu.record_rss(target.collector_pid, interval_s=SAMPLE_EVERY_S) as recording:
            sent = load.run()
    finally:
        load.stop()
    return recording.samples(), sent, target.collector.metric("spanhouse_wal_bytes", signal="traces") / 1e6


def _loaded_measure(session: Session) -> str:
    seconds = session.sizes.soak_s
    return f"peak memory at 50,000 spans/s for {seconds:.0f} s" + (" (the bar says 600 s)" if seconds < SOAK_S else "")


def _beside(samples: RssSamples, load: LoadResult, idle_cores: float) -> Sequence[BenchRow]:
    return (
        for_comparison(
            "", "  median memory under that load", value=statistics.median(samples.rss_bytes) / 1e6, unit="MB"
        ),
        for_comparison("", "  spans/s that were acknowledged", value=load.spans_per_s, unit="/s"),
        for_comparison("", "  CPU when idle", value=idle_cores * 100, unit="% of a core"),
    )


def _notes(session: Session, load: LoadResult, backlog_mb: float) -> list[str]:
    notes = [
        f"bar 9: {load.acked_span_count:,} spans in {load.elapsed_s:.0f} s, refused: {load.refused or 'nothing'}, "
        f"{backlog_mb:.0f} MB in the log when the load ended; ACK p99 {load.ack.p99_ms:.0f} ms"
    ]
    if session.sizes.soak_s < SOAK_S:
        notes.append(f"bar 9: SHORTENED to {session.sizes.soak_s:.0f} s; the bar's ten minutes run without --quick")
    return notes
