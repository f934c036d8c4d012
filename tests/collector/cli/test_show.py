"""Tables for people fit the terminal, and what one copies out of them is whole at any width."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from spanhouse_collector.cli.show import TRACE_COLUMNS, Column, table, trace_row

TRACE: dict[str, Any] = {
    "start_time_unix_nano": 1_800_000_000_000_000_000,
    "state": "ERROR",
    "name": "检索 и ответ: a rather long name of an operation",
    "input_preview": "Where is the zebra, and which of the houses is next to it?",
    "duration_ns": 5_660_000_000,
    "span_count": 12_345,
    "error_count": 7,
    "total_tokens": 1_234_567,
    "cost_usd": 0.01474,
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
}


def shown(width: int, *traces: dict[str, Any]) -> list[str]:
    out = Console(file=io.StringIO(), width=width, force_terminal=False)
    out.print(table(TRACE_COLUMNS, map(trace_row, traces), out))
    text: str = out.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("width", range(80, 260, 7))
def test_a_row_is_one_line_with_the_whole_trace_id(width: int) -> None:
    heading, row = shown(width, TRACE)
    assert cell_len(row) <= width
    assert TRACE["trace_id"] in row
    assert "ERROR" in row
    assert "…" not in heading


def test_numbers_are_whole_or_not_there() -> None:
    for width in range(80, 260):
        heading, row = shown(width, TRACE)
        for name, value in (("duration", "5.66 s"), ("spans", "12 345"), ("tokens", "1 234 567"), ("cost", "$0.01474")):
            assert (name in heading) == (value in row), (width, row)


def test_nothing_is_cut_or_left_out_where_there_is_room() -> None:
    heading, row = shown(240, TRACE)
    assert [column.name for column in TRACE_COLUMNS if column.name not in heading] == []
    assert "next to it?" in row


def test_texts_are_cut_before_columns_go() -> None:
    out = Console(file=io.StringIO(), width=20)
    out.print(table([Column("a", width_min=5), Column("b", dispensable=1)], [["x" * 50, "1234567"]], out))
    assert "1234567" in out.file.getvalue()  # type: ignore[attr-defined]


def test_a_table_without_rows_is_its_heading() -> None:
    assert len(shown(80)) == 1
