"""A record that the real engine refuses: the others are stored once, it goes to quarantine, and can be sent again."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.quarantine import Quarantine, Quarantined
from spanhouse_collector.wal.record import Envelope, frame
from tests.builders import make_span, traces
from tests.collector_process import CollectorProcess
from tests.crash.obligations import embedded_counts, until
from tests.prepared import prepare_embedded

POISON = b"\xff\xff\xff this is no protobuf, whatever its checksum says"
SEGMENT = "traces-000000000001-00000001"


def record(number: int, raw: bytes | None = None) -> bytes:
    raw = traces(make_span(number=number)).SerializeToString() if raw is None else raw
    head, tail = frame(Envelope("", time.time_ns(), number.to_bytes(16, "big"), 1), raw)
    return head + raw + tail


def put_into_log(data_dir: Path, records: Sequence[bytes]) -> None:
    (data_dir / "wal").mkdir(parents=True)
    (data_dir / "wal" / f"{SEGMENT}.binpb").write_bytes(b"".join(records))


def post(collector: CollectorProcess, path: str, body: Any) -> Any:
    request = urllib.request.Request(collector.http + path, orjson.dumps(body), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.loads(reply.read())


def listed(collector: CollectorProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(collector.get("/api/v1/quarantine"))["quarantined"]
    return found


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return prepare_embedded(tmp_path / "data")


def test_a_poison_record_among_good_ones_is_set_aside_with_the_reason_and_blocks_nobody(data_dir: Path) -> None:
    put_into_log(data_dir, [record(1), record(2), record(99, POISON), *(record(number) for number in range(3, 9))])
    with CollectorProcess(data_dir) as collector:
        until(lambda: collector.metric("spanhouse_wal_bytes") == 0, "the log to drain", 60)
        (poison,) = listed(collector)
        assert poison["id"] == f"{SEGMENT}-2"
        assert "Protobuf" in poison["error"]
        assert poison["error_code"] != 0
        assert post(collector, "/api/v1/quarantine/replay", {"ids": [poison["id"]]}) == {"replayed": 1, "missing": []}
        until(lambda: len(listed(collector)) == 1, "its return: it is poison still", 60)
        assert listed(collector)[0]["id"] != poison["id"]
        assert collector.terminate() == 0
    assert embedded_counts(data_dir)["traces"] == dict.fromkeys(range(1, 9), 1)


def test_what_protobuf_tells_readers_to_overlook_costs_no_record(data_dir: Path) -> None:
    """Unknown groups, and known fields of another wire type: the engine calls them corrupt, protobuf skips them."""
    group = b"\xa3\x06\x08\x01\xa4\x06"  # field 100 as a group that holds field 1
    name_as_varint = b"\x28\x05"  # Span.name, field 5, which is a string
    with_group = traces(make_span(number=1)).SerializeToString() + group
    span = make_span(number=2).SerializeToString() + name_as_varint
    scope_spans = b"\x12" + bytes([len(span)]) + span
    resource_spans = b"\x12" + bytes([len(scope_spans)]) + scope_spans
    odd_span = b"\x0a" + bytes([len(resource_spans)]) + resource_spans
    with CollectorProcess(data_dir) as collector:
        for body in (with_group, odd_span, traces(make_span(number=3)).SerializeToString()):
            request = urllib.request.Request(
                collector.http + "/v1/traces", body, {"content-type": "application/x-protobuf"}
            )
            with urllib.request.urlopen(request, timeout=30) as reply:
                assert (reply.status, reply.read()) == (200, b"")
        collector.wait_stored("traces", 3)
        assert listed(collector) == []
        assert collector.terminate() == 0
    assert embedded_counts(data_dir)["traces"] == {1: 1, 2: 1, 3: 1}


def test_a_quarantined_record_that_can_be_stored_now_is_stored_once_by_a_replay(data_dir: Path) -> None:
    data = record(7)
    (data_dir / "quarantine").mkdir()
    record_id = f"{SEGMENT}-0"
    why = Quarantined(record_id, "traces", "", time.time_ns(), 1, len(data), 241, "too little memory")
    Quarantine(data_dir / "quarantine", Disk()).put(why, data)
    with CollectorProcess(data_dir) as collector:
        assert post(collector, "/api/v1/quarantine/replay", {"ids": [record_id, "traces-1"]}) == {
            "replayed": 1,
            "missing": ["traces-1"],
        }
        collector.wait_stored("traces", 1)
        assert listed(collector) == []
        assert post(collector, "/api/v1/quarantine/replay", {"ids": [record_id]})["missing"] == [record_id]
        assert collector.terminate() == 0
    assert embedded_counts(data_dir)["traces"] == {7: 1}
