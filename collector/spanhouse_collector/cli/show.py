"""How commands show values to people: in a terminal with colour, in a pipe without and as wide as it takes.

Owns durations, dollars, counts and times as text, the colour of a state, and tables. Leaves what may reach a terminal
at all to `terminal`.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spanhouse_collector.cli.terminal import is_terminal, printable

PIPE_COLUMNS: Final = 240
_GAP: Final = 2  # between columns
STYLES: Final = {"OK": "green", "ERROR": "bold red", "IN_PROGRESS": "yellow"}
_SMALL_DOLLARS: Final = 0.001  # two digits are enough below
_DOLLARS_MIN: Final = 0.00001
# What somebody said, in JSON that may be cut: a conversation is told by its last words.
_SAID: Final = re.compile(r'"(?:content|text)": ?"((?:[^"\\]|\\.)+)')
_EXPONENT_BELOW: Final = 1e-9
SHORT_ID: Final = 8  # digits of a trace id; `spanhouse trace` takes every beginning that is of one trace only
_UNITS: Final = (("ns", 1), ("µs", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000))


def console() -> Console:
    """Standard output; colour and width are the terminal's, if it is one."""
    width = None if is_terminal() else max(shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns, PIPE_COLUMNS)
    return Console(width=width, highlight=False, markup=False, emoji=False)


def plain(text: str, length: int = 0) -> str:
    """Text on one line without control characters, cut if it is too long."""
    shown = printable(" ".join(text.split()))
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
    if value >= 10 or value == 0:
        return f"${value:.2f}"
    if 0 < value < _DOLLARS_MIN:
        return f"<${number(_DOLLARS_MIN)}"
    return f"${number(float(f'{value:.{4 if value >= _SMALL_DOLLARS else 2}g}'))}"


def number(value: float) -> str:
    """A float as people write it: without the last digits that binary fractions leave, small ones without exponent."""
    text = f"{value:.15g}"
    return f"{Decimal(text):f}" if "e-" in text and abs(value) >= _EXPONENT_BELOW else text


def words_of(preview: str) -> str:
    """What was said in the preview of a conversation as JSON, cut or not; any other text as it is."""
    said = _SAID.findall(preview) if preview.startswith(("{", "[")) else []
    if not said:
        return preview
    try:
        return str(json.loads(f'"{said[-1]}"'))
    except ValueError:  # cut inside of an escape
        return str(said[-1])


def count(value: float | None) -> str:
    """A number with its thousands apart."""
    return "" if value is None else f"{value:,.0f}".replace(",", " ")


def counted(value: float, noun: str, plural: str = "") -> str:
    """`1 span`, `2 spans`."""
    return f"{count(value)} {noun if value == 1 else plural or f'{noun}s'}"


def moment(unix_nano: int | None) -> str:
    """A time in UTC, to the second."""
    if not unix_nano:
        return ""
    return f"{datetime.fromtimestamp(unix_nano // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S}"


def state(name: str) -> Text:
    """A state in its colour."""
    return Text(name, STYLES.get(name, ""))


def short_moment(text: str) -> str:
    """What of a `moment` tells it from the others: today's time of day, else month, day and minute."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return text[len("2026-11-30 ") :] if text.startswith(today) else text[len("2026-") : -len(":00")]


def short_id(trace_id: str) -> str:
    """The beginning of a trace id."""
    return trace_id[:SHORT_ID]


@dataclass(frozen=True)
class Column:
    """A column of a table. Where a terminal is too narrow for all, those of the highest `dispensable` go first."""

    name: str
    is_number: bool = False
    dispensable: int = 0  # 0: it stays
    width_min: int = 0  # it may be cut down to this; 0: never cut
    short: Callable[[str], str] | None = None  # what stands for its text where there is not room for everything
    short_width: int = 0  # of what `short` makes, at most

    def cell(self, text: str | Text, *, is_short: bool) -> Text:
        """A value of the column, as it is or in short."""
        cell = Text(text) if isinstance(text, str) else text
        return Text(self.short(cell.plain), cell.style) if is_short and self.short else cell

    def least(self, wanted: int) -> int:
        """The width that it must have when it wants `wanted`."""
        return min(wanted, self.width_min or wanted)


def table(
    columns: Sequence[Column], rows: Iterable[Sequence[str | Text]], out: Console, widths: Sequence[int] = ()
) -> Table:
    """A table that fits: first ids and times are shortened, then texts are cut, as far as they may be, then columns go.

    `widths` are what the columns want whatever their rows have, for tables that stand below each other.
    """
    whole = [list(row) for row in rows]
    is_short = sum(_wanted(columns, whole, widths, is_short=False)) + _GAP * (len(columns) - 1) > out.width
    wanted = _wanted(columns, whole, widths, is_short=is_short)
    shown = list(range(len(columns)))
    while (gone := max(shown, key=lambda at: columns[at].dispensable)) and columns[gone].dispensable:
        if sum(columns[at].least(wanted[at]) + _GAP for at in shown) - _GAP <= out.width:
            break
        shown.remove(gone)
    widths = _cut(columns, wanted, shown, out.width)
    made = Table(box=None, pad_edge=False, header_style="bold")
    for at in shown:
        column = columns[at]
        justify: Literal["left", "right"] = "right" if column.is_number else "left"
        made.add_column(column.name, justify=justify, no_wrap=True, overflow="ellipsis", width=widths[at])
    for row in whole:
        made.add_row(*(columns[at].cell(row[at], is_short=is_short) for at in shown))
    return made


def _cut(columns: Sequence[Column], wanted: Sequence[int], shown: Sequence[int], width: int) -> list[int]:
    """The widths that fit: the widest text gives way first."""
    found = list(wanted)
    for _ in range(sum(wanted[at] + _GAP for at in shown) - _GAP - width):
        over = [at for at in shown if found[at] > columns[at].least(wanted[at])]
        if not over:
            break
        found[max(over, key=lambda at: found[at])] -= 1
    return found


def _wanted(
    columns: Sequence[Column], rows: Sequence[Sequence[str | Text]], widths: Sequence[int], *, is_short: bool
) -> list[int]:
    """How wide each column would be."""
    if widths:
        pairs = zip(columns, widths, strict=True)
        return [min(width, column.short_width) if is_short and column.short else width for column, width in pairs]
    return [
        max([cell_len(column.name), *(column.cell(row[at], is_short=is_short).cell_len for row in rows)])
        for at, column in enumerate(columns)
    ]


TRACE_COLUMNS: Final = (
    Column("started", short=short_moment, short_width=11),
    Column("trace", short=short_id, short_width=SHORT_ID),
    Column("state", dispensable=9),
    Column("name", width_min=8),
    Column("input", dispensable=1, width_min=10),
    Column("duration", is_number=True, dispensable=2),
    Column("spans", is_number=True, dispensable=8),
    Column("err", is_number=True, dispensable=5),
    Column("tokens", is_number=True, dispensable=4),
    Column("cost", is_number=True, dispensable=3),
)


def trace_row(trace: Mapping[str, Any]) -> list[str | Text]:
    """The row of a trace under TRACE_COLUMNS."""
    errors = trace["error_count"]
    return [
        moment(trace["start_time_unix_nano"]),
        trace["trace_id"],
        state(trace["state"]),
        Text(plain(trace["name"], 40), "" if trace["state"] == "OK" else STYLES.get(trace["state"], "")),
        plain(words_of(trace["input_preview"]), 60),
        duration(trace["duration_ns"]),
        count(trace["span_count"]),
        Text(count(errors), "red" if errors else "dim"),
        count(trace["total_tokens"]),
        dollars(trace["cost_usd"]),
    ]
