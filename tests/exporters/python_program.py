"""A Python program with the OpenTelemetry SDK and its own OTLP exporters, and what it gave them.

Owns what is emitted (every shape of span, log record and metric that the SDK can produce), the tap between the SDK and
the real exporter, and the form of what passed it: written from the SDK's objects, not through the exporters' encoders.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression as HttpCompression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from tests.exporters.form import Form

NEVER_MS = 3_600_000.0
EVERY_TYPE: dict[str, Any] = {
    "text": "naïve 日本語 👩‍👩‍👧 \0 \n \"'\\",
    "text.empty": "",
    "looks.like.int": "42",
    "bool": True,
    "bool.false": False,
    "int": 2**63 - 1,
    "int.negative": -(2**63),
    "int.zero": 0,
    "double": 0.1,
    "double.whole": 3.0,
    "double.tiny": 5e-324,
    "array.text": ("a", "", "ü"),
    "array.bool": (True, False),
    "array.int": (1, -2),
    "array.double": (0.5, 2.0),
    "array.empty": (),
}
NESTED: dict[str, Any] = {
    "map": {"deep": [{"x": 1}, "y", None]},
    "bytes": b"\x00\x01\xfe\xff",
    "list": ["a", 1, 2.5, True],
}


@dataclass
class Exported:
    """What the exporters were given and what they said."""

    spans: list[Form] = field(default_factory=list)
    logs: list[Form] = field(default_factory=list)
    metrics: list[Form] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)


def run(protocol: str, compression: str, endpoint: str, headers: Mapping[str, str]) -> Exported:
    """Emit everything through one kind of exporters and wait until it is sent."""
    exported = Exported()
    spans, logs, metrics = _exporters(protocol, compression, endpoint, dict(headers))
    _tap(spans, lambda batch: exported.spans.extend(map(span_form, batch)), exported)
    _tap(logs, lambda batch: exported.logs.extend(map(log_form, batch)), exported)
    _tap(metrics, lambda data: exported.metrics.extend(metric_forms(data)), exported)
    resource = Resource(
        {"service.name": "python-app", "service.version": "1", **EVERY_TYPE}, "https://example.org/resource"
    )
    _emit_spans(resource, spans)
    _emit_logs(resource, logs)
    _emit_metrics(resource, metrics)
    return exported


def _exporters(protocol: str, compression: str, endpoint: str, headers: dict[str, str]) -> tuple[Any, Any, Any]:
    if protocol == "grpc":
        grpc_compression = grpc.Compression.Gzip if compression == "gzip" else grpc.Compression.NoCompression
        options = {"endpoint": f"http://{endpoint}", "insecure": True, "compression": grpc_compression}
        return tuple(kind(**options, headers=headers) for kind in (GrpcSpans, GrpcLogs, GrpcMetrics))  # type: ignore[return-value]  # three kinds, three exporters
    http_compression = HttpCompression.Gzip if compression == "gzip" else HttpCompression.NoCompression
    kinds = ((HttpSpans, "traces"), (HttpLogs, "logs"), (HttpMetrics, "metrics"))
    return tuple(  # type: ignore[return-value]  # as above
        kind(endpoint=f"{endpoint}/v1/{name}", compression=http_compression, headers=headers) for kind, name in kinds
    )


def _tap(exporter: Any, keep: Callable[[Any], None], exported: Exported) -> None:
    """Keep what the exporter is given; it stays the object that the SDK talks to."""
    send = exporter.export

    def export(batch: Any, *arguments: Any, **options: Any) -> Any:
        keep(batch)
        verdict = send(batch, *arguments, **options)
        exported.verdicts.append(verdict.name)
        return verdict

    exporter.export = export


def _emit_spans(resource: Resource, exporter: Any) -> None:
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("python.agent", "2.0", "https://example.org/scope", {"scope.attribute": 7})
    with tracer.start_as_current_span("agent", kind=SpanKind.SERVER, attributes=EVERY_TYPE) as agent:
        agent.add_event("first token", {"index": 0, "text": ""}, timestamp=1_700_000_000_123_456_789)
        agent.add_event("bare")
        with tracer.start_as_current_span("chat", kind=SpanKind.CLIENT) as chat:
            chat.set_status(Status(StatusCode.OK))
        tool = tracer.start_span("tool", kind=SpanKind.INTERNAL, links=[Link(agent.get_span_context(), EVERY_TYPE)])
        tool.record_exception(ValueError("offline"))
        tool.set_status(Status(StatusCode.ERROR, "weather station offline: größer"))
        tool.end()
    remote = SpanContext(0xAF76, 0xB7AD, True, TraceFlags(1), TraceState([("vendor", "a"), ("other", "b:1")]))
    parent = trace.set_span_in_context(NonRecordingSpan(remote))
    tracer.start_span("child of a remote parent", context=parent, kind=SpanKind.CONSUMER).end()
    tracer.start_span("", start_time=1).end(end_time=1)
    tracer.start_span("big", attributes={"text": "größer 🚀 " * 20_000}, kind=SpanKind.PRODUCER).end()
    crowded = provider.get_tracer("crowded").start_span("crowded")
    for number in range(140):
        crowded.set_attribute(f"key.{number}", number)
    crowded.end()
    provider.shutdown()


def _emit_logs(resource: Resource, exporter: Any) -> None:
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("python.logger", "3.0", "https://example.org/logs", {"scope.attribute": "x"})
    context = trace.set_span_in_context(NonRecordingSpan(SpanContext(0x1234, 0x5678, False, TraceFlags(1))))
    bodies: list[Any] = ["plain, naïve 🚀", "", 42, 0.25, False, b"\xde\xad", ["a", 1, None, {"k": "v"}], NESTED, None]
    for number, body in enumerate(bodies):
        logger.emit(
            LogRecord(
                timestamp=1_700_000_000_000_000_001 + number,
                observed_timestamp=1_700_000_000_000_000_000,
                context=context if number % 2 else None,
                severity_number=SeverityNumber.WARN3,
                severity_text="warn",
                body=body,
                attributes={**EVERY_TYPE, **NESTED} if number == 0 else {},
                event_name="gen_ai.event" if number == 1 else None,
            )
        )
    logger.emit(LogRecord(observed_timestamp=5, body="no time, no severity"))
    provider.shutdown()


def _emit_metrics(resource: Resource, exporter: Any) -> None:
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)
    exponential = View(instrument_name="tokens", aggregation=ExponentialBucketHistogramAggregation())
    provider = MeterProvider([reader], resource, shutdown_on_exit=False, views=[exponential])
    meter = provider.get_meter("python.meter", "4.0", "https://example.org/metrics")
    requests = meter.create_counter("requests", "{request}", "Requests, größer")
    span = NonRecordingSpan(SpanContext(0xABC, 0xDEF, False, TraceFlags(1)))
    requests.add(3, {"route": "/a", "ok": True}, context=trace.set_span_in_context(span))
    requests.add(2, {"route": "/b", "code": 500, "ratio": 0.5})
    meter.create_counter("cost", "USD").add(0.125)
    meter.create_up_down_counter("queue").add(-4)
    meter.create_gauge("temperature", "Cel").set(-3.75, {"room": ""})
    duration = meter.create_histogram("duration", "s", explicit_bucket_boundaries_advisory=[0.1, 0.5, 1.0])
    for seconds in (0.0, 0.1, 0.4, 12.5):
        duration.record(seconds, {"model": "m"})
    tokens = meter.create_histogram("tokens", "{token}")
    for count in (0, 1, 3, 120, 65_536):
        tokens.record(count, {"kind": "input"})
    meter.create_observable_gauge("memory", [lambda options: [Observation(2**53 + 1, {"pool": "heap"})]])
    provider.shutdown()


# --- the SDK's objects in the form of tests/js/normalise.mjs


def typed(value: Any) -> Form:
    kinds: list[tuple[type | tuple[type, ...], str]] = [
        (bool, "bool"),
        (int, "int"),
        (float, "double"),
        (str, "string"),
    ]
    for kind, name in kinds:
        if isinstance(value, kind):
            return {"type": name, "value": value}
    if isinstance(value, bytes):
        return {"type": "bytes", "value": base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {"type": "kvlist", "value": attributes(value)}
    if isinstance(value, Sequence):
        return {"type": "array", "value": [typed(element) for element in value]}
    assert value is None
    return {"type": "empty", "value": None}


def attributes(values: Any) -> Form:
    return {key: typed(value) for key, value in (values or {}).items()}


def _carried(item: Any, scope: Any) -> Form:
    return {
        "scope": {
            "name": scope.name,
            "version": scope.version or "",
            "schema_url": scope.schema_url or "",
            "attributes": attributes(scope.attributes),
        },
        "resource": attributes(item.resource.attributes),
    }


def _flags(context: SpanContext | None) -> int:
    """Whether it is remote is known, and whether it is: what the Python exporter sends of the flags."""
    return 0x100 | (0x200 if context is not None and context.is_remote else 0)


def _hex(number: int | None, digits: int) -> str:
    return f"{number:0{digits}x}" if number else ""


def span_form(span: Any) -> Form:
    context = span.get_span_context()
    return {
        "trace_id": _hex(context.trace_id, 32),
        "span_id": _hex(context.span_id, 16),
        "parent_span_id": _hex(span.parent.span_id, 16) if span.parent else "",
        "trace_state": context.trace_state.to_header(),
        "flags": _flags(span.parent),
        "name": span.name,
        "kind": span.kind.value + 1,
        "start_time_unix_nano": str(span.start_time),
        "end_time_unix_nano": str(span.end_time),
        "status": {"code": span.status.status_code.value, "message": span.status.description or ""},
        "attributes": attributes(span.attributes),
        "dropped_attributes_count": span.dropped_attributes,
        "events": [
            {
                "time_unix_nano": str(event.timestamp),
                "name": event.name,
                "attributes": attributes(event.attributes),
                "dropped_attributes_count": event.dropped_attributes,
            }
            for event in span.events
        ],
        "dropped_events_count": span.dropped_events,
        "links": [
            {
                "trace_id": _hex(link.context.trace_id, 32),
                "span_id": _hex(link.context.span_id, 16),
                "trace_state": "",  # the Python exporter leaves a link's trace state out
                "flags": _flags(link.context),
                "attributes": attributes(link.attributes),
                "dropped_attributes_count": link.dropped_attributes,
            }
            for link in span.links
        ],
        "dropped_links_count": span.dropped_links,
        **_carried(span, span.instrumentation_scope),
    }


def log_form(readable: Any) -> Form:
    record = readable.log_record
    return {
        "time_unix_nano": str(record.timestamp or 0),
        "observed_time_unix_nano": str(record.observed_timestamp or 0),
        "body": typed(record.body),
        "attributes": attributes(record.attributes),
        "severity_number": record.severity_number.value if record.severity_number else 0,
        "severity_text": record.severity_text or "",
        "event_name": record.event_name or "",
        "dropped_attributes_count": readable.dropped_attributes,
        "flags": int(record.trace_flags or 0),
        "trace_id": _hex(record.trace_id, 32),
        "span_id": _hex(record.span_id, 16),
        **_carried(readable, readable.instrumentation_scope),
    }


def metric_forms(data: Any) -> list[Form]:
    return [
        {**_metric_form(metric), **_carried(resource, scope.scope)}
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    ]


KINDS = {"Sum": "sum", "Gauge": "gauge", "Histogram": "histogram", "ExponentialHistogram": "exponential_histogram"}


def _metric_form(metric: Any) -> Form:
    kind = KINDS[type(metric.data).__name__]
    return {
        "name": metric.name,
        "description": metric.description or "",
        "unit": metric.unit or "",
        "kind": kind,
        "aggregation_temporality": None if kind == "gauge" else metric.data.aggregation_temporality.value,
        "is_monotonic": metric.data.is_monotonic if kind == "sum" else None,
        "data_points": [_point_form(kind, point) for point in metric.data.data_points],
    }


def _point_form(kind: str, point: Any) -> Form:
    form = {
        "start_time_unix_nano": str(point.start_time_unix_nano or 0),
        "time_unix_nano": str(point.time_unix_nano),
        "attributes": attributes(point.attributes),
        "exemplars": [
            {
                "time_unix_nano": str(each.time_unix_nano),
                "trace_id": _hex(each.trace_id, 32),
                "span_id": _hex(each.span_id, 16),
                "filtered_attributes": attributes(each.filtered_attributes),
                **_number(each.value),
            }
            for each in point.exemplars
        ],
    }
    if kind in ("gauge", "sum"):
        return {**form, **_number(point.value)}
    form.update({name: getattr(point, name) for name in ("count", "sum", "min", "max")})
    if kind == "histogram":
        return {**form, "bucket_counts": list(point.bucket_counts), "explicit_bounds": list(point.explicit_bounds)}
    for side in ("positive", "negative"):
        buckets = getattr(point, side)
        form[side] = {"offset": buckets.offset, "bucket_counts": list(buckets.bucket_counts)}
    return {**form, "scale": point.scale, "zero_count": point.zero_count}


def _number(value: float) -> Form:
    return {"as_int": value} if isinstance(value, int) else {"as_double": value}
