"""Values of the host as attribute text, of bounded size, in bounded time.

Owns: `encode`. A string stays the string it is; anything else becomes JSON. The usual value is weighed by a look at a
few of its parts and handed to orjson whole; one that looks too heavy, or that orjson refuses (cycles, lone surrogates,
hostile objects), is copied piece by piece into a budget, which leaves valid JSON with its long parts cut. A huge string
is cut before it is copied.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Final, TypeAlias

import orjson

from spanhouse.convert import plain, short_repr, structure
from spanhouse.faults import FAULTS

WEIGHED_CONTAINERS_MAX: Final = 64
WEIGHED_ITEMS_MAX: Final = 4
WEIGHED_MEMBERS_MAX: Final = 32
HEAVY_MEMBERS: Final = 1_000
HEAVY_BYTES: Final = 100_000
COPIED_NODES_MAX: Final = 10_000
COPIED_DEPTH_MAX: Final = 64
INTEGER_MAX: Final = 1 << 63
_SCALARS: Final = frozenset({int, float, bool, type(None)})
_QUOTE: Final = ord('"')
Encoded: TypeAlias = tuple[str, bool, bool]
"""The text, whether it is JSON, and whether something was cut: a plain tuple, of which every span makes two."""


def encode(value: object, limit_bytes: int) -> Encoded:
    """*value* as text of at most about *limit_bytes*. Never raises for what *value* is or does."""
    if type(value) is str:
        return _encode_text(value, limit_bytes)
    try:
        if _weigh(value, {}) <= limit_bytes:
            try:
                data = orjson.dumps(value, plain)
            except orjson.JSONEncodeError:  # keys that are no strings, most likely; allowing them costs others time
                data = orjson.dumps(value, plain, orjson.OPT_NON_STR_KEYS)
            if len(data) <= limit_bytes:
                return _text_or_json(data, False)
    except Exception as error:  # noqa: BLE001 - objects of the host raise whatever they like
        FAULTS.count("content_converted_slowly")
        del error
    cutter = _Cutter(limit_bytes)
    copied = cutter.copy(value, 0)
    return _text_or_json(orjson.dumps(copied, short_repr), cutter.is_truncated)


def _text_or_json(data: bytes, is_truncated: bool) -> Encoded:
    """What became a single JSON string (a time, a `repr`) is text: there is no JSON around scalars."""
    if data[0] == _QUOTE:
        return str(orjson.loads(data)), False, is_truncated
    return data.decode(), True, is_truncated


def _encode_text(text: str, limit_bytes: int) -> Encoded:
    if len(text) * 4 > limit_bytes and not (text.isascii() and len(text) <= limit_bytes):
        head = text[:limit_bytes]
        size = len(head.encode("utf-8", "replace"))
        if len(text) > limit_bytes or size > limit_bytes:
            return _cut(text, limit_bytes), False, True
    if not text.isascii():
        text = _encodable(text)
    return text, False, False


def _cut(text: str, limit_bytes: int) -> str:
    head = text[:limit_bytes].encode("utf-8", "replace")[:limit_bytes].decode("utf-8", "ignore")
    return f"{head}… [truncated, {len(text)} characters]"


def _encodable(text: str) -> str:
    """*text* without lone surrogates, which UTF-8 cannot hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _weigh(value: Any, seen: dict[int, int]) -> int:
    """About how many bytes *value* would take, from a look at no more than a few dozen containers.

    A container met twice is weighed once and counted twice, so that nested sharing ("billion laughs") shows its weight.
    Of a long list only three items are weighed: a giant between them costs the time to write it down once.
    """
    kind = type(value)
    identity = id(value)
    if identity in seen:
        return seen[identity]
    if kind is dict:
        looked_at = count = len(value)
        items: Any = value.values()
        if count > WEIGHED_MEMBERS_MAX:
            looked_at, items = WEIGHED_MEMBERS_MAX, islice(items, WEIGHED_MEMBERS_MAX)
    else:
        count, items, looked_at = _members(value)
        if not looked_at:
            return count
    if len(seen) >= WEIGHED_CONTAINERS_MAX:
        return count * 64
    seen[identity] = 0
    weight = 8 * count
    for item in items:
        kind = type(item)
        if kind is str:
            weight += len(item)
        elif kind in _SCALARS:
            weight += 8
        else:
            weight += _weigh(item, seen)
    if looked_at != count:
        weight = (weight - 8 * count) * count // looked_at + 8 * count
    seen[identity] = weight
    return weight


def is_heavy(value: Any) -> bool:
    """Whether to write *value* down whole would take long."""
    return len(value) > HEAVY_MEMBERS or _weigh(value, {}) > HEAVY_BYTES


def _members(value: Any) -> tuple[int, Any, int]:
    """How many members *value* has, those to look at, and how many these are; for what has none, its weight."""
    kind = type(value)
    items = value
    if kind is not list and kind is not tuple:
        if isinstance(value, (dict, list, tuple)):
            base: Any = next(known for known in (dict, list, tuple) if isinstance(value, known))
            items = list(dict.values(value) if isinstance(value, dict) else base.__iter__(value))
        elif hasattr(kind, "__dataclass_fields__") or hasattr(kind, "__pydantic_serializer__"):
            fields = list((getattr(value, "__dict__", None) or {}).values())[:WEIGHED_MEMBERS_MAX]
            return (len(fields), fields, len(fields)) if fields else (64, (), 0)
        else:
            return len(value) if kind is str else 64, (), 0
    count = len(items)
    if count > WEIGHED_ITEMS_MAX:
        return count, (items[0], items[count // 2], items[-1]), 3
    return count, items, count


class _Cutter:
    """Copies a value into a budget of bytes and nodes; what does not fit is named, not kept."""

    def __init__(self, limit_bytes: int) -> None:
        self._left_bytes = limit_bytes
        self._left_nodes = COPIED_NODES_MAX
        self._open: set[int] = set()
        self.is_truncated = False

    def copy(self, value: Any, depth: int) -> Any:
        """*value*, or as much of it as the budget holds."""
        self._left_nodes -= 1
        self._left_bytes -= 8
        if type(value) is str:
            return self._text(value)
        if value is None or value is True or value is False or type(value) is float:
            return value
        if type(value) is int:
            return value if -INTEGER_MAX <= value < INTEGER_MAX else short_repr(value)
        return self._container(value, depth)

    def _text(self, text: str) -> str:
        room = max(self._left_bytes // 2, 64)
        if len(text) > room:
            self.is_truncated = True
            text = _cut(text, room)
        else:
            text = _encodable(text)
        self._left_bytes -= len(text)
        return text

    def _container(self, value: Any, depth: int) -> Any:
        if id(value) in self._open:
            return "<cycle>"
        if depth >= COPIED_DEPTH_MAX:
            self.is_truncated = True
            return "<too deep>"
        self._open.add(id(value))
        try:
            if isinstance(value, dict):
                return self._mapping(value, depth)
            if isinstance(value, (list, tuple)):
                return self._sequence(value, depth)
            return self._other(value, depth)
        except Exception as error:  # noqa: BLE001 - objects of the host raise whatever they like
            return f"<{type(value).__qualname__}: {type(error).__qualname__}>"
        finally:
            self._open.discard(id(value))

    def _other(self, value: Any, depth: int) -> Any:
        made = structure(value)
        if isinstance(made, orjson.Fragment):
            return made
        if type(made) is type(value):
            return short_repr(value)
        return self.copy(made, depth + 1)

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        copied: dict[str, Any] = {}
        for number, (key, item) in enumerate(dict.items(value)):
            if self._is_spent():
                copied["…"] = f"{dict.__len__(value) - number} more"
                break
            copied[self._text(key) if type(key) is str else short_repr(key)] = self.copy(item, depth + 1)
        return copied

    def _sequence(self, value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
        copied: list[Any] = []
        for number, item in enumerate((list if isinstance(value, list) else tuple).__iter__(value)):  # type: ignore[arg-type]
            if self._is_spent():
                copied.append(f"… {len(value) - number} more")
                break
            copied.append(self.copy(item, depth + 1))
        return copied

    def _is_spent(self) -> bool:
        if self._left_bytes > 0 and self._left_nodes > 0:
            return False
        self.is_truncated = True
        return True
