"""The three OTLP signals as one table.

Owns what differs between traces, logs and metrics: service and path names, message classes, the words
for their items. Everything else in the collector is written once and takes a `Signal`.

Source: opentelemetry-proto, collector/{trace,logs,metrics}/v1; OTLP specification, "OTLP/HTTP Request".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

COMMON: Final = "opentelemetry.proto.common.v1"  # the package of AnyValue and KeyValue


@dataclass(frozen=True)
class Signal:
    """One OTLP signal: `name` is the path segment, `item` what its partial success counts."""

    name: str
    item: str
    grpc_service: str
    request_class: type[Message]
    response_class: type[Message]
    rejected_field: str

    @property
    def http_path(self) -> str:
        """The OTLP/HTTP path, `/v1/<signal>`."""
        return f"/v1/{self.name}"


TRACES: Final = Signal(
    name="traces",
    item="span",
    grpc_service="opentelemetry.proto.collector.trace.v1.TraceService",
    request_class=trace_service_pb2.ExportTraceServiceRequest,
    response_class=trace_service_pb2.ExportTraceServiceResponse,
    rejected_field="rejected_spans",
)
LOGS: Final = Signal(
    name="logs",
    item="log record",
    grpc_service="opentelemetry.proto.collector.logs.v1.LogsService",
    request_class=logs_service_pb2.ExportLogsServiceRequest,
    response_class=logs_service_pb2.ExportLogsServiceResponse,
    rejected_field="rejected_log_records",
)
METRICS: Final = Signal(
    name="metrics",
    item="data point",
    grpc_service="opentelemetry.proto.collector.metrics.v1.MetricsService",
    request_class=metrics_service_pb2.ExportMetricsServiceRequest,
    response_class=metrics_service_pb2.ExportMetricsServiceResponse,
    rejected_field="rejected_data_points",
)
SIGNALS: Final = (TRACES, LOGS, METRICS)
BY_NAME: Final = {signal.name: signal for signal in SIGNALS}
