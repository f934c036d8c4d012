"""`spanhouse export`: traces into a file.

Owns paging through them, going on where an export was interrupted, and the progress bar. Leaves OTLP's JSON to
`export_otlp`, Parquet to `export_parquet`.

A page is written and synced before its token is noted in `FILE.progress`; what stands in the file behind the noted
length was cut off and is written again.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spanhouse_collector.cli.client import Client, option, project_option, since_option, url_option
from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail
from spanhouse_collector.cli.export_otlp import export_request
from spanhouse_collector.cli.export_parquet import export_parquet
from spanhouse_collector.errors import RequestError
from spanhouse_collector.query.search_moments import moment_unix_nano

PAGE_TRACES: Final = 50
READERS: Final = 3
_UNIX_NANO_MAX: Final = 2**63 - 1
LINES: Final[dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {"jsonl": dict, "otlp": export_request}


@dataclass
class _Done:
    """How far an export came."""

    question: dict[str, str]
    page_token: str | None = None
    bytes: int = 0
    traces: int = 0
    total: int | None = None


@click.command(short_help="Write traces into a file: JSON lines, OTLP, Parquet.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@option(
    "--format",
    "shape",
    type=click.Choice([*LINES, "parquet"]),
    default="jsonl",
    show_default=True,
    help="Whole traces as lines of JSON, OTLP requests as lines of JSON, or the table of spans as Parquet.",
)
@option("--filter", "text", default="", help="Only traces that it finds; not for Parquet.")
@project_option
@since_option
@option("--until", default="", metavar="TIME", help="Until when.")
@click.option("--restart", is_flag=True, help="Begin anew where an earlier export into this file was interrupted.")
@url_option
def export(file: Path, shape: str, text: str, project: str, since: str, until: str, restart: bool, url: str) -> None:
    """Write traces into FILE, all or those of a filter, a project, a time.

    The same command again goes on where it was interrupted.

    Exit codes: 0 when everything is written, 1 when something failed, 2 for wrong usage.
    """
    client = Client(url)
    question = {"project": project, "filter": text, "since": since, "until": until}
    if shape == "parquet":
        _parquet(client, file, question, restart=restart)
        return
    _lines(client, file, {**question, "format": shape}, restart=restart)


def _lines(client: Client, file: Path, question: dict[str, str], *, restart: bool) -> None:
    progress_file = file.with_name(f"{file.name}.progress")
    done = _resume(file, progress_file, question, restart=restart)
    asked = {name: value for name, value in question.items() if name != "format"}
    form = LINES[question["format"]]
    is_quiet = not sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=Console(stderr=True), disable=is_quiet) as bar,
        file.open("r+b" if done.bytes else "wb") as out,
        ThreadPoolExecutor(READERS) as readers,
    ):
        out.truncate(done.bytes)
        out.seek(done.bytes)
        task = bar.add_task("traces", total=done.total, completed=done.traces)
        while True:
            count = "true" if done.total is None else ""
            page = client.get("/api/v1/traces", limit=PAGE_TRACES, page_token=done.page_token, count=count, **asked)
            done.total = page["total_count"] if done.total is None else done.total
            for trace in readers.map(lambda entry: _whole(client, entry), page["traces"]):
                out.write(json.dumps(form(trace), ensure_ascii=False).encode() + b"\n")
                bar.update(task, advance=1, total=done.total)
            out.flush()
            os.fsync(out.fileno())
            done.page_token, done.bytes = page["next_page_token"], out.tell()
            done.traces += len(page["traces"])
            if done.page_token is None:
                break
            _note(progress_file, done)
    progress_file.unlink(missing_ok=True)
    if page["partial"]:
        fail(FAILED, "time ran out before everything was searched", "narrow it with --since, --project or --filter")
    click.echo(f"{done.traces} traces, {done.bytes} bytes", err=True)


def _whole(client: Client, entry: Mapping[str, Any]) -> dict[str, Any]:
    path = f"/api/v1/traces/{quote(entry['trace_id'], safe='')}"
    return client.get(path, project=entry["project"], clock_skew="raw")


def _resume(file: Path, progress_file: Path, question: dict[str, str], *, restart: bool) -> _Done:
    if restart or not progress_file.exists():
        return _Done(question)
    try:
        done = _Done(**json.loads(progress_file.read_text("utf-8")))
        size = file.stat().st_size
    except (OSError, ValueError, TypeError) as error:
        fail(WRONG_USAGE, f"{progress_file} cannot be read: {error}", "--restart begins anew")
    if done.question != question or size < done.bytes:
        fail(WRONG_USAGE, f"{file} belongs to another export that was interrupted", "--restart begins anew")
    return done


def _note(progress_file: Path, done: _Done) -> None:
    new = progress_file.with_name(f"{progress_file.name}.new")
    new.write_text(json.dumps(asdict(done)), "utf-8")
    new.replace(progress_file)


def _unix_nano(text: str, name: str, default: int) -> int:
    try:
        found = moment_unix_nano(text, name, time.time_ns())
    except RequestError as error:
        fail(WRONG_USAGE, error.message, error.hint)
    return default if found is None else found


def _parquet(client: Client, file: Path, question: Mapping[str, str], *, restart: bool) -> None:
    if question["filter"]:
        fail(WRONG_USAGE, "--filter is not for Parquet", "`spanhouse sql … --format parquet` takes any condition")
    params = {
        "project": question["project"],
        "since": _unix_nano(question["since"], "--since", 0),
        "until": _unix_nano(question["until"], "--until", _UNIX_NANO_MAX),
    }
    export_parquet(client, file, params, restart=restart)
