"""Recursive descent from tokens to the syntax tree.

    filter    := [ any ] END
    any       := all ( OR all )*
    all       := opposite ( AND opposite )*
    opposite  := NOT opposite | primary
    primary   := "(" any ")" | EXISTS "(" any ")" | condition
    condition := name                                         a field that is true or false
               | name ( = | != | < | <= | > | >= ) value
               | name [NOT] ( LIKE | ILIKE | MATCHES ) value
               | name [NOT] IN "(" value ( "," value )* ")"
               | name [NOT] BETWEEN value AND value
               | name IS [NOT] NULL
               | name ":" value
    name      := part ( "." part | "[" quoted "]" )*
    value     := quoted | number | duration | TRUE | FALSE

Owns the grammar and its limits on depth and number. Leaves what a name means to `fields` and what a value means to
`literals`. Keywords are read in any case; RLIKE and REGEXP are MATCHES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from spanhouse_collector.errors import FilterInvalid
from spanhouse_collector.query.filter.limits import LIMITS, FilterLimits, invalid, over_limit
from spanhouse_collector.query.filter.nodes import (
    NEGATED,
    And,
    Condition,
    Exists,
    Literal,
    LiteralKind,
    Name,
    Node,
    Not,
    Operator,
    Or,
)
from spanhouse_collector.query.filter.tokens import Lexeme, Token, tokenize

_COMPARISONS: Final = {
    operator.value: operator
    for operator in (Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE)
}
_PATTERNS: Final = {
    "LIKE": Operator.LIKE,
    "ILIKE": Operator.ILIKE,
    "MATCHES": Operator.MATCHES,
    "RLIKE": Operator.MATCHES,
    "REGEXP": Operator.MATCHES,
}
_KEYWORDS: Final = {"AND", "OR", "NOT", "EXISTS", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", *_PATTERNS}
_ENDS_CONDITION: Final = {"AND", "OR", ")"}
_VALUE_KINDS: Final = {
    Token.STRING: LiteralKind.STRING,
    Token.NUMBER: LiteralKind.NUMBER,
    Token.DURATION: LiteralKind.DURATION,
}


def parse(text: str, limits: FilterLimits = LIMITS) -> Node | None:
    """The syntax tree of a filter; None for an empty one.

    Raises:
        FilterInvalid: not a filter, or over a limit; points at the character.

    """
    parser = _Parser(text, tokenize(text, limits), limits)
    return parser.filter()


def parse_name(text: str, limits: FilterLimits = LIMITS) -> Name:
    """A single field, as orders and groups name it.

    Raises:
        FilterInvalid: not a field, or more than one.

    """
    return _Parser(text, tokenize(text, limits), limits).only_name()


class _Parser:
    def __init__(self, text: str, lexemes: list[Lexeme], limits: FilterLimits) -> None:
        self._text = text
        self._lexemes = lexemes
        self._limits = limits
        self._next = 0
        self._depth = 0
        self._exists_depth = 0
        self._conditions = 0

    def filter(self) -> Node | None:
        if self._ended():
            return None
        node = self._any()
        if not self._ended():
            raise self._expected("AND, OR or the end")
        return node

    def only_name(self) -> Name:
        name = self._name()
        if not self._ended():
            raise self._expected("the end of the name")
        return name

    # Tokens

    @property
    def _here(self) -> Lexeme:
        return self._lexemes[self._next]

    def _ended(self) -> bool:
        return self._here.token is Token.END

    def _advance(self) -> Lexeme:
        lexeme = self._here
        self._next += 1
        return lexeme

    def _sees(self, *written: str) -> bool:
        """Whether the next token is one of these keywords or signs."""
        here = self._here
        if here.token is Token.SIGN:
            return here.text in written
        return here.token is Token.WORD and here.text.upper() in written

    def _take(self, *written: str) -> Lexeme | None:
        return self._advance() if self._sees(*written) else None

    def _require(self, written: str) -> Lexeme:
        if not self._sees(written):
            raise self._expected(written)
        return self._advance()

    def _expected(self, what: str, *, hint: str = "") -> FilterInvalid:
        here = self._here
        found = "the filter ends" if self._ended() else f"found {(here.quote + here.text + here.quote)[:40]}"
        return invalid(self._text, here.at, f"expected {what}, {found}", hint=hint)

    # Grammar

    def _any(self) -> Node:
        return self._chain("OR", self._all, Or)

    def _all(self) -> Node:
        return self._chain("AND", self._opposite, And)

    def _chain(self, word: str, operand: Callable[[], Node], joined: type[And] | type[Or]) -> Node:
        operands = [operand()]
        while self._take(word):
            operands.append(operand())
        return operands[0] if len(operands) == 1 else joined(tuple(operands))

    def _opposite(self) -> Node:
        self._depth += 1
        if self._depth > self._limits.depth_max:
            raise over_limit(self._text, self._here.at, "too deep", "depth_max", self._limits.depth_max)
        node: Node = Not(self._opposite()) if self._take("NOT") else self._primary()
        self._depth -= 1
        return node

    def _primary(self) -> Node:
        if self._sees("EXISTS"):
            return self._exists()
        return self._parenthesised() if self._sees("(") else self._condition()

    def _parenthesised(self) -> Node:
        self._require("(")
        node = self._any()
        self._require(")")
        return node

    def _exists(self) -> Exists:
        at = self._advance().at
        self._exists_depth += 1
        if self._exists_depth > self._limits.exists_depth_max:
            raise over_limit(self._text, at, "EXISTS is too deep", "exists_depth_max", self._limits.exists_depth_max)
        node = self._parenthesised()
        self._exists_depth -= 1
        return Exists(node, at=at)

    def _condition(self) -> Condition:
        self._conditions += 1
        at = self._here.at
        if self._conditions > self._limits.conditions_max:
            raise over_limit(self._text, at, "too many conditions", "conditions_max", self._limits.conditions_max)
        name = self._name()
        if self._ended() or self._sees(*_ENDS_CONDITION):
            return Condition(name, Operator.EQ, (Literal(LiteralKind.BOOLEAN, True, at=at),), at=at)
        operator, values = self._operator_and_values()
        return Condition(name, operator, values, at=at)

    def _operator_and_values(self) -> tuple[Operator, tuple[Literal, ...]]:
        if self._take("IS"):
            operator = Operator.IS_NOT_NULL if self._take("NOT") else Operator.IS_NULL
            self._require("NULL")
            return operator, ()
        if self._take(":"):
            return Operator.HAS_WORDS, (self._value(),)
        if self._here.token is Token.SIGN and self._here.text in _COMPARISONS:
            return _COMPARISONS[self._advance().text], (self._value(),)
        negated = self._take("NOT") is not None
        operator, values = self._worded()
        return (NEGATED[operator] if negated else operator), values

    def _worded(self) -> tuple[Operator, tuple[Literal, ...]]:
        if self._take("IN"):
            return Operator.IN, self._list()
        if self._take("BETWEEN"):
            low = self._value()
            self._require("AND")
            return Operator.BETWEEN, (low, self._value())
        if self._here.token is Token.WORD and self._here.text.upper() in _PATTERNS:
            return _PATTERNS[self._advance().text.upper()], (self._value(),)
        raise self._expected("an operator", hint="= != < <= > >= IN LIKE ILIKE MATCHES BETWEEN IS or :")

    def _list(self) -> tuple[Literal, ...]:
        self._require("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
            if len(values) > self._limits.list_values_max:
                raise over_limit(
                    self._text, values[-1].at, "the list is too long", "list_values_max", self._limits.list_values_max
                )
        self._require(")")
        return tuple(values)

    def _name(self) -> Name:
        first = self._here
        quoted = first.token is Token.STRING and first.quote != "'"
        if not quoted and (first.token is not Token.WORD or first.text.upper() in _KEYWORDS):
            raise self._expected("a field", hint='a field with odd characters is written attributes."a b"')
        self._advance()
        plain, key = [first.text], list[str]()
        while self._sees(".", "["):
            part = self._part()
            (key if key or part.token is Token.STRING else plain).append(part.text)
        return Name(".".join(plain), ".".join(key) if key else None, at=first.at)

    def _part(self) -> Lexeme:
        """What follows a name: `.part` or `["part"]`."""
        bracketed = self._advance().text == "["
        if self._here.token is not Token.STRING and (bracketed or self._here.token is not Token.WORD):
            raise self._expected("a key in quotes" if bracketed else "the rest of the name")
        part = self._advance()
        if bracketed:
            self._require("]")
        return part

    def _value(self) -> Literal:
        here = self._here
        if here.quote == "`":
            raise self._expected("a value", hint="backticks are for names, quotes ' for text")
        kind = _VALUE_KINDS.get(here.token)
        if kind is not None:
            self._advance()
            return Literal(kind, here.text if kind is LiteralKind.STRING else here.number, at=here.at)
        if self._sees("TRUE", "FALSE"):
            self._advance()
            return Literal(LiteralKind.BOOLEAN, here.text.upper() == "TRUE", at=here.at)
        hint = ""
        if self._sees("NULL"):
            hint = "write IS NULL or IS NOT NULL"
        elif here.token is Token.WORD:
            hint = f"put text in quotes: '{here.text[:40]}'"
        raise self._expected("a value", hint=hint)
