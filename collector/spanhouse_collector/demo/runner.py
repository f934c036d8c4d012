"""Run the sample applications against a collector, one subprocess each.

Owns: the list of applications and what each needs, their environment, their time limit, and the mock model they
talk to. Leaves to others: the collector that receives (`run_demo` is told where it listens) and reading back.

An application sees nothing of Spanhouse but an OTLP endpoint in its environment: that is the point of the demo.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from spanhouse_collector.demo.mock_llm import MockLlm

APP_SECONDS_MAX = 90.0
"""An application takes 2-5 s here; a cold disk or a busy machine may need a multiple."""

STDERR_TAIL_CHARACTERS = 2000
SECONDS_PER_TOKEN = 0.004
"""How fast the mock model speaks: 250 tokens a second."""

EXIT_TIMED_OUT = 124
EXIT_NOT_STARTED = 127
"""The exit codes `timeout(1)` and a shell give for the same outcomes."""

INSTALL_HINT = "pip install"

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_DROPPED_PREFIXES = ("OTEL_", "OPENAI_", "LANGCHAIN_", "LANGSMITH_")
_DROPPED_NAMES = frozenset({"http_proxy", "https_proxy", "all_proxy", "grpc_proxy"})


@dataclass(frozen=True)
class App:
    """One sample application: *name* is its module in `demo.apps`, *protocol* its OTLP protocol."""

    name: str
    title: str
    protocol: str
    requires: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """The distributions it needs that are not installed."""
        return tuple(name for name in self.requires if not _installed(name))


@dataclass(frozen=True)
class AppOutcome:
    """How one application ended, and the end of what it said on stderr.

    That it ran to its end does not mean its telemetry arrived: an SDK that cannot export says so on stderr and goes on.
    """

    name: str
    exit_code: int
    seconds: float
    stderr_tail: str = ""

    @property
    def ok(self) -> bool:
        """Whether it ran to its end."""
        return self.exit_code == 0


@dataclass(frozen=True)
class DemoResult:
    """How the demo went, application by application, in the order they ran."""

    apps: tuple[AppOutcome, ...]

    @property
    def ok(self) -> bool:
        """Whether every application ran to its end."""
        return all(app.ok for app in self.apps)


APPS: tuple[App, ...] = (
    App(
        "openai_openinference",
        "travel assistant: openai + OpenInference, OTLP/gRPC",
        "grpc",
        ("openai", "openinference-instrumentation-openai"),
    ),
    App(
        "openai_otel_genai",
        "support desk: openai + OpenTelemetry GenAI, OTLP/HTTP, all signals",
        "http/protobuf",
        ("openai", "opentelemetry-instrumentation-genai-openai"),
        {
            "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_and_event",
            "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT": "true",
        },
    ),
    App(
        "langchain_agent",
        "handbook assistant: LangChain agent + OpenInference, OTLP/gRPC with gzip",
        "grpc",
        ("langchain", "langchain-openai", "openinference-instrumentation-langchain"),
        {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"},
    ),
)


def run_demo(
    *,
    grpc_endpoint: str,
    http_endpoint: str,
    echo: Callable[[str], None],
    headers: Mapping[str, str] | None = None,
    seconds_per_token: float = SECONDS_PER_TOKEN,
) -> DemoResult:
    """Run every sample application, one after the other, against the collector at the two endpoints.

    An endpoint is a URL (`http://127.0.0.1:4317`) or `host:port`. *headers* go with every export: an API key, a
    project. Nothing is raised for an application that fails: its outcome says so.
    """
    outcomes: list[AppOutcome] = []
    with MockLlm(seconds_per_token=seconds_per_token) as model:
        for app in APPS:
            endpoint = grpc_endpoint if app.protocol == "grpc" else http_endpoint
            echo(f"running {app.title}")
            environment = app_environment(app, endpoint=endpoint, model_url=model.base_url, headers=headers or {})
            outcome = run_app(app, environment)
            echo(_outcome_line(app, outcome))
            outcomes.append(outcome)
    return DemoResult(tuple(outcomes))


def app_environment(app: App, *, endpoint: str, model_url: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Build the environment of *app*: the caller's without its telemetry settings and proxies, plus the demo's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_DROPPED_PREFIXES) and name.lower() not in _DROPPED_NAMES
    }
    search_path = [str(_PACKAGE_ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(search_path),
        "NO_PROXY": "127.0.0.1,localhost",
        "OTEL_SERVICE_NAME": app.name.replace("_", "-"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint if "://" in endpoint else f"http://{endpoint}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": app.protocol,
        "OTEL_EXPORTER_OTLP_HEADERS": ",".join(f"{name.lower()}={quote(value)}" for name, value in headers.items()),
        "OPENAI_BASE_URL": model_url,
        "OPENAI_API_KEY": "mock",
        "LANGCHAIN_TRACING_V2": "false",
        "LANGSMITH_TRACING": "false",
        **app.environment,
    }


def run_app(app: App, environment: Mapping[str, str], *, seconds_max: float = APP_SECONDS_MAX) -> AppOutcome:
    """Run *app* to its end, or end it after *seconds_max*."""
    if app.missing:
        message = f"not installed: {', '.join(app.missing)}. Install with: {INSTALL_HINT} {' '.join(app.missing)}"
        return AppOutcome(app.name, EXIT_NOT_STARTED, 0.0, message)
    started = time.monotonic()
    command = [sys.executable, "-m", f"spanhouse_collector.demo.apps.{app.name}"]
    try:
        done = subprocess.run(  # on a timeout and on any exception it kills this child, by its pid
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=seconds_max,
        )
    except subprocess.TimeoutExpired as expired:
        tail = f"{_tail(expired.stderr)}\nended after {seconds_max:g} s".strip()
        return AppOutcome(app.name, EXIT_TIMED_OUT, time.monotonic() - started, tail)
    return AppOutcome(app.name, done.returncode, time.monotonic() - started, _tail(done.stderr))


def _installed(distribution: str) -> bool:
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def _tail(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace").strip()[-STDERR_TAIL_CHARACTERS:]


def _outcome_line(app: App, outcome: AppOutcome) -> str:
    if outcome.ok:
        return f"  {app.name}: done in {outcome.seconds:.1f} s"
    return f"  {app.name}: failed with exit code {outcome.exit_code}\n{outcome.stderr_tail}"
