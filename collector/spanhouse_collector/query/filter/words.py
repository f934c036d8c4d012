"""Full text: what a search for words looks for, and its SQL.

Owns splitting the words of a search into terms, and the condition that one text holds a term. Words are runs of letters
and digits, every character beyond ASCII among them, in any case; that is the engine's tokenizer splitByNonAlpha over
lowerUTF8(column), on which the tables have their text index. Words in double quotes, or joined by signs (`gpt-4o`), are
a phrase: adjacent and in this order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from spanhouse_collector.query.filter.parameters import Parameters

_TOKEN: Final = re.compile(r"[^\x00-/:-@\[-`{-\x7f]+")
_PIECE: Final = re.compile(r'"([^"]*)"?|[^\s"]+')
# Between words of a lowered text. Every sign of the expression is lower case itself, so lowering it changes words only.
_BETWEEN: Final = r"[^0-9a-z\x{80}-\x{10ffff}]"


@dataclass(frozen=True)
class Term:
    """One word, or several that stand together."""

    tokens: tuple[str, ...]

    @property
    def is_phrase(self) -> bool:
        """Whether the order of its words matters."""
        return len(self.tokens) > 1


def terms_of(search: str) -> tuple[Term, ...]:
    """The terms of a search, each of which must be found."""
    pieces = (match[1] if match[1] is not None else match[0] for match in _PIECE.finditer(search))
    found = (tuple(_TOKEN.findall(piece)) for piece in pieces)
    return tuple(dict.fromkeys(Term(tokens) for tokens in found if tokens))


def folded(column: str) -> str:
    """The text of a column as the index has it."""
    return f"lowerUTF8({column})"


def holds_term(column: str, term: Term, parameters: Parameters) -> str:
    """SQL: the text of the column holds the term."""
    words = folded(parameters.text(" ".join(term.tokens)))
    holds_words = f"hasAllTokens({folded(column)}, {words})"
    if not term.is_phrase:
        return holds_words
    pattern = f"(?:^|{_BETWEEN})" + f"{_BETWEEN}+".join(term.tokens) + f"(?:{_BETWEEN}|$)"
    return f"({holds_words} AND match({folded(column)}, {folded(parameters.text(pattern))}))"
