"""What a record holds, decoded far enough to name its spans.

Owns: reading protobuf and JSON bodies, spans in the order of their trees, and a printable view for whoever writes
claims. Leaves to others: any meaning of an attribute.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

ExportRequest = ExportTraceServiceRequest | ExportLogsServiceRequest | ExportMetricsServiceRequest
REQUESTS: dict[str, type[ExportRequest]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
RESOURCES = ("resourceSpans", "resourceLogs", "resourceMetrics")
MACHINE_KEYS = ("host.id", "host.name", "os.version", "process.owner", "process.runtime.description")
SHOWN_LENGTH_MAX = 300


@dataclass(frozen=True)
class Span:
    """A span of a record."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    scope: str
    start_unix_nano: int
    status: int
    message: str
    attributes: dict[str, Any]
    events: tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class Record:
    """A record: its spans, and how many of the rest it holds."""

    spans: list[Span] = field(default_factory=list)
    logs: list[dict[str, Any]] = field(default_factory=list)
    metric_names: set[str] = field(default_factory=set)


def read_record(folder: Path) -> Record:
    """Decode every body in *folder*."""
    record = Record()
    for path in sorted([*folder.glob("[0-9]*.pb"), *folder.glob("[0-9]*.json")]):
        signal = path.stem.split("-")[1]
        body = json.loads(path.read_bytes()) if path.suffix == ".json" else _from_protobuf(signal, path.read_bytes())
        for resource in body.get("resourceSpans", []):
            for scope in resource.get("scopeSpans", []):
                record.spans.extend(
                    _span(span, scope.get("scope", {}).get("name", "")) for span in scope.get("spans", [])
                )
        for resource in body.get("resourceLogs", []):
            for scope in resource.get("scopeLogs", []):
                record.logs.extend(scope.get("logRecords", []))
        for resource in body.get("resourceMetrics", []):
            for scope in resource.get("scopeMetrics", []):
                record.metric_names.update(metric["name"] for metric in scope.get("metrics", []))
    return record


def machine_texts(signal: str, data: bytes) -> list[str]:
    """What the resources of a body say of the machine it came from."""
    body = json.loads(data) if data[:1] == b"{" else _from_protobuf(signal, data)
    resources = [item.get("resource", {}) for key in RESOURCES for item in body.get(key, [])]
    found = [_attributes(resource.get("attributes")) for resource in resources]
    return [str(value) for attributes in found for key, value in attributes.items() if key in MACHINE_KEYS]


def _from_protobuf(signal: str, data: bytes) -> dict[str, Any]:
    """A protobuf body in the shape of an OTLP/JSON one, with hexadecimal ids."""
    message = REQUESTS[signal]()
    message.ParseFromString(data)
    body: dict[str, Any] = json_format.MessageToDict(message, use_integers_for_enums=True)
    if isinstance(message, ExportTraceServiceRequest):
        for resource, raw_resource in zip(body.get("resourceSpans", []), message.resource_spans, strict=True):
            for scope, raw_scope in zip(resource.get("scopeSpans", []), raw_resource.scope_spans, strict=True):
                for span, raw in zip(scope.get("spans", []), raw_scope.spans, strict=True):
                    span["traceId"], span["spanId"] = raw.trace_id.hex(), raw.span_id.hex()
                    span["parentSpanId"] = raw.parent_span_id.hex()
    return body


def _span(span: dict[str, Any], scope: str) -> Span:
    status = span.get("status") or {}
    events = [(event.get("name", ""), _attributes(event.get("attributes"))) for event in span.get("events") or []]
    return Span(
        trace_id=span["traceId"].lower(),
        span_id=span["spanId"].lower(),
        parent_span_id=(span.get("parentSpanId") or "").lower(),
        name=span["name"],
        scope=scope,
        start_unix_nano=int(span["startTimeUnixNano"]),
        status=int(status.get("code") or 0),
        message=status.get("message", ""),
        attributes=_attributes(span.get("attributes")),
        events=tuple(events),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair["key"]: _value(pair.get("value") or {}) for pair in pairs or []}


def _value(value: dict[str, Any]) -> Any:
    if "arrayValue" in value:
        return [_value(item) for item in value["arrayValue"].get("values", [])]
    if "kvlistValue" in value:
        return _attributes(value["kvlistValue"].get("values"))
    if "intValue" in value:
        return int(value["intValue"])
    return next(iter(value.values()), None)


def traces_in_order(spans: list[Span]) -> list[list[Span]]:
    """The traces by their first start, each with its spans in the order of its tree."""
    traces: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        traces[span.trace_id].append(span)
    ordered = sorted(traces.values(), key=lambda trace: min(span.start_unix_nano for span in trace))
    return [[span for _, span in tree_order(trace)] for trace in ordered]


def tree_order(trace: list[Span]) -> Iterator[tuple[int, Span]]:
    """Depth and span, parents before children, siblings by start; spans whose parent was not sent are roots."""
    known = {span.span_id for span in trace}
    children: dict[str, list[Span]] = defaultdict(list)
    for span in sorted(trace, key=lambda span: span.start_unix_nano):
        parent = span.parent_span_id
        children[parent if parent in known and parent != span.span_id else ""].append(span)
    waiting = [(0, span) for span in reversed(children[""])]
    while waiting:
        depth, span = waiting.pop()
        yield depth, span
        waiting += [(depth + 1, child) for child in reversed(children[span.span_id])]


def show(record: Record) -> Iterator[str]:
    """Lines that show every trace with its attributes, shortened."""
    for number, trace in enumerate(traces_in_order(record.spans)):
        yield f"===== trace {number} {trace[0].trace_id}"
        for depth, span in tree_order(trace):
            indent = "    " * depth
            yield f"{indent}* {span.name}   [{span.scope}] status {span.status} {span.message[:200]!r}"
            for key, value in span.attributes.items():
                yield f"{indent}    {key} = {_shown(value)}"
            for name, attributes in span.events:
                yield f"{indent}    EVENT {name} {_shown(attributes)}"
    for log in record.logs:
        yield f"LOG {_shown(log)}"
    yield f"METRICS {sorted(record.metric_names)}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_LENGTH_MAX else f"{text[:SHOWN_LENGTH_MAX]}… ({len(text)})"
