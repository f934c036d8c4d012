"""Stored spans straight from OTLP requests, without a database between.

Owns turning the requests of fixtures and captures into `StoredSpan`s, log records joined by ids. Values go through the
text and type code that the tables hold (`tests.oracle.typed`) and back through `model.values`. The promoted columns are
what a test says they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanhouse_collector.model import values
from spanhouse_collector.model.span import SpanEvent, SpanLog, StoredSpan
from spanhouse_collector.otlp.json_decode import to_protobuf
from spanhouse_collector.otlp.signals import LOGS, TRACES
from tests.oracle import KINDS, STATUS_CODES, typed

LogWithIds = tuple[SpanLog, str, str]  # the record, its trace id, its span id
FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    found = [(pair.key, *typed(pair.value)) for pair in pairs]
    return values.attributes([(key, text) for key, _, text in found], [code for _, code, _ in found])


def stored(**fields: Any) -> StoredSpan:
    """A stored span in which a test names what matters."""
    defaults: dict[str, Any] = {
        "trace_id": "01" * 16,
        "span_id": "02" * 8,
        "parent_span_id": "",
        "name": "work",
        "kind": "INTERNAL",
        "start_time_unix_nano": 1,
        "end_time_unix_nano": 2,
        "duration_ns": 1,
        "status_code": "UNSET",
        "status_message": "",
    }
    return StoredSpan(**{**defaults, **fields})


def spans_of(requests: Iterable[Any], logs: Iterable[LogWithIds] = ()) -> Iterator[StoredSpan]:
    """The spans of trace requests; `logs` is what `logs_of` gave for the same traffic."""
    by_span: dict[tuple[str, str], list[SpanLog]] = {}
    for log, trace_id, span_id in logs:
        by_span.setdefault((trace_id, span_id), []).append(log)
    for request in requests:
        for group in request.resource_spans:
            resource = attributes(group.resource.attributes)
            for scope in group.scope_spans:
                for span in scope.spans:
                    ids = (span.trace_id.hex(), span.span_id.hex())
                    yield stored(
                        trace_id=ids[0],
                        span_id=ids[1],
                        parent_span_id=span.parent_span_id.hex(),
                        name=span.name,
                        kind=KINDS[span.kind],
                        status_code=STATUS_CODES[span.status.code],
                        status_message=span.status.message,
                        scope_name=scope.scope.name,
                        attributes=attributes(span.attributes),
                        resource_attributes=resource,
                        events=tuple(
                            SpanEvent(event.name, event.time_unix_nano, attributes(event.attributes))
                            for event in span.events
                        ),
                        logs=tuple(by_span.get(ids, ())),
                    )


def logs_of(requests: Iterable[Any]) -> Iterator[LogWithIds]:
    """The log records of requests, with the ids they carry."""
    for request in requests:
        for group in request.resource_logs:
            for scope in group.scope_logs:
                for log in scope.log_records:
                    code, text = typed(log.body)
                    record = SpanLog(
                        event_name=log.event_name,
                        time_unix_nano=log.time_unix_nano,
                        body=values.value(code, text),
                        attributes=attributes(log.attributes),
                        scope_name=scope.scope.name,
                        severity_number=log.severity_number,
                    )
                    yield record, log.trace_id.hex(), log.span_id.hex()


def fixture_spans(fixture: Mapping[str, Any]) -> list[StoredSpan]:
    """The spans of a dialect fixture with the log records that belong to them."""
    traces = _traces(json.dumps(fixture["request"]).encode())
    logs = [_logs(json.dumps(fixture["logs_request"]).encode())] if fixture.get("logs_request") else []
    return list(spans_of([traces], logs_of(logs)))


def capture_spans(folder: Path) -> list[StoredSpan]:
    """The spans that a recorded client sent."""
    traces, logs = [], []
    for path in sorted([*folder.glob("*-*.pb"), *folder.glob("*-*.json")]):
        signal, body = path.stem.split("-")[1], path.read_bytes()
        is_json = path.suffix == ".json"
        if signal == "traces":
            traces.append(_traces(body) if is_json else ExportTraceServiceRequest.FromString(body))
        elif signal == "logs":
            logs.append(_logs(body) if is_json else ExportLogsServiceRequest.FromString(body))
    return list(spans_of(traces, logs_of(logs)))


def _traces(body: bytes) -> Any:
    return ExportTraceServiceRequest.FromString(to_protobuf(TRACES, body))


def _logs(body: bytes) -> Any:
    return ExportLogsServiceRequest.FromString(to_protobuf(LOGS, body))
