"""Rows in a form that can be compared: what they mean, not how a number is spelt.

Owns pairing map columns with their columns of types, and reading the text of doubles and JSON back. A text that is not
a possible spelling of its type stays a text and so differs from what the oracle says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from tests.tables import Row

_DOUBLE = re.compile(r"-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?|nan|-?inf")
_JSON_TYPES = ("array", "kvlist", "nested_array", "any")


def comparable(row: Row) -> Row:
    """The row with its attributes as (key, type, meaning) and its doubles by their bits."""
    out: Row = {}
    for name, value in sorted(row.items()):
        types = types_column(name)
        if name == "body":
            out[name] = meaning(row["body_type"], value)
        elif name == "service_name":
            pairs = zip(row["resource_attributes"], row["resource_attribute_type_codes"], strict=True)
            kinds = [kind for (key, _), kind in pairs if key == "service.name"]
            out[name] = meaning(kinds[0] if kinds else "string", value)
        elif types not in row:
            out[name] = bits(value)
        elif "." in name:
            out[name] = [attributes(*each) for each in zip(value, row[types], strict=True)]
        else:
            out[name] = attributes(value, row[types])
    return out


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Comparable rows, sorted: a table has no order."""
    return sorted(map(comparable, rows), key=repr)


def assert_same_rows(found: Iterable[Row], expected: Iterable[Row]) -> None:
    """Fail with the columns that differ, and not with two tables."""
    left, right = in_order(found), in_order(expected)
    if left == right:
        return
    extra = [row for row in left if row not in right]
    missing = [row for row in right if row not in left]
    told = [f"{len(left)} rows, expected {len(right)}; {len(extra)} are not expected, {len(missing)} are missing"]
    for row, other in zip(extra, missing, strict=False):
        names = [name for name in {**row, **other} if row.get(name, "absent") != other.get(name, "absent")]
        told += [f"{name}: {row.get(name, 'absent')!r} is not {other.get(name, 'absent')!r}"[:1500] for name in names]
        break
    raise AssertionError("\n".join(told))


def types_column(name: str) -> str:
    """The column with the types of the attributes in this one."""
    return f"{name.removesuffix('s')}_type_codes"


def attributes(pairs: list[tuple[str, str]], types: list[str]) -> list[tuple[str, str, Any]]:
    return [(key, kind, meaning(kind, text)) for (key, text), kind in zip(pairs, types, strict=True)]


def meaning(kind: str, text: str) -> Any:
    """What a text means under its type."""
    if kind == "double" and _DOUBLE.fullmatch(text):
        return bits(float(text))
    if kind in _JSON_TYPES:
        try:
            return json.loads(text, parse_float=_json_double, parse_constant=_refuse)
        except ValueError:
            return text
    return text


def bits(value: Any) -> Any:
    """Doubles by their shortest text, which tells -0.0 and nan apart, also inside lists."""
    if isinstance(value, float):
        return ("double", repr(value))
    if isinstance(value, list | tuple):
        return [bits(item) for item in value]
    return value


def _json_double(text: str) -> tuple[str, str]:
    return ("double", repr(float(text)))


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
