"""Attributes are found by value through the text index of their values, however long a value is, on both engines.

Owns: that the index's preprocessor (migration 004) loses no row and still prunes.
"""

from __future__ import annotations

import re

import pytest

from spanhouse_collector.otlp.signals import TRACES
from tests.builders import attributes, make_span, traces
from tests.tables import Store

SHORT, MIDDLE, LONG = "eu-west-1", "m" * 200, "l" * 5000
VALUES = {
    "short": SHORT,
    "empty": "",
    "middle": MIDDLE,
    "same first bytes": MIDDLE + "!",
    "long": LONG,
    "long, same first bytes": LONG + "!",
    "letters beyond ASCII": "ü" * 40,
}


@pytest.fixture
def filled(store: Store) -> Store:
    spans = [make_span(name=name, attributes=attributes({"k": value})) for name, value in VALUES.items()]
    store.insert(TRACES, traces(*spans))
    return store


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(
    "condition",
    [
        "attributes['k'] = {value:String}",
        "attributes['k'] IN ({value:String}, 'nowhere')",
        "has(mapValues(attributes), {value:String})",
    ],
)
def test_a_value_of_any_length_finds_exactly_its_span(filled: Store, name: str, condition: str) -> None:
    found = filled.connection.query(
        f"SELECT name FROM spans WHERE mapContains(attributes, 'k') AND {condition}", {"value": VALUES[name]}
    )
    assert [tuple(row) for row in found.rows] == [(name,)]


@pytest.mark.parametrize("value", ["nowhere", "n" * 200], ids=["short", "middle"])
def test_a_value_that_no_span_has_costs_no_granule(filled: Store, value: str) -> None:
    plan = filled.connection.query(f"EXPLAIN indexes = 1 SELECT name FROM spans WHERE attributes['k'] = '{value}'").rows
    lines = [str(line).strip() for (line,) in plan]
    read = [match for line in lines if (match := re.fullmatch(r"Granules: (\d+)/(\d+)", line))]
    assert any("idx_attribute_values" in line for line in lines), "\n".join(lines)
    assert int(read[-1][1]) == 0, "\n".join(lines)
