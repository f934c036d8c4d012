"""`spanhouse sql`: a SELECT, asked of a running collector.

Owns the command's options, showing a table, and exit codes. Leaves what may run to the collector.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse
from typing import IO, Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spanhouse_collector.cli.client import Client, url_option
from spanhouse_collector.cli.console import FAILED, WRONG_USAGE, fail
from spanhouse_collector.cli.output_file import STDOUT, Target, force_option, target, written
from spanhouse_collector.cli.show import counted, number
from spanhouse_collector.cli.terminal import TerminalBytes, is_terminal, json_text, printable, say

TIMEOUT_S: Final = 300
COLUMN_WIDTH_MIN: Final = 10  # of a table; with less, rows are shown one by one
FILE_WIDTH: Final = 200  # of a table that goes to no terminal
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
@click.option("--output", metavar="FILE", help="Write to this file; - is standard output.")
@force_option
@url_option
def sql(
    query: str,
    shape: str | None,
    as_json: bool,
    params: tuple[str, ...],
    max_rows: int | None,
    output: str | None,
    force: bool,
    url: str,
) -> None:
    """Run a SELECT of ClickHouse's SQL on a running collector; `-` reads it from standard input.

    Exit codes: 0 for an answer, 1 for an error of the query or the collector, 2 for wrong usage.
    """
    shape = "json" if as_json else shape or ("table" if output is None and is_terminal() else "json")
    if shape in BINARY and output in (None, STDOUT) and is_terminal():
        fail(WRONG_USAGE, f"{shape} is not for a terminal", "name a file with --output, or pipe it somewhere")
    body: dict[str, Any] = {"query": sys.stdin.read() if query == "-" else query, "params": _given(params)}
    if max_rows is not None:
        body["max_rows"] = max_rows
    where = target(STDOUT if output is None else output, force=force)
    with Client(url, timeout_s=TIMEOUT_S).open("/api/v1/sql", body, MEDIA_TYPES[shape]) as reply:
        if shape in ("table", "json"):
            _show(_answer(reply), shape, where)
        else:
            _copy(reply, where)


def _given(params: tuple[str, ...]) -> dict[str, str]:
    pairs = [param.partition("=") for param in params]
    for name, sign, _value in pairs:
        if not sign or not name:
            fail(WRONG_USAGE, f"--param {name} is not NAME=VALUE")
    return {name: value for name, _sign, value in pairs}


def _answer(reply: HTTPResponse) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.load(reply)
    except (OSError, ValueError, HTTPException) as error:
        fail(FAILED, f"the answer broke off: {error}")
    return answer


def _show(answer: dict[str, Any], shape: str, where: Target) -> None:
    if where.path is not None and (error := answer.get("error")):
        fail(FAILED, f"the answer broke off: {error['message']}", f"{where.name} was not written")
    if where.path is None and shape == "json":
        for row in _json_rows(answer):
            click.echo(json_text(row))
    elif where.path is None:
        _print(Console(width=_width(), highlight=False, markup=False, emoji=False), answer)
    else:
        with written(where) as out:
            _write(out, answer, shape)
    if error := answer.get("error"):
        fail(FAILED, f"the answer broke off: {error['message']}")
    if answer["truncated"]:
        say(f"cut after {counted(len(answer['rows']), 'row')}: --max-rows shows more", err=True)


def _write(out: IO[bytes], answer: dict[str, Any], shape: str) -> None:
    """What a pipe would get, into a file."""
    if shape == "json":
        out.writelines(f"{json.dumps(row, ensure_ascii=False)}\n".encode() for row in _json_rows(answer))
        return
    text = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    _print(Console(file=text, width=FILE_WIDTH, highlight=False, markup=False, emoji=False), answer)
    text.detach()


def _json_rows(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    names = [column["name"] for column in answer["columns"]]
    for row in answer["rows"]:
        yield dict(zip(names, row, strict=True))


def _print(out: Console, answer: dict[str, Any]) -> None:
    if len(answer["columns"]) * COLUMN_WIDTH_MIN > out.width:
        _print_rows(out, answer)
    else:
        out.print(_table(answer))


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
    return None if is_terminal() else max(shutil.get_terminal_size((FILE_WIDTH, 24)).columns, FILE_WIDTH)


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


def _copy(reply: HTTPResponse, where: Target) -> None:
    try:
        if where.path is None and is_terminal():
            shutil.copyfileobj(reply, TerminalBytes(sys.stdout), COPY_BYTES)
            return
        with written(where) as out:
            shutil.copyfileobj(reply, out, COPY_BYTES)
    except HTTPException as error:
        fail(FAILED, f"the answer broke off: {error}")
