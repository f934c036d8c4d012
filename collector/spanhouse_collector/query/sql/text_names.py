"""Names that stand inside texts: aggregate functions that another function is told to use, and names of types.

Owns what may stand there, and that it is written out: what is computed cannot be judged before it runs. A state of an
aggregate function may come from that function only, never from bytes that a person chose: functions read their states
without suspicion, in the collector's own process. Leaves names in the statement's own grammar to `guard`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from sqlglot import TokenType

from spanhouse_collector.errors import SqlRefused
from spanhouse_collector.query.sql.errors import READONLY, UNKNOWN_FUNCTION
from spanhouse_collector.query.sql.functions import is_allowed
from spanhouse_collector.query.sql.rewrite import Token

# Functions whose first argument names an aggregate function, parameters and combinators included.
NAMING_AGGREGATES: Final = frozenset({"arrayreduce", "arrayreduceinranges", "initializeaggregation"})
# Function → which of its arguments names a type; -1 is the last.
NAMING_TYPES: Final[dict[str, int]] = {
    "cast": 1,
    "_cast": 1,
    "accuratecast": 1,
    "accuratecastornull": 1,
    "accuratecastordefault": 1,
    "reinterpret": 1,
    "defaultvalueoftypename": 0,
    "jsonextract": -1,
    "jsonextractcaseinsensitive": -1,
    "jsonextractkeysandvalues": -1,
    "jsonextractkeysandvaluescaseinsensitive": -1,
}
# The word itself, wherever it stands in a text: types nest, and texts become types in more places than one can list.
_STATE: Final = re.compile(r"(?<![A-Za-z0-9_])AggregateFunction(?![A-Za-z0-9_])")
_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_text_names(tokens: Sequence[Token], parameters: Mapping[str, str]) -> None:
    """Judge the names in the texts of a statement and in the values of its parameters.

    Raises:
        SqlRefused: one of them may not be used, or is not written out.

    """
    texts = [*(token.text for token in tokens), *parameters.values()]
    if any(_STATE.search(text) for text in texts):
        raise SqlRefused(
            "states of aggregate functions cannot be made from text: AggregateFunction may not be named",
            hint="make them with -State functions; to search for the word, write it in lower case and use ILIKE",
            code=READONLY,
        )
    for index, token in enumerate(tokens):
        name = token.text.lower()
        if token.token_type is TokenType.STRING or name not in NAMING_AGGREGATES | NAMING_TYPES.keys():
            continue
        if index + 1 < len(tokens) and tokens[index + 1].token_type is TokenType.L_PAREN:
            _check_call(token.text, _arguments(tokens, index + 1))


def _check_call(name: str, arguments: Sequence[Sequence[Token]]) -> None:
    names_type = name.lower() in NAMING_TYPES
    place = NAMING_TYPES.get(name.lower(), 0)
    if not arguments or place >= len(arguments):
        return  # too few: the engine says so
    told = arguments[place]
    is_parameter = bool(told) and told[0].token_type is TokenType.L_BRACE and told[-1].token_type is TokenType.R_BRACE
    if names_type and is_parameter:
        return  # its value was looked at with all other texts
    if len(told) != 1 or told[0].token_type is not TokenType.STRING:
        what = "type" if names_type else "aggregate function"
        raise SqlRefused(
            f"{name}: the {what} must be written out", hint=f"{name} takes its name as a text", code=READONLY
        )
    if names_type:
        return
    for word in _WORD.findall(_QUOTED.sub("", told[0].text)):
        if not is_allowed(word):
            raise SqlRefused(
                f"the function {word} is not available here, nor by {name}",
                hint="docs/sql.md says which are left out",
                code=UNKNOWN_FUNCTION,
            )


def _arguments(tokens: Sequence[Token], opening: int) -> list[list[Token]]:
    """The arguments of a call whose opening parenthesis stands there."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[opening:]:
        if token.token_type in (TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE):
            depth += 1
            if depth == 1:
                continue
        elif token.token_type in (TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE):
            depth -= 1
            if depth == 0:
                break
        elif token.token_type is TokenType.COMMA and depth == 1:
            found.append([])
            continue
        found[-1].append(token)
    return found if found != [[]] else []
