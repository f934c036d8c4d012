"""A record that the real engine refuses: the others are stored once, it goes to quarantine, and can be sent again."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from spanhouse_collector.wal.disk import Disk
from spanhouse_collector.wal.quarantine import Quarantine, Quarantined
from spanhouse_collector.wal.record import Envelope, frame
from tests.builders import make_span, traces
from tests.collector_process import CollectorProcess
from tests.crash.obligations import embedded_counts, until

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
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.loads(reply.read())


def listed(collector: CollectorProcess) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(collector.get("/api/v1/quarantine"))["quarantined"]
    return found


def test_a_poison_record_among_good_ones_is_set_aside_with_the_reason_and_blocks_nobody(tmp_path: Path) -> None:
    put_into_log(tmp_path, [record(1), record(2), record(99, POISON), *(record(number) for number in range(3, 9))])
    with CollectorProcess(tmp_path) as collector:
        until(lambda: collector.metric("spanhouse_wal_bytes") == 0, "the log to drain", 30)
        (poison,) = listed(collector)
        assert poison["id"] == f"{SEGMENT}-2"
        assert "Protobuf" in poison["error"]
        assert poison["error_code"] != 0
        assert post(collector, "/api/v1/quarantine/replay", {"ids": [poison["id"]]}) == {"replayed": 1, "missing": []}
        until(lambda: len(listed(collector)) == 1, "its return: it is poison still", 30)
        assert listed(collector)[0]["id"] != poison["id"]
        assert collector.terminate() == 0
    assert embedded_counts(tmp_path)["traces"] == dict.fromkeys(range(1, 9), 1)


def test_what_protobuf_tells_readers_to_overlook_costs_no_record(tmp_path: Path) -> None:
    """Unknown groups, and known fields of another wire type: the engine calls them corrupt, protobuf skips them."""
    group = b"\xa3\x06\x08\x01\xa4\x06"  # field 100 as a group that holds field 1
    name_as_varint = b"\x28\x05"  # Span.name, field 5, which is a string
    with_group = traces(make_span(number=1)).SerializeToString() + group
    span = make_span(number=2).SerializeToString() + name_as_varint
    scope_spans = b"\x12" + bytes([len(span)]) + span
    resource_spans = b"\x12" + bytes([len(scope_spans)]) + scope_spans
    odd_span = b"\x0a" + bytes([len(resource_spans)]) + resource_spans
    with CollectorProcess(tmp_path) as collector:
        for body in (with_group, odd_span, traces(make_span(number=3)).SerializeToString()):
            request = urllib.request.Request(
                collector.http + "/v1/traces", body, {"content-type": "application/x-protobuf"}
            )
            with urllib.request.urlopen(request, timeout=10) as reply:
                assert (reply.status, reply.read()) == (200, b"")
        collector.wait_stored("traces", 3)
        assert listed(collector) == []
        assert collector.terminate() == 0
    assert embedded_counts(tmp_path)["traces"] == {1: 1, 2: 1, 3: 1}


def test_a_quarantined_record_that_can_be_stored_now_is_stored_once_by_a_replay(tmp_path: Path) -> None:
    data = record(7)
    (tmp_path / "quarantine").mkdir()
    record_id = f"{SEGMENT}-0"
    why = Quarantined(record_id, "traces", "", time.time_ns(), 1, len(data), 241, "too little memory")
    Quarantine(tmp_path / "quarantine", Disk()).put(why, data)
    with CollectorProcess(tmp_path) as collector:
        assert post(collector, "/api/v1/quarantine/replay", {"ids": [record_id, "traces-1"]}) == {
            "replayed": 1,
            "missing": ["traces-1"],
        }
        collector.wait_stored("traces", 1)
        assert listed(collector) == []
        assert post(collector, "/api/v1/quarantine/replay", {"ids": [record_id]})["missing"] == [record_id]
        assert collector.terminate() == 0
    assert embedded_counts(tmp_path)["traces"] == {7: 1}
