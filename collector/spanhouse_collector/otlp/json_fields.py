"""Fields of OTLP/JSON as protobuf on the wire: scalars of every type that OTLP has.

Owns what a scalar may look like in JSON, its bytes, and the fault that names what is wrong with it. A field's encoder
gives the whole field, tag and all, and b'' for a value that protobuf leaves out. Leaves messages to `json_decode`.

Source: OTLP specification, "JSON Protobuf Encoding"; proto3 JSON mapping; protobuf, "Encoding".
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

HEX_IDS: Final = frozenset({"trace_id", "span_id", "parent_span_id"})
KEYS_CACHED: Final = 4096  # keys of attributes repeat
KEY_CACHED_MAX_CHARS: Final = 100  # longer ones are encoded anew
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,40}")
_NUMBER: Final = re.compile(r"[+-]?(NaN|Infinity|[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?)")
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
Type = FieldDescriptor
# Type → lowest, highest, wire type, struct of a fixed one.
_INTEGERS: Final = {
    Type.TYPE_INT32: (-(2**31), 2**31 - 1, _VARINT, ""),
    Type.TYPE_SINT32: (-(2**31), 2**31 - 1, _VARINT, "zigzag"),
    Type.TYPE_SFIXED32: (-(2**31), 2**31 - 1, _FIXED32, "<i"),
    Type.TYPE_UINT32: (0, 2**32 - 1, _VARINT, ""),
    Type.TYPE_FIXED32: (0, 2**32 - 1, _FIXED32, "<I"),
    Type.TYPE_INT64: (-(2**63), 2**63 - 1, _VARINT, ""),
    Type.TYPE_SINT64: (-(2**63), 2**63 - 1, _VARINT, "zigzag"),
    Type.TYPE_SFIXED64: (-(2**63), 2**63 - 1, _FIXED64, "<q"),
    Type.TYPE_UINT64: (0, 2**64 - 1, _VARINT, ""),
    Type.TYPE_FIXED64: (0, 2**64 - 1, _FIXED64, "<Q"),
}


class Fault(Exception):
    """A value that its field cannot hold. `path` is gathered from the inside out while it is on its way up."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path: list[str | int] = []

    def told(self, above: Iterable[str] = ()) -> str:
        """Path and message; `above` is the path of what the fault's own path begins in."""
        pieces = [*above, *(f"[{at}]" if isinstance(at, int) else f".{at}" for at in reversed(self.path))]
        path = "".join(pieces).removeprefix(".")
        shown = path if len(path) <= 160 else f"{path[:120]}…"
        return f"{shown}: {self.message}" if shown else self.message


Scalar = Callable[[Any], bytes]  # a value without its tag
_SMALL: Final = [bytes((n,)) if n < 128 else bytes((n & 127 | 128, n >> 7)) for n in range(1 << 14)]


def varint(number: int) -> bytes:
    """A non-negative integer on the wire."""
    if number < 1 << 14:
        return _SMALL[number]
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def tag(field: FieldDescriptor, wire_type: int = _BYTES) -> bytes:
    """What stands before a field's value."""
    return varint(field.number << 3 | wire_type)


def scalar_field(field: FieldDescriptor) -> Callable[[Any], bytes]:
    """The encoder of a field that holds one scalar."""
    encode, wire_type = _scalar(field)
    head = tag(field, wire_type)
    # A field that knows whether it was sent keeps its zero; others leave it out.
    zero = None if field.has_presence else _zero_of(field, wire_type)

    def single(value: Any) -> bytes:
        data = encode(value)
        return b"" if data == zero else head + data

    if field.name != "key":
        return single
    cached = lru_cache(maxsize=KEYS_CACHED)(single)
    return lambda value: cached(value) if type(value) is str and len(value) <= KEY_CACHED_MAX_CHARS else single(value)


def repeated_scalar_field(field: FieldDescriptor) -> Callable[[list[Any]], bytes]:
    """The encoder of a field that holds a list of scalars, packed where they can be."""
    encode, wire_type = _scalar(field)
    head = tag(field, wire_type)
    packed = tag(field)

    def repeated(values: list[Any]) -> bytes:
        parts: list[bytes] = []
        try:
            for value in values:
                parts.append(encode(value))
        except Fault as fault:
            fault.path.append(len(parts))
            raise
        if wire_type == _BYTES:
            return b"".join([head + part for part in parts])
        data = b"".join(parts)
        return packed + varint(len(data)) + data if data else b""

    return repeated


def _scalar(field: FieldDescriptor) -> tuple[Scalar, int]:
    if field.type in _INTEGERS:
        low, high, wire_type, form = _INTEGERS[field.type]
        return _integer(low, high, form), wire_type
    if field.type == Type.TYPE_ENUM:
        return _enum(field), _VARINT
    if field.type == Type.TYPE_BYTES:
        return (_hex_id if field.name in HEX_IDS else _base64), _BYTES
    if field.type == Type.TYPE_STRING:
        return _string, _BYTES
    return {Type.TYPE_BOOL: (_bool, _VARINT), Type.TYPE_DOUBLE: (_double, _FIXED64)}[field.type]


def _zero_of(field: FieldDescriptor, wire_type: int) -> bytes:
    return {_VARINT: b"\0", _BYTES: b"\0", _FIXED32: bytes(4), _FIXED64: bytes(8)}[wire_type]


def _integer(low: int, high: int, form: str) -> Scalar:
    pack = struct.Struct(form).pack if form.startswith("<") else None

    def integer(value: Any) -> bytes:
        number = value if type(value) is int else as_int(value)
        if number is None:
            raise Fault(f"{shown(value)} is not an integer")
        if not low <= number <= high:
            raise Fault(f"{shown(value)} is outside {low} … {high}")
        if pack is not None:
            return pack(number)
        if form:
            return varint(number << 1 if number >= 0 else (-number << 1) - 1)
        return varint(number if number >= 0 else number + 2**64)

    return integer


def as_int(value: Any) -> int | None:
    """The integer that a JSON value stands for; None when it is none."""
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
        return as_int(float(value)) if len(value) <= 40 and _NUMBER.fullmatch(value) else None
    if isinstance(value, dict) and {"low", "high"} <= value.keys():  # a JavaScript Long that lost its toString
        low, high = as_int(value["low"]), as_int(value["high"])
        if low is None or high is None:
            return None
        unsigned = ((high & 0xFFFFFFFF) << 32) | (low & 0xFFFFFFFF)
        return unsigned if value.get("unsigned") or unsigned < 2**63 else unsigned - 2**64
    return None


def _enum(field: FieldDescriptor) -> Scalar:
    enum_type: Any = field.enum_type
    numbers = {value.name: value.number for value in enum_type.values}

    def enum(value: Any) -> bytes:
        number = numbers.get(value) if isinstance(value, str) else as_int(value)
        if number is None and isinstance(value, str):
            number = as_int(value)
        if number is None or not -(2**31) <= number < 2**31:
            names = ", ".join(list(numbers)[:6])
            raise Fault(f"{shown(value)} is not a {enum_type.name}", hint=f"a number, or one of {names}")
        return varint(number if number >= 0 else number + 2**64)

    return enum


def _hex_id(value: Any) -> bytes:
    if not isinstance(value, str):
        raise Fault(f"expected hex digits as a string, got a JSON {json_type(value)}")
    try:
        data = binascii.unhexlify(value)
    except (binascii.Error, ValueError):
        data = value[:40].encode().ljust(17)  # 17 or more bytes: no id has that length, and the text can be shown
    return varint(len(data)) + data


def _base64(value: Any) -> bytes:
    if not isinstance(value, str):
        raise Fault(f"expected base64 as a string, got a JSON {json_type(value)}")
    try:
        text = value.replace("-", "+").replace("_", "/").rstrip("=")
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Fault(f"{shown(value)} is not base64") from error
    return varint(len(data)) + data


def _string(value: Any) -> bytes:
    if not isinstance(value, str):
        raise Fault(f"expected a string, got a JSON {json_type(value)}")
    data = value.encode()
    return varint(len(data)) + data


def _bool(value: Any) -> bytes:
    if value is True or value == "true":
        return b"\1"
    if value is False or value == "false":
        return b"\0"
    raise Fault(f"expected true or false, got {shown(value)}")


_pack_double: Final = struct.Struct("<d").pack


def _double(value: Any) -> bytes:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Fault(f"expected a number, got a JSON {json_type(value)}")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise Fault(f"{shown(value)} is not a number")
    try:
        return _pack_double(float(value))
    except OverflowError as error:
        raise Fault(f"{shown(value)} is too large for a double") from error


def json_type(value: Any) -> str:
    """What JSON calls the type of a value."""
    return {dict: "object", list: "list", str: "string", bool: "boolean", type(None): "null"}.get(type(value), "number")


def shown(value: Any) -> str:
    """A value in a message, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
