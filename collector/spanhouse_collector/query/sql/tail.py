"""The end of a statement: its SETTINGS and FORMAT clauses.

Owns cutting them off a statement in normal form. Leaves judging the settings to `settings` and the format to `formats`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import TokenType

from spanhouse_collector.query.sql.rewrite import Token

_VALUES: Final = (TokenType.NUMBER, TokenType.STRING, TokenType.TRUE, TokenType.FALSE)


@dataclass(frozen=True)
class Tail:
    """A statement without its end, and what the end said."""

    body: str
    settings: tuple[tuple[str, str], ...] = ()
    format: str = ""


def split_tail(sql: str, tokens: Sequence[Token]) -> Tail:
    """Cut `SETTINGS a = 1, b = 'x'` and `FORMAT name` off; either may come first, each once."""
    end = len(tokens)
    settings: tuple[tuple[str, str], ...] = ()
    name = ""
    for _ in range(2):
        if not name and end >= 2 and _is_word(tokens[end - 2], "FORMAT") and _is_name(tokens[end - 1]):
            name = tokens[end - 1].text
            end -= 2
        start = _settings_start(tokens, end)
        if not settings and start is not None:
            settings = tuple(_pairs(tokens[start + 1 : end]))
            end = start
    if end == len(tokens):
        return Tail(sql)
    return Tail(sql[: tokens[end].start].rstrip(), settings, name)


def _is_word(token: Token, word: str) -> bool:
    quoted = token.token_type in (TokenType.IDENTIFIER, TokenType.STRING)
    return token.text.upper() == word and not quoted


def _is_name(token: Token) -> bool:
    return token.text.isalnum() and token.token_type is not TokenType.STRING


def _settings_start(tokens: Sequence[Token], end: int) -> int | None:
    """Where SETTINGS stands, when nothing but its pairs follows up to `end`."""
    index = end
    while index >= 4:
        width = 4 if tokens[index - 2].token_type is TokenType.DASH else 3
        name, equals, value = tokens[index - width], tokens[index - width + 1], tokens[index - 1]
        if equals.token_type is not TokenType.EQ or value.token_type not in _VALUES or not _is_setting(name):
            return None
        before = tokens[index - width - 1] if index > width else None
        if before is None:
            return None
        if _is_word(before, "SETTINGS"):
            return index - width - 1
        if before.token_type is not TokenType.COMMA:
            return None
        index -= width + 1
    return None


def _is_setting(token: Token) -> bool:
    return token.text.replace("_", "a").isalnum()


def _pairs(tokens: Sequence[Token]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    group: list[Token] = []
    for token in [*tokens, None]:
        if token is None or token.token_type is TokenType.COMMA:
            pairs.append((group[0].text, "".join(part.text for part in group[2:])))
            group = []
        else:
            group.append(token)
    return pairs
