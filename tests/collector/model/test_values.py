"""Attribute values come back from text and type code exactly as they were sent."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanhouse_collector.model import values
from tests.builders import any_value
from tests.oracle import typed

SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(), st.binary()
)
NESTED = st.recursive(
    SCALARS, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=10
)


@given(NESTED)
def test_the_round_trip_is_exact(value: Any) -> None:
    code, text = typed(any_value(value))
    found = values.value(code, text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("value", [math.nan, [math.nan], {"a": [math.nan]}])
def test_not_a_number_stays_one(value: Any) -> None:
    code, text = typed(any_value(value))
    assert repr(values.value(code, text)) == repr(value)


def test_of_a_repeated_key_the_first_counts() -> None:
    assert values.attributes([("k", "1"), ("k", "x")], ["int", "string"]) == {"k": 1}


@pytest.mark.parametrize("code", ["int", "double", "bool", "bytes", "array", "kvlist", "any", "unheard of"])
def test_text_that_the_tables_cannot_have_written_stays_text(code: str) -> None:
    assert values.value(code, "no such value") == "no such value"
