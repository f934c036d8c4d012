"""`spanhouse sql`: a SELECT, asked of a running collector.

Owns the command's options, showing a table, and exit codes. Leaves what may run to the collector.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spanhouse_collector.cli.client import Client, url_option
from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail
from spanhouse_collector.cli.show import counted, number
from spanhouse_collector.cli.terminal import TerminalBytes, is_terminal, json_text, printable, say

TIMEOUT_S: Final = 300
COLUMN_WIDTH_MIN: Final = 10  # of a table; with less, rows are shown one by one
VALUE_CHARS_MAX: Final = 200  # of a value in a table; the other formats show all
MEDIA_TYPES: Final = {
    "table": "application/json",
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}
COPY_BYTES: Final = 1 << 20
BINARY: Final = ("parquet", "arrow")


@click.command(short_help="Run a SELECT of ClickHouse's SQL.")
@click.argument("query")
@click.option(
    "--format", "shape", type=click.Choice(list(MEDIA_TYPES)), help="How to answer; a table, or JSON lines into a pipe."
)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json: one JSON object a line.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A value for {NAME:Type} in the query.")
@click.option("--max-rows", type=click.IntRange(min=1), help="At most so many rows; a table and JSON are cut there.")
@click.option("--output", type=click.Path(dir_okay=False), help="Write to this file.")
@url_option
def sql(
    query: str,
    shape: str | None,
    as_json: bool,
    params: tuple[str, ...],
    max_rows: int | None,
    output: str | None,
    url: str,
) -> None:
    """Run a SELECT of ClickHouse's SQL on a running collector; `-` reads it from standard input.

    Exit codes: 0 for an answer, 1 for an error of the query or the collector, 2 for wrong usage.
    """
    shape = "json" if as_json else shape or ("table" if output is None and is_terminal() else "json")
    if shape in BINARY and output is None and is_terminal():
        fail(WRONG_USAGE, f"{shape} is not for a terminal", "name a file with --output, or pipe it somewhere")
    if output is not None and not Path(output).parent.is_dir():
        fail(WRONG_USAGE, f"--output {output}: there is no such folder")
    body: dict[str, Any] = {"query": sys.stdin.read() if query == "-" else query, "params": _given(params)}
    if max_rows is not None:
        body["max_rows"] = max_rows
    with Client(url, timeout_s=TIMEOUT_S).open("/api/v1/sql", body, MEDIA_TYPES[shape]) as reply:
        if shape in ("table", "json"):
            _show(json.load(reply), shape, output)
        else:
            _copy(reply, output)


def _given(params: tuple[str, ...]) -> dict[str, str]:
    pairs = [param.partition("=") for param in params]
    for name, sign, _value in pairs:
        if not sign or not name:
            fail(WRONG_USAGE, f"--param {name} is not NAME=VALUE")
    return {name: value for name, _sign, value in pairs}


def _show(answer: dict[str, Any], shape: str, output: str | None) -> None:
    names = [column["name"] for column in answer["columns"]]
    if shape == "json":
        lines = (json_text(dict(zip(names, row, strict=True))) for row in answer["rows"])
        _write_lines(lines, output)
    else:
        out = Console(width=_width(), highlight=False, markup=False, emoji=False)
        if len(names) * COLUMN_WIDTH_MIN > out.width:
            _print_rows(out, answer)
        else:
            out.print(_table(answer))
    if error := answer.get("error"):
        fail(FAILED, f"the answer broke off: {error['message']}")
    if answer["truncated"]:
        say(f"cut after {counted(len(answer['rows']), 'row')}: --max-rows shows more", err=True)


def _print_rows(out: Console, answer: dict[str, Any]) -> None:
    """Each row by itself, a line for each of its values: a table of so many columns would show none of them."""
    names = [printable(column["name"]) for column in answer["columns"]]
    width = max(map(len, names))
    for at, row in enumerate(answer["rows"], 1):
        out.print(Text(f"── row {at} ──", "dim"))
        for shown, value in zip(names, row, strict=True):
            name = Text(f"{shown:<{width}}  ", "bold")
            out.print(name + Text(_cell(value)), overflow="ellipsis", no_wrap=True)


def _width() -> int | None:
    """A pipe has no width: a table for it is as wide as its content needs."""
    return None if is_terminal() else max(shutil.get_terminal_size((200, 24)).columns, 200)


def _write_lines(lines: Iterable[str], output: str | None) -> None:
    if output is None:
        for line in lines:
            click.echo(line)
        return
    with _written(output) as file:
        for line in lines:
            file.write(f"{line}\n".encode())


@contextmanager
def _written(output: str) -> Iterator[IO[bytes]]:
    """A file to write; what `output` held before is there until the new one is whole."""
    target = Path(output)
    if target.exists() and not target.is_file():  # a pipe or a device
        with target.open("wb") as file:
            yield file
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with beside.open("xb") as file:
            yield file
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _table(answer: dict[str, Any]) -> Table:
    table = Table()
    for column in answer["columns"]:
        kind = column["type"]
        is_number = any(word in kind for word in ("Int", "Float", "Decimal")) and "(" not in kind.removeprefix(
            "Nullable("
        )
        table.add_column(Text(printable(column["name"])), justify="right" if is_number else "left", overflow="fold")
    for row in answer["rows"]:
        table.add_row(*(Text(_cell(value)) for value in row))
    return table


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return number(value)
    shown = printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return shown if len(shown) <= VALUE_CHARS_MAX else shown[:VALUE_CHARS_MAX] + "…"


def _copy(reply: HTTPResponse, output: str | None) -> None:
    try:
        if output is None:
            shutil.copyfileobj(reply, TerminalBytes(sys.stdout) if is_terminal() else sys.stdout.buffer, COPY_BYTES)
        else:
            with _written(output) as file:
                shutil.copyfileobj(reply, file, COPY_BYTES)
    except HTTPException as error:
        fail(FAILED, f"the answer broke off: {error}")
