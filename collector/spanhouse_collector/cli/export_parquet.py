"""The table of spans as a Parquet file.

Owns slices of time: the plan is noted in `FILE.progress`, each slice becomes a file of its own beside it, what is there
is not asked for again, and at the end the slices become one file. Leaves the bytes of a slice to the collector, what
makes them readable for every reader to `export_parquet_types`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import IO, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spanhouse_collector.cli.client import Client
from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail
from spanhouse_collector.cli.export_pages import SPANS, Slice, planned, scope
from spanhouse_collector.cli.export_progress import begun
from spanhouse_collector.cli.output_file import Target, opened_stream, publish

PARQUET: Final = "application/vnd.apache.parquet"
SLICE_SPANS: Final = 100_000  # from here on a slice ends with its minute
BATCH_ROWS: Final = 8_192  # of the slices in memory when they are joined
_SPANS: Final = f"SELECT * FROM spans WHERE {SPANS} AND {scope('start_time')} ORDER BY start_time, trace_id, span_id"


def export_parquet(client: Client, where: Target, question: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Write the spans of a project and a time; leaves with what went wrong.

    `question` is what the command said, `asked` the same with times in nanoseconds.
    """
    if where.is_stream:
        _stream(client, where, asked)
        return
    progress = begun(where, question)
    if not progress.state:
        progress.note(slices=_plan(client, asked))
    slices: Sequence[Slice] = [(since, until, count) for since, until, count in progress.state["slices"]]
    parts = [progress.part(f"part{number}") for number in range(len(slices))]
    _fetch_all(client, parts, slices, asked["project"])
    joined = progress.part()
    with joined.open("wb") as out:
        spans = _join(parts, out)
    publish(joined, where)
    for part in parts:
        part.unlink()
    progress.forget()
    click.echo(f"{spans} spans, {where.file.stat().st_size} bytes", err=True)


def _stream(client: Client, where: Target, asked: Mapping[str, Any]) -> None:
    """To standard output or a device, the slices in a temporary folder: they are read twice."""
    if where.path is None and sys.stdout.isatty():
        fail(WRONG_USAGE, "Parquet is not for a terminal", "name a file, or pipe it somewhere")
    slices = _plan(client, asked)
    with tempfile.TemporaryDirectory(prefix="spanhouse-export-") as folder:
        parts = [Path(folder, f"part{number}") for number in range(len(slices))]
        _fetch_all(client, parts, slices, asked["project"])
        with opened_stream(where) as out:
            spans = _join(parts, out)
    click.echo(f"{spans} spans", err=True)


def _plan(client: Client, asked: Mapping[str, Any]) -> list[Slice]:
    params = {name: asked[name] for name in ("project", "since", "until")}
    return planned(client, "spans", "start_time", params, SLICE_SPANS, SPANS)


def _fetch_all(client: Client, parts: Sequence[Path], slices: Sequence[Slice], project: str) -> None:
    """Each slice into its file; those that are there stay."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("spans", total=sum(count for _since, _until, count in slices))
        for part, (since, until, count) in zip(parts, slices, strict=True):
            if not part.exists():
                _fetch(client, part, {"project": project, "since": since, "until": until})
            bar.update(task, advance=count)


def _fetch(client: Client, part: Path, params: Mapping[str, Any]) -> None:
    partial = part.with_name(f"{part.name}.new")
    try:
        with (
            client.open("/api/v1/sql", {"query": _SPANS, "params": params}, PARQUET) as reply,
            partial.open("wb") as out,
        ):
            shutil.copyfileobj(reply, out, 1 << 20)
    except HTTPException as error:
        fail(FAILED, f"the answer broke off: {error}", "the same command again goes on from here")
    partial.replace(part)


def _join(parts: Sequence[Path], out: IO[bytes]) -> int:
    """The slices as one file; how many rows it has."""
    # Here: they take half a second, which no other command needs.
    import pyarrow.parquet

    from spanhouse_collector.cli.export_parquet_types import portable, portable_schema

    with pyarrow.parquet.ParquetFile(parts[0]) as first:
        schema = portable_schema(first.schema_arrow)
    rows = 0
    with pyarrow.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for part in parts:
            with pyarrow.parquet.ParquetFile(part) as slice_file:
                for batch in slice_file.iter_batches(BATCH_ROWS):
                    rows += batch.num_rows
                    writer.write_table(portable(batch, schema))
    return rows
