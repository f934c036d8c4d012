"""How commands show values to people: in a terminal with colour, in a pipe without and as wide as it takes.

Owns durations, dollars, counts and times as text, the colour of a state, and tables.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_COLUMNS: Final = 240
STYLES: Final = {"OK": "green", "ERROR": "bold red", "IN_PROGRESS": "yellow"}
_UNITS: Final = (("ns", 1), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000))


def console() -> Console:
    """Standard output; colour and width are the terminal's, if it is one."""
    is_terminal = sys.stdout.isatty()
    width = None if is_terminal else max(shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns, PIPE_COLUMNS)
    return Console(width=width, highlight=False, markup=False, emoji=False)


def json_line(value: Mapping[str, Any]) -> None:
    """One JSON object on a line of its own, at once."""
    click.echo(json.dumps(value, ensure_ascii=False))
    sys.stdout.flush()


def plain(text: str, length: int = 0) -> str:
    """Text on one line without control characters, cut if it is too long."""
    one_line = " ".join(text.split())
    shown = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in one_line)
    return shown if not length or len(shown) <= length else shown[: length - 1] + "…"


def duration(nanoseconds: float | None) -> str:
    """`1.25 s`."""
    if nanoseconds is None:
        return ""
    if nanoseconds >= 120e9:
        minutes, seconds = divmod(round(nanoseconds / 1e9), 60)
        return f"{minutes // 60} h {minutes % 60:02d} m" if minutes >= 120 else f"{minutes} m {seconds:02d} s"
    name, size = next(((n, s) for n, s in reversed(_UNITS) if nanoseconds >= s), _UNITS[0])
    value = nanoseconds / size
    digits = 0 if size == 1 or value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {name}"


def dollars(value: float | None) -> str:
    """`$0.0123`; empty where nothing is known."""
    if value is None:
        return ""
    return f"${value:.2f}" if value >= 10 or value == 0 else f"${value:.4g}"


def count(value: float | None) -> str:
    """A number with its thousands apart."""
    return "" if value is None else f"{value:,.0f}".replace(",", " ")


def moment(unix_nano: int | None) -> str:
    """A time in UTC, to the second."""
    if not unix_nano:
        return ""
    return f"{datetime.fromtimestamp(unix_nano // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S}"


def state(name: str) -> Text:
    """A state in its colour."""
    return Text(name, STYLES.get(name, ""))


def table(columns: Sequence[tuple[str, bool]], rows: Iterable[Sequence[str | Text]]) -> Table:
    """A table; a column is its name and whether it is of numbers."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name, is_number in columns:
        made.add_column(name, justify="right" if is_number else "left", no_wrap=True, overflow="ellipsis")
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


TRACE_COLUMNS: Final = (
    *(("started (UTC)", False), ("state", False), ("name", False), ("duration", True), ("spans", True)),
    *(("errors", True), ("tokens", True), ("cost", True), ("trace", False), ("input", False)),
)


def trace_row(trace: Mapping[str, Any]) -> list[str | Text]:
    """The row of a trace under TRACE_COLUMNS."""
    errors = trace["error_count"]
    return [
        moment(trace["start_time_unix_nano"]),
        state(trace["state"]),
        plain(trace["name"], 40),
        duration(trace["duration_ns"]),
        count(trace["span_count"]),
        Text(count(errors), "red" if errors else "dim"),
        count(trace["total_tokens"]),
        dollars(trace["cost_usd"]),
        trace["trace_id"],
        plain(trace["input_preview"], 60),
    ]
