"""Exactly once and all or nothing: what the loader builds on when it inserts a segment again.

Owns the claims about one INSERT of a segment, on both engines. Leaves restarts of an engine to `test_restart`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE, Metric

from spanhouse_collector.errors import RecordRefused
from spanhouse_collector.otlp.signals import BY_NAME, LOGS, SIGNALS, TRACES
from spanhouse_collector.storage.writer import SegmentInserter
from tests.builders import SECOND_NS, START_UNIX_NANO, logs, make_span, metrics, span_requests, traces
from tests.tables import TABLES, Sent, Store, framed

DAY_NS = 24 * 3600 * SECOND_NS
POINT: dict[str, Any] = {"time_unix_nano": START_UNIX_NANO}


def five_metrics() -> list[Metric]:
    """One of each kind; the five views of `ingest_metrics` fill one table."""
    gauge = Metric(name="gauge")
    gauge.gauge.data_points.add(as_int=1, **POINT)
    total = Metric(name="sum")
    total.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    total.sum.data_points.add(as_double=1, **POINT)
    histogram = Metric(name="histogram")
    histogram.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    histogram.histogram.data_points.add(count=1, **POINT)
    exponential = Metric(name="exponential_histogram")
    exponential.exponential_histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    exponential.exponential_histogram.data_points.add(count=1, **POINT)
    summary = Metric(name="summary")
    summary.summary.data_points.add(count=1, **POINT)
    return [gauge, total, histogram, exponential, summary]


REQUESTS: dict[str, tuple[Message, int]] = {
    "traces": (traces(make_span(), make_span()), 2),
    "logs": (logs(LogRecord(event_name="a"), LogRecord(event_name="b"), LogRecord(event_name="c")), 3),
    "metrics": (metrics(*five_metrics()), 5),
}
_NO_GATHERING = {"min_insert_block_size_rows": 0, "min_insert_block_size_bytes": 0, "max_block_size": 100}
SMALL_BLOCKS = [
    {**_NO_GATHERING, "max_insert_block_size": 100},
    {**_NO_GATHERING, "max_insert_block_size_bytes": 10_000},
]
names = pytest.mark.parametrize("name", [signal.name for signal in SIGNALS])


@names
def test_a_token_stores_its_segment_once(store: Store, name: str) -> None:
    request, items = REQUESTS[name]
    token = store.insert(BY_NAME[name], request)
    store.insert(BY_NAME[name], request, token=token)
    assert store.count(TABLES[name]) == items


@names
def test_the_same_bytes_under_another_token_are_another_segment(store: Store, name: str) -> None:
    request, items = REQUESTS[name]
    store.insert(BY_NAME[name], request)
    store.insert(BY_NAME[name], request)
    assert store.count(TABLES[name]) == 2 * items


@names
def test_a_token_is_known_to_every_later_connection(store: Store, name: str) -> None:
    request, items = REQUESTS[name]
    token = store.insert(BY_NAME[name], request)
    other = Store(store.engine)
    other.insert(BY_NAME[name], request, token=token)
    other.close()
    assert store.count(TABLES[name]) == items


def test_a_token_of_one_signal_means_nothing_to_another(store: Store) -> None:
    for name, (request, _) in REQUESTS.items():
        store.insert(BY_NAME[name], request, token="the same")
    assert {name: store.count(TABLES[name]) for name in REQUESTS} == {name: n for name, (_, n) in REQUESTS.items()}


def test_a_token_is_remembered_behind_many_later_ones(store: Store) -> None:
    store.insert(LOGS, logs(LogRecord()), token="first")
    for number in range(101):  # more than the 100 of ClickHouse's usual window; past the views, which takes less time
        store.connection.execute(
            "INSERT INTO logs (project) SELECT 'later' SETTINGS insert_deduplicate = 1, "
            f"insert_deduplication_token = 'later {number}'"
        )
    store.insert(LOGS, logs(LogRecord()), token="first")
    assert store.count("logs") == 102


@names
def test_a_damaged_segment_stores_nothing_and_its_token_stays_good(store: Store, name: str) -> None:
    request, items = REQUESTS[name]
    record = framed(request.SerializeToString())
    for damaged in (record * 3 + record[:-3], record * 3 + b"\xff" * 40, record[:50] + record[51:] + record):
        with pytest.raises(RecordRefused):
            store.insert_bytes(BY_NAME[name], damaged, token="retried")
        assert store.count(TABLES[name]) == 0
    store.insert_bytes(BY_NAME[name], record * 3, token="retried")
    assert store.count(TABLES[name]) == 3 * items


def test_an_empty_segment_is_no_error(store: Store) -> None:
    store.insert_bytes(TRACES, b"")
    store.insert(TRACES, traces())
    assert store.count("spans") == 0


def assert_one_block(store: Store, segment: bytes, spans: int) -> None:
    """Cut short, the segment stores nothing; whole, all of it in one part, and once."""
    with pytest.raises(RecordRefused):
        store.insert_bytes(TRACES, segment[:-2], token="one block")
    assert store.count("spans") == 0
    for _ in range(2):
        store.insert_bytes(TRACES, segment, token="one block")
    assert store.count("spans") == spans
    assert parts(store, "spans") == 1


def test_a_segment_of_70000_small_requests_is_one_block(store: Store) -> None:
    record = framed(span_requests(1, spans_each=1)[0].SerializeToString())
    assert_one_block(store, record * 70_000, 70_000)


def test_a_segment_of_80_mebibytes_is_one_block(store: Store) -> None:
    prompt = "0123456789abcdef" * (1 << 16)
    requests = (traces(make_span(number=number, attributes={"prompt": prompt})) for number in range(1, 81))
    assert_one_block(store, b"".join(framed(request.SerializeToString()) for request in requests), 80)
    assert store.value("SELECT min(length(attributes['prompt'])) FROM spans") == 1 << 20


@pytest.mark.parametrize("limits", SMALL_BLOCKS, ids=["rows", "bytes"])
def test_a_segment_is_one_block_whatever_the_database_is_used_to(store: Store, limits: dict[str, int]) -> None:
    """With defaults so small that any segment exceeds them, as a profile of a server's user may set them."""
    inserter = SegmentInserter(store.engine, TRACES)
    connection: Any = store.engine.connect()
    for name, value in limits.items():
        connection.client.set_client_setting(name, value)
    inserter._connection = connection
    own = Store(store.engine, _inserters={"traces": inserter})
    record = framed(span_requests(1, spans_each=1)[0].SerializeToString())
    assert_one_block(own, record * 5_000, 5_000)
    own.close()


def parts(store: Store, table: str) -> int:
    return int(
        store.connection.query(
            "SELECT count() FROM system.parts WHERE active AND database = currentDatabase() AND table = {t:String}",
            {"t": table},
        ).rows[0][0]
    )


def test_a_clients_clock_cannot_make_partitions(store: Store) -> None:
    spans = [make_span(start_time_unix_nano=day * DAY_NS, end_time_unix_nano=day * DAY_NS) for day in range(400)]
    store.insert(TRACES, traces(*spans))
    assert store.count("spans") == 400
    assert parts(store, "spans") == 1


def test_requests_received_over_years_fit_one_segment(store: Store) -> None:
    sent = [Sent(traces(make_span()), received_unix_nano=START_UNIX_NANO - week * 7 * DAY_NS) for week in range(104)]
    token = store.insert(TRACES, *sent)
    store.insert(TRACES, *sent, token=token)
    assert store.count("spans") == 104


def test_an_insert_reads_the_file_where_it_is_and_leaves_nothing_behind(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing in the working directory either: the embedded engine would cache a schema sent as text there."""
    monkeypatch.chdir(tmp_path)
    segment = tmp_path / "it's a \\segment.wal"
    segment.write_bytes(framed(traces(make_span()).SerializeToString()))
    inserter = SegmentInserter(store.engine, TRACES)
    inserter.insert(segment, "token")
    inserter.close()
    assert store.count("spans") == 1
    assert list(tmp_path.iterdir()) == [segment]
