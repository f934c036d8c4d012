"""Captured requests of real clients, replayed: every span arrives, and plain OTel data survives with its types.

Owns replaying tests/fixtures/captures and comparing with their truth.json. What GenAI attributes mean is another
test's claim; here they are attributes.
"""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from spanhouse_collector.otlp.signals import BY_NAME
from tests.exporters import form
from tests.exporters.conftest import Collected
from tests.oracle import GROUPS
from tests.tables import Row

CAPTURES = Path(__file__).resolve().parents[1] / "fixtures" / "captures"
CLIENTS = sorted(path.parent.name for path in CAPTURES.glob("*/truth.json"))
TYPES = {".pb": "application/x-protobuf", ".json": "application/json"}
pytestmark = pytest.mark.server


@dataclass(frozen=True)
class Replayed:
    """A client's rows, and what its program did."""

    truth: dict[str, Any]
    spans: list[Row]
    logs: list[Row]
    points: list[Row]

    def span(self, span_id: str) -> Row:
        (row,) = [row for row in self.spans if row["span_id"] == span_id]
        return row


@pytest.fixture(scope="module")
def replays(collected: Collected) -> dict[str, Replayed]:
    """Of every client; all are sent before any is read, because a collector with little to do holds segments open."""
    sent = {client: replay(client, collected) for client in CLIENTS}
    return {client: read_back(client, collected, counts) for client, counts in sent.items()}


@pytest.fixture
def replayed(request: pytest.FixtureRequest, replays: dict[str, Replayed]) -> Replayed:
    return replays[request.param]


def clients(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("replayed", names, indirect=True, ids=names)


def having(part: str) -> list[str]:
    return [name for name in CLIENTS if part in json.loads((CAPTURES / name / "truth.json").read_text("utf-8"))]


def replay(client: str, collected: Collected) -> dict[str, int]:
    """Send what the client sent; how many items that was, by signal."""
    folder = CAPTURES / client
    counts = dict.fromkeys(BY_NAME, 0)
    for path in sorted([*folder.glob("*-*.pb"), *folder.glob("*-*.json")]):
        signal_name = path.stem.split("-")[1]
        post(collected, f"/v1/{signal_name}", path, project=client)
        counts[signal_name] += items_in(signal_name, path)
    return counts


def read_back(client: str, collected: Collected, counts: dict[str, int]) -> Replayed:
    rows = {name: collected.rows(name, client, count) for name, count in counts.items()}
    assert {name: len(found) for name, found in rows.items()} == counts
    truth = json.loads((CAPTURES / client / "truth.json").read_text("utf-8"))
    return Replayed(truth, rows["traces"], rows["logs"], rows["metrics"])


def post(collected: Collected, path: str, file: Path, *, project: str) -> None:
    headers = {"content-type": TYPES[file.suffix], "x-spanhouse-project": project}
    request = urllib.request.Request(collected.process.http + path, file.read_bytes(), headers)
    with urllib.request.urlopen(request, timeout=30) as reply:
        answer = reply.read()
    assert answer in (b"", b"{}"), f"{file.name}: {answer!r}"


def items_in(signal_name: str, path: Path) -> int:
    """Spans, records or points in a body, counted without the collector's code."""
    if path.suffix == ".json":
        body = json.loads(path.read_text("utf-8"))
    else:
        body = json_format.MessageToDict(BY_NAME[signal_name].request_class.FromString(path.read_bytes()))
    groups, scopes, items = (camel(name) for name in GROUPS[signal_name])
    found = [item for group in body[groups] for scope in group[scopes] for item in scope.get(items, [])]
    if signal_name != "metrics":
        return len(found)
    return sum(len(data["dataPoints"]) for metric in found for data in metric.values() if isinstance(data, dict))


def camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


# --- typed values as truth.json writes them


def assert_value(found: form.Form, truth: dict[str, Any], where: str) -> None:
    assert found["type"] == truth["type"], where
    if truth["type"] == "array":
        assert len(found["value"]) == len(truth["value"]), where
        for index, (one, other) in enumerate(zip(found["value"], truth["value"], strict=True)):
            assert_value(one, other, f"{where}[{index}]")
    elif truth["type"] == "kvlist":
        assert_attributes(found["value"], truth["value"], where, complete=True)
    elif "sha256" in truth:
        raw = found["value"].encode()
        assert (len(raw), hashlib.sha256(raw).hexdigest()) == (truth["bytes"], truth["sha256"]), where
    elif truth["type"] != "empty":
        wanted = truth.get("base64", truth.get("value"))
        assert found["value"] == wanted, where
        assert type(found["value"]) is type(wanted) or truth["type"] == "double", where


def assert_attributes(found: form.Form, truth: dict[str, Any], where: str, *, complete: bool = False) -> None:
    if complete:
        assert found.keys() == truth.keys(), where
    for key, value in truth.items():
        assert key in found, f"{where} {key}"
        assert_value(found[key], value, f"{where} {key}")


# --- every client


@clients(*CLIENTS)
def test_every_span_of_a_captured_client_arrives(replayed: Replayed) -> None:
    known = 0
    for trace in replayed.truth["traces"]:
        for truth in trace["spans"]:
            row = replayed.span(truth["span_id"])
            assert row["trace_id"] == trace["trace_id"]
            for name in ("name", "parent_span_id", "kind", "status_code", "scope_name"):
                if name in truth:
                    assert row[name] == truth[name], (truth["span_id"], name)
            known += 1
        if "span_count" in trace:
            assert len([row for row in replayed.spans if row["trace_id"] == trace["trace_id"]]) == trace["span_count"]
    assert known > 0


# --- clients that know exactly what they sent

PLAIN = {
    "trace_id": "trace_id",
    "name": "name",
    "kind": "kind",
    "parent_span_id": "parent_span_id",
    "status_code": "status_code",
    "status_message": "status_message",
    "trace_state": "trace_state",
    "flags": "flags",
    "duration_ns": "duration_ns",
    "dropped_attributes_count": "dropped_attributes_count",
    "dropped_events_count": "dropped_events_count",
    "dropped_links_count": "dropped_links_count",
}
# Derived by the trace model (error, error_type), or said of the program and not of the span (log_count).
NOT_COLUMNS = {"error", "error_type", "log_count", "note"}
SPECIAL = {"start_ns", "end_ns", "attributes", "attribute_count", "attributes_present", "attributes_absent", "events"}
SPECIAL |= {"links", "scope", "event_count", "first_event", "last_event"}


@clients(*having("exact"))
def test_what_was_sent_exactly_is_stored_exactly(replayed: Replayed) -> None:
    for span_id, truth in replayed.truth["exact"].items():
        assert set(truth) <= set(PLAIN) | NOT_COLUMNS | SPECIAL, "a claim of truth.json that nothing checks"
        row = replayed.span(span_id)
        for name, column in PLAIN.items():
            if name in truth:
                assert row[column] == truth[name], (span_id, name)
        for name, column in (("start_ns", "start_time"), ("end_ns", "end_time")):
            if name in truth:
                assert str(row[column]) == str(truth[name]), (span_id, name)
        stored = form.span(row)
        assert_span_attributes(stored["attributes"], truth, span_id)
        assert_scope(stored["scope"], truth.get("scope", {}))
        assert_events(stored["events"], truth, span_id)
        assert_links(stored["links"], truth, span_id)


def assert_span_attributes(found: form.Form, truth: dict[str, Any], span_id: str) -> None:
    assert_attributes(found, truth.get("attributes", {}), span_id)
    assert len(found) == truth.get("attribute_count", len(found))
    assert set(truth.get("attributes_present", [])) <= set(found)
    assert not set(truth.get("attributes_absent", [])) & set(found)


def assert_scope(found: form.Form, truth: dict[str, Any]) -> None:
    assert {name: found[name] for name in truth} == truth


def assert_events(found: list[form.Form], truth: dict[str, Any], span_id: str) -> None:
    if "events" in truth:
        assert len(found) == len(truth["events"]), span_id
        for index, event in enumerate(truth["events"]):
            assert_event(found[index], event, f"{span_id} event {index}")
    assert len(found) == truth.get("event_count", len(found)), span_id
    for name, index in (("first_event", 0), ("last_event", -1)):
        if name in truth:
            assert_event(found[index], truth[name], f"{span_id} {name}")


def assert_event(found: form.Form, truth: Any, where: str) -> None:
    if isinstance(truth, str):
        assert found["name"] == truth, where
        return
    assert found["name"] == truth["name"], where
    if "time_ns" in truth:
        assert found["time_unix_nano"] == str(truth["time_ns"]), where
    assert_attributes(found["attributes"], truth.get("attributes", {}), where)


def assert_links(found: list[form.Form], truth: dict[str, Any], span_id: str) -> None:
    if "links" not in truth:
        return
    assert len(found) == len(truth["links"]), span_id
    for one, other in zip(found, truth["links"], strict=True):
        for name in ("trace_id", "span_id", "trace_state", "flags"):
            assert one[name] == other.get(name, one[name]), (span_id, name)
        assert_attributes(one["attributes"], other["attributes"], span_id, complete=True)


@clients(*having("logs"))
def test_every_log_record_is_stored_with_its_types(replayed: Replayed) -> None:
    truth = sorted(replayed.truth["logs"], key=lambda record: int(record["time_ns"]))
    found = sorted(map(form.log, replayed.logs), key=lambda record: int(record["time_unix_nano"]))
    assert len(found) == len(truth)
    for one, other in zip(found, truth, strict=True):
        assert one["time_unix_nano"] == str(other["time_ns"])
        for name in ("event_name", "severity_number", "severity_text", "trace_id", "span_id"):
            assert one[name] == other.get(name, one[name])
        assert_value(one["body"], other["body"], f"body of {other['time_ns']}")
        assert_attributes(one["attributes"], other["attributes"], other["time_ns"], complete=True)


@clients(*having("resource"))
def test_every_row_has_its_resource(replayed: Replayed) -> None:
    rows = [*replayed.spans, *replayed.logs, *replayed.points]
    assert rows
    for row in rows:
        found = form.attributes(row, "resource_attributes")
        assert_attributes(found, replayed.truth["resource"]["exact"], "resource")
        assert set(replayed.truth["resource"]["present"]) <= set(found)


@clients(*having("metrics"))
def test_every_series_has_its_first_and_second_point(replayed: Replayed) -> None:
    metrics = replayed.truth["metrics"]
    for series in metrics["series"]:
        where = f"{series['name']} {series['attributes']}"
        points = sorted(series_rows(replayed.points, series), key=lambda row: int(row["time"]))
        assert len(points) >= 2, where
        assert {row["scope_name"] for row in points} == {metrics["scope"]["name"]}
        assert {row["scope_version"] for row in points} == {metrics["scope"]["version"]}
        for row in points:
            assert (row["metric_unit"], row["metric_kind"]) == (series.get("unit", row["metric_unit"]), series["kind"])
            assert row["metric_description"] == series.get("description", row["metric_description"])
            assert row["is_monotonic"] == series.get("monotonic", False), where
        assert_point(points[0], series["first"], series, where)
        assert_point(points[1], last_of(series, points[1]), series, where)


def series_rows(rows: list[Row], series: dict[str, Any]) -> Iterator[Row]:
    for row in rows:
        found = form.attributes(row, "attributes")
        if row["metric_name"] == series["name"] and found == series["attributes"]:
            yield row


def last_of(series: dict[str, Any], row: Row) -> Any:
    if "last" in series:
        return series["last"]
    return series["last_if_delta" if row["aggregation_temporality"] == "DELTA" else "last_if_cumulative"]


def assert_point(row: Row, truth: Any, series: dict[str, Any], where: str) -> None:
    if isinstance(truth, dict):
        assert {name: row[name] for name in truth} == truth, where
        assert row["explicit_bounds"] == series.get("bounds", row["explicit_bounds"]), where
        return
    assert row["value_type"] == series["value_type"], where
    assert row["value_int" if series["value_type"] == "int" else "value"] == truth, where
    assert row["value"] == truth, where
