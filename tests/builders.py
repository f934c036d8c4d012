"""OTLP requests for tests: small, whole, with sane defaults and fixed ids and times.

Owns building export requests as protobuf messages; every test says only what matters to it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

START_UNIX_NANO: Final = 1_795_000_000_123_456_789
SECOND_NS: Final = 1_000_000_000
_numbers = itertools.count(1)


def any_value(value: Any) -> AnyValue:
    """A Python value as AnyValue; None is one without a value."""
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=attributes(value)))
    return AnyValue(array_value=ArrayValue(values=[any_value(item) for item in value]))


def attributes(values: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in values.items()]


def trace_id(number: int) -> bytes:
    return number.to_bytes(16, "big")


def span_id(number: int) -> bytes:
    return number.to_bytes(8, "big")


def make_span(name: str = "work", *, number: int | None = None, **fields: Any) -> Span:
    """A span with ids of its own; `attributes` may be a plain dict."""
    number = next(_numbers) if number is None else number
    defaults: dict[str, Any] = {
        "trace_id": trace_id(number),
        "span_id": span_id(number),
        "name": name,
        "kind": Span.SPAN_KIND_INTERNAL,
        "start_time_unix_nano": START_UNIX_NANO,
        "end_time_unix_nano": START_UNIX_NANO + SECOND_NS,
    }
    if isinstance(fields.get("attributes"), Mapping):
        fields["attributes"] = attributes(fields["attributes"])
    return Span(**{**defaults, **fields})


def traces(
    *spans: Span, resource: Mapping[str, Any] | None = None, scope_name: str = "tests"
) -> ExportTraceServiceRequest:
    """One resource, one scope, these spans."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.extend(attributes({"service.name": "test-app"} if resource is None else resource))
    scope = group.scope_spans.add()
    scope.scope.name = scope_name
    scope.spans.extend(spans)
    return request


def logs(*records: LogRecord, resource: Mapping[str, Any] | None = None) -> ExportLogsServiceRequest:
    """One resource, one scope, these records."""
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add()
    group.resource.attributes.extend(attributes({"service.name": "test-app"} if resource is None else resource))
    group.scope_logs.add().log_records.extend(records)
    return request


def metrics(*items: Metric, resource: Mapping[str, Any] | None = None) -> ExportMetricsServiceRequest:
    """One resource, one scope, these metrics."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(attributes({"service.name": "test-app"} if resource is None else resource))
    group.scope_metrics.add().metrics.extend(items)
    return request


def span_requests(count: int, *, spans_each: int = 3, first: int = 1) -> Sequence[ExportTraceServiceRequest]:
    """Distinct requests whose spans are numbered from `first` on, so that a test can say which arrived."""
    numbers = itertools.count(first)
    return [traces(*(make_span(number=next(numbers)) for _ in range(spans_each))) for _ in range(count)]
