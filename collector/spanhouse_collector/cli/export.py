"""`spanhouse export`: what is stored into a file.

Owns the command, going page by page, going on where an export was interrupted, and the progress bar. Leaves what a page
holds to `export_pages`, Parquet to `export_parquet`, the file to `output_file`.

A page is written and synced before it is noted in `FILE.progress`; what stands in the file behind the noted length was
cut off and is written again.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import IO, Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from spanhouse_collector.cli.client import Client, option, project_option, since_option, url_option
from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail
from spanhouse_collector.cli.export_otlp import FORMS
from spanhouse_collector.cli.export_pages import UNTIL_MAX, Pages, pages_of
from spanhouse_collector.cli.export_parquet import export_parquet
from spanhouse_collector.cli.export_progress import Progress as Noted
from spanhouse_collector.cli.export_progress import begun, noted
from spanhouse_collector.cli.output_file import (
    Target,
    force_option,
    opened_stream,
    publish,
    target,
    told,
)
from spanhouse_collector.errors import RequestError
from spanhouse_collector.query.search_moments import moment_unix_nano

FORMATS: Final = ("jsonl", "otlp", "parquet")
TRACES: Final = "traces"


@click.command(short_help="Write traces, logs or metrics into a file: JSON lines, OTLP, Parquet.")
@click.argument("file", type=click.Path(allow_dash=True))
@option(
    "--format",
    "shape",
    type=click.Choice(FORMATS),
    default="jsonl",
    show_default=True,
    help="Whole traces as lines of JSON, OTLP requests as lines of JSON, or the table of spans as Parquet.",
)
@option(
    "--signal",
    type=click.Choice(list(FORMS)),
    default=TRACES,
    show_default=True,
    help="What to write as OTLP.",
)
@option("--filter", "text", default="", help="Only traces that it finds; not for Parquet, logs and metrics.")
@project_option
@since_option
@option("--until", default="", metavar="TIME", help="Until when.")
@force_option
@click.option("--restart", is_flag=True, help="Begin anew where an earlier export into this file was interrupted.")
@url_option
def export(
    file: str,
    shape: str,
    signal: str,
    text: str,
    project: str,
    since: str,
    until: str,
    force: bool,
    restart: bool,
    url: str,
) -> None:
    """Write what is stored into FILE (`-` is standard output), all or what a filter, a project, a time finds.

    FILE appears when it is whole. The same command again goes on where it was interrupted.

    Exit codes: 0 when everything is written, 1 when something failed, 2 for wrong usage.
    """
    if text and (shape == "parquet" or signal != TRACES):
        what = "Parquet" if shape == "parquet" else signal
        fail(WRONG_USAGE, f"--filter is not for {what}", "`spanhouse sql … --output FILE` takes any condition")
    if signal != TRACES and shape != "otlp":
        fail(WRONG_USAGE, f"--signal {signal} is for --format otlp", "`spanhouse sql … --output FILE` has other forms")
    where = target(file, force=force)
    client = Client(url)
    question = {"format": shape, "signal": signal, "project": project, "filter": text, "since": since, "until": until}
    # The note of an export has the words of its command, so that the same command is known again.
    asked: dict[str, Any] = dict(question)
    if shape == "parquet" or (shape == "otlp" and not text):
        asked["since"] = _unix_nano(since, "--since", 0)
        asked["until"] = _unix_nano(until, "--until", UNTIL_MAX)
    with told(where):
        if restart and not where.is_stream:
            _discard(where)
        if shape == "parquet":
            export_parquet(client, where, question, asked)
            return
        pages = pages_of(client, shape, signal, asked)
        if where.is_stream:
            with opened_stream(where) as out:
                _copy(pages, out, None)
            return
        _write(pages, where, question)


def _write(pages: Pages, where: Target, question: Mapping[str, Any]) -> None:
    progress = begun(where, question)
    part = progress.part()
    size = progress.state.get("bytes", 0)
    if size and (not part.exists() or part.stat().st_size < size):
        fail(WRONG_USAGE, f"{part} of an export that was interrupted has gone", "--restart begins anew")
    try:
        with part.open("r+b" if size else "wb") as out:
            out.truncate(size)
            out.seek(size)
            _copy(pages, out, progress)
        publish(part, where)
        progress.forget()
    finally:
        if not progress.state:  # nothing to go on from
            part.unlink(missing_ok=True)


def _copy(pages: Pages, out: IO[bytes], progress: Noted | None) -> None:
    """Every page that is not in `out` yet; `progress` is None where nothing can be gone on with."""
    state = dict(progress.state) if progress else {}
    written, items, total = state.get("bytes", 0), state.get("items", 0), state.get("total")
    token, is_partial = state.get("page_token"), False
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(pages.noun, total=total, completed=items)
        while True:
            page = pages.page(token)
            total = page.total if page.total is not None else total
            for line in page.lines:
                out.write(line)
                written += len(line)
            items += page.count()
            bar.update(task, completed=items, total=total)
            out.flush()
            is_partial = page.is_partial
            token = page.next_token
            if progress is not None:
                os.fsync(out.fileno())
            if token is None:
                break
            if progress is not None:
                progress.note(page_token=token, bytes=written, items=items, total=total)
    if is_partial:
        fail(FAILED, "time ran out before everything was searched", "narrow it with --since, --project or --filter")
    click.echo(f"{items} {pages.noun}, {written} bytes", err=True)


def _discard(where: Target) -> None:
    """Remove what an interrupted export into this file left, and nothing else."""
    progress = noted(where)
    if progress is None:
        return
    endings = ["part", "progress", *(f"part{number}" for number in range(len(progress.state.get("slices", ()))))]
    for ending in [*endings, *(f"{ending}.new" for ending in endings)]:
        progress.part(ending).unlink(missing_ok=True)
    progress.forget()


def _unix_nano(text: str, name: str, default: int) -> int:
    try:
        found = moment_unix_nano(text, name, time.time_ns())
    except RequestError as error:
        fail(WRONG_USAGE, error.message, error.hint)
    return default if found is None else found
