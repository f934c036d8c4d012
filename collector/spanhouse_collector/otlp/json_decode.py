"""OTLP/JSON to OTLP protobuf.
 Owns the reading of the JSON form: lowerCamelCase (and the .proto's own) names, hex ids, 64-bit integers as text or
number, enums as numbers or known names, unknown keys ignored. It is driven by the descriptors, so a field that OTLP
gains is understood by upgrading opentelemetry-proto. protobuf's own JSON parser is not used: it reads ids as base64
and refuses unknown keys.

Leaves bad ids to `validate`: an id that is not hex goes on as bytes of an impossible length, so that one bad span costs
its sender that span and no other.

Source: OTLP specification, "JSON Protobuf Encoding"; proto3 JSON mapping.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any, Final

import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import EncodeError

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp.signals import COMMON, SIGNALS, Signal

DEPTH_MAX: Final = 128  # messages inside messages; protobuf itself stops at 100
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER: Final = re.compile(r"[+-]?(NaN|Infinity|[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?)")
_ANY_VALUE: Final = f"{COMMON}.AnyValue"
_HEX_IDS: Final = frozenset({"trace_id", "span_id", "parent_span_id"})
_INTEGERS: Final = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SINT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_SFIXED32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_FIXED32: (0, 2**32 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SINT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_SFIXED64: (-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_UINT64: (0, 2**64 - 1),
    FieldDescriptor.TYPE_FIXED64: (0, 2**64 - 1),
}


def to_protobuf(signal: Signal, body: bytes) -> bytes:
    """The export request of an OTLP/JSON body, serialised as protobuf.

    Raises:
        MalformedRequest: not JSON, or a value that its field cannot hold; the message names the path of the field.

    """
    document = _parse(body)
    if not isinstance(document, dict):
        raise MalformedRequest(
            f"the body is a JSON {_json_type(document)}, not an object",
            hint='an export request looks like {"resourceSpans": […]}',
        )
    fields = _message(signal.request_class.DESCRIPTOR, document, "", 0)
    if not any(fields.values()):
        _refuse_another_signal(signal, document)
    try:
        return signal.request_class(**fields).SerializeToString()
    except (EncodeError, ValueError, RecursionError) as error:
        raise MalformedRequest(f"the request nests too deeply: {str(error)[:120]}") from error


def _refuse_another_signal(signal: Signal, document: dict[str, Any]) -> None:
    """Unknown keys are ignored, but a request of another signal and nothing else would vanish behind a 200.

    Raises:
        MalformedRequest: it is one.

    """
    for other in SIGNALS:
        (field,) = other.request_class.DESCRIPTOR.fields
        if other is not signal and (document.get(field.json_name) or document.get(field.name)):
            raise MalformedRequest(
                f"the body is no OTLP {signal.name}: it has {field.json_name}",
                hint=f"this looks like OTLP {other.name}: post it to {other.http_path}",
            )


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as first:
        # orjson refuses two things that senders do: lone surrogates, which JavaScript makes when it cuts a string in
        # two, and bytes that are not UTF-8. Both become U+FFFD, as they do in protobuf.
        text = body.decode("utf-8", "replace")
        try:
            if "\ufffd" not in text and _SURROGATE.search(text) is None:
                raise first
            return _without_surrogates(json.loads(text, parse_constant=_no_constant))
        except (ValueError, RecursionError):
            raise MalformedRequest(f"the body is not JSON: {str(first)[:120]}") from first


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value


# upb's descriptors and protobuf's typed ones have no common type.
Descriptor = Any
Converter = Callable[[Any, str, int], Any]
_TABLES: dict[str, dict[str, tuple[str, Converter]]] = {}


def _table(descriptor: Descriptor) -> dict[str, tuple[str, Converter]]:
    """JSON key → (field name, converter) of one message, made once."""
    table = _TABLES.get(descriptor.full_name)
    if table is None:
        table = {}
        for field in descriptor.fields:
            entry = (field.name, _converter(field))
            table[field.json_name] = entry
            table[field.name] = entry
        _TABLES[descriptor.full_name] = table
    return table


def _message(descriptor: Descriptor, document: dict[str, Any], path: str, depth: int) -> dict[str, Any]:
    if depth > DEPTH_MAX:
        raise MalformedRequest(f"{path[:80]}…: nested deeper than {DEPTH_MAX} messages")
    table = _table(descriptor)
    fields: dict[str, Any] = {}
    if descriptor.full_name == _ANY_VALUE:
        document = _whole_doubles(document)
    for key, value in document.items():
        known = table.get(key)
        if known is not None and value is not None:  # null is absent; unknown keys are ignored
            fields[known[0]] = known[1](value, f"{path}.{key}" if path else key, depth)
    _keep_one_of(descriptor, fields)
    return fields


def _whole_doubles(document: dict[str, Any]) -> dict[str, Any]:
    """An AnyValue whose intValue no 64 bits can hold, as the double it was: JavaScript sends 1.5e300 as an int."""
    number = document.get("intValue", document.get("int_value"))
    if isinstance(number, (int, float)) and not -(2**63) <= number < 2**63 and abs(number) < 2**1023:
        return {"doubleValue": float(number)}
    return document


def _keep_one_of(descriptor: Descriptor, fields: dict[str, Any]) -> None:
    """Of a oneof sent twice the last one wins, as it would on the wire."""
    for oneof in descriptor.oneofs:
        present = [name for name in fields if descriptor.fields_by_name[name].containing_oneof is oneof]
        for name in present[:-1]:
            del fields[name]


def _converter(field: FieldDescriptor) -> Converter:
    single = _single_converter(field)
    if not field.is_repeated:
        return single

    def repeated(value: Any, path: str, depth: int) -> list[Any]:
        if not isinstance(value, list):
            hint = (
                'attributes are a list: [{"key": …, "value": {"stringValue": …}}]' if field.name == "attributes" else ""
            )
            raise MalformedRequest(f"{path}: expected a list, got a JSON {_json_type(value)}", hint=hint)
        return [single(item, f"{path}[{index}]", depth) for index, item in enumerate(value)]

    return repeated


def _single_converter(field: FieldDescriptor) -> Converter:
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        descriptor: Descriptor = field.message_type

        def message(value: Any, path: str, depth: int) -> dict[str, Any]:
            if not isinstance(value, dict):
                raise MalformedRequest(f"{path}: expected an object, got a JSON {_json_type(value)}")
            return _message(descriptor, value, path, depth + 1)

        return message
    if field.type in _INTEGERS:
        return _integer_converter(*_INTEGERS[field.type])
    if field.type == FieldDescriptor.TYPE_ENUM:
        return _enum_converter(field)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _hex_id if field.name in _HEX_IDS else _base64
    return {
        FieldDescriptor.TYPE_STRING: _string,
        FieldDescriptor.TYPE_BOOL: _bool,
        FieldDescriptor.TYPE_DOUBLE: _double,
    }[field.type]


def _integer_converter(low: int, high: int) -> Converter:
    def integer(value: Any, path: str, depth: int) -> int:
        number = _as_int(value)
        if number is None:
            raise MalformedRequest(f"{path}: {_shown(value)} is not an integer")
        if not low <= number <= high:
            raise MalformedRequest(f"{path}: {_shown(value)} is outside {low} … {high}")
        return number

    return integer


def _as_int(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        if _INTEGER.fullmatch(value):
            return int(value)
        # proto3 JSON lets an integer be written as 1.0 or 1e5.
        return _as_int(float(value)) if len(value) <= 40 and _NUMBER.fullmatch(value) else None
    if isinstance(value, dict) and {"low", "high"} <= value.keys():  # a JavaScript Long that lost its toString
        low, high = _as_int(value["low"]), _as_int(value["high"])
        if low is None or high is None:
            return None
        unsigned = ((high & 0xFFFFFFFF) << 32) | (low & 0xFFFFFFFF)
        return unsigned if value.get("unsigned") or unsigned < 2**63 else unsigned - 2**64
    return None


def _enum_converter(field: FieldDescriptor) -> Converter:
    enum_type: Any = field.enum_type
    numbers = {value.name: value.number for value in enum_type.values}

    def enum(value: Any, path: str, depth: int) -> int:
        number = numbers.get(value) if isinstance(value, str) else _as_int(value)
        if number is None and isinstance(value, str):
            number = _as_int(value)
        if number is None or not -(2**31) <= number < 2**31:
            raise MalformedRequest(
                f"{path}: {_shown(value)} is not a {enum_type.name}",
                hint=f"a number, or one of {', '.join(list(numbers)[:6])}",
            )
        return number

    return enum


def _hex_id(value: Any, path: str, depth: int) -> bytes:
    if not isinstance(value, str):
        raise MalformedRequest(f"{path}: expected hex digits as a string, got a JSON {_json_type(value)}")
    try:
        return binascii.unhexlify(value)
    except (binascii.Error, ValueError):
        return value[:40].encode().ljust(17)  # 17 or more bytes: no id has that length, and the text can be shown


def _base64(value: Any, path: str, depth: int) -> bytes:
    if not isinstance(value, str):
        raise MalformedRequest(f"{path}: expected base64 as a string, got a JSON {_json_type(value)}")
    try:
        text = value.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedRequest(f"{path}: {_shown(value)} is not base64") from error


def _string(value: Any, path: str, depth: int) -> str:
    if not isinstance(value, str):
        raise MalformedRequest(f"{path}: expected a string, got a JSON {_json_type(value)}")
    return value


def _bool(value: Any, path: str, depth: int) -> bool:
    if value in ("true", "false"):
        return bool(value == "true")
    if not isinstance(value, bool):
        raise MalformedRequest(f"{path}: expected true or false, got {_shown(value)}")
    return value


def _double(value: Any, path: str, depth: int) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise MalformedRequest(f"{path}: expected a number, got a JSON {_json_type(value)}")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise MalformedRequest(f"{path}: {_shown(value)} is not a number")
    try:
        return float(value)
    except OverflowError as error:
        raise MalformedRequest(f"{path}: {_shown(value)} is too large for a double") from error


def _json_type(value: Any) -> str:
    return {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
