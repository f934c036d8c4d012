"""The table of spans as a Parquet file.

Owns slices of time: the plan is noted in `FILE.progress`, each slice becomes a file of its own beside it, what is there
is not asked for again, and at the end the slices become one file, a row group each. Leaves the bytes of a slice to the
collector.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spanhouse_collector.cli.client import Client
from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail

PARQUET: Final = "application/vnd.apache.parquet"
SLICE_SPANS: Final = 100_000  # from here on a slice ends with its minute
_SCOPE: Final = (
    "NOT is_superseded AND ({project:String} = '' OR project = {project:String}) "
    "AND start_time >= fromUnixTimestamp64Nano({since:Int64}) AND start_time < fromUnixTimestamp64Nano({until:Int64})"
)
_MINUTES: Final = (
    "SELECT toInt64(toUnixTimestamp(toStartOfMinute(start_time))) * 1000000000 AS minute, count() FROM spans "
    f"WHERE {_SCOPE} GROUP BY minute ORDER BY minute"
)
_SPANS: Final = f"SELECT * FROM spans WHERE {_SCOPE} ORDER BY start_time, trace_id, span_id"
_MINUTES_MAX: Final = 1_000_000
Slice = tuple[int, int, int]  # since and until, in nanoseconds, and how many spans were there


def export_parquet(client: Client, file: Path, question: Mapping[str, Any], *, restart: bool) -> None:
    """Write the spans of a project and a time into a file; leaves with what went wrong."""
    progress_file = file.with_name(f"{file.name}.progress")
    plan = _resumed(file, progress_file, question, restart=restart)
    if plan is None:
        plan = _plan(client, question)
        progress_file.write_text(json.dumps({"question": question, "slices": plan}), "utf-8")
    parts = [file.with_name(f"{file.name}.part{number}") for number in range(len(plan))]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    is_quiet = not sys.stderr.isatty()
    with Progress(*columns, console=Console(stderr=True), disable=is_quiet) as bar:
        task = bar.add_task("spans", total=sum(count for _since, _until, count in plan))
        for part, (since, until, count) in zip(parts, plan, strict=True):
            if not part.exists():
                _fetch(client, part, {"project": question["project"], "since": since, "until": until})
            bar.update(task, advance=count)
    spans = _join(parts, file)
    for part in parts:
        part.unlink()
    progress_file.unlink()
    click.echo(f"{spans} spans, {file.stat().st_size} bytes", err=True)


def _resumed(file: Path, progress_file: Path, question: Mapping[str, Any], *, restart: bool) -> Sequence[Slice] | None:
    """The plan of an export that was interrupted; None where there was none."""
    if progress_file.exists() and not restart:
        try:
            noted = json.loads(progress_file.read_text("utf-8"))
            if noted["question"] == question:
                return [(since, until, count) for since, until, count in noted["slices"]]
        except (OSError, ValueError, TypeError, KeyError) as error:
            fail(WRONG_USAGE, f"{progress_file} cannot be read: {error}", "--restart begins anew")
        fail(WRONG_USAGE, f"{file} belongs to another export that was interrupted", "--restart begins anew")
    for leftover in file.parent.glob(f"{file.name}.part*"):
        leftover.unlink()
    return None


def _plan(client: Client, question: Mapping[str, Any]) -> Sequence[Slice]:
    """Slices of about SLICE_SPANS; one at least, so that a file without spans has its columns."""
    asked = {"query": _MINUTES, "params": question, "max_rows": _MINUTES_MAX}
    answer = client.post("/api/v1/sql", asked)
    if answer["truncated"]:
        fail(FAILED, "too long a time for one file", "narrow it with --since and --until")
    plan: list[Slice] = []
    since, count = question["since"], 0
    for minute, spans in answer["rows"]:
        if count and count + spans > SLICE_SPANS:
            plan.append((since, int(minute), count))
            since, count = int(minute), 0
        count += spans
    return [*plan, (since, question["until"], count)]


def _fetch(client: Client, part: Path, params: Mapping[str, Any]) -> None:
    partial = part.with_name(f"{part.name}.new")
    try:
        with (
            client.open("/api/v1/sql", {"query": _SPANS, "params": params}, PARQUET) as reply,
            partial.open("wb") as out,
        ):
            shutil.copyfileobj(reply, out, 1 << 20)
    except (OSError, HTTPException) as error:
        fail(FAILED, f"the answer broke off: {error}", "the same command again goes on from here")
    partial.replace(part)


def _join(parts: Sequence[Path], file: Path) -> int:
    """The slices as one file; how many rows it has."""
    import pyarrow.parquet  # here: it takes half a second, which no other command needs

    joined = file.with_name(f"{file.name}.part.new")
    rows = 0
    with pyarrow.parquet.ParquetFile(parts[0]) as first:
        schema = first.schema_arrow
    with pyarrow.parquet.ParquetWriter(joined, schema, compression="zstd") as out:
        for part in parts:
            table = pyarrow.parquet.read_table(part)
            rows += table.num_rows
            out.write_table(table.cast(schema))
    joined.replace(file)
    return rows
