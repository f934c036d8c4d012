"""How many messages a request holds, before they become objects.

Owns the limits by number and counting against them. Two bytes on the wire can become a message of 170 bytes in memory
and microseconds of work: sizes bound neither. A request of n bytes holds at most n / 2 messages, so most are too small
for what is inside resources and scopes to be looked at.

Outer levels are walked by their lengths; inner ones are parsed in C, all parents of a level at once, with every
message inside as bytes: protobuf reads messages one after the other as one whose lists are joined. Nothing is walked or
parsed beyond the limit. Leaves what is no protobuf to the parse proper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from google.protobuf.message import DecodeError, Message

from spanhouse_collector.errors import RequestTooLarge
from spanhouse_collector.otlp.descriptors import CONTAINERS
from spanhouse_collector.otlp.signals import SIGNALS, Signal

CHUNK_BYTES: Final = 4 << 20  # of a level that is parsed at once: 16 bytes are allocated for each two of it
VIEW_BYTES: Final = 4096
WALKED_LEVELS: Final = 2  # the request and its resources: few messages, each of them large
DEPTH_MAX: Final = 100  # of messages in messages, as protobuf reads them
_ITEM_FIELDS: Final = frozenset({"spans", "log_records", "data_points", "metrics"})
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Limit:
    """The most of one kind that a request may hold. `name` is the label of its metric."""

    name: str
    most: int
    what: str


RESOURCES: Final = Limit("resources", 20_000, "resources")
SCOPES: Final = Limit("scopes", 20_000, "scopes")
ITEMS: Final = Limit("items", 1_000_000, "spans, log records, data points or metrics")
PARTS: Final = Limit("parts", 2_000_000, "attributes, events, links and other parts of items")
LIMITS: Final = (RESOURCES, SCOPES, ITEMS, PARTS)


def limit_of(field: Any) -> Limit:
    """What an element of a field counts as."""
    if field.name.startswith("resource_"):
        return RESOURCES
    if field.name.startswith("scope_"):
        return SCOPES
    return ITEMS if field.name in _ITEM_FIELDS else PARTS


@dataclass
class Tally:
    """The counts of one request."""

    counts: dict[str, int] = field(default_factory=lambda: {limit.name: 0 for limit in LIMITS})

    def add(self, limit: Limit, number: int) -> None:
        """Count; raises RequestTooLarge beyond the limit."""
        self.counts[limit.name] += number
        if self.counts[limit.name] > limit.most:
            raise RequestTooLarge(
                f"the request holds more than {limit.most} {limit.what}", hint="send smaller batches", limit=limit.name
            )

    def left(self, limit: Limit) -> int:
        """How many more may come."""
        return limit.most - self.counts[limit.name]


@dataclass(frozen=True)
class _Child:
    """A field that holds messages: what they count as, and what holds messages in its turn."""

    name: str
    number: int
    limit: Limit | None  # None: there is one, however often it is sent, because protobuf merges them
    message: str


def check_counts(signal: Signal, raw: bytes) -> None:
    """Refuse a request that holds more messages than the limits allow.

    Raises:
        RequestTooLarge: it does; the refusal names the limit.

    """
    inner = [limit.name for limit in (ITEMS, PARTS) if len(raw) > 2 * limit.most]
    _count(
        signal.request_class.DESCRIPTOR.full_name, [raw], Tally(), frozenset({RESOURCES.name, SCOPES.name, *inner}), 0
    )


def _count(name: str, parents: Sequence[Any], tally: Tally, wanted: frozenset[str], depth: int) -> None:
    """Count below all messages of a type on one level; what nests deeper than protobuf reads is left to the parse."""
    children = _wanted_children(name, wanted)
    if not children or depth > DEPTH_MAX:
        return
    for piece in parents if depth < WALKED_LEVELS else _pieces(parents):
        is_walked = depth < WALKED_LEVELS or len(piece) > CHUNK_BYTES
        try:
            found = _walked(piece, children, tally) if is_walked else _parsed(name, piece, children, tally)
        except (DecodeError, ValueError, IndexError):
            return  # no protobuf: the parse proper tells what is wrong
        for child in children:
            if (below := found.get(child.number)) and _wanted_children(child.message, wanted):
                _count(child.message, below if is_walked else [b"".join(below)], tally, wanted, depth + 1)


@cache
def _wanted_children(name: str, wanted: frozenset[str]) -> tuple[_Child, ...]:
    """The fields of a type in or below which something may exceed a wanted limit."""
    return tuple(child for child in _CHILDREN[name] if not wanted.isdisjoint(_limits_at(child)))


@cache
def _limits_at(child: _Child) -> frozenset[str]:
    """The limits that what stands in a field, and below it, counts towards."""
    found, seen, todo = {child.limit.name} if child.limit else set[str](), set[str](), [child.message]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            found |= {each.limit.name for each in _CHILDREN[name] if each.limit}
            todo += [each.message for each in _CHILDREN[name]]
    return frozenset(found)


def _pieces(parents: Sequence[Any]) -> Iterator[Any]:
    """The parents joined to pieces of about CHUNK_BYTES; what is larger comes alone and as it is."""
    joined: list[Any] = []
    size = 0
    for parent in parents:
        if joined and size + len(parent) > CHUNK_BYTES:
            yield joined[0] if len(joined) == 1 else b"".join(joined)
            joined, size = [], 0
        joined.append(parent)
        size += len(parent)
    if joined:
        yield joined[0] if len(joined) == 1 else b"".join(joined)


def _parsed(name: str, piece: Any, children: Sequence[_Child], tally: Tally) -> dict[int, Any]:
    message: Message = CONTAINERS[name].FromString(bytes(piece))
    found: dict[int, Any] = {}
    for child in children:
        elements = getattr(message, child.name)
        if child.limit:
            tally.add(child.limit, len(elements))
        found[child.number] = elements
    return found


def _walked(piece: Any, children: Sequence[_Child], tally: Tally) -> dict[int, list[bytes | memoryview]]:
    """The same by the lengths alone, which ends at the limit.

    Raises:
        ValueError, IndexError: it is no protobuf, or has groups.

    """
    found: dict[int, list[bytes | memoryview]] = {child.number: [] for child in children}
    left = {child.number: tally.left(child.limit) if child.limit else len(piece) for child in children}
    view = memoryview(piece)
    at, end = 0, len(view)
    while at < end:
        key, at = _varint(view, at) if view[at] > 127 else (view[at], at + 1)
        wire_type = key & 7
        if wire_type == _BYTES:
            size, at = _varint(view, at) if view[at] > 127 else (view[at], at + 1)
            number = key >> 3
            if (elements := found.get(number)) is not None:
                # A small view takes more memory than a copy.
                elements.append(bytes(view[at : at + size]) if size < VIEW_BYTES else view[at : at + size])
                if len(elements) > left[number]:
                    break
            at += size
        elif wire_type == _VARINT:
            _number, at = _varint(view, at)
        elif wire_type in (_FIXED64, _FIXED32):
            at += 8 if wire_type == _FIXED64 else 4
        else:
            raise ValueError("a group")
    for child in children:
        if child.limit:
            tally.add(child.limit, len(found[child.number]))
    return found


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    number = shift = 0
    while (byte := view[at]) > 127 and shift < 63:
        number |= (byte & 127) << shift
        shift += 7
        at += 1
    return number | byte << shift, at + 1


def _children_by_type() -> dict[str, tuple[_Child, ...]]:
    """Message type → its fields that hold messages, of every type that a request can hold."""
    found: dict[str, tuple[_Child, ...]] = {}
    todo: list[Any] = [signal.request_class.DESCRIPTOR for signal in SIGNALS]
    while todo:
        descriptor = todo.pop()
        if descriptor.full_name not in found:
            fields = [each for each in descriptor.fields if each.message_type is not None]
            found[descriptor.full_name] = tuple(
                _Child(
                    each.name,
                    each.number,
                    limit_of(each) if each.is_repeated else None,
                    each.message_type.full_name,
                )
                for each in fields
            )
            todo += [each.message_type for each in fields]
    return found


_CHILDREN: Final = _children_by_type()
