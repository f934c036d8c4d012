"""Filters to draw from: every field, every operator it takes, values that occur in the data and values that do not.

Owns the pools of literals by kind of field, all conditions that they make, and random trees over them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from spanhouse_collector.query.filter.field_table import FAMILIES, FIELDS
from spanhouse_collector.query.filter.fields import Family, Field, Kind
from spanhouse_collector.query.filter.limits import LIMITS
from spanhouse_collector.query.filter.literals import OPERATORS, PATTERNS, WORDS
from spanhouse_collector.query.filter.nodes import (
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
from tests.builders import START_UNIX_NANO
from tests.collector.query.filter.dataset import KEYS, TEXTS

SEARCHES: Final = (
    "refund",
    "REFUND policy",
    '"refund policy"',
    'in "gpt 4o"',
    "gpt-4o",
    "WÖRDS",
    "it's",
    "bar foo",
    "oo",
)
LIKES: Final = (
    *("%a%", "alpha", "a_b", "a\\_b", "100\\%", "%", "", "back\\\\slash", "%Ü%", "%'%", "x%y", "_l%", "%-- ;%"),
    *("%refund%", "%REFUND policy%", "%4o%", "%ö%", "%.%", "%olicy%", "gpt-_o", "%n"),
)
REGEXES: Final = ("a", "^alpha$", "al.ha", "[0-9]+", "x.y", "it's", "(?i)REFUND", "ü|ö", "^gpt-4o$", "\\.")
DAY: Final = "2026-11-18"


def text(value: str) -> Literal:
    return Literal(LiteralKind.STRING, value)


def number(value: str | int) -> Literal:
    return Literal(LiteralKind.NUMBER, Decimal(value))


def duration(value_ns: str | int) -> Literal:
    return Literal(LiteralKind.DURATION, Decimal(value_ns))


def truth(value: bool) -> Literal:
    return Literal(LiteralKind.BOOLEAN, value)


NUMBERS: Final = [
    number(n) for n in ("0", "1", "42", "41.5", "-1500", "9007199254740993", "18446744073709551615", "1E+300")
]
ANY: Final = [*map(text, ("gpt-4o", "", "42", "alpha", "it's", "0.25")), *NUMBERS[:6], truth(True), truth(False)]
POOLS: Final[dict[Kind, list[Literal]]] = {
    Kind.TEXT: [text(value) for value in (*TEXTS, "LLM", "ok", "ERROR", "p1", f"{1:032x}", f"{3:016x}", "zzz")],
    Kind.TEXTS: [text(value) for value in ("alpha", "it's", "100%", "", "zzz")],
    Kind.INTEGER: [*NUMBERS, number("-1"), number("0.1")],
    Kind.FLOAT: [number(value) for value in ("0", "0.1", "0.25", "1.5", "-1", "1e-9")],
    Kind.BOOLEAN: [truth(True), truth(False)],
    Kind.ATTRIBUTE: ANY,
    Kind.TAG: ANY,
    Kind.ASSESSMENT: [*ANY, number("0.25")],
    Kind.DOCUMENT: [],
}


def literals(field: Field | Family, operator: Operator) -> list[Literal]:
    if operator in WORDS:
        return [text(value) for value in SEARCHES]
    if operator in (Operator.MATCHES, Operator.NOT_MATCHES):
        return [text(value) for value in REGEXES]
    if operator in PATTERNS:
        return [text(value) for value in LIKES]
    unit_ns = field.unit_ns if isinstance(field, Field) else None
    if field.kind is Kind.DURATION:
        values = [duration(0), duration("1.5e9"), duration(200_000_000), duration(-1)]
        return values + ([number("0"), number(1_500_000_000 // unit_ns)] if unit_ns else [])
    if field.kind is Kind.TIME:
        values = [text(DAY), text("2026-11-18T11:06:40.123456789Z"), text("2026-11-18T11:06:41Z")]
        return values + ([number(START_UNIX_NANO // unit_ns), number(0)] if unit_ns else [])
    return POOLS[field.kind]


def names() -> list[tuple[Name, Field | Family]]:
    found: list[tuple[Name, Field | Family]] = [(Name(field.name), field) for field in FIELDS]
    for family in FAMILIES:
        keys = ("model", "quality", "missing") if family.prefix != "attributes" else ("model", "missing", *KEYS[1:5])
        found += [(Name(family.prefix, key), family) for key in keys]
    return found


def operators(field: Field | Family) -> list[Operator]:
    searched = WORDS if isinstance(field, Field) and field.searched else set()
    # A tree says NOT; the negated `:` is made from that and cannot be written.
    return sorted((OPERATORS[field.kind] | searched) - {Operator.LACKS_WORDS}, key=list(Operator).index)


def ordered(values: Sequence[Literal]) -> list[tuple[Literal, ...]]:
    """Pairs for BETWEEN: both ends text, or neither."""
    return [
        pair
        for pair in itertools.product(values, repeat=2)
        if len({literal.kind is LiteralKind.STRING for literal in pair}) == 1
    ]


def value_lists(field: Field | Family, operator: Operator) -> list[tuple[Literal, ...]]:
    values = literals(field, operator)
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return [()]
    if operator in (Operator.LT, Operator.LE, Operator.GT, Operator.GE):
        return [(value,) for value in values if value.kind is not LiteralKind.BOOLEAN]
    if operator in (Operator.BETWEEN, Operator.NOT_BETWEEN):
        return ordered([value for value in values if value.kind is not LiteralKind.BOOLEAN])
    if operator in (Operator.IN, Operator.NOT_IN):
        return [chosen for chosen in (tuple(values[:3]), tuple(values[2:6]), tuple(values), (values[-1],)) if chosen]
    return [(value,) for value in values]


def all_conditions() -> Iterator[Condition]:
    """Every field with every operator it takes.

    The first field of each sort (kind, level, missing values, …) comes with several values, the others with one each.
    """
    sorts: set[object] = set()
    for name, field in names():
        sort = sort_of(name, field)
        few = 1 if sort in sorts else 3
        sorts.add(sort)
        for operator in operators(field):
            lists = value_lists(field, operator)
            most = len(lists) if operator in WORDS else few
            for values in lists[:: max(1, len(lists) // most)][:most]:
                yield Condition(name, operator, values)


def sort_of(name: Name, field: Field | Family) -> object:
    if isinstance(field, Family):
        return field.prefix, name.quoted_key == "missing"
    return field.kind, field.level, field.absent, field.unit_ns, field.upper, field.is_id, field.searched


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    name, field = draw(st.sampled_from(names()))
    operator = draw(st.sampled_from(operators(field)))
    return Condition(name, operator, draw(st.sampled_from(value_lists(field, operator))))


def trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Node]:
    def joined(nodes: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        several = st.lists(nodes, min_size=2, max_size=3).map(tuple)
        return st.one_of(several.map(And), several.map(Or), nodes.map(Not), nodes.map(Exists))

    return st.recursive(leaves, joined, max_leaves=6).filter(lambda node: exists_depth(node) <= LIMITS.exists_depth_max)


def exists_depth(node: Node) -> int:
    if isinstance(node, Condition):
        return 0
    if isinstance(node, Not | Exists):
        return exists_depth(node.operand) + isinstance(node, Exists)
    return max(map(exists_depth, node.operands))
