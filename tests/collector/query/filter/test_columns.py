"""Fields as columns: what orders and groups are made of."""

from __future__ import annotations

import pytest

from spanhouse_collector.errors import FilterInvalid
from spanhouse_collector.query.filter import Table, compile_field
from spanhouse_collector.query.filter.field_table import FIELDS
from spanhouse_collector.query.filter.fields import Field, Kind
from tests.collector.query.filter.answers import Answers
from tests.collector.query.filter.dataset import KEYS


def values(answers: Answers, name: str) -> list[object]:
    compiled = compile_field(name, unit="span")
    table = "traces" if compiled.table is Table.TRACES else "spans"
    order = "project, trace_id" if table == "traces" else "span_id"
    statement = f"SELECT {compiled.sql} FROM {table} ORDER BY {order}"
    return [row[0] for row in answers.connection.query(statement, compiled.parameters).rows]


@pytest.mark.parametrize("field", [field for field in FIELDS if field.kind is not Kind.DOCUMENT], ids=lambda f: f.name)
def test_every_field_that_has_a_column_is_one(answers: Answers, field: Field) -> None:
    assert len(values(answers, field.name)) >= len(answers.data.traces)


def test_missing_values_are_null(answers: Answers) -> None:
    spans = answers.data.spans
    assert values(answers, "provider") == [span["provider"] or None for span in spans]
    assert [value is None for value in values(answers, "end_time")] == [span["end_time"] == 0 for span in spans]


@pytest.mark.parametrize("key", KEYS)
def test_any_attribute_is_a_column(answers: Answers, key: str) -> None:
    quoted = key.replace('"', '""')
    assert values(answers, f'attributes."{quoted}"') == [span["attributes"].get(key) for span in answers.data.spans]


@pytest.mark.parametrize("name", ["text", "trace.text", "tags.x", "feedback.x", "modle", "name = 1", "", "name, model"])
def test_what_is_no_column_is_refused(name: str) -> None:
    with pytest.raises(FilterInvalid):
        compile_field(name, unit="span")


def test_status_is_the_status_of_what_is_searched() -> None:
    assert compile_field("status", unit="span").name == "status_code"
    assert compile_field("status", unit="trace").name == "trace.state"
