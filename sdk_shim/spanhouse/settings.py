"""What can be set, where it comes from, and its defaults.

Owns: `Settings` and its reading from the environment. An argument of `configure()` wins over `SPANHOUSE_<NAME>`, which
wins over OpenTelemetry's variable, which wins over the default. A variable that cannot be read is counted, named in the
one warning, and passed over: a typing error in a deployment must not stop the application.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from spanhouse.faults import FAULTS

MIB: Final = 1 << 20
GRPC_PORT: Final = 4317
HTTP_PORT: Final = 4318
PROTOCOLS: Final = ("http/protobuf", "grpc")


class Settings:
    """Everything `configure()` can set; never changed, only replaced. A dataclass would take long to import."""

    tracing_enabled: bool = True
    endpoint: str | None = None
    api_url: str | None = None
    project: str | None = None
    api_key: str | None = None
    protocol: str | None = None
    sample_ratio: float | None = None
    resource_attributes: Mapping[str, Any] = MappingProxyType({})
    service_name: str | None = None
    capture_content: bool = True
    max_attribute_bytes: int = 16 * MIB  # two of them fit into the 64 MiB that a request may have
    max_queue_spans: int = 4096
    max_queue_bytes: int = 64 * MIB
    max_batch_spans: int = 512  # OpenTelemetry's own default
    max_batch_bytes: int = 16 * MIB
    schedule_delay_ms: int = 1000
    export_timeout_ms: int = 10_000
    exit_timeout_ms: int = 5_000
    notebook: bool = True
    synchronous: bool = False
    flush_on_sigterm: bool = False

    def __init__(self, **values: Any) -> None:
        unknown = values.keys() - type(self).__annotations__.keys()
        if unknown:
            raise TypeError(f"no such settings: {', '.join(sorted(unknown))}")
        vars(self).update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"settings are replaced, not changed: {name}")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self.values() == other.values()

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        shown = {name: "…" if name == "api_key" and value else value for name, value in self.values().items()}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def values(self) -> dict[str, Any]:
        """All of them by name."""
        return {name: getattr(self, name) for name in type(self).__annotations__}

    def replaced(self, **values: Any) -> Settings:
        """A copy with other values."""
        return Settings(**{**self.values(), **values})

    @property
    def resolved_protocol(self) -> str:
        """`grpc` or `http/protobuf`: what was asked for, else what the endpoint's port says, else HTTP."""
        if self.protocol in PROTOCOLS:
            return str(self.protocol)
        url = self.endpoint or _otel("ENDPOINT") or ""
        return "grpc" if _port(url) == GRPC_PORT else "http/protobuf"

    @property
    def sent_to(self) -> str:
        """Where spans go, for people to read."""
        port = GRPC_PORT if self.resolved_protocol == "grpc" else HTTP_PORT
        return self.endpoint or _otel("ENDPOINT") or f"http://localhost:{port}"

    @property
    def resolved_api_url(self) -> str:
        """Where the collector's JSON API is: its own setting, else the host that spans are sent to."""
        if self.api_url:
            return self.api_url.rstrip("/")
        url = self.endpoint or _otel("ENDPOINT")
        if not url:
            return f"http://127.0.0.1:{HTTP_PORT}"
        parts = urlsplit(url if "://" in url else f"http://{url}")
        port = HTTP_PORT if parts.port in (None, GRPC_PORT) and self.resolved_protocol == "grpc" else parts.port
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
        path = parts.path.removesuffix("/").removesuffix("/v1/traces")
        return f"{parts.scheme}://{host}{f':{port}' if port else ''}{path}"


def _otel(name: str) -> str | None:
    return os.environ.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}") or os.environ.get(f"OTEL_EXPORTER_OTLP_{name}") or None


def _port(url: str) -> int | None:
    try:
        return urlsplit(url if "://" in url else f"//{url}").port
    except ValueError:
        return None


def _bool(text: str) -> bool:
    word = text.strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off"):
        return False
    raise ValueError(text)


def _not(text: str) -> bool:
    return not _bool(text)


def _ratio(text: str) -> float:
    ratio = float(text)
    if not 0.0 <= ratio <= 1.0:
        raise ValueError(text)
    return ratio


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise ValueError(text)
    return number


def _protocol(text: str) -> str:
    if text not in PROTOCOLS:
        raise ValueError(text)
    return text


def _pairs(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}


VARIABLES: Final[tuple[tuple[str, str, Callable[[str], Any], str], ...]] = (
    ("tracing_enabled", "SPANHOUSE_TRACING_ENABLED", _bool, "`false`: the shim does nothing at all."),
    ("endpoint", "SPANHOUSE_ENDPOINT", str, "Where spans go, e.g. `http://127.0.0.1:4318`; else OTEL_EXPORTER_OTLP_*."),
    ("api_url", "SPANHOUSE_URL", str, "The collector's HTTP address for reading back; else the endpoint's host."),
    ("project", "SPANHOUSE_PROJECT", str, "The project of all traces of this process."),
    ("api_key", "SPANHOUSE_API_KEY", str, "Sent as `authorization: Bearer …`."),
    ("protocol", "OTEL_EXPORTER_OTLP_PROTOCOL", _protocol, "`http/protobuf` or `grpc`."),
    ("protocol", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", _protocol, "The same, for traces alone."),
    ("protocol", "SPANHOUSE_PROTOCOL", _protocol, "The same, for the shim alone."),
    ("sample_ratio", "SPANHOUSE_SAMPLE_RATIO", _ratio, "Share of traces to keep, 0 to 1; else OTEL_TRACES_SAMPLER."),
    ("resource_attributes", "SPANHOUSE_RESOURCE_ATTRIBUTES", _pairs, "`key=value,…`; beside OTEL_RESOURCE_ATTRIBUTES"),
    ("service_name", "SPANHOUSE_SERVICE_NAME", str, "`service.name`; else OTEL_SERVICE_NAME."),
    ("capture_content", "SPANHOUSE_CAPTURE_CONTENT", _bool, "`false`: no inputs, outputs, messages or documents."),
    ("max_attribute_bytes", "SPANHOUSE_MAX_ATTRIBUTE_BYTES", _positive, "Size to which one value is cut."),
    ("max_queue_spans", "OTEL_BSP_MAX_QUEUE_SIZE", _positive, "Spans that wait for export; more are dropped."),
    ("max_queue_spans", "SPANHOUSE_MAX_QUEUE_SPANS", _positive, "The same, for the shim alone."),
    ("max_queue_bytes", "SPANHOUSE_MAX_QUEUE_BYTES", _positive, "Bytes that wait for export; more are dropped."),
    ("max_batch_spans", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", _positive, "Spans of one request."),
    ("max_batch_bytes", "SPANHOUSE_MAX_BATCH_BYTES", _positive, "Bytes of one request, about."),
    ("schedule_delay_ms", "OTEL_BSP_SCHEDULE_DELAY", _positive, "How long a span waits for company."),
    ("export_timeout_ms", "SPANHOUSE_EXPORT_TIMEOUT_MS", _positive, "One export, with its retries."),
    ("exit_timeout_ms", "SPANHOUSE_EXIT_TIMEOUT_MS", _positive, "How long the process waits at its end for its spans."),
    ("notebook", "SPANHOUSE_NOTEBOOK", _bool, "`false`: notebooks show no traces by themselves."),
    ("synchronous", "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", _not, "MLflow's name for its opposite."),
    ("synchronous", "SPANHOUSE_SYNCHRONOUS", _bool, "`true`: the call that ends a trace waits until it is sent."),
    ("flush_on_sigterm", "SPANHOUSE_FLUSH_ON_SIGTERM", _bool, "`true`: SIGTERM sends what waits first."),
)  # fmt: skip
"""Field, variable, reader, what it means. Of two variables of one field the later wins."""


def from_environment() -> Settings:
    """The settings of the environment."""
    found: dict[str, Any] = {}
    for name, variable, read, _ in VARIABLES:
        text = os.environ.get(variable)
        if not text:
            continue
        try:
            found[name] = read(text)
        except ValueError:
            FAULTS.count("settings_ignored")
            FAULTS.warn("spanhouse ignores %s: it cannot be read", variable)
    return Settings(**found)


def changed(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """*settings* with those *values* that are not None; refuses what the environment's readers would refuse.

    Raises:
        ValueError: a value is out of its range.

    """
    given = {name: value for name, value in values.items() if value is not None}
    for name, _, read, _ in VARIABLES:
        if name in given and read in (_ratio, _positive, _protocol):
            try:
                read(str(given[name]))
            except ValueError:
                raise ValueError(f"configure({name}={given[name]!r}): not a possible value") from None
    return settings.replaced(**given)
