"""Results of the benchmark: one row a bar of DESIGN section 6, and the table `make bench` prints.

Owns: `BenchRow`, deciding whether a bar is met, plain text tables.
Leaves to others: measuring.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_HEADINGS: Final = ("#", "measure", "ours", "peer", "ratio", "bar", "met")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """One measured bar, or with `met` None a figure that belongs beside one.

    `peer` is what the peer reached in the same run, '' where there is none; `ratio` is None where the bar is absolute.
    """

    number: str
    measure: str
    ours: str
    peer: str
    ratio: float | None
    bar: str
    met: bool | None


def at_most(number: str, measure: str, *, value: float, limit: float, unit: str, peer: float | None = None) -> BenchRow:
    """Return the row of an absolute bar: *value* may reach *limit*."""
    return BenchRow(
        number=number,
        measure=measure,
        ours=quantity(value, unit),
        peer="" if peer is None else quantity(peer, unit),
        ratio=None,
        bar=f"<= {quantity(limit, unit)}",
        met=value <= limit,
    )


def ratio_at_most(number: str, measure: str, *, ours: float, peer: float, limit: float, unit: str) -> BenchRow:
    """Return the row of a relative bar: *ours* may be *limit* times *peer*, from the same run."""
    ratio = ours / peer
    return BenchRow(
        number=number,
        measure=measure,
        ours=quantity(ours, unit),
        peer=quantity(peer, unit),
        ratio=ratio,
        bar=f"<= {limit:g} x peer",
        met=ratio <= limit,
    )


def for_comparison(
    number: str, measure: str, *, value: float, unit: str, peer: float | None = None, has_ratio: bool = False
) -> BenchRow:
    """Return a row without a bar; with *has_ratio* the ratio to the peer is shown."""
    return BenchRow(
        number=number,
        measure=measure,
        ours=quantity(value, unit),
        peer="" if peer is None else quantity(peer, unit),
        ratio=value / peer if peer and has_ratio else None,
        bar="",
        met=None,
    )


def quantity(value: float, unit: str) -> str:
    """Return *value* with three significant digits (thousands grouped) and its unit."""
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()


def table(rows: Sequence[BenchRow]) -> str:
    """Return the rows as an aligned plain text table with a heading."""
    return grid(_HEADINGS, [_cells(row) for row in rows])


def grid(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return any texts as an aligned table with a heading."""
    cells = [headings, *rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _cells(row: BenchRow) -> tuple[str, ...]:
    """Return the texts of one line."""
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return (row.number, row.measure, row.ours, row.peer, ratio, row.bar, met)
