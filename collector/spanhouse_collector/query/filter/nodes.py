"""The syntax tree of a filter, as it was written: names are not resolved, values not converted.

Owns the frozen node types, what negating an operator gives, and writing a tree back as text. `at` is the character at
which a node starts; it takes no part in comparisons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Final


class Operator(Enum):
    """What a condition asks. The value is how it is written."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="
    IN = "IN"
    NOT_IN = "NOT IN"
    LIKE = "LIKE"
    NOT_LIKE = "NOT LIKE"
    ILIKE = "ILIKE"
    NOT_ILIKE = "NOT ILIKE"
    MATCHES = "MATCHES"
    NOT_MATCHES = "NOT MATCHES"
    BETWEEN = "BETWEEN"
    NOT_BETWEEN = "NOT BETWEEN"
    HAS_WORDS = ":"
    LACKS_WORDS = "NOT :"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"


_OPPOSITES: Final = (
    (Operator.EQ, Operator.NE),
    (Operator.LT, Operator.GE),
    (Operator.GT, Operator.LE),
    (Operator.IN, Operator.NOT_IN),
    (Operator.LIKE, Operator.NOT_LIKE),
    (Operator.ILIKE, Operator.NOT_ILIKE),
    (Operator.MATCHES, Operator.NOT_MATCHES),
    (Operator.BETWEEN, Operator.NOT_BETWEEN),
    (Operator.HAS_WORDS, Operator.LACKS_WORDS),
    (Operator.IS_NULL, Operator.IS_NOT_NULL),
)
NEGATED: Final[Mapping[Operator, Operator]] = {
    **dict(_OPPOSITES),
    **{second: first for first, second in _OPPOSITES},
}


class LiteralKind(Enum):
    """What a value looks like; what it must be is decided by its field."""

    STRING = "text"
    NUMBER = "a number"
    DURATION = "a duration"
    BOOLEAN = "true or false"


@dataclass(frozen=True)
class Literal:
    """A value: str, Decimal, Decimal of nanoseconds, or bool."""

    kind: LiteralKind
    value: str | Decimal | bool
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        if self.kind is LiteralKind.STRING:
            return "'" + str(self.value).replace("'", "''") + "'"
        if self.kind is LiteralKind.BOOLEAN:
            return "true" if self.value else "false"
        return str(self.value) + ("ns" if self.kind is LiteralKind.DURATION else "")


@dataclass(frozen=True)
class Name:
    """A field as written: `text`, and the part of its key from the first quote on."""

    text: str
    quoted_key: str | None = None
    at: int = field(default=0, compare=False)

    @property
    def dotted(self) -> str:
        """The whole name without quotes."""
        return self.text if self.quoted_key is None else f"{self.text}.{self.quoted_key}"

    def __str__(self) -> str:
        if self.quoted_key is None:
            return self.text
        return self.text + '."' + self.quoted_key.replace('"', '""') + '"'


@dataclass(frozen=True)
class Condition:
    """A field, an operator, and as many values as the operator takes."""

    name: Name
    operator: Operator
    values: tuple[Literal, ...] = ()
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        written, words = self.operator.value, [str(value) for value in self.values]
        if self.operator in (Operator.IN, Operator.NOT_IN):
            return f"{self.name} {written} ({', '.join(words)})"
        if self.operator is Operator.LACKS_WORDS:
            return f"NOT {self.name} : {words[0]}"
        return " ".join([str(self.name), written, " AND ".join(words)]).rstrip()


@dataclass(frozen=True)
class Not:
    """The opposite of every condition below; see docs/filter.md for what that is when a value is missing."""

    operand: Node

    def __str__(self) -> str:
        return f"NOT ({self.operand})"


@dataclass(frozen=True)
class And:
    """All of them; in a search for traces, on one span."""

    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " AND ".join(f"({operand})" for operand in self.operands)


@dataclass(frozen=True)
class Or:
    """At least one of them."""

    operands: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(f"({operand})" for operand in self.operands)


@dataclass(frozen=True)
class Exists:
    """Some span of the trace, not necessarily the one asked about, satisfies the operand."""

    operand: Node
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"EXISTS ({self.operand})"


Node = Condition | Not | And | Or | Exists
