"""A throw-away OTLP receiver for tests: it decodes and remembers, nothing else.

Owns: the three export services over gRPC (raw handlers) and HTTP/protobuf on free loopback ports, and a flat view of
the spans that arrived. Leaves to others: validation, durability, and what the tests claim.
"""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import grpc
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Status

ExportRequest = ExportTraceServiceRequest | ExportLogsServiceRequest | ExportMetricsServiceRequest

GRPC_SERVICES: dict[str, type[ExportRequest]] = {
    "opentelemetry.proto.collector.trace.v1.TraceService": ExportTraceServiceRequest,
    "opentelemetry.proto.collector.logs.v1.LogsService": ExportLogsServiceRequest,
    "opentelemetry.proto.collector.metrics.v1.MetricsService": ExportMetricsServiceRequest,
}
HTTP_PATHS: dict[str, type[ExportRequest]] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
}


@dataclass(frozen=True)
class SinkSpan:
    """What the tests look at in a span."""

    name: str
    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    is_error: bool
    service: str
    scope: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Received:
    """One export request: how it came (*transport* is `grpc` or `http`) and what it held."""

    transport: str
    headers: dict[str, str]
    message: ExportRequest


@dataclass(frozen=True)
class OtlpSink:
    """The running receiver. Use as a context manager."""

    received: list[Received] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _grpc: list[tuple[grpc.Server, int]] = field(default_factory=list)
    _http: list[tuple[ThreadingHTTPServer, threading.Thread]] = field(default_factory=list)

    def __enter__(self) -> Self:
        server = grpc.server(futures.ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers([_grpc_handler(service, self.remember) for service in GRPC_SERVICES])
        self._grpc.append((server, server.add_insecure_port("127.0.0.1:0")))
        server.start()
        web = _HttpServer(("127.0.0.1", 0), _http_handler(self.remember))
        thread = threading.Thread(target=web.serve_forever, args=(0.05,), daemon=True)
        self._http.append((web, thread))
        thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server, _ in self._grpc:
            server.stop(grace=None).wait()
        for web, thread in self._http:
            web.shutdown()
            web.server_close()
            thread.join()

    @property
    def grpc_endpoint(self) -> str:
        """Where gRPC clients point."""
        return f"http://127.0.0.1:{self._grpc[0][1]}"

    @property
    def http_endpoint(self) -> str:
        """Where HTTP clients point; they add `/v1/<signal>`."""
        return f"http://127.0.0.1:{self._http[0][0].server_address[1]}"

    def remember(self, received: Received) -> None:
        """Keep one request; called from the servers' threads."""
        with self._lock:
            self.received.append(received)

    def spans(self) -> list[SinkSpan]:
        """Every span that arrived, with its resource's service and its scope."""
        requests = [item.message for item in self.received if isinstance(item.message, ExportTraceServiceRequest)]
        return [
            SinkSpan(
                span.name,
                span.trace_id,
                span.span_id,
                span.parent_span_id,
                span.status.code == Status.STATUS_CODE_ERROR,
                str(_attributes(resource.resource.attributes).get("service.name")),
                scope.scope.name,
                _attributes(span.attributes),
            )
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def log_records(self) -> list[tuple[str, dict[str, Any]]]:
        """Event name and attributes of every log record that arrived."""
        requests = [item.message for item in self.received if isinstance(item.message, ExportLogsServiceRequest)]
        return [
            (record.event_name, _attributes(record.attributes))
            for request in requests
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def metric_names(self) -> set[str]:
        """The names of every metric that arrived."""
        requests = [item.message for item in self.received if isinstance(item.message, ExportMetricsServiceRequest)]
        return {
            metric.name
            for request in requests
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def _grpc_handler(service: str, remember: Callable[[Received], None]) -> Any:
    """Answers each export to *service* with an empty response, whose encoding is no bytes at all."""

    def export(body: bytes, context: Any) -> bytes:
        message = GRPC_SERVICES[service]()
        message.ParseFromString(body)
        headers = {key: str(value) for key, value in context.invocation_metadata()}
        remember(Received("grpc", headers, message))
        return b""

    return grpc.method_handlers_generic_handler(service, {"Export": grpc.unary_unary_rpc_method_handler(export)})


class _HttpServer(ThreadingHTTPServer):
    """Says nothing about an exporter that goes away with its connection open."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _http_handler(remember: Callable[[Received], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """One connection of an exporter."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Decode one export and answer 200."""
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            message = HTTP_PATHS[self.path]()
            message.ParseFromString(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            headers = {key.lower(): value for key, value in self.headers.items()}
            remember(Received("http", headers, message))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


def _attributes(pairs: Any) -> dict[str, Any]:
    """Attributes as a dict; arrays as lists, maps as dicts."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    return getattr(value, kind) if kind else None
