"""Attribute values of `spans` and `logs` with their types back.

Owns the way from the text of a map and the type codes beside it to Python values, the inverse of what the ingest view
writes. Values that the tables cannot have written are returned as the text they are. Leaves meaning to `content`.

Source: docs/decisions/005 (typed attributes in text).
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson

NOT_A_VALUE: Final = (ValueError, TypeError, binascii.Error)


def attributes(texts: Iterable[tuple[str, str]] | Mapping[str, str], type_codes: Iterable[str]) -> dict[str, Any]:
    """Attributes by key. Of a key that was sent twice the first counts, as in the database."""
    pairs = texts.items() if isinstance(texts, Mapping) else texts
    found: dict[str, Any] = {}
    for (key, text), code in zip(pairs, type_codes, strict=False):
        if key not in found:
            found[key] = value(code, text)
    return found


def value(code: str, text: str) -> Any:
    """The value of one attribute: str, bool, int, float, bytes, list, dict or None."""
    read = _READERS.get(code)
    if read is None:
        return text
    try:
        return read(text)
    except NOT_A_VALUE:
        return text


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text] if text in ("true", "false") else bool(int(text))


def _array(text: str) -> Any:
    elements = orjson.loads(text)
    if not isinstance(elements, list):
        raise TypeError(text)
    # In a flat array an object is a double that JSON has no number for.
    return [
        float(each["doubleValue"]) if isinstance(each, dict) and "doubleValue" in each else each for each in elements
    ]


def _structured(text: str) -> Any:
    return orjson.loads(text)


def _exact(text: str) -> Any:
    return from_otlp_json(orjson.loads(text))


def from_otlp_json(any_value: Any) -> Any:
    """The Python value of an AnyValue in OTLP/JSON."""
    if not isinstance(any_value, dict) or not any_value:
        return None
    kind, inner = next(iter(any_value.items()))
    read = _OTLP_JSON.get(kind)
    return None if read is None else read(inner)


def _otlp_array(inner: Any) -> list[Any]:
    return [from_otlp_json(each) for each in _members(inner)]


def _otlp_kvlist(inner: Any) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for pair in _members(inner):
        if isinstance(pair, dict):
            pairs.setdefault(str(pair.get("key", "")), from_otlp_json(pair.get("value")))
    return pairs


def _members(inner: Any) -> list[Any]:
    values = inner.get("values") if isinstance(inner, dict) else None
    return values if isinstance(values, list) else []


def _otlp_double(inner: Any) -> float:
    number = float(inner)
    return number if not math.isnan(number) else math.nan


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "bool": _boolean,
    "int": int,
    "double": float,
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "array": _array,
    "nested_array": _structured,
    "kvlist": _structured,
    "any": _exact,
    "empty": lambda _: None,
}
_OTLP_JSON: Final[Mapping[str, Callable[[Any], Any]]] = {
    "stringValue": str,
    "boolValue": bool,
    "intValue": int,
    "doubleValue": _otlp_double,
    "bytesValue": lambda inner: base64.b64decode(inner),
    "arrayValue": _otlp_array,
    "kvlistValue": _otlp_kvlist,
}
