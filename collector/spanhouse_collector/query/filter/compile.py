"""From the text of a filter to SQL: what a search takes from this package.

Owns the steps (parse, push NOT down, resolve names, bind values, write SQL) and the frozen result. Pure: no clock, no
database; the same text gives the same statement.

    compiled = compile_filter("model = 'gpt-4o' AND trace.cost_usd > 0.1", unit="trace")
    sources = Sources(spans=Source("spans", "project = {project:String} AND NOT is_superseded AND …"), …)
    statement = f"SELECT … FROM traces WHERE {compiled.where(Row.TRACE, sources)}"
    connection.query(statement, {**compiled.parameters, "project": …})
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from spanhouse_collector.query.filter.columns import COLUMN_TABLES
from spanhouse_collector.query.filter.conditions import condition_sql
from spanhouse_collector.query.filter.fields import Field, Kind, Level
from spanhouse_collector.query.filter.formula import (
    Formula,
    Row,
    Sources,
    SpanExists,
    Table,
    Test,
    all_of,
    any_of,
    conjuncts,
    needs_span,
    render,
    tests_of,
)
from spanhouse_collector.query.filter.limits import LIMITS, FilterLimits, invalid
from spanhouse_collector.query.filter.literals import Leaf, bind, is_negative, positive
from spanhouse_collector.query.filter.names import Unit, resolve
from spanhouse_collector.query.filter.nodes import NEGATED, Condition, Exists, Node, Not, Operator, Or
from spanhouse_collector.query.filter.parameters import Parameters
from spanhouse_collector.query.filter.parser import parse
from spanhouse_collector.query.filter.words import Term, terms_of

_LEVELS: Final = {Level.SPAN: Row.SPAN, Level.TRACE: Row.TRACE, Level.EITHER: Row.TRACE}
_SIDE_TABLES: Final = {Kind.TAG: Table.TRACE_TAGS, Kind.ASSESSMENT: Table.ASSESSMENTS}


@dataclass(frozen=True)
class TimeBounds:
    """What a filter says about when a trace started, both ends included; None where it says nothing."""

    min_unix_nano: int | None = None
    max_unix_nano: int | None = None


@dataclass(frozen=True)
class Regex:
    """A regular expression of a filter, which only the engine can judge, and its place."""

    pattern: str
    at: int


@dataclass(frozen=True)
class CompiledFilter:
    """A filter ready to be put into statements.

    `terms` are the words that `:` looks for and `patterns` the texts of LIKE on inputs and outputs, for highlights;
    conditions that must not hold are not among them.
    """

    text: str
    unit: Unit
    formula: Formula | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    patterns: tuple[str, ...] = ()
    regexes: tuple[Regex, ...] = ()
    trace_start: TimeBounds = TimeBounds()

    @property
    def span_part(self) -> Formula | None:
        """The parts joined by AND at the top that need a span; one span satisfies them all."""
        return self._part(about_span=True)

    @property
    def trace_part(self) -> Formula | None:
        """The parts joined by AND at the top that the trace alone answers."""
        return self._part(about_span=False)

    @property
    def implied_part(self) -> Formula | None:
        """What one span of each trace found satisfies, by what is asked of the trace; None when nothing is known."""
        parts = conjuncts(self.formula) if self.formula else ()
        # Two of them may hold for two different spans, so one is taken. The longest compares a name or an id: fewer
        # spans have that than the flag that a state implies.
        told = [part.implied for part in parts if isinstance(part, Test) and part.implied]
        return Test(Table.SPANS, max(told, key=len), Row.SPAN) if told else None

    def _part(self, *, about_span: bool) -> Formula | None:
        parts = [part for part in conjuncts(self.formula) if needs_span(part) is about_span] if self.formula else []
        return all_of(parts) if parts else None

    @property
    def tables(self) -> frozenset[Table]:
        """The tables it reads."""
        return frozenset(test.table for test in tests_of(self.formula)) if self.formula else frozenset()

    @property
    def trace_columns(self) -> frozenset[str]:
        """The columns of `traces` it needs."""
        tests = tests_of(self.formula) if self.formula else []
        return frozenset(column for test in tests if test.table is Table.TRACES for column in test.columns)

    def where(self, row: Row, sources: Sources) -> str:
        """SQL that holds for the rows of `spans` or `traces` that the filter finds; '1' when it is empty."""
        return where(self.formula, row, sources)


def where(part: Formula | None, row: Row, sources: Sources) -> str:
    """SQL of a part of a filter; '1' when there is none."""
    return "1" if part is None else render(part, row, sources)


def compile_filter(text: str, *, unit: Unit, prefix: str = "f", limits: FilterLimits = LIMITS) -> CompiledFilter:
    """Read a filter that searches for spans or for traces. `prefix` begins the names of its parameters.

    Raises:
        FilterInvalid: it cannot be read; points at the character.

    """
    node = parse(text, limits)
    if node is None:
        return CompiledFilter(text, unit)
    compiler = _Compiler(text, unit, prefix, limits)
    formula = compiler.formula(node, negated=False)
    return CompiledFilter(
        text,
        unit,
        formula,
        MappingProxyType(compiler.parameters.values),
        tuple(dict.fromkeys(compiler.terms)),
        tuple(dict.fromkeys(compiler.patterns)),
        tuple(compiler.regexes),
        _bounds(compiler, formula),
    )


class _Compiler:
    def __init__(self, text: str, unit: Unit, prefix: str, limits: FilterLimits) -> None:
        self._text = text
        self._unit = unit
        self._limits = limits
        self.parameters = Parameters(prefix)
        self.terms: list[Term] = []
        self.patterns: list[str] = []
        self.regexes: list[Regex] = []
        self.starts: dict[Test, Leaf] = {}  # conditions on when the trace started

    def formula(self, node: Node, *, negated: bool) -> Formula:
        """The node, or its opposite, without NOT: De Morgan's rules, and each condition's own opposite."""
        if isinstance(node, Not):
            return self.formula(node.operand, negated=not negated)
        if isinstance(node, Exists):
            if self._unit not in ("span", "trace"):
                hint = "EXISTS asks for another span of the trace; search spans or traces"
                raise invalid(self._text, node.at, f"a {self._unit} stands alone", hint=hint)
            return SpanExists(self.formula(node.operand, negated=False), negated)
        if isinstance(node, Condition):
            return self._condition(node, negated=negated)
        operands = [self.formula(operand, negated=negated) for operand in node.operands]
        return any_of(operands) if isinstance(node, Or) is not negated else all_of(operands)

    def _condition(self, node: Condition, *, negated: bool) -> Formula:
        reference = resolve(self._text, node.name, self._unit, self._limits)
        leaf = bind(self._text, node, reference, self._limits)
        if negated:
            leaf = Leaf(reference, NEGATED[leaf.operator], leaf.values)
        self._note(node, leaf)
        if reference.kind is Kind.DOCUMENT and reference.level is Level.TRACE:
            return self._document_of_trace(leaf)
        return self._test(leaf)

    def _document_of_trace(self, leaf: Leaf) -> Formula:
        """The texts of all spans: something holds when it holds in one of them, and its opposite when in none."""
        asked = Leaf(leaf.reference, positive(leaf.operator), leaf.values)
        sql = condition_sql(asked, self.parameters)
        return SpanExists(Test(Table.SPANS, sql, Row.SPAN), is_negative(leaf.operator))

    def _test(self, leaf: Leaf) -> Test:
        reference = leaf.reference
        sql = condition_sql(leaf, self.parameters)
        side = _SIDE_TABLES.get(reference.kind)
        test = Test(
            side or COLUMN_TABLES[reference.level],
            sql,
            _LEVELS[reference.level],
            negated=side is not None and leaf.operator is Operator.IS_NULL,
            columns=frozenset({reference.field.column} - {""}),
            implied=_implied(leaf, sql),
        )
        if reference.kind is Kind.TIME and reference.level is Level.TRACE and reference.field.column == "start_time":
            self.starts[test] = leaf
        return test

    def _note(self, node: Condition, leaf: Leaf) -> None:
        """Keep what others need of it besides the SQL."""
        if leaf.operator in (Operator.MATCHES, Operator.NOT_MATCHES):
            self.regexes.append(Regex(str(leaf.values[0]), node.values[0].at))
        field = leaf.reference.field
        if not isinstance(field, Field) or not field.searched:
            return
        if leaf.operator is Operator.HAS_WORDS:
            self.terms += terms_of(str(leaf.values[0]))
        elif leaf.operator in (Operator.LIKE, Operator.ILIKE):
            self.patterns.append(str(leaf.values[0]))


_IMPLIED_BY_STATE: Final = {"ERROR": "is_error", "IN_PROGRESS": "is_pending"}


def _implied(leaf: Leaf, sql: str) -> str:
    """What a condition on a trace says of one of its spans, whichever it is."""
    field = leaf.reference.field
    if not isinstance(field, Field) or leaf.reference.level is not Level.TRACE:
        return ""
    if field.is_picked:
        return sql
    if field.name == "trace.state" and leaf.operator in (Operator.EQ, Operator.IN):
        flags = [_IMPLIED_BY_STATE.get(str(value), "") for value in leaf.values]
        return "(" + " OR ".join(flags) + ")" if all(flags) else ""
    return ""


def _bounds(compiler: _Compiler, formula: Formula) -> TimeBounds:
    """The bounds on the start that must hold whatever else does."""
    low: list[int] = []
    high: list[int] = []
    for part in conjuncts(formula):
        leaf = compiler.starts.get(part) if isinstance(part, Test) else None
        if leaf is None:
            continue
        values = [int(value) for value in leaf.values]
        if leaf.operator in (Operator.GE, Operator.GT, Operator.EQ, Operator.IN, Operator.BETWEEN):
            low.append(min(values))
        if leaf.operator in (Operator.LE, Operator.LT, Operator.EQ, Operator.IN):
            high.append(max(values))
        elif leaf.operator is Operator.BETWEEN:
            high.append(values[1])
    return TimeBounds(max(low, default=None), min(high, default=None))
