"""The OpenTelemetry set-up the sample applications share: the SDK's providers, the stock OTLP exporters.

Owns: choosing the exporter that `OTEL_EXPORTER_OTLP_PROTOCOL` names (`grpc`, else HTTP/protobuf).
Leaves to others: everything the SDK reads from the environment by itself (endpoint, headers, compression,
service name), and the instrumentation, which is each application's own.
"""

from __future__ import annotations

import os

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter


def tracer_provider() -> TracerProvider:
    """Traces, in batches. Call `shutdown()` at the end: it flushes."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(_span_exporter()))
    return provider


def logger_provider() -> LoggerProvider:
    """Log records and events, in batches. Call `shutdown()` at the end: it flushes."""
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(_log_exporter()))
    return provider


def meter_provider() -> MeterProvider:
    """Metrics, exported every minute and once more by `shutdown()`."""
    return MeterProvider([PeriodicExportingMetricReader(_metric_exporter())])


def _speaks_grpc() -> bool:
    return os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf") == "grpc"


def _span_exporter() -> SpanExporter:
    if _speaks_grpc():
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter

        return GrpcExporter()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _log_exporter() -> LogRecordExporter:
    if _speaks_grpc():
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter

        return GrpcExporter()
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter

    return OTLPLogExporter()


def _metric_exporter() -> MetricExporter:
    if _speaks_grpc():
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter

        return GrpcExporter()
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter

    return OTLPMetricExporter()
