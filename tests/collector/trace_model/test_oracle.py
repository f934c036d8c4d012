"""The generated SQL maps every span as the oracle does: fixtures, recordings, and spans that nobody would send."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanhouse_collector.model.span_sql.keys import TARGETS
from spanhouse_collector.model.vocabulary import written
from spanhouse_collector.otlp.json_decode import to_protobuf
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.otlp.validate import check
from tests.collector.trace_model.hostile_spans import Batch, batches
from tests.collector.trace_model.oracle import columns_of
from tests.collector.trace_model.oracle_reading import OracleSpan
from tests.collector.trace_model.replay import Body, capture_bodies, captures, fixtures
from tests.tables import Store, framed

EXACT = (
    *("span_type", "operation", "provider", "framework", "request_model", "response_model", "model", "response_id"),
    *("input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_write_input_tokens"),
    *("reasoning_output_tokens", "usage_scope", "session_id", "user_id", "agent_name", "tool_name", "prompt_name"),
    *("ttft_ns", "is_error", "error_type", "is_pending", "dialects", "input", "output"),
)
AS_SETS = ("tags", "finish_reasons")


_PAIRS = "Array(Tuple(String, String))"
# A span as it is stored, which is what the oracle reads: how values become text is another test's claim.
STORED = {
    "name": "name",
    "scope_name": "scope_name",
    "attributes": f"CAST(attributes, '{_PAIRS}')",
    "event_names": "events.name",
    "event_times": "arrayMap(t -> toUnixTimestamp64Nano(t), events.time)",
    "event_attributes": f"arrayMap(e -> CAST(e, '{_PAIRS}'), events.attributes)",
    "resource": f"arrayFilter((pair, code) -> code = 'string', CAST(resource_attributes, '{_PAIRS}'), "
    "resource_attribute_type_codes)",
    "start_unix_nano": "toUnixTimestamp64Nano(start_time)",
    "end_unix_nano": "toUnixTimestamp64Nano(end_time)",
    "status_is_error": "status_code = 'ERROR'",
}


def oracle_span(row: Mapping[str, Any]) -> OracleSpan:
    stored = {name: row[f"stored_{name}"] for name in STORED}
    events = zip(stored.pop("event_names"), stored.pop("event_times"), stored.pop("event_attributes"), strict=True)
    return OracleSpan(**stored, events=list(events))


def differences(store: Store) -> list[str]:
    """Where stored columns are not the oracle's."""
    stored = ", ".join(f"{expression} AS stored_{name}" for name, expression in STORED.items())
    names = ", ".join((*EXACT, *AS_SETS, "cost_usd", "cost_source"))
    lines = []
    for row in store.connection.query(f"SELECT {names}, {stored} FROM spans").dicts():
        span = oracle_span(row)
        wanted = columns_of(span)
        found = {**row, **{name: sorted(row[name]) for name in AS_SETS}}
        found["reported_cost_usd"] = row["cost_usd"] if row["cost_source"] == "reported" else None
        wrong = [name for name in (*EXACT, *AS_SETS) if found[name] != wanted[name]]
        if found["reported_cost_usd"] != pytest.approx(wanted["reported_cost_usd"]):
            wrong.append("reported_cost_usd")
        lines += [f"{name}: SQL {found[name]!r}, oracle {wanted[name]!r}: {span}" for name in wrong]
    return lines


def request_of(body: Body) -> ExportTraceServiceRequest:
    raw = body.data if body.content_type.endswith("protobuf") else to_protobuf(TRACES, body.data)
    return ExportTraceServiceRequest.FromString(raw)


def store_and_compare(store: Store, requests: Iterable[ExportTraceServiceRequest]) -> list[str]:
    checked = [check(TRACES, request.SerializeToString()) for request in requests]
    store.truncate()
    store.insert_bytes(TRACES, b"".join(framed(request.payload) for request in checked))
    assert store.count("spans") == sum(request.accepted for request in checked)
    return differences(store)


def test_every_fixture_is_mapped_as_the_oracle_says(store: Store) -> None:
    bodies = [
        body
        for fixture in [*fixtures(), *fixtures("reviewed")]
        for body in fixture.bodies("together")
        if body.signal == "traces"
    ]
    assert store_and_compare(store, map(request_of, bodies)) == []


def test_every_recording_is_mapped_as_the_oracle_says(store: Store) -> None:
    bodies = [body for folder in captures() for body in capture_bodies(folder) if body.signal == "traces"]
    assert store_and_compare(store, map(request_of, bodies)) == []


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking would insert a hundred times
    suppress_health_check=list(HealthCheck),
)
@given(batch=batches())
def test_spans_that_nobody_would_send_are_mapped_as_the_oracle_says(open_suite: Store, batch: Batch) -> None:
    lines = store_and_compare(open_suite, batch.requests)
    assert not lines, "\n".join(line[:3000] for line in lines[:3])


def test_only_plain_attributes_serve_two_columns() -> None:
    keys = [source.key for target in TARGETS for source in written(target)]
    shared = {key for key in keys if keys.count(key) > 1}
    assert {key for key in shared if "#" in key or ":" in key} <= {"genkit:name"}
    assert all(keys.count(key) == 2 for key in shared)
