"""OTLP clients for tests that want bytes on the wire and nothing else: no retries, no batching.

Owns sending one export request over gRPC or HTTP. Tests of real exporters use real exporters.
"""

from __future__ import annotations

import urllib.request
from typing import Any, Final

import grpc

SERVICES: Final = {
    "ExportTraceServiceRequest": ("opentelemetry.proto.collector.trace.v1.TraceService", "traces"),
    "ExportLogsServiceRequest": ("opentelemetry.proto.collector.logs.v1.LogsService", "logs"),
    "ExportMetricsServiceRequest": ("opentelemetry.proto.collector.metrics.v1.MetricsService", "metrics"),
}
TIMEOUT_S: Final = 30.0


def export_grpc(address: str, request: Any, *, project: str | None = None) -> bytes:
    """Send one export request; the raw response, or grpc.RpcError."""
    service, _ = SERVICES[request.DESCRIPTOR.name]
    metadata = (("x-spanhouse-project", project),) if project else ()
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_unary(f"/{service}/Export")
        answer: bytes = call(request.SerializeToString(), timeout=TIMEOUT_S, metadata=metadata, wait_for_ready=True)
        return answer


def export_http(base_url: str, request: Any, *, project: str | None = None) -> bytes:
    """Send one export request as protobuf; the response body, or urllib.error.HTTPError."""
    _, signal_name = SERVICES[request.DESCRIPTOR.name]
    headers = {"content-type": "application/x-protobuf", **({"x-spanhouse-project": project} if project else {})}
    url = f"{base_url}/v1/{signal_name}"
    with urllib.request.urlopen(
        urllib.request.Request(url, data=request.SerializeToString(), headers=headers), timeout=TIMEOUT_S
    ) as reply:
        answer: bytes = reply.read()
        return answer
