"""`spanhouse demo`: a collector, real GenAI applications that send to it, and what it stored.
 Owns the reading back and how it is shown. Leaves the applications to the `demo` package; they know nothing of
Spanhouse.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from spanhouse_collector.cli.console import collector_options, load_config
from spanhouse_collector.cli.serve import run_collector
from spanhouse_collector.demo.runner import DemoResult, run_demo
from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.service import Addresses, Collector
from spanhouse_collector.storage.engine import Connection

STORED_WAIT_S: Final = 30.0
TRACES_SHOWN: Final = 20
SPANS_SHOWN: Final = 60
_TRACES: Final = """
SELECT trace_id, any(service_name) AS service, argMinIf(name, start_time, parent_span_id = '') AS root,
    count() AS spans, countIf(status_code = 'ERROR') AS errors,
    (toUnixTimestamp64Nano(max(end_time)) - toUnixTimestamp64Nano(min(start_time))) / 1e6 AS duration_ms
FROM spans WHERE received_at >= fromUnixTimestamp64Nano({since:Int64}) GROUP BY trace_id ORDER BY min(start_time) DESC
"""
_SPANS: Final = """
SELECT span_id, parent_span_id, name, duration_ns / 1e6 AS duration_ms, status_code, status_message, scope_name
FROM spans WHERE trace_id = {trace_id:String} ORDER BY start_time LIMIT 1000
"""


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
    console = Console()

    async def show(collector: Collector, addresses: Addresses) -> bool:
        since = time.time_ns()
        console.print(f"collector: OTLP/gRPC [bold]{addresses.grpc}[/], OTLP/HTTP and API [bold]{addresses.http}[/]")
        result = await asyncio.to_thread(
            run_demo,
            grpc_endpoint=f"http://{addresses.grpc}",
            http_endpoint=addresses.http,
            echo=lambda line: console.print(line, markup=False),
        )
        await asyncio.to_thread(_show_stored, console, collector, since, result)
        if leave:
            return False
        console.print(f"\nserving on [bold]{addresses.http}[/]: point your own application here. Ctrl-C stops.")
        return True

    run_collector(config, show)


def _show_stored(console: Console, collector: Collector, since_unix_nano: int, result: DemoResult) -> None:
    if not result.ok:
        raise SpanhouseError("the demo applications failed; what they said stands above")
    _wait_until_stored(collector)
    connection = collector.engine.connect()
    try:
        traces = connection.query(_TRACES, {"since": since_unix_nano}).dicts()
        if not traces:
            raise SpanhouseError("the demo applications ran, and no trace of them was stored")
        console.print()
        console.print(_trace_table(traces))
        most = max(traces, key=lambda trace: int(trace["spans"]))
        console.print()
        console.print(_trace_tree(connection, most))
    finally:
        connection.close()


def _wait_until_stored(collector: Collector) -> None:
    """Wait for what the applications were told is durable to be in the tables as well."""
    deadline = time.monotonic() + STORED_WAIT_S
    while collector.waiting_bytes():
        if time.monotonic() > deadline:
            raise SpanhouseError(f"the database has not stored everything after {STORED_WAIT_S:g} s")
        time.sleep(0.05)


def _trace_table(traces: list[dict[str, Any]]) -> Table:
    spans = sum(int(trace["spans"]) for trace in traces)
    table = Table(title=f"{len(traces)} traces, {spans} spans, read back from ClickHouse", title_justify="left")
    table.add_column("trace", no_wrap=True, style="dim")
    table.add_column("service")
    table.add_column("root span")
    for heading in ("spans", "errors", "duration"):
        table.add_column(heading, justify="right")
    for trace in traces[:TRACES_SHOWN]:
        errors = int(trace["errors"])
        table.add_row(
            str(trace["trace_id"])[:16],
            str(trace["service"]),
            str(trace["root"]) or "(no root)",
            str(trace["spans"]),
            Text(str(errors), style="bold red") if errors else "",
            f"{trace['duration_ms']:,.1f} ms",
        )
    return table


def _trace_tree(connection: Connection, trace: dict[str, Any]) -> Tree:
    """The spans of one trace under their parents; those whose parent is not there stand at the top."""
    spans = connection.query(_SPANS, {"trace_id": trace["trace_id"]}).dicts()
    ids = {span["span_id"] for span in spans}
    tree = Tree(f"[bold]{trace['trace_id']}[/]")
    nodes: dict[str, Tree] = {}
    waiting = [span for span in spans if span["parent_span_id"] not in ids]
    children: dict[str, list[dict[str, Any]]] = {}
    for span in spans:
        children.setdefault(span["parent_span_id"], []).append(span)
    while waiting and len(nodes) < SPANS_SHOWN:
        span = waiting.pop(0)
        above = nodes.get(span["parent_span_id"], tree)
        nodes[span["span_id"]] = above.add(_span_line(span))
        waiting += children.get(span["span_id"], [])
    return tree


def _span_line(span: dict[str, Any]) -> Text:
    line = Text(str(span["name"]))
    line.append(f"  {span['duration_ms']:,.1f} ms", style="cyan")
    if span["status_code"] == "ERROR":
        line.append(f"  {str(span['status_message'])[:80] or 'error'}", style="red")
    return line
