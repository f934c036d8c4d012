"""JSON as strictly as the engine reads it: a text is whole and valid, or it is no JSON.

Owns reading, members by path, and how a value that is no text is written as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson


def read(text: str) -> Any:
    """The value in a text; ValueError when it is no JSON."""
    return orjson.loads(text.encode("utf-8", "surrogatepass"))


def read_string(text: str) -> str | None:
    """The text in a JSON string."""
    try:
        found = read(text)
    except ValueError:
        return None
    return found if isinstance(found, str) else None


def read_list(text: str) -> list[str] | None:
    """The elements of a JSON list as texts."""
    try:
        found = read(text)
    except ValueError:
        return None
    return [as_text(element) for element in found] if isinstance(found, list) else None


def as_text(value: Any) -> str:
    """A JSON value as text: strings bare, nothing for null, whole numbers without a fraction."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return orjson.dumps(_plain(value)).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    return [_plain(element) for element in value] if isinstance(value, list) else value


def object_in(text: str) -> dict[str, Any] | None:
    """The object in a text: itself, the first of a list, one in a string, or Python's repr of one."""
    if re.match(r"\{'", text):
        text = text.replace("'", '"').replace("None", "null").replace("True", "true").replace("False", "false")
    try:
        found = read(text)
        if text.startswith("[") and isinstance(found, list):
            found = found[0] if found else None
        elif text.startswith('"') and isinstance(found, str):
            found = read(found)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def members(text: str, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Paths (`a.b`) inside the JSON of a text and what stands there; '*' is every member of the first level."""
    if not paths:
        return
    found = object_in(text)
    if found is None:
        return
    wanted = [*(paths + list(found) if "*" in paths else paths)]
    for path in dict.fromkeys(wanted):
        value: Any = found
        for step in [path] if path in found else path.split("."):  # a member's own name may have dots
            inside = object_in(as_text(value)) if not isinstance(value, dict) else value
            value = None if inside is None else inside.get(step)
        if value is not None:
            yield path, as_text(value)
