"""Structured attribute values: which requests are rewritten, and that the text says exactly what the value was."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp.descriptors import ANY_JSON, KVLIST_JSON, NESTED_ARRAY_JSON, PRIVATE_FIELDS, VARIANTS
from spanhouse_collector.otlp.signals import LOGS, TRACES
from spanhouse_collector.otlp.validate import check
from tests.builders import any_value, attributes, logs, make_span, traces


def stored(value: AnyValue) -> tuple[str, str]:
    """The private field that carries the value to the engine, and its text; ("", "") when the value goes as it is."""
    raw = traces(make_span(attributes=[KeyValue(key="k", value=value)])).SerializeToString()
    payload = check(TRACES, raw).payload
    if payload is raw:
        return "", ""
    request: Any = VARIANTS[TRACES.name].full.FromString(payload)
    found = request.resource_spans[0].scope_spans[0].spans[0].attributes[0].value
    which = found.WhichOneof("value")
    return which or "", getattr(found, which) if which else ""


@pytest.mark.parametrize(
    "value",
    ["", "text", 0, 2**63 - 1, True, 1.5, math.nan, b"", b"\xff", None, [], ["a", 1, 1.5, True, None], [math.inf]],
    ids=repr,
)
def test_a_scalar_or_a_flat_array_goes_to_the_engine_untouched(value: Any) -> None:
    assert stored(any_value(value)) == ("", "")


@pytest.mark.parametrize(
    ("value", "field", "text"),
    [
        ({}, KVLIST_JSON, "{}"),
        ({"a": 1}, KVLIST_JSON, '{"a":1}'),
        ({"b": [1, "x"], "a": {"c": None}}, KVLIST_JSON, '{"b":[1,"x"],"a":{"c":null}}'),
        (
            {"": -0.0, "n": 1.0, "t": True, "i": 2**63 - 1},
            KVLIST_JSON,
            '{"":-0.0,"n":1.0,"t":true,"i":9223372036854775807}',
        ),
        ([[1], []], NESTED_ARRAY_JSON, "[[1],[]]"),
        ([{"role": "user", "content": "hi\0\n😀"}], NESTED_ARRAY_JSON, '[{"role":"user","content":"hi\\u0000\\n😀"}]'),
        ([b"\x00"], ANY_JSON, '{"arrayValue":{"values":[{"bytesValue":"AA=="}]}}'),
        (
            {"x": math.nan, "y": [-math.inf]},
            ANY_JSON,
            '{"kvlistValue":{"values":[{"key":"x","value":{"doubleValue":"NaN"}},{"key":"y","value":'
            '{"arrayValue":{"values":[{"doubleValue":"-Infinity"}]}}}]}}',
        ),
        (
            {"big": 2**62, "b": b"\xff"},
            ANY_JSON,
            '{"kvlistValue":{"values":[{"key":"big","value":{"intValue":"4611686018427387904"}},'
            '{"key":"b","value":{"bytesValue":"/w=="}}]}}',
        ),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_a_structured_value_becomes_json_text(value: Any, field: str, text: str) -> None:
    """Case 55."""
    assert stored(any_value(value)) == (field, text)


def test_a_key_sent_twice_keeps_both_its_values() -> None:
    """Case 56."""
    pairs = [KeyValue(key="a", value=any_value(1)), KeyValue(key="a", value=any_value("2"))]
    field, text = stored(AnyValue(kvlist_value=KeyValueList(values=pairs)))
    assert field == ANY_JSON
    assert [pair["value"] for pair in json.loads(text)["kvlistValue"]["values"]] == [
        {"intValue": "1"},
        {"stringValue": "2"},
    ]


@pytest.mark.parametrize("name", PRIVATE_FIELDS)
@pytest.mark.parametrize("text", ["", '{"forged":1}', "not json", "\uffff", "\x0a\x00"])
@pytest.mark.parametrize("place", ["attribute", "array", "kvlist", "before a string"])
def test_a_private_field_that_a_sender_sets_is_cleared(name: str, text: str, place: str) -> None:
    request: Any = VARIANTS[TRACES.name].full.FromString(traces(make_span(attributes={"k": ""})).SerializeToString())
    value = request.resource_spans[0].scope_spans[0].spans[0].attributes[0].value
    value.ClearField("string_value")
    target = {
        "attribute": lambda: value,
        "before a string": lambda: value,
        "array": lambda: value.array_value.values.add(),
        "kvlist": lambda: value.kvlist_value.values.add(key="in").value,
    }[place]()
    setattr(target, name, text)
    raw = request.SerializeToString()
    if place == "before a string":
        # On the wire both members of the oneof, ours first: only the last counts, and the engine sees one.
        forged = value.SerializeToString()
        both = forged + AnyValue(string_value="kept").SerializeToString()
        pair = b"\x0a\x01k\x12" + bytes([len(both)]) + both
        raw = b"\x0a" + nested(
            b"\x12"
            + nested(b"\x12" + nested(b"\x0a\x10" + b"t" * 16 + b"\x12\x08" + b"s" * 8 + b"\x4a" + nested(pair)))
        )
    payload = check(TRACES, raw).payload
    assert b"forged" not in payload
    stored_request: Any = VARIANTS[TRACES.name].full.FromString(payload)
    found = stored_request.resource_spans[0].scope_spans[0].spans[0].attributes[0].value
    if place == "before a string":
        assert found.string_value == "kept"
        assert len(found.SerializeToString()) == 6
    else:
        expected = {
            "array": {"arrayValue": {"values": [{}]}},
            "kvlist": {"kvlistValue": {"values": [{"key": "in", "value": {}}]}},
        }.get(place)
        assert found.WhichOneof("value") == (ANY_JSON if expected else None)
        assert not expected or json.loads(found.any_json) == expected


def nested(data: bytes) -> bytes:
    assert len(data) < 128
    return bytes([len(data)]) + data


@pytest.mark.parametrize("number", [6, *PRIVATE_FIELDS.values()])
def test_no_bytes_make_a_structured_value_look_flat(number: int) -> None:
    """The required field of `descriptors.flat` cannot be sent: it would have to hold itself."""
    never = b"\xc2\x3e"  # field 1000, a message
    hidden = b""
    for _ in range(20):
        hidden = never + nested(hidden)
    raw_value = bytes([number << 3 & 0x7F | 2 | 0x80, number >> 4]) + nested(hidden)
    pair = b"\x0a\x01k\x12" + nested(raw_value)
    assert (
        not VARIANTS[TRACES.name]
        .flat.FromString(b"\x0a" + nested(b"\x12" + nested(b"\x12" + nested(b"\x4a" + nested(pair)))))
        .IsInitialized()
    )


def test_structure_is_found_wherever_an_any_value_may_stand() -> None:
    deep = {"a": {"b": 1}}
    request = traces(make_span(attributes={"flat": 1}), resource={"r": deep})
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.events.add(name="e").attributes.extend(attributes({"e": deep}))
    span.links.add().attributes.extend(attributes({"l": deep}))
    request.resource_spans[0].scope_spans[0].scope.attributes.extend(attributes({"s": deep}))
    payload = check(TRACES, request.SerializeToString()).payload
    assert payload.count(b'{"a":{"b":1}}') == 4
    body = check(LOGS, logs(LogRecord(body=any_value(deep))).SerializeToString()).payload
    assert b'{"a":{"b":1}}' in body


@pytest.mark.parametrize(("kind", "deepest"), [("array", 47), ("kvlist", 31)])
def test_values_may_nest_as_deep_as_protobuf_reads_and_one_more_is_refused(kind: str, deepest: int) -> None:
    """Case 36."""

    def deep(levels: int) -> AnyValue:
        value = any_value("deep")
        for _ in range(levels):
            value = (
                AnyValue(array_value=ArrayValue(values=[value]))
                if kind == "array"
                else AnyValue(kvlist_value=KeyValueList(values=[KeyValue(key="k", value=value)]))
            )
        return value

    assert '"deep"' in stored(deep(deepest))[1]
    with pytest.raises(MalformedRequest, match="31 kvlists or 47 arrays"):
        stored(deep(deepest + 1))


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats().map(lambda number: math.nan if math.isnan(number) else number)  # one NaN, not its 2⁵³ kinds
    | st.text(max_size=8)
    | st.binary(max_size=8)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(VALUES)
def test_the_text_read_back_equals_the_value(value: Any) -> None:
    sent = any_value(value)
    field, text = stored(sent)
    if not field:
        return
    read_back = any_value(json.loads(text)) if field != ANY_JSON else ParseDict(json.loads(text), AnyValue())
    assert read_back.SerializeToString(deterministic=True) == sent.SerializeToString(deterministic=True)


def test_the_exact_form_uses_standard_base64() -> None:
    _, text = stored(any_value([b"\xfb\xff"]))
    assert base64.b64decode(json.loads(text)["arrayValue"]["values"][0]["bytesValue"], validate=True) == b"\xfb\xff"
