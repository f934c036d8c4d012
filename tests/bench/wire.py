"""Protobuf wire encoding of the few OTLP messages the load generator builds.

Owns: varints, length-delimited fields, `KeyValue` of a string, int, double or list of strings.
Leaves to others: which attributes a span carries, and where ids and times lie (`spans.py`).

Written by hand, not through a protobuf class, because the generator must know the byte offset of
every id and time it will patch later.
"""

from __future__ import annotations

import struct
from functools import cache, lru_cache
from typing import Final

LENGTH_DELIMITED: Final = 2
FIXED64: Final = 1
VARINT: Final = 0


@lru_cache(maxsize=8192)
def varint(value: int) -> bytes:
    """Return *value* (not negative) as a base-128 varint."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


@cache
def tag(field_number: int, wire_type: int) -> bytes:
    """Return the key that opens a field."""
    return varint(field_number << 3 | wire_type)


def nested(field_number: int, body: bytes | bytearray) -> bytes:
    """Return a length-delimited field: a message, a string or bytes."""
    return b"".join((tag(field_number, LENGTH_DELIMITED), varint(len(body)), body))


def text(field_number: int, value: str) -> bytes:
    """Return a string field."""
    return nested(field_number, value.encode())


def unsigned(field_number: int, value: int) -> bytes:
    """Return a varint field (enum, bool, uint32, or an int64 that is not negative)."""
    return tag(field_number, VARINT) + varint(value)


def attribute(key: str, value: str | int | float | tuple[str, ...], *, field_number: int) -> bytes:
    """Return a `KeyValue` field; the Python type chooses the `AnyValue` arm."""
    if isinstance(value, str):
        any_value = text(1, value)
    elif isinstance(value, int):
        any_value = unsigned(3, value)
    elif isinstance(value, float):
        any_value = tag(4, FIXED64) + struct.pack("<d", value)
    else:
        any_value = nested(5, b"".join(nested(1, text(1, item)) for item in value))
    return nested(field_number, _key_field(key) + nested(2, any_value))


@cache
def _key_field(key: str) -> bytes:
    """Return the first field of a `KeyValue`; there are few keys."""
    return text(1, key)
