"""A writer at full speed does not break reads, and reads do not break the writer: one collector, real sockets.

Nothing here is about how fast: what is claimed holds on a machine that is busy with something else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from tests.builders import START_UNIX_NANO, make_span, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

BEFORE = 40  # traces that are there when it begins
SPANS = 50  # of a request, each a trace
REQUESTS_MAX = 400
SECONDS = 5.0
LOOKS_MIN = 3  # of each reader, however long they take
MEDIA = {"content-type": "application/x-protobuf"}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("beside") / "data")) as process:
        yield process


def body(first: int, number_of_spans: int) -> bytes:
    made = [
        make_span(
            "work",
            number=number,
            trace_id=trace_id(number),
            start_time_unix_nano=START_UNIX_NANO + number,
            attributes={"gen_ai.request.model": "gpt-4o", "input.value": f"the zebra number {number}"},
        )
        for number in range(first, first + number_of_spans)
    ]
    return traces(*made).SerializeToString()


@dataclass
class Writer:
    """Sends one request after the other until it is told to stop; what it was told is kept."""

    http: str
    stopping: threading.Event
    statuses: list[int] = field(default_factory=list)
    partial: list[bytes] = field(default_factory=list)

    def run(self) -> None:
        with httpx.Client(timeout=60) as client:
            while not self.stopping.is_set() and len(self.statuses) < REQUESTS_MAX:
                first = BEFORE + 1 + len(self.statuses) * SPANS
                reply = client.post(f"{self.http}/v1/traces", content=body(first, SPANS), headers=MEDIA)
                self.statuses.append(reply.status_code)
                if reply.content:
                    self.partial.append(reply.content)


def of_sql(client: httpx.Client) -> int:
    reply = client.post("/api/v1/sql", json={"query": "SELECT count(), uniqExact(trace_id) FROM spans"})
    assert reply.status_code == 200, reply.text
    ((spans, distinct),) = reply.json()["rows"]
    assert spans == distinct
    return int(spans)


def of_aggregate(client: httpx.Client) -> int:
    asked = {"group_by": ["model"], "metrics": ["count", "p95"], "filter": "text : 'zebra'"}
    reply = client.post("/api/v1/aggregate", json=asked)
    assert reply.status_code == 200, reply.text
    return sum(int(row["count"]) for row in reply.json()["rows"])


def of_first_page(client: httpx.Client) -> int:
    """The newest trace that a list shows: the writer's numbers grow, as do the times they begin."""
    reply = client.get("/api/v1/traces", params={"filter": "name = 'work'", "limit": 5})
    assert reply.status_code == 200, reply.text
    numbers = [int(trace["trace_id"], 16) for trace in reply.json()["traces"]]
    assert numbers == sorted(numbers, reverse=True)
    return numbers[0]


def of_pages(client: httpx.Client) -> int:
    """Page after page, what was there before comes once, whatever arrives meanwhile."""
    seen: list[str] = []
    token: str | None = ""
    while token is not None:
        asked = {"limit": "7", "page_token": token, "until": str(START_UNIX_NANO + BEFORE + 1)}
        reply = client.get("/api/v1/traces", params=asked)
        assert reply.status_code == 200, reply.text
        seen += [trace["trace_id"] for trace in reply.json()["traces"]]
        token = reply.json()["next_page_token"]
    assert seen == [trace_id(number).hex() for number in range(BEFORE, 0, -1)]
    return len(seen)


def looks(http: str, look: Callable[[httpx.Client], int], stopping: threading.Event) -> list[int]:
    found: list[int] = []
    with httpx.Client(base_url=http, timeout=60) as client:
        while not stopping.is_set() or len(found) < LOOKS_MIN:
            found.append(look(client))
    return found


def test_reads_and_writes_go_on_beside_each_other(collector: CollectorProcess) -> None:
    httpx.post(f"{collector.http}/v1/traces", content=body(1, BEFORE), headers=MEDIA).raise_for_status()
    collector.wait_stored("traces", BEFORE)
    stopping = threading.Event()
    writer = Writer(collector.http, stopping)
    readers = (of_sql, of_aggregate, of_first_page, of_pages)
    with ThreadPoolExecutor(len(readers) + 1) as threads:
        writing = threads.submit(writer.run)
        reading = {look.__name__: threads.submit(looks, collector.http, look, stopping) for look in readers}
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and not writing.done() and not any(each.done() for each in reading.values()):
            stopping.wait(0.1)
        stopping.set()
        writing.result()
        seen = {name: each.result() for name, each in reading.items()}
    sent = BEFORE + SPANS * len(writer.statuses)
    assert writer.statuses
    assert set(writer.statuses) == {200}
    assert writer.partial == []
    for name, counts in seen.items():
        assert counts == sorted(counts), name  # nothing that was seen is gone again
        assert max(counts) <= sent, name
    collector.wait_stored("traces", sent)
    with httpx.Client(base_url=collector.http, timeout=60) as client:
        assert {look(client) for look in (of_sql, of_aggregate, of_first_page)} == {sent}
    assert collector.metric("spanhouse_quarantined_records_total") == 0
