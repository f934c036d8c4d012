"""Tables for people fit the terminal, and what one copies out of them names its trace at any width."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from spanhouse_collector.cli import prices
from spanhouse_collector.cli.show import TRACE_COLUMNS, Column, dollars, number, table, trace_row, words_of
from spanhouse_collector.cli.tail import WIDTHS

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


def shown(width: int, *traces: dict[str, Any], widths: tuple[int, ...] = ()) -> list[str]:
    out = Console(file=io.StringIO(), width=width, force_terminal=False)
    out.print(table(TRACE_COLUMNS, map(trace_row, traces), out, widths))
    text: str = out.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize("width", range(80, 260, 7))
def test_a_row_is_one_line_with_digits_that_name_the_trace(width: int) -> None:
    heading, row = shown(width, TRACE)
    assert cell_len(row) <= width
    assert re.search(rf" {TRACE['trace_id'][:8]}({TRACE['trace_id'][8:]})? ", row)
    assert "…" not in heading


def test_eighty_columns_hold_what_matters() -> None:
    usual = {**TRACE, "name": "ChatCompletion", "total_tokens": 1_234, "error_count": 1}
    for trace in (TRACE, usual):
        heading, row = shown(80, trace)
        assert heading.split() == ["started", "trace", "name", "input", "duration", "err", "tokens", "cost"]
        assert row.startswith("01-15 08:00  0af76519  ")
        assert "Where is" in row
        assert row.endswith("$0.01474")


def test_lines_that_follow_each_other_stand_below_each_other() -> None:
    lines = [shown(80, trace, widths=WIDTHS)[1] for trace in (TRACE, {**TRACE, "name": "x", "total_tokens": 1})]
    assert len({cell_len(line[: line.index("$0.01474")]) for line in lines}) == 1
    assert all("Where is" in line for line in lines)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (2.9699999999999997e-05, "$0.00003"),
        (8.6e-7, "<$0.00001"),
        (0.01474, "$0.01474"),
        (12.5, "$12.50"),
        (0, "$0.00"),
    ],
)
def test_small_sums_have_no_exponent(value: float, told: str) -> None:
    assert dollars(value) == told


@pytest.mark.parametrize(
    ("preview", "told"),
    [
        ('{"messages": [{"role": "user", "content": "How many \\"days\\" are left?"}]}', 'How many "days" are left?'),
        ('{"messages": [{"content": "Be kind.", "type": "system"}, {"content": "Hi, is anyb', "Hi, is anyb"),
        ('[{"role": "user", "parts": [{"type": "text", "content": "cut in an escape \\', "cut in an escape "),
        ('{"wish": "old town"}', '{"wish": "old town"}'),
        ('say "content": "x"', 'say "content": "x"'),
    ],
)
def test_a_conversation_is_told_by_its_words(preview: str, told: str) -> None:
    assert words_of(preview) == told


def test_numbers_have_the_digits_that_were_meant() -> None:
    shown = [number(value) for value in (2.9699999999999997e-05, 0.1 + 0.2, 1e22, 1.0, 1e-30)]
    assert shown == ["0.0000297", "0.3", "1e+22", "1", "1e-30"]


def test_prices_fit_eighty_columns_without_a_broken_word() -> None:
    row = {"project": "", "provider": "anthropic", "model": "claude-3-5-haiku-latest", "source": "genai-prices 0.2.3"}
    dear = {f"{name}_usd_per_million_tokens": 18.75 for name in ("input", "output", "cache_read", "cache_write")}
    always = {"valid_from": "1970-01-01", "valid_to": None, "day_from_s": 0, "day_until_s": 86_400}
    out = Console(file=io.StringIO(), width=80)
    out.print(table(prices.PRICE_COLUMNS, [prices._price_row({**row, **dear, **always, "above_input_tokens": 1})], out))
    heading, line = out.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert "claude-3-5-haiku-latest" in line
    assert "anthropic" in line
    assert "cache read" in heading


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
