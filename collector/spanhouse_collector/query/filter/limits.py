"""How large a filter may be, and how a filter that cannot be read is refused.

Owns the limits, by the names that refusals use, and pointing at the character. Leaves what is wrong to the callers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from spanhouse_collector.errors import FilterInvalid

DID_YOU_MEAN: Final = "did you mean "  # how a hint begins that knows better than words
EXCERPT_CHARS: Final = 72
_BARE_WORDS: Final = re.compile(r"\w[\w-]*(?:\s+\w[\w-]*){0,7}")
_OPERATORS: Final = frozenset({"AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "ILIKE", "MATCHES", "BETWEEN", "EXISTS"})


@dataclass(frozen=True, kw_only=True)
class FilterLimits:
    """Bounds of one filter. The statement that it becomes grows linearly with it."""

    filter_bytes_max: int = 16 << 10
    depth_max: int = 48  # parentheses and NOTs within each other; each costs the parser and the engine stack
    exists_depth_max: int = 4  # EXISTS within each other; the engine's analysis of nested subqueries doubles with each
    conditions_max: int = 200
    list_values_max: int = 1_000
    key_bytes_max: int = 512
    regex_bytes_max: int = 1_000
    words_max: int = 32  # of one full-text search


LIMITS: Final = FilterLimits()


def excerpt(text: str, position: int) -> str:
    """The line around a character and a caret below it."""
    start = max(0, position - EXCERPT_CHARS // 2)
    window = text[start : start + EXCERPT_CHARS]
    shown = "".join(character if character.isprintable() else " " for character in window)
    before, after = "…" * (start > 0), "…" * (start + EXCERPT_CHARS < len(text))
    return f"{before}{shown}{after}\n{' ' * (len(before) + position - start)}^"


def invalid(text: str, position: int, message: str, *, hint: str = "") -> FilterInvalid:
    """The refusal of a filter, pointing at one of its characters."""
    if not hint.startswith(DID_YOU_MEAN):
        hint = _meant_as_words(text) or hint
    return FilterInvalid(message, hint=hint, position=position, excerpt=excerpt(text, position))


def _meant_as_words(text: str) -> str:
    """The hint for a filter that is only words, as one types them into other searches; '' for others."""
    words = text.split()
    if _BARE_WORDS.fullmatch(text.strip()) is None or not _OPERATORS.isdisjoint(word.upper() for word in words):
        return ""
    return f"words are searched with text : '{' '.join(words)[:80]}'"


def over_limit(text: str, position: int, what: str, limit: str, bound: int) -> FilterInvalid:
    """The refusal of a filter that is too much of something; `limit` is a field of FilterLimits."""
    return invalid(text, position, f"{what}: {limit} is {bound}")
