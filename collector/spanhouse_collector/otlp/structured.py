"""Structured attribute values (kvlists, nested arrays) as JSON text.

Owns the rewriting of a request that holds them: the engine's reader schema is not recursive, so each such value becomes
one of the private text fields of `descriptors`. Plain JSON where JSON can say it exactly; where it cannot (bytes, NaN,
a key twice), the OTLP/JSON form of the AnyValue itself, so that nothing is lost. Flat arrays of scalars are left to
the engine.

Source: DESIGN section 1 (reader schema); OTLP specification, "JSON Protobuf Encoding" (the exact form).
"""

from __future__ import annotations

import base64
import math
from typing import Any

import orjson
from google.protobuf.message import Message

from spanhouse_collector.otlp.descriptors import ANY_JSON, KVLIST_JSON, NESTED_ARRAY_JSON, PRIVATE_FIELDS
from spanhouse_collector.otlp.signals import COMMON
from spanhouse_collector.otlp.walk import messages

_ANY_VALUE = f"{COMMON}.AnyValue"
_SCALARS = frozenset({"string_value", "bool_value", "int_value", "double_value"})


class _NotPlainJson(Exception):
    """Plain JSON cannot say this value exactly."""


def rewrite_structured(request: Message) -> None:
    """Turn every kvlist and every array that the engine cannot read into JSON text, in place.

    `request` is of the `full` variant. Private fields that a sender set are cleared first: they are ours alone.
    """
    for message in messages(request):
        if message.DESCRIPTOR.full_name == _ANY_VALUE:
            _rewrite(message)


def _rewrite(value: Message) -> None:
    which = value.WhichOneof("value")
    if which in PRIVATE_FIELDS:
        value.ClearField(which)
    elif which == "kvlist_value" or (which == "array_value" and not _is_flat(value)):
        try:
            name = KVLIST_JSON if which == "kvlist_value" else NESTED_ARRAY_JSON
            text = orjson.dumps(plain(value))
        except (_NotPlainJson, orjson.JSONEncodeError):
            name = ANY_JSON
            text = orjson.dumps(exact(value))
        setattr(value, name, text.decode())


def _is_flat(value: Any) -> bool:
    """Scalars and empty elements only: what the reader schema's Leaf can hold."""
    return all(
        element.WhichOneof("value") in _SCALARS or element.WhichOneof("value") is None
        for element in value.array_value.values
    )


def plain(value: Any) -> Any:
    """The JSON value that reads back as exactly this AnyValue.

    Raises:
        _NotPlainJson: bytes, a number that is not finite, a repeated key.

    """
    which = value.WhichOneof("value")
    if which in ("string_value", "bool_value", "int_value"):
        return getattr(value, which)
    if which == "double_value":
        if not math.isfinite(value.double_value):
            raise _NotPlainJson
        return value.double_value
    if which == "array_value":
        return [plain(element) for element in value.array_value.values]
    if which == "kvlist_value":
        pairs = {pair.key: plain(pair.value) for pair in value.kvlist_value.values}
        if len(pairs) != len(value.kvlist_value.values):
            raise _NotPlainJson
        return pairs
    if which is None:
        return None
    raise _NotPlainJson


def exact(value: Any) -> dict[str, Any]:
    """The AnyValue in OTLP/JSON: every type named, nothing rounded."""
    which = value.WhichOneof("value")
    if which == "string_value":
        return {"stringValue": value.string_value}
    if which == "bool_value":
        return {"boolValue": value.bool_value}
    if which == "int_value":
        return {"intValue": str(value.int_value)}
    if which == "double_value":
        return {"doubleValue": _double(value.double_value)}
    if which == "bytes_value":
        return {"bytesValue": base64.b64encode(value.bytes_value).decode()}
    if which == "array_value":
        return {"arrayValue": {"values": [exact(element) for element in value.array_value.values]}}
    if which == "kvlist_value":
        pairs = [{"key": pair.key, "value": exact(pair.value)} for pair in value.kvlist_value.values]
        return {"kvlistValue": {"values": pairs}}
    return {}


def _double(number: float) -> float | str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number
