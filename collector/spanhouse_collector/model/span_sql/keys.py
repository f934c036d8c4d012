"""Numbers for the vocabulary: each key's order, which is its target's number and its precedence there.

Owns the numbering and nothing else. The upper bits of an order say what else a key is: JSON whose members are looked
up, an object on the way to a member, or the source of a second target.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from spanhouse_collector.model.source import EVENT, INDEX, RESOURCE
from spanhouse_collector.model.targets import DIALECT_KEYS, INPUT_PIECES, NAMES, NUMBERS, OUTPUT_PIECES, WRITTEN, Target
from spanhouse_collector.model.vocabulary import KEY_PREFIXES, written

TARGETS: Final = WRITTEN  # in the order of their numbers
FIRST_NUMBER: Final = len(NAMES) + 1
FIRST_TEXT: Final = FIRST_NUMBER + len(NUMBERS)
PRIORITIES: Final = 1024  # an order is target number × this + precedence
ZERO_PENALTY: Final = 512  # a zero comes after every other value of its target
BRANCH: Final = 1 << 31  # a member that holds wanted members
BLOB: Final = 1 << 30
SHARED: Final = 1 << 29
ORDER_MASK: Final = SHARED - 1
_UNORDERED: Final = (INPUT_PIECES, OUTPUT_PIECES)  # taken in the order sent


@dataclass(frozen=True)
class Plan:
    """Keys by the place they are looked for in, each with its order."""

    attributes: dict[str, int]  # with the bits BLOB and SHARED
    indexed: dict[str, int]
    events: dict[str, int]  # `event:name#attribute`
    members: dict[str, int]  # `blob#path`
    branches: tuple[str, ...]  # `blob#path` of objects on the way to a member, the blobs themselves left out
    second: dict[int, int]  # order of a shared key → its order in the other target
    dialects: dict[int, str]  # order → dialect, for keys that tell it


def number_of(target: Target) -> int:
    """A target's number, from 1."""
    return TARGETS.index(target) + 1


@cache
def plan() -> Plan:
    """The numbering of the whole vocabulary."""
    orders: dict[str, int] = {}
    second: dict[int, int] = {}
    dialects: dict[int, str] = {}
    for target in TARGETS:
        for precedence, source in enumerate(written(target)):
            order = number_of(target) * PRIORITIES + (0 if target in _UNORDERED else precedence)
            if source.key in orders:
                second[orders[source.key]] = order
            else:
                orders[source.key] = order
            told = source.dialect if target is DIALECT_KEYS else KEY_PREFIXES.get(source.key.partition(".")[0])
            if told is not None and target not in _UNORDERED:
                dialects[order] = told
    events = {key: order for key, order in orders.items() if key.startswith(EVENT)}
    indexed = {key: order for key, order in orders.items() if INDEX in key}
    members = {key: order for key, order in orders.items() if "#" in key and key not in events and key not in indexed}
    blobs = dict.fromkeys(key.partition("#")[0] for key in members)
    attributes = {key: order for key, order in orders.items() if "#" not in key and not key.startswith(RESOURCE)}
    attributes = {key: order | (SHARED if order in second else 0) for key, order in attributes.items()}
    return Plan(
        attributes={**attributes, **{blob: attributes.get(blob, 0) | BLOB for blob in blobs}},
        indexed=indexed,
        events=events,
        members=members,
        branches=tuple(dict.fromkeys(branch for key in members for branch in _branches(key))),
        second=second,
        dialects=dialects,
    )


def _branches(member: str) -> list[str]:
    """The objects on the way to a member: `a#b.c.d` → `a#b`, `a#b.c`."""
    blob, _, path = member.partition("#")
    steps = path.split(".")
    return [f"{blob}#{'.'.join(steps[:depth])}" for depth in range(1, len(steps))]


def depth() -> int:
    """How many objects deep the deepest wanted member lies."""
    return max(key.partition("#")[2].count(".") + 1 for key in plan().members)
