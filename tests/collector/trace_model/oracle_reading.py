"""A stored span's values by the vocabulary's keys, found plainly.

Owns where values stand (attributes, flattened keys, events, inside JSON), which stand for nothing, and which is best.
Leaves what they mean to `oracle`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from spanhouse_collector.model import targets, vocabulary
from spanhouse_collector.model.dialects import langfuse
from spanhouse_collector.model.dialects.shared import placeholders
from spanhouse_collector.model.source import EVENT, RESOURCE, Source
from spanhouse_collector.model.targets import Target
from tests.collector.trace_model.oracle_json import members

Pairs = Sequence[tuple[str, str]]
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
LIMIT = 9.2e18
SMALLEST = 1e-300
NAMES = targets.NAMES
TARGETS = (*NAMES, *targets.NUMBERS)


@dataclass(frozen=True)
class OracleSpan:
    """A span as it is stored."""

    name: str = "work"
    scope_name: str = ""
    attributes: Pairs = ()
    events: Sequence[tuple[str, int, Pairs]] = ()  # name, nanoseconds, attributes
    resource: Pairs = ()
    start_unix_nano: int = 1
    end_unix_nano: int = 2
    status_is_error: bool = False


def lower(text: str) -> str:
    """In ASCII only, as names of providers and operations are."""
    return "".join(c.lower() if c.isascii() else c for c in text)


def number(text: str) -> float | None:
    """A count or an amount; what is negative, no number or too large for one is none."""
    text = unquoted(text)
    found = float(text) if NUMBER.fullmatch(text) else math.nan
    found = 0.0 if abs(found) < SMALLEST else found  # as the engine reads it, whatever its sign
    return found if 0 <= found < LIMIT else None


def unquoted(text: str) -> str:
    """Without the quotes that JSON puts around a string."""
    return text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text


def named(text: str) -> str:
    """A name, '' for what stands for none."""
    bare = unquoted(text)
    is_absent = lower(bare) in placeholders.PLACEHOLDERS or text.startswith(placeholders.SCRUBBED_PREFIX)
    return "" if is_absent else bare


@dataclass
class Reading:
    """A span's values by key of the vocabulary, the first that was sent first."""

    span: OracleSpan
    found: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, text in self.span.attributes:
            self._add(key, text)
            self._add(re.sub(r"\.[0-9]{1,4}(?=\.|$)", ".#", key), text) if not self._is_known(key) else None
            for path, member in members(text, self._wanted(key)):
                self._add(f"{key}#{path}", member)
        for name, _, attributes in self.span.events:
            for key, text in attributes:
                self._add(f"{EVENT}{name}#{key}", text)

    def _is_known(self, key: str) -> bool:
        return any(source.key == key for target in TARGETS for source in vocabulary.written(target))

    def _wanted(self, blob: str) -> list[str]:
        """The paths that the vocabulary reads inside an attribute; '*' for all of the first level."""
        start = f"{blob}#"
        paths = [s.key[len(start) :] for t in TARGETS for s in vocabulary.written(t) if s.key.startswith(start)]
        return [*paths, "*"] if blob in (langfuse.USAGE, langfuse.COST) else paths

    def _add(self, key: str, text: str) -> None:
        self.found.setdefault(key, []).append(text)

    def all(self, target: Target) -> list[tuple[Source, str]]:
        """Every value of a target with where it stands, best first; a zero never before a positive number."""
        read = named if target in NAMES else lambda text: unquoted(text) if number(text) is not None else ""
        listed = [
            (source, read(text))
            for source in vocabulary.written(target)
            if not source.key.startswith(RESOURCE)
            for text in self.found.get(source.key, ())
        ]
        there = [(source, text) for source, text in listed if text != ""]
        return there if target in NAMES else sorted(there, key=lambda pair: number(pair[1]) == 0)

    def first(self, target: Target) -> str:
        return next((text for _, text in self.all(target)), "")

    def has(self, target: Target) -> bool:
        return bool(self.all(target))

    def count(self, target: Target) -> float | None:
        found = self.first(target)
        return number(found) if found else None

    def source(self, target: Target) -> str:
        """The key of the best value."""
        return next((source.key for source, _ in self.all(target)), "")

    def buckets(self, prefixes: tuple[str, ...], but: tuple[str, ...] = ()) -> float:
        """The sum of members of Langfuse's objects."""
        return sum(
            number(text) or 0
            for key, texts in self.found.items()
            if key.startswith(prefixes) and not (but and key.startswith(but))
            for text in texts
            if NUMBER.fullmatch(text)
        )
