"""OTLP/JSON compared with protobuf's own JSON reading, over generated requests."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.otlp.json_decode import to_protobuf
from spanhouse_collector.otlp.signals import BY_NAME, Signal

EXAMPLES = settings(max_examples=100, deadline=None)
IDS = {"traceId", "spanId", "parentSpanId"}


def messages_of(descriptor: Any, depth: int = 0) -> st.SearchStrategy[dict[str, Any]]:
    """JSON objects of a message: some of its fields, each with a value of its type, as json_format writes them."""
    fields = {}
    for field in descriptor.fields:
        if field.message_type is not None and depth > 7:
            continue
        one = value_of(field, depth)
        fields[field.json_name] = st.lists(one, max_size=2) if field.is_repeated else one
    chosen = st.fixed_dictionaries({}, optional=fields)
    return chosen.map(lambda document: one_of_each_oneof(descriptor, document))


def one_of_each_oneof(descriptor: Any, document: dict[str, Any]) -> dict[str, Any]:
    for oneof in descriptor.oneofs:
        for name in [field.json_name for field in oneof.fields if field.json_name in document][1:]:
            del document[name]
    return document


def value_of(field: Any, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return st.deferred(lambda: messages_of(field.message_type, depth + 1))
    return {
        field.TYPE_STRING: st.text(max_size=8),
        field.TYPE_BOOL: st.booleans(),
        field.TYPE_BYTES: st.binary(max_size=16).map(lambda data: base64.b64encode(data).decode()),
        field.TYPE_DOUBLE: st.floats(allow_nan=False, allow_infinity=False)
        | st.sampled_from(["NaN", "Infinity", "-Infinity"]),
        field.TYPE_ENUM: st.integers(0, 9),
        field.TYPE_INT32: st.integers(-(2**31), 2**31 - 1),
        field.TYPE_SINT32: st.integers(-(2**31), 2**31 - 1),
        field.TYPE_UINT32: st.integers(0, 2**32 - 1),
        field.TYPE_FIXED32: st.integers(0, 2**32 - 1),
        field.TYPE_INT64: st.integers(-(2**63), 2**63 - 1).map(str),
        field.TYPE_SFIXED64: st.integers(-(2**63), 2**63 - 1).map(str),
        field.TYPE_UINT64: st.integers(0, 2**64 - 1).map(str),
        field.TYPE_FIXED64: st.integers(0, 2**64 - 1).map(str),
    }[field.type]


def with_hex_ids(value: Any) -> Any:
    """The same document as OTLP/JSON has it: ids in hex where proto3 JSON has base64."""
    if isinstance(value, list):
        return [with_hex_ids(item) for item in value]
    if isinstance(value, dict):
        return {
            key: base64.b64decode(item).hex() if key in IDS and isinstance(item, str) else with_hex_ids(item)
            for key, item in value.items()
        }
    return value


@pytest.mark.parametrize("signal", BY_NAME.values(), ids=list(BY_NAME))
def test_json_reads_as_protobufs_own_reader_has_it(signal: Signal) -> None:
    @EXAMPLES
    @given(messages_of(signal.request_class.DESCRIPTOR))
    def agree(document: dict[str, Any]) -> None:
        expected: Message = json_format.ParseDict(document, signal.request_class())
        found = signal.request_class.FromString(to_protobuf(signal, json.dumps(with_hex_ids(document)).encode()))
        assert found.SerializeToString(deterministic=True) == expected.SerializeToString(deterministic=True)

    agree()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=12,
)
SKELETON = ("resourceSpans", "scopeSpans", "spans", "attributes", "value", "arrayValue", "kvlistValue", "intValue",
            "traceId", "kind", "key", "doubleValue", "boolValue", "bytesValue", "flags", "low", "high")  # fmt: skip
ALMOST_OTLP = st.recursive(
    JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(SKELETON), inner, max_size=4),
    max_leaves=20,
)


@EXAMPLES
@given(st.sampled_from(list(BY_NAME.values())), ALMOST_OTLP)
def test_any_json_is_read_or_refused(signal: Signal, document: Any) -> None:
    with contextlib.suppress(SpanhouseError):
        to_protobuf(signal, json.dumps(document).encode())


@EXAMPLES
@given(st.sampled_from(list(BY_NAME.values())), st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(signal: Signal, body: bytes) -> None:
    with contextlib.suppress(SpanhouseError):
        to_protobuf(signal, body)
