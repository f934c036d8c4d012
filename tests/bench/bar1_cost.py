"""Bar 1 of DESIGN section 6: CPU per stored span into rotel's own tables, against rotel and ClickHouse.

Owns: which contenders run in turn, the check that both fill the tables with the same rows, the rows of the bar, and
the bare engine's insert of the same data as the limit.
Leaves to others: running a contender (`contenders.py`), the accounting (`run_cost.py`).
"""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Mapping, Sequence
from typing import Final

import grpc

from spanhouse_collector.config import load
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage.engine import ServerEngine
from spanhouse_collector.storage.schema import migrate
from spanhouse_collector.storage.writer import SegmentInserter
from spanhouse_collector.wal.record import Envelope, fingerprint, frame
from tests.bench import contenders, rotel_table, spans
from tests.bench.engine_limit import InsertCost, measure_insert, write_files
from tests.bench.load import EXPORT_METHOD
from tests.bench.ours import server_store
from tests.bench.report import BenchRow, for_comparison
from tests.bench.rotel_peer import DATABASE, STOCK
from tests.bench.run_cost import Contender, RunCost, alternate, cost_row, median_cost
from tests.bench.session import BarResult, Session

NUMBER: Final = "1"
RATIO_MAX: Final = 0.6
ROTEL: Final = "rotel (tuned) + ClickHouse"
ROTEL_STOCK: Final = "rotel (its defaults) + ClickHouse"
SAME_TABLES: Final = "ours + ClickHouse, rotel's tables"
OWN_TABLE: Final = "ours + ClickHouse, own table"
OWN_TABLE_NO_FSYNC: Final = "ours + ClickHouse, own table, no fsync"
EMBEDDED: Final = "ours embedded, own table"
LIMIT_DATABASE: Final = "spanhouse_limit"
LIMIT_FILE_BYTES: Final = (32 << 20, 128 << 20)  # the collector's segment size, and four of them
CHECK_SPANS: Final = 2_048
CHECK_TIMEOUT_S: Final = 30.0


def run(session: Session) -> BarResult:
    """Measure bar 1."""
    difference = check_same_rows(session)
    runs = [
        Contender(name=ROTEL, run=lambda: contenders.run_rotel(session)),
        Contender(name=SAME_TABLES, run=lambda: contenders.run_on_server(session, rotels_tables=True)),
        Contender(name=OWN_TABLE, run=lambda: contenders.run_on_server(session, rotels_tables=False)),
        Contender(name=EMBEDDED, run=lambda: contenders.run_embedded(session)),
    ]
    if not session.is_quick:
        without = lambda: contenders.run_on_server(session, rotels_tables=False, fsync=False)  # noqa: E731
        runs.insert(3, Contender(name=OWN_TABLE_NO_FSYNC, run=without))
        runs.append(Contender(name=ROTEL_STOCK, run=lambda: contenders.run_rotel(session, settings=STOCK)))
    costs = alternate(runs, session.sizes.round_count, session.tell)
    limits = {size: bare_insert(session, size) for size in LIMIT_FILE_BYTES}
    return BarResult(
        rows=_rows(costs, limits),
        costs=[(name, median_cost(rounds)) for name, rounds in costs.items()],
        notes=_notes(difference, limits),
        details={"ratio of each round": _ratios(costs[SAME_TABLES], costs[ROTEL])},
    )


def check_same_rows(session: Session) -> Mapping[str, int]:
    """Send the same requests to both collectors and return the columns in which rows differ, with their number."""
    server = session.server
    templates = spans.build_templates(template_count=4)
    requests = [
        request.payload
        for request in spans.stream(templates, id_seed=time.time_ns(), clock_ns=time.time_ns, span_count=CHECK_SPANS)
    ]
    with contenders.rotel(session) as peer, contenders.ours_on_server(session, rotels_tables=True) as ours:
        for target in (peer, ours):
            _send(target.address, requests)
            _wait_for(target, CHECK_SPANS)
        return rotel_table.differing_columns(server, ours.database, DATABASE)


def bare_insert(session: Session, file_bytes: int) -> InsertCost:
    """Return what the engine alone takes to insert segments of the same spans into rotel's tables."""
    server = session.server
    server.query(f"DROP DATABASE IF EXISTS {LIMIT_DATABASE} SYNC")
    config = load({"clickhouse": server.url(LIMIT_DATABASE)}, {})
    assert config.clickhouse is not None
    engine = ServerEngine(config.clickhouse)
    migrate(engine)
    rotel_table.install(server, LIMIT_DATABASE)
    directory = session.fresh_directory("segments")
    stream = spans.stream(
        spans.build_templates(), id_seed=time.time_ns(), clock_ns=time.time_ns, span_count=session.sizes.span_count
    )
    files = write_files(directory, stream, wrap=_record_body, file_bytes=file_bytes)
    inserter, tokens = SegmentInserter(engine, TRACES), itertools.count()
    inserter.insert(files[0].path, "warm-up")
    store = server_store(server, LIMIT_DATABASE, "otel_traces")
    cost = measure_insert(files[1:] or files, store, insert=lambda path: inserter.insert(path, str(next(tokens))))
    inserter.close()
    shutil.rmtree(directory)
    server.query(f"DROP DATABASE {LIMIT_DATABASE} SYNC")
    session.tell(
        f"bare engine insert, files of {file_bytes >> 20} MiB: {cost.cpu_us_per_span:.2f} us/span, "
        f"without merges {cost.ingest_us_per_span:.2f}"
    )
    return cost


def _record_body(request: bytes) -> bytes:
    """Return the request in the log's envelope, without the length in front."""
    envelope = Envelope(
        project="",
        received_unix_nano=time.time_ns(),
        fingerprint=fingerprint(TRACES.name, "", request, seed=1),
        item_count=spans.SPANS_PER_REQUEST,
    )
    head, tail = frame(envelope, request)
    length_bytes = next(number for number, byte in enumerate(head) if byte < 0x80) + 1
    return head[length_bytes:] + request + tail


def _send(address: str, requests: Sequence[bytes]) -> None:
    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        export = channel.unary_unary(EXPORT_METHOD)
        for request in requests:
            export(request, timeout=CHECK_TIMEOUT_S)


def _wait_for(target: contenders.Target, span_count: int) -> None:
    deadline_s = time.monotonic() + CHECK_TIMEOUT_S
    while (stored := target.store.stored_count()) != span_count:
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"{stored} of {span_count} spans visible in {target.database}.{target.table}")
        time.sleep(0.1)


def _rows(costs: Mapping[str, Sequence[RunCost]], limits: Mapping[int, InsertCost]) -> list[BenchRow]:
    peer = costs[ROTEL]
    rows = [
        cost_row(NUMBER, "CPU per span, OTLP to rotel's tables", ours=costs[SAME_TABLES], peer=peer, limit=RATIO_MAX)
    ]
    ours_ingest, peer_ingest = (median_cost(found).ingest_us_per_span for found in (costs[SAME_TABLES], peer))
    rows.append(_beside("  the same without merges", ours_ingest, peer_ingest))
    total = median_cost(peer).total_us_per_span
    rows += [
        _beside(f"  {name}", median_cost(costs[name]).total_us_per_span, total)
        for name in (OWN_TABLE, OWN_TABLE_NO_FSYNC, EMBEDDED, ROTEL_STOCK)
        if name in costs
    ]
    rows += [
        _beside(f"  bare engine insert, {size >> 20} MiB a time, no merges", cost.ingest_us_per_span, peer_ingest)
        for size, cost in limits.items()
    ]
    return rows


def _beside(measure: str, value: float, peer: float) -> BenchRow:
    return for_comparison("", measure, value=value, peer=peer, unit="us/span", has_ratio=True)


def _ratios(ours: Sequence[RunCost], peer: Sequence[RunCost]) -> list[float]:
    """Return the ratio of each round: both sides of it ran within a minute."""
    return [round(a.total_us_per_span / b.total_us_per_span, 3) for a, b in zip(ours, peer, strict=True)]


def _notes(difference: Mapping[str, int], limits: Mapping[int, InsertCost]) -> list[str]:
    told = ", ".join(f"{name} in {count} rows" for name, count in difference.items())
    counts = ", ".join(f"{cost.insert_count} of {size >> 20} MiB" for size, cost in limits.items())
    return [
        f"bar 1: {CHECK_SPANS} spans sent to both: "
        + (f"THE ROWS DIFFER: {told}" if told else "the tables hold the same rows")
        + " (spelling of arrays, bytes and whole doubles left aside: see tests/bench/rotel_table.py)",
        "bar 1: rotel's tables are not synced and have no deduplication window, whoever fills them; our log is synced",
        f"bar 1: bare engine inserts measured: {counts}",
    ]
