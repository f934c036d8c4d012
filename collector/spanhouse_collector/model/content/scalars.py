"""Decoders of single values, by the names that the vocabulary's rows give them.

Owns text, numbers, booleans and lists as they really arrive: numbers in strings, booleans in strings, placeholders,
lists as JSON or with commas. Each returns None for a value that says nothing.

Source: dialects.md section 1, rules 1 and 6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from spanhouse_collector.model.content.parse import is_empty, is_placeholder, is_redacted, json_text, parsed

_TRUE: Final = ("true", "1", "yes")
_FALSE: Final = ("false", "0", "no")


def text(value: Any) -> str | None:
    """A name: no placeholder, no marker. JSON-quoted text is unquoted."""
    if isinstance(value, str) and value[:1] == '"':
        value = parsed(value)
    if isinstance(value, bool) or is_placeholder(value) or is_redacted(value):
        return None
    if isinstance(value, (int, float)):
        return str(number(value)) if math.isfinite(value) else None
    return value if isinstance(value, str) else None


def content(value: Any) -> str | None:
    """Text of any kind, also of structures; never a marker."""
    found = parsed(value) if isinstance(value, str) and value[:1] == '"' else value
    if is_empty(found) or is_redacted(found):
        return None
    return json_text(found)


def number(value: Any) -> int | float | None:
    """A finite number, also in text; whole ones as int."""
    if isinstance(value, str):
        value = _number_in_text(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def _number_in_text(value: str) -> float | int | None:
    text_ = value.strip().strip('"')
    if not 0 < len(text_) <= 40 or not text_.isascii() or "_" in text_:
        return None
    try:
        return int(text_) if text_.lstrip("+-").isdigit() else float(text_)
    except ValueError:
        return None


def amount(value: Any) -> int | None:
    """A whole number that cannot be negative (-1 stands for none)."""
    found = number(value)
    return int(found) if found is not None and 0 <= found < 2**63 else None


def integer(value: Any) -> int | None:
    """A whole number."""
    found = number(value)
    return int(found) if found is not None and abs(found) < 2**63 else None


def boolean(value: Any) -> bool | None:
    """A boolean, also in text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) < 10:
        word = value.strip().strip('"').lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def texts(value: Any) -> list[str] | None:
    """A list of texts: an array, JSON, or one text."""
    found = parsed(value)
    if isinstance(found, str) and not is_placeholder(found):
        return [found]
    if not isinstance(found, list):
        return None
    kept = [str(each) for each in found if not is_empty(each) and isinstance(each, (str, int, float))]
    return kept or None


def structure(value: Any) -> Any:
    """Any value with its structure, None if it is empty."""
    found = parsed(value)
    return None if is_placeholder(found) or is_redacted(found) else found


def mapping(value: Any) -> dict[str, Any] | None:
    """An object, None for everything else."""
    found = parsed(value)
    return found if isinstance(found, dict) and found else None


def output_type(value: Any) -> str | None:
    """`text`, `json`, … from a name or from OpenAI's `response_format` object."""
    found = parsed(value)
    if isinstance(found, dict):
        found = found.get("type")
    name = text(found)
    return "json" if name in ("json_object", "json_schema") else name


def logfire_level(value: Any) -> str | None:
    """Logfire's level numbers, which are OpenTelemetry's severities."""
    return _level(value, (8, "DEBUG"), (12, "DEFAULT"), (16, "WARNING"))


def python_level(value: Any) -> str | None:
    """Levels of Python's logging, by number or by name."""
    name = text(value)
    if name is not None and name.upper() in _LEVELS:
        return _LEVELS[name.upper()]
    return _level(value, (10, "DEBUG"), (20, "DEFAULT"), (30, "WARNING"))


def _level(value: Any, *steps: tuple[int, str]) -> str | None:
    found = number(value)
    if found is None or found <= 0:
        return None
    return next((name for highest, name in steps if found <= highest), "ERROR")


_LEVELS: Final[Mapping[str, str]] = {
    "TRACE": "DEBUG",
    "DEBUG": "DEBUG",
    "INFO": "DEFAULT",
    "DEFAULT": "DEFAULT",
    "NOTSET": "DEFAULT",
    "WARN": "WARNING",
    "WARNING": "WARNING",
    "ERROR": "ERROR",
    "CRITICAL": "ERROR",
    "FATAL": "ERROR",
}

DECODERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": text,
    "content": content,
    "number": number,
    "amount": amount,
    "integer": integer,
    "boolean": boolean,
    "texts": texts,
    "structure": structure,
    "mapping": mapping,
    "keys": mapping,
    "output_type": output_type,
    "logfire_level": logfire_level,
    "python_level": python_level,
}
