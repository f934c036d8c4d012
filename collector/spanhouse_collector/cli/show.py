"""How commands show values to people: in a terminal with colour, in a pipe without and as wide as it takes.

Owns durations, dollars, counts and times as text, the colour of a state, and tables.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_COLUMNS: Final = 240
_GAP: Final = 2  # between columns
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


@dataclass(frozen=True)
class Column:
    """A column of a table. Where a terminal is too narrow for all, those of the highest `dispensable` go first."""

    name: str
    is_number: bool = False
    dispensable: int = 0  # 0: it stays
    width_min: int = 0  # it may be cut down to this; 0: never cut


def table(columns: Sequence[Column], rows: Iterable[Sequence[str | Text]], out: Console) -> Table:
    """A table that fits: first texts are cut, as far as they may be, then columns go."""
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    wanted = [max([cell_len(column.name), *(row[at].cell_len for row in cells)]) for at, column in enumerate(columns)]
    shown = list(range(len(columns)))
    while (gone := max(shown, key=lambda at: columns[at].dispensable)) and columns[gone].dispensable:
        if sum(min(wanted[at], columns[at].width_min or wanted[at]) + _GAP for at in shown) - _GAP <= out.width:
            break
        shown.remove(gone)
    left = out.width - sum(wanted[at] + _GAP for at in shown) + _GAP
    made = Table(box=None, pad_edge=False, header_style="bold")
    for at in shown:
        column = columns[at]
        cut = min(max(0, -left), wanted[at] - column.width_min) if 0 < column.width_min < wanted[at] else 0
        left += cut
        justify: Literal["left", "right"] = "right" if column.is_number else "left"
        width = wanted[at] - cut
        made.add_column(column.name, justify=justify, no_wrap=True, overflow="ellipsis", width=width)
    for row in cells:
        made.add_row(*(row[at] for at in shown))
    return made


TRACE_COLUMNS: Final = (
    Column("started (UTC)"),
    Column("state"),
    Column("name", width_min=16),
    Column("input", dispensable=9, width_min=12),
    Column("duration", is_number=True, dispensable=4),
    Column("spans", is_number=True, dispensable=8),
    Column("errors", is_number=True, dispensable=7),
    Column("tokens", is_number=True, dispensable=6),
    Column("cost", is_number=True, dispensable=5),
    Column("trace"),
)


def trace_row(trace: Mapping[str, Any]) -> list[str | Text]:
    """The row of a trace under TRACE_COLUMNS."""
    errors = trace["error_count"]
    return [
        moment(trace["start_time_unix_nano"]),
        state(trace["state"]),
        plain(trace["name"], 40),
        plain(trace["input_preview"], 60),
        duration(trace["duration_ns"]),
        count(trace["span_count"]),
        Text(count(errors), "red" if errors else "dim"),
        count(trace["total_tokens"]),
        dollars(trace["cost_usd"]),
        trace["trace_id"],
    ]
