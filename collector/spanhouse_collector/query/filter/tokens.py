"""The text of a filter cut into tokens, each with its place.

Owns characters: words, quotes, numbers and their units, signs, and what to say about a character that means nothing
here. Leaves the grammar to `parser`.

Quotes are doubled inside quotes and a backslash is a character like any other, so that patterns need no second layer of
escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from spanhouse_collector.query.filter.limits import FilterLimits, invalid, over_limit


class Token(Enum):
    """The kinds of token."""

    WORD = "a word"
    STRING = "a quoted text"
    NUMBER = "a number"
    DURATION = "a duration"
    SIGN = "a sign"
    END = "the end"


@dataclass(frozen=True)
class Lexeme:
    """One token: `text` is what it says, without quotes; `quote` the kind of quotes; `number` what a number is worth.

    A duration's number is in nanoseconds.
    """

    token: Token
    text: str
    at: int
    quote: str = ""
    number: Decimal = Decimal(0)


DURATION_UNITS: Final[Mapping[str, int]] = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
}
NUMBER_DIGITS_MAX: Final = 64  # also keeps an exponent from becoming an integer of a million digits
NUMBER_MAX: Final = Decimal("1.7e308")

_SIGNS: Final = ("<=", ">=", "!=", "<>", "==", "=", "<", ">", "(", ")", "[", "]", ",", ":", ".")
_SAME: Final = {"<>": "!=", "==": "="}
_SPACE: Final = re.compile(r"\s+")
_WORD: Final = re.compile(r"[^\W\d][\w-]*")
_KEY_WORD: Final = re.compile(r"[\w-]+")  # behind a dot: `messages.0.content`
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_UNIT: Final = re.compile(r"[^\W\d_]+")
_QUOTES: Final = "'\"`"
_HINTS: Final = {
    "&": "write AND",
    "|": "write OR",
    "!": "write NOT before a condition, or != between a field and a value",
    "~": "write MATCHES for a regular expression",
    "%": "put a pattern in quotes",
    "“": "write straight quotes",
    "”": "write straight quotes",
    "‘": "write straight quotes",
    "’": "write straight quotes",
    ";": "a filter is one condition, not a statement",
}


def tokenize(text: str, limits: FilterLimits) -> list[Lexeme]:
    """The tokens of a filter, the last of them END.

    Raises:
        FilterInvalid: a character that means nothing, an open quote, a number out of range, or a text over the limit.

    """
    try:
        size_bytes = len(text.encode())
    except UnicodeEncodeError as error:
        raise invalid(text, error.start, "half of a surrogate pair is no character") from error
    if size_bytes > limits.filter_bytes_max:
        raise over_limit(text, 0, f"the filter has {size_bytes} bytes", "filter_bytes_max", limits.filter_bytes_max)
    found: list[Lexeme] = []
    at = 0
    while True:
        at = _skip_space(text, at)
        if at == len(text):
            found.append(Lexeme(Token.END, "", at))
            return found
        lexeme, at = _next(text, at, found[-1] if found else None)
        found.append(lexeme)


def _skip_space(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _next(text: str, at: int, last: Lexeme | None) -> tuple[Lexeme, int]:
    """The token that starts here and where it ends. What came before decides between `.5` and `messages.5`."""
    if text[at] in _QUOTES:
        return _quoted(text, at)
    behind_dot = last is not None and last.token is Token.SIGN and last.text == "."
    if word := (_KEY_WORD if behind_dot else _WORD).match(text, at):
        return Lexeme(Token.WORD, word[0], at), word.end()
    if text[at] == "." and last is not None and (last.token in (Token.WORD, Token.STRING) or last.text == "]"):
        return Lexeme(Token.SIGN, ".", at), at + 1
    if number := _NUMBER.match(text, at):
        return _number(text, at, number)
    for sign in _SIGNS:
        if text.startswith(sign, at):
            return Lexeme(Token.SIGN, _SAME.get(sign, sign), at), at + len(sign)
    raise invalid(text, at, f"unexpected {text[at]!r}", hint=_HINTS.get(text[at], ""))


def _quoted(text: str, at: int) -> tuple[Lexeme, int]:
    quote = text[at]
    parts = []
    start = at + 1
    while True:
        end = text.find(quote, start)
        if end < 0:
            raise invalid(text, at, f"the quote {quote} is never closed", hint=f"inside it, write {quote}{quote}")
        parts.append(text[start:end])
        if not text.startswith(quote, end + 1):
            return Lexeme(Token.STRING, quote.join(parts), at, quote=quote), end + 1
        start = end + 2


def _number(text: str, at: int, match: re.Match[str]) -> tuple[Lexeme, int]:
    number = Decimal(match[0]) if len(match[0]) <= NUMBER_DIGITS_MAX else NUMBER_MAX * 2
    if abs(number) > NUMBER_MAX:
        raise invalid(text, at, "the number is out of range", hint=f"numbers have at most {NUMBER_DIGITS_MAX} digits")
    unit = _UNIT.match(text, match.end())
    if unit is None:
        return Lexeme(Token.NUMBER, match[0], at, number=number), match.end()
    if unit[0] not in DURATION_UNITS:
        raise invalid(
            text, match.end(), f"unknown unit {unit[0]!r}", hint=f"durations end in {', '.join(DURATION_UNITS)}"
        )
    return Lexeme(Token.DURATION, match[0] + unit[0], at, number=number * DURATION_UNITS[unit[0]]), unit.end()
