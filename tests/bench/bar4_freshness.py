"""Bar 4 of DESIGN section 6: from a request's ACK to its spans being visible in search, under 20,000 spans a second.

Owns: probe requests sent beside the load, looking for them in the tables, the embedded collector's own figure.
Leaves to others: the load (`load.py`), setting contenders up (`contenders.py`).

On a server a probe is one span with a trace id of its own; one query asks every `POLL_S` for all that are still
outstanding, so a figure is up to that much too large. The embedded engine cannot be asked from outside: there the
gauge `spanhouse_freshness_lag_seconds` is sampled, which counts from the receipt of a segment's oldest request, so it
is the worst of its segment and larger than what counts from the ACK.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import grpc

from tests.bench import contenders, spans
from tests.bench.contenders import Target
from tests.bench.load import EXPORT_METHOD, LoadPlan, LoadProcess, Percentiles, percentiles
from tests.bench.ours import OurCollector
from tests.bench.report import BenchRow, at_most, for_comparison
from tests.bench.session import BarResult, Session
from tests.servers.clickhouse_server import ClickHouseServer

NUMBER: Final = "4"
RATE_SPANS_PER_S: Final = 20_000.0
P99_MAX_MS: Final = 1_500.0
PROBE_EVERY_S: Final = 0.1
POLL_S: Final = 0.05
SETTLE_S: Final = 2.0  # the load runs this long before the first probe
PROBE_TIMEOUT_S: Final = 30.0
TRACE_ID_COLUMNS: Final = {"spans": "trace_id", "otel_traces": "TraceId"}


def run(session: Session) -> BarResult:
    """Measure bar 4."""
    with contenders.rotel(session) as target:
        peer = probed(session, target)
    session.tell(f"rotel: visible after {_told(peer)}")
    with contenders.ours_on_server(session) as target:
        ours = probed(session, target)
    session.tell(f"ours + ClickHouse: visible after {_told(ours)}")
    session.stop_server()
    with contenders.ours_embedded(session) as target:
        embedded, segments = sampled(session, target)
    session.tell(f"ours embedded: {segments} segments visible after {_told(embedded)}")
    return BarResult(
        rows=[
            *_rows("ours + ClickHouse", ours, peer),
            *_rows("ours embedded (gauge)", embedded, None),
        ],
        notes=[
            f"bar 4: a probe every {PROBE_EVERY_S * 1e3:.0f} ms for {session.sizes.paced_s:.0f} s beside "
            f"20,000 spans/s, looked for every {POLL_S * 1e3:.0f} ms; rotel batches for one second",
            f"bar 4: embedded, the figure is the collector's gauge of {segments} segments, from receipt of a segment's "
            "oldest request",
        ],
    )


def probed(session: Session, target: Target) -> Percentiles:
    """Return from ACK to visible of probes beside the load, in milliseconds."""
    with _background(session, target.address):
        probes = _Probes(target.address)
        probes.start(session.sizes.paced_s)
        return percentiles(_look_for(session.server, target, probes))


def sampled(session: Session, target: Target) -> tuple[Percentiles, int]:
    """Return the distinct values of the collector's own gauge beside the load, and how many there were."""
    assert target.collector is not None
    with _background(session, target.address):
        values = list(_gauge_values(target.collector, session.sizes.paced_s))
    return percentiles([value * 1e3 for value in values]), len(values)


@contextmanager
def _background(session: Session, address: str) -> Iterator[None]:
    """Load at the bar's rate for the length of the block and a little more; leaving waits for it."""
    seconds = SETTLE_S + session.sizes.paced_s + SETTLE_S
    load = LoadProcess(
        LoadPlan(
            target=address,
            span_count=int(RATE_SPANS_PER_S * seconds),
            rate_spans_per_s=RATE_SPANS_PER_S,
            in_flight_max=64,
        )
    )
    load.start()
    load.wait_ready()
    sending = threading.Thread(target=load.run, name="bench-load")
    sending.start()
    try:
        time.sleep(SETTLE_S)
        yield
        sending.join()
    finally:
        load.stop()
        sending.join()


class _Probes:
    """Sends single spans, each its own trace, and knows when each was acknowledged."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._acked_s: dict[str, float] = {}
        self._thread = threading.Thread(target=self._send_all, name="bench-probes")
        self._for_s = 0.0

    def start(self, for_s: float) -> None:
        """Send for so long, in a thread."""
        self._for_s = for_s
        self._thread.start()

    @property
    def is_sending(self) -> bool:
        """Whether more will come."""
        return self._thread.is_alive()

    def outstanding(self) -> dict[str, float]:
        """Return trace id → time of the ACK, of those not seen yet."""
        with self._lock:
            return dict(self._acked_s)

    def seen(self, trace_id: str) -> float:
        """Forget a probe and return when it was acknowledged."""
        with self._lock:
            return self._acked_s.pop(trace_id)

    def _send_all(self) -> None:
        template = spans.build_templates(template_count=1, spans_per_request=1)
        count = int(self._for_s / PROBE_EVERY_S)
        requests = spans.stream(template, id_seed=time.time_ns(), clock_ns=time.time_ns, span_count=count)
        with grpc.insecure_channel(self._address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
            export = channel.unary_unary(EXPORT_METHOD)
            due_s = time.monotonic()
            for request in requests:
                time.sleep(max(0.0, due_s - time.monotonic()))
                export(request.payload, timeout=PROBE_TIMEOUT_S)
                with self._lock:
                    self._acked_s[request.trace_ids[0].hex()] = time.monotonic()
                due_s += PROBE_EVERY_S


def _look_for(server: ClickHouseServer, target: Target, probes: _Probes) -> list[float]:
    """Return the milliseconds from ACK to visible of all probes.

    Raises:
        TimeoutError: some were not seen within `PROBE_TIMEOUT_S` of the last.
    """
    column = TRACE_ID_COLUMNS[target.table]
    lags_ms: list[float] = []
    last_seen_s = time.monotonic()
    while probes.is_sending or probes.outstanding():
        wanted = ", ".join(f"'{trace_id}'" for trace_id in probes.outstanding())
        if wanted:
            found = server.query(
                f"SELECT DISTINCT {column} FROM {target.table} WHERE {column} IN ({wanted})",
                settings={"database": target.database},
            ).split()
            now_s = time.monotonic()
            lags_ms += [(now_s - probes.seen(trace_id)) * 1e3 for trace_id in found]
            last_seen_s = now_s if found else last_seen_s
        if time.monotonic() - last_seen_s > PROBE_TIMEOUT_S:
            raise TimeoutError(f"{len(probes.outstanding())} probes are not visible after {PROBE_TIMEOUT_S:.0f} s")
        time.sleep(POLL_S)
    return lags_ms


def _gauge_values(collector: OurCollector, for_s: float) -> Iterator[float]:
    """Yield each new value of the gauge."""
    deadline_s, last = time.monotonic() + for_s, None
    while time.monotonic() < deadline_s:
        value = collector.metric("spanhouse_freshness_lag_seconds", signal="traces")
        if value != last:
            yield value
        last = value
        time.sleep(POLL_S)


def _rows(name: str, ours: Percentiles, peer: Percentiles | None) -> list[BenchRow]:
    return [
        at_most(
            NUMBER,
            f"ACK to visible p99, {name}",
            value=ours.p99_ms,
            limit=P99_MAX_MS,
            unit="ms",
            peer=peer.p99_ms if peer else None,
        ),
        for_comparison("", "  p50", value=ours.p50_ms, unit="ms", peer=peer.p50_ms if peer else None),
        for_comparison("", "  max", value=ours.max_ms, unit="ms", peer=peer.max_ms if peer else None),
    ]


def _told(found: Percentiles) -> str:
    return f"p50 {found.p50_ms:.0f}, p95 {found.p95_ms:.0f}, p99 {found.p99_ms:.0f}, max {found.max_ms:.0f} ms"
