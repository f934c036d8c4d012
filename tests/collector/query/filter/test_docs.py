"""docs/filter.md says what the code does: fields, families, operators, limits, and its examples are filters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spanhouse_collector.query.filter import LIMITS, compile_filter
from spanhouse_collector.query.filter.field_table import (
    BY_UNIT,
    EITHER_FIELDS,
    FAMILIES,
    FIELDS,
    SPAN_FIELDS,
    TRACE_FIELDS,
)
from spanhouse_collector.query.filter.fields import Family, Field, Level
from spanhouse_collector.query.filter.nodes import Operator
from spanhouse_collector.query.filter.signal_fields import LOG_FIELDS, METRIC_FIELDS
from spanhouse_collector.query.filter.tokens import DURATION_UNITS

SIGNAL_FIELDS = (*LOG_FIELDS, *METRIC_FIELDS)
PAGE = (Path(__file__).resolve().parents[4] / "docs" / "filter.md").read_text("utf-8")
# Promised: the columns of the trace model.
PROMOTED = str.split(
    "span_type operation provider framework request_model response_model model usage_scope cost_source error_type "
    "agent_name tool_name prompt_name response_id session_id user_id input output input_tokens output_tokens "
    "total_tokens cache_read_input_tokens cache_write_input_tokens reasoning_output_tokens ttft_ns cost_usd "
    "is_error is_pending finish_reasons tags dialects mapping_version project trace_id span_id parent_span_id "
    "trace_state flags name kind start_time duration_ns end_time status_code status_message service_name "
    "scope_name scope_version received_at"
)


def spellings(names: tuple[str, ...]) -> str:
    return " ".join(f"`{name}`" for name in names)


def field_row(field: Field) -> str:
    unit = {None: "", 1: " in ns", 1_000_000: " in ms"}[field.unit_ns]
    return f"| `{field.name}` | {field.kind.value}{unit} | {field.meaning} | {spellings(field.aliases)} |"


def family_row(family: Family) -> str:
    return f"| `{family.prefix}.KEY` | {family.kind.value} | {family.meaning} | {spellings(family.aliases)} |"


@pytest.mark.parametrize("field", [*FIELDS, *SIGNAL_FIELDS], ids=lambda field: field.name)
def test_every_field_is_documented(field: Field) -> None:
    assert field_row(field) in PAGE


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.prefix)
def test_every_family_is_documented(family: Family) -> None:
    assert family_row(family) in PAGE


def test_no_field_is_documented_that_does_not_exist() -> None:
    rows = re.findall(r"^\| `([a-z_.]+)` \|.*\|.*\|.*\|$", PAGE, re.MULTILINE)
    assert set(rows) == {field.name for field in (*FIELDS, *SIGNAL_FIELDS)}


def test_levels_and_tables_agree() -> None:
    assert {field.level for field in SPAN_FIELDS} == {Level.SPAN}
    assert {field.level for field in EITHER_FIELDS} == {Level.EITHER}
    assert {field.level for field in TRACE_FIELDS} == {Level.TRACE}


def test_every_promoted_column_is_a_field() -> None:
    assert set(PROMOTED) <= {field.name for field in FIELDS}


def test_no_two_fields_share_a_name() -> None:
    names = [name for field in FIELDS for name in (field.name, *field.aliases)]
    names += [name for family in FAMILIES for name in (family.prefix, *family.aliases)]
    assert len(names) - len({name.lower() for name in names}) == 1  # `tags`, a list of the span and a family
    assert not set(BY_UNIT) & set(names)


def test_every_limit_is_documented() -> None:
    for name, value in vars(LIMITS).items():
        assert f"| `{name}` | {value:,} |" in PAGE, name


def test_every_operator_and_unit_is_documented() -> None:
    for operator in Operator:
        if operator is not Operator.LACKS_WORDS and not operator.value.startswith("NOT "):
            assert f"`{operator.value}`" in PAGE, operator
    for unit in DURATION_UNITS:
        assert f"`{unit}`" in PAGE, unit


def examples() -> list[str]:
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.mark.parametrize("text", examples())
def test_every_example_is_a_filter(text: str) -> None:
    assert compile_filter(text, unit="trace").formula is not None
    assert compile_filter(text, unit="span").formula is not None


def test_there_are_examples() -> None:
    assert len(examples()) >= 15
