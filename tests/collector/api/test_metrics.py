"""`/metrics` as whoever watches a collector reads it."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    data = prepare_embedded(tmp_path_factory.mktemp("metrics") / "data")
    with CollectorProcess(data, "--wal-max-bytes", "1GiB") as process:
        yield process


def test_the_process_the_build_and_the_limits_are_told(collector: CollectorProcess) -> None:
    assert collector.metric("process_resident_memory_bytes") > 1 << 20
    assert collector.metric("process_open_fds") > 3
    assert collector.metric("process_start_time_seconds") > 1_600_000_000
    assert collector.metric("spanhouse_build_info") == 1
    assert collector.metric("spanhouse_wal_max_bytes") == 1 << 30
    assert collector.metric("spanhouse_disk_free_bytes") > 0
    assert collector.metric("spanhouse_min_free_disk_bytes") == 256 << 20


def test_no_series_says_when_a_counter_began(collector: CollectorProcess) -> None:
    collector.get("/healthz")
    assert "_created" not in collector.get("/metrics")


def test_requests_are_counted_by_route_and_never_by_what_a_client_wrote(collector: CollectorProcess) -> None:
    collector.get("/api/v1/traces?limit=1")
    for path in ("/api/v1/traces/" + "ab" * 16, "/nosuch/evil"):
        with pytest.raises(urllib.error.HTTPError):
            collector.get(path)
    count = "spanhouse_api_requests_total"
    assert collector.metric(count, route="/api/v1/traces", method="GET", status="200") == 1
    assert collector.metric(count, route="/api/v1/traces/{trace_id}", status="404") == 1
    assert collector.metric(count, route="other", status="404") == 1
    assert collector.metric("spanhouse_api_seconds_count", route="/api/v1/traces") == 1
    assert not re.search("evil|abab", collector.get("/metrics"))


def test_nothing_runs_when_nothing_is_asked(collector: CollectorProcess) -> None:
    question = urllib.request.Request(
        collector.http + "/api/v1/sql", b'{"query": "SELECT 1"}', {"content-type": "application/json"}
    )
    urllib.request.urlopen(question).close()
    deadline = time.monotonic() + 10
    while (running := collector.metric("spanhouse_queries_running")) and time.monotonic() < deadline:
        time.sleep(0.02)  # a slot is given back a moment after the reply
    assert running == 0
    assert {'kind="sql"', 'kind="read"'} <= set(
        re.findall(r"spanhouse_queries_running{(.*)}", collector.get("/metrics"))
    )
    assert collector.metric("spanhouse_queries_waiting") == 0


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz"])
def test_head_is_answered_without_a_body(collector: CollectorProcess, path: str) -> None:
    with urllib.request.urlopen(urllib.request.Request(collector.http + path, method="HEAD")) as reply:
        assert (reply.status, reply.read()) == (200, b"")
