"""Stored attribute values as OTLP's AnyValue in JSON.

Owns the way back from a type and a text (docs/tables.md, "The text of a value") to the value that was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

_NOT_FINITE: Final = {"nan": "NaN", "-nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def pairs(column: str, *, is_nested: bool = False) -> str:
    """Keys, texts and types of a map's column, as three columns NAME_k, NAME_v, NAME_t: JSON has no key twice."""
    alias = column.replace(".", "_")
    codes = f"`{column.removesuffix('s')}_type_codes` AS {alias}_t"
    if is_nested:
        keys, texts = f"arrayMap(x -> mapKeys(x), `{column}`)", f"arrayMap(x -> mapValues(x), `{column}`)"
    else:
        keys, texts = f"mapKeys(`{column}`)", f"mapValues(`{column}`)"
    return f"{keys} AS {alias}_k, {texts} AS {alias}_v, {codes}"


def attributes(row: Mapping[str, Any], name: str, index: int | None = None) -> list[dict[str, Any]]:
    """KeyValues of the columns that `pairs` named; `index` of a nested one."""
    keys, texts, types = row[f"{name}_k"], row[f"{name}_v"], row[f"{name}_t"]
    if index is not None:
        keys, texts, types = keys[index], texts[index], types[index]
    return [{"key": key, "value": _READ[kind](text)} for key, text, kind in zip(keys, texts, types, strict=True)]


def any_value(kind: str, text: str) -> dict[str, Any]:
    """An AnyValue from its type and its text; {} for one without a value."""
    return _READ[kind](text)


def double(text: str) -> float | str:
    """A double that is stored as text, as proto3's JSON writes it."""
    return _NOT_FINITE[text] if text in _NOT_FINITE else float(text)


def enum_number(name: str, names: Sequence[str]) -> int:
    """The number of an enum's value; one without a name is stored as its digits."""
    return names.index(name) if name in names else int(name)


def without_defaults(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are not their type's default: 0, '', empty."""
    return {name: value for name, value in fields.items() if value}


def _element(value: Any) -> dict[str, Any]:
    """An element of a flat array; an object is a double that JSON cannot write."""
    return value if isinstance(value, dict) else _plain(value)


def _plain(value: Any) -> dict[str, Any]:
    """The AnyValue of a JSON value that `otlp.structured.plain` wrote."""
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": _values([_plain(element) for element in value])}
    if isinstance(value, dict):
        return {"kvlistValue": _values([{"key": key, "value": _plain(item)} for key, item in value.items()])}
    return {}


def _values(values: list[dict[str, Any]]) -> dict[str, Any]:
    return {"values": values} if values else {}


_READ: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "string": lambda text: {"stringValue": text},
    "bool": lambda text: {"boolValue": text == "true"},
    "int": lambda text: {"intValue": text},
    "double": lambda text: {"doubleValue": double(text)},
    "bytes": lambda text: {"bytesValue": text},
    "array": lambda text: {"arrayValue": _values([_element(element) for element in orjson.loads(text)])},
    "kvlist": lambda text: _plain(orjson.loads(text)),
    "nested_array": lambda text: _plain(orjson.loads(text)),
    "any": orjson.loads,
    "empty": lambda _text: {},
}
