"""`spanhouse demo`: a collector, real GenAI applications that send to it, and what it stored.

Owns what is shown of it and what to do next. Shows it as `search` and `trace` do, asked of the collector as they ask.
Leaves the applications to the `demo` package; they know nothing of Spanhouse.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console

from spanhouse_collector.cli.client import DEFAULT_URL, Client
from spanhouse_collector.cli.console import collector_options, load_config
from spanhouse_collector.cli.serve import run_collector
from spanhouse_collector.cli.show import TRACE_COLUMNS, console, counted, short_id, table, trace_row
from spanhouse_collector.cli.terminal import printable
from spanhouse_collector.cli.trace import show_trace
from spanhouse_collector.demo.runner import DemoResult, run_demo
from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.service import Addresses, Collector

STORED_WAIT_S: Final = 30.0
TRACES_SHOWN: Final = 20


@click.command(short_help="Run sample GenAI applications against a collector.")
@collector_options
@click.option("--exit", "leave", is_flag=True, help="Stop after the traces are shown, instead of serving on.")
def demo(leave: bool, **options: str | None) -> None:
    """Start a collector, run sample GenAI applications against it, show the traces, serve on.

    The applications are ordinary OpenAI and LangChain programs with OpenInference's and OpenTelemetry's own
    instrumentation; a mock LLM on loopback answers them. Takes every option of `spanhouse serve`.
    """
    config = load_config(
        {"log_level": "warning", **{name: value for name, value in options.items() if value is not None}}
    )
    out = console()
    out.print("starting a collector; a first start makes its database (some seconds)")

    async def show(collector: Collector, addresses: Addresses) -> bool:
        since = time.time_ns()
        out.print(f"collector: OTLP/gRPC {addresses.grpc}, OTLP/HTTP and API {addresses.http}")
        result = await asyncio.to_thread(
            run_demo,
            grpc_endpoint=f"http://{addresses.grpc}",
            http_endpoint=addresses.http,
            echo=lambda line: out.print(printable(line, keep="\n")),
        )
        shown = await asyncio.to_thread(_show_stored, out, collector, addresses.http, since, result)
        if leave:
            return False
        for line in next_steps(command(sys.argv, os.environ), addresses, shown["trace_id"]):
            out.print(line, soft_wrap=True)
        return True

    run_collector(config, show)


def _show_stored(
    out: Console, collector: Collector, url: str, since_unix_nano: int, result: DemoResult
) -> Mapping[str, Any]:
    """Show what was stored; returns the trace that is shown whole."""
    if not result.ok:
        raise SpanhouseError("the demo applications failed; what they said stands above")
    _wait_until_stored(collector)
    client = Client(url)
    traces = client.get("/api/v1/traces", since=since_unix_nano, limit=TRACES_SHOWN)["traces"]
    if not traces:
        raise SpanhouseError("the demo applications ran, and no trace of them was stored")
    spans = sum(trace["span_count"] for trace in traces)
    out.print(f"\n{counted(len(traces), 'trace')}, {counted(spans, 'span')}, read back from ClickHouse\n")
    out.print(table(TRACE_COLUMNS, map(trace_row, traces), out))
    most: Mapping[str, Any] = max(traces, key=lambda trace: int(trace["span_count"]))
    out.print()
    show_trace(client, most["trace_id"])
    return most


def _wait_until_stored(collector: Collector) -> None:
    """Wait for what the applications were told is durable to be in the tables as well."""
    deadline = time.monotonic() + STORED_WAIT_S
    while collector.waiting_bytes():
        if time.monotonic() > deadline:
            raise SpanhouseError(f"the database has not stored everything after {STORED_WAIT_S:g} s")
        time.sleep(0.05)


def command(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """How this program is called from this folder: by its name if that is on the PATH, else by its path."""
    program = Path(argv[0])
    if program.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m spanhouse_collector"
    found = shutil.which(program.name, path=environ.get("PATH", ""))
    if found is not None and Path(found).resolve() == program.resolve():
        return program.name
    here = Path.cwd()
    path = program.absolute()
    if path.parent == here:
        return shlex.quote(f"./{path.name}")  # a bare name is looked for on the PATH only
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def next_steps(spanhouse: str, addresses: Addresses, trace_id: str) -> list[str]:
    """What to do now, as lines to copy."""
    at = "" if addresses.http == DEFAULT_URL else f" --url {addresses.http}"
    asked = ("search --since 1h", "search \"text : 'refund'\"", f"trace {short_id(trace_id)}", "stats --by model")
    return [
        "",
        "Serving on; Ctrl-C stops. In another terminal, in this folder:",
        *(f"  {spanhouse} {what}{at}" for what in asked),
        f'  {spanhouse} sql "SELECT model, sum(cost_usd) FROM spans GROUP BY 1"{at}',
        "Your own application, whatever instruments it:",
        f"  OTEL_EXPORTER_OTLP_ENDPOINT=http://{addresses.grpc}",
    ]
