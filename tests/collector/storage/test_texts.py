"""The text of attribute values, byte for byte: what people write into a WHERE.

Owns one example for each type and each spelling that could be mistaken. Leaves arbitrary values to `test_mapping`.
"""

from __future__ import annotations

import struct
from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from spanhouse_collector.otlp.signals import LOGS, TRACES
from tests.builders import any_value, logs, make_span, traces
from tests.tables import Store

NEGATIVE_NAN = struct.unpack("<d", b"\0\0\0\0\0\0\xf8\xff")[0]
TEXTS: list[tuple[Any, str, str]] = [
    ("", "string", ""),
    ("42", "string", "42"),
    ("naïve \0 👩‍👩‍👧 '\"\\", "string", "naïve \0 👩‍👩‍👧 '\"\\"),
    (None, "empty", ""),
    (True, "bool", "true"),
    (False, "bool", "false"),
    (0, "int", "0"),
    (2**63 - 1, "int", "9223372036854775807"),
    (-(2**63), "int", "-9223372036854775808"),
    (0.0, "double", "0"),
    (-0.0, "double", "-0"),
    (1.0, "double", "1"),
    (0.1, "double", "0.1"),
    (5e-324, "double", "5e-324"),
    (1.7976931348623157e308, "double", "1.7976931348623157e308"),
    (float("nan"), "double", "nan"),
    (NEGATIVE_NAN, "double", "nan"),
    (float("inf"), "double", "inf"),
    (float("-inf"), "double", "-inf"),
    (b"", "bytes", ""),
    (b"\x00\xfe\xff", "bytes", "AP7/"),
    ([], "array", "[]"),
    (["a", "", None], "array", '["a","",null]'),
    (['/"\\\n\0ü'], "array", '["/\\"\\\\\\n\\u0000ü"]'),
    ([1, -2, 2**63 - 1], "array", "[1,-2,9223372036854775807]"),
    ([True, False], "array", "[true,false]"),
    ([1.0, -0.0, 0.5, 1e300], "array", "[1.0,-0.0,0.5,1e300]"),
    (
        [float("nan"), float("inf"), float("-inf")],
        "array",
        '[{"doubleValue":"NaN"},{"doubleValue":"Infinity"},{"doubleValue":"-Infinity"}]',
    ),
    ([NEGATIVE_NAN], "array", '[{"doubleValue":"NaN"}]'),
    ([1, "1", 1.0, True, None], "array", '[1,"1",1.0,true,null]'),
    ([[]], "nested_array", "[[]]"),
    ([{"role": "user", "n": 1}, "x"], "nested_array", '[{"role":"user","n":1},"x"]'),
    ([b"\x00"], "any", '{"arrayValue":{"values":[{"bytesValue":"AA=="}]}}'),
    ({}, "kvlist", "{}"),
    ({"k": {"deep": [1, 2.0, None, "ü/"]}}, "kvlist", '{"k":{"deep":[1,2.0,null,"ü/"]}}'),
    ({"n": float("nan")}, "any", '{"kvlistValue":{"values":[{"key":"n","value":{"doubleValue":"NaN"}}]}}'),
]
TWICE = AnyValue(
    kvlist_value=KeyValueList(values=[KeyValue(key="k", value=any_value(1)), KeyValue(key="k", value=any_value("x"))])
)
TWICE_TEXT = '{"kvlistValue":{"values":[{"key":"k","value":{"intValue":"1"}},{"key":"k","value":{"stringValue":"x"}}]}}'


def test_each_attribute_value_has_its_type_and_exact_text(store: Store) -> None:
    # A request each: structured values take another way through the collector than flat ones.
    values = [*((any_value(value), kind, text) for value, kind, text in TEXTS), (TWICE, "any", TWICE_TEXT)]
    spans = (make_span(str(n), attributes=[KeyValue(key="k", value=each[0])]) for n, each in enumerate(values))
    store.insert(TRACES, *(traces(span) for span in spans))
    found = {int(row["name"]): (row["attribute_type_codes"][0], row["attributes"][0][1]) for row in store.rows("spans")}
    assert found == {number: (kind, text) for number, (_, kind, text) in enumerate(values)}


def test_flat_values_beside_structured_ones_keep_the_same_text(store: Store) -> None:
    every = {str(number): value for number, (value, _, _) in enumerate(TEXTS)}
    store.insert(TRACES, traces(make_span(attributes=every)))
    (row,) = store.rows("spans")
    assert [text for _, text in row["attributes"]] == [text for _, _, text in TEXTS]
    assert row["attribute_type_codes"] == [kind for _, kind, _ in TEXTS]


def test_a_log_body_has_the_same_types_and_texts_as_an_attribute(store: Store) -> None:
    bodies = (LogRecord(event_name=str(n), body=any_value(value)) for n, (value, _, _) in enumerate(TEXTS))
    store.insert(LOGS, *(logs(record) for record in bodies))
    found = {int(row["event_name"]): (row["body_type"], row["body"]) for row in store.rows("logs")}
    assert found == {number: (kind, text) for number, (_, kind, text) in enumerate(TEXTS)}


def test_the_types_can_be_asked_by_key(store: Store) -> None:
    store.insert(TRACES, traces(make_span(attributes={"tokens": 3, "model": "m"})))
    assert store.value("SELECT attribute_types['tokens'] FROM spans") == "int"
    assert store.value("SELECT count() FROM spans WHERE attribute_types['model'] = 'string'") == 1


def test_a_repeated_key_stays_and_the_first_is_found(store: Store) -> None:
    twice = [KeyValue(key="k", value=any_value("first")), KeyValue(key="k", value=any_value(2))]
    store.insert(TRACES, traces(make_span(attributes=twice)))
    (row,) = store.rows("spans")
    assert row["attributes"] == [("k", "first"), ("k", "2")]
    assert row["attribute_type_codes"] == ["string", "int"]
    assert store.value("SELECT attributes['k'] FROM spans") == "first"


@pytest.mark.parametrize("depth", [1, 31])
def test_the_deepest_structure_that_otlp_parsers_take_is_stored(store: Store, depth: int) -> None:
    value: Any = "leaf"
    for _ in range(depth):
        value = {"k": value}
    store.insert(TRACES, traces(make_span(attributes={"deep": value})))
    assert store.value("SELECT attributes['deep'] FROM spans") == '{"k":' * depth + '"leaf"' + "}" * depth
