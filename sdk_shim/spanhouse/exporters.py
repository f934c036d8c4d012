"""OpenTelemetry's OTLP exporters, made from the settings.

Owns: which exporter, its endpoint and headers. Imported when the first batch is sent: the exporters' modules take
longer to import than everything else of the shim. What the settings do not say, the exporters read from
`OTEL_EXPORTER_OTLP_*`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SpanExporter, SpanExportResult
from opentelemetry.util.re import parse_env_headers

from spanhouse.settings import Settings


def make_exporter(settings: Settings) -> SpanExporter:
    """The exporter that the settings and `OTEL_TRACES_EXPORTER` (otlp, console, or both) ask for."""
    wanted = {name.strip() for name in os.environ.get("OTEL_TRACES_EXPORTER", "").split(",")}
    if "console" not in wanted:
        return _otlp(settings)
    return _Both(ConsoleSpanExporter(), _otlp(settings)) if "otlp" in wanted else ConsoleSpanExporter()


class _Both(SpanExporter):
    """The console beside the collector, whose answer counts."""

    def __init__(self, console: SpanExporter, collector: SpanExporter) -> None:
        self._console = console
        self._collector = collector

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Print, then send."""
        self._console.export(spans)
        return self._collector.export(spans)

    def shutdown(self) -> None:
        """Let both go."""
        self._console.shutdown()
        self._collector.shutdown()


def _otlp(settings: Settings) -> SpanExporter:
    options: dict[str, Any] = {"headers": headers(settings), "timeout": settings.export_timeout_ms / 1000}
    if settings.resolved_protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter

        if settings.endpoint:
            options["endpoint"] = settings.endpoint if "://" in settings.endpoint else f"http://{settings.endpoint}"
        return GrpcExporter(**options)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter

    if settings.endpoint:
        options["endpoint"] = http_endpoint(settings.endpoint)
    return HttpExporter(**options)


def http_endpoint(endpoint: str) -> str:
    """The full address of a base address; one that names the path already stays."""
    url = endpoint if "://" in endpoint else f"http://{endpoint}"
    url = url.rstrip("/")
    return url if url.endswith("/v1/traces") else url + "/v1/traces"


def headers(settings: Settings) -> dict[str, str]:
    """The headers of the environment, and the project and the key in front of them."""
    text = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_HEADERS") or os.environ.get("OTEL_EXPORTER_OTLP_HEADERS") or ""
    found = dict(parse_env_headers(text, liberal=True))
    if settings.project:
        found["x-spanhouse-project"] = settings.project
    if settings.api_key:
        found["authorization"] = f"Bearer {settings.api_key}"
    return found
