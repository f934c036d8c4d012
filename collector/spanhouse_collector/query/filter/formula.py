"""Conditions joined, and the statement they become over the rows of a search.

Owns the frozen formula, which row answers each part of it, and the subqueries between tables. Leaves a single condition
to `conditions`, and what a search reads and in which order to its author, who says where tables are and how far back to
look (`Sources`).

One rule decides everything: **a trace is found when one of its spans satisfies the whole filter, where conditions on
the trace look at the trace of that span.** Over spans the formula stands as it is. Over traces every part that needs a
span becomes `trace_id IN (SELECT … FROM spans WHERE part)`; parts joined by AND go into one such subquery, because they
are about one span, and parts joined by OR may go into several, because "some span" distributes over OR.

NOT does not appear: it was pushed down to the conditions, each of which knows its opposite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Table(Enum):
    """Whose rows a test reads."""

    SPANS = "spans"
    TRACES = "traces"
    TRACE_TAGS = "trace_tags"
    ASSESSMENTS = "assessments"
    EITHER = "spans or traces"


class Row(Enum):
    """What a row of the search is."""

    SPAN = "span"
    TRACE = "trace"


@dataclass(frozen=True)
class Source:
    """A table, view or subquery, and what restricts it: SQL over its columns with parameters of the search's own."""

    table: str
    restriction: str = "1"


@dataclass(frozen=True)
class Sources:
    """Where subqueries read: rows that count only (no superseded spans, no deleted traces, no old assessments).

    `keys` name a trace: ("trace_id",) does where every restriction holds one project only.
    """

    spans: Source
    traces: Source
    trace_tags: Source
    assessments: Source
    keys: tuple[str, ...] = ("project", "trace_id")

    def of(self, table: Table) -> Source:
        """The source of a table."""
        found = getattr(self, table.value)
        assert isinstance(found, Source)
        return found


@dataclass(frozen=True)
class Test:
    """One condition: SQL over a row of `table`. Side tables answer by a row that exists, or with `negated` by none.

    `about` is what the condition is about; an assessment may be about a span. `implied` is what then holds for one span
    of the trace at least, as SQL over `spans`; '' when nothing is known.
    """

    table: Table
    sql: str
    about: Row
    negated: bool = False
    columns: frozenset[str] = field(default=frozenset())
    implied: str = ""


@dataclass(frozen=True)
class All:
    """Every operand."""

    operands: tuple[Formula, ...]


@dataclass(frozen=True)
class Any:
    """At least one operand."""

    operands: tuple[Formula, ...]


@dataclass(frozen=True)
class SpanExists:
    """Some span of the trace satisfies the operand; with `negated`, none does."""

    operand: Formula
    negated: bool = False


Formula = Test | All | Any | SpanExists

_JOINED: Final = {All: " AND ", Any: " OR "}


def all_of(operands: Sequence[Formula]) -> Formula:
    """The operands joined by AND."""
    return operands[0] if len(operands) == 1 else All(tuple(operands))


def any_of(operands: Sequence[Formula]) -> Formula:
    """The operands joined by OR."""
    return operands[0] if len(operands) == 1 else Any(tuple(operands))


def needs_span(formula: Formula) -> bool:
    """Whether the answer depends on the span and not on its trace alone."""
    if isinstance(formula, Test):
        return formula.about is Row.SPAN and formula.table is not Table.EITHER
    if isinstance(formula, SpanExists):
        return False
    return any(needs_span(operand) for operand in formula.operands)


def tests_of(formula: Formula) -> list[Test]:
    """Every condition in it."""
    if isinstance(formula, Test):
        return [formula]
    if isinstance(formula, SpanExists):
        return tests_of(formula.operand)
    return [test for operand in formula.operands for test in tests_of(operand)]


def conjuncts(formula: Formula) -> tuple[Formula, ...]:
    """The parts that must all hold."""
    if isinstance(formula, All):
        return tuple(part for operand in formula.operands for part in conjuncts(operand))
    return (formula,)


def render(formula: Formula, row: Row, sources: Sources) -> str:
    """SQL of a formula over rows of `spans` or of `traces`."""
    return _Renderer(sources).over_span(formula) if row is Row.SPAN else _Renderer(sources).over_trace(formula)


@dataclass(frozen=True)
class _Renderer:
    sources: Sources

    def over_span(self, formula: Formula) -> str:
        if isinstance(formula, Test):
            return formula.sql if formula.table in (Table.SPANS, Table.EITHER) else self._in(formula)
        if isinstance(formula, SpanExists):
            return self._exists(formula.operand, negated=formula.negated)
        # Conditions on the trace that stand together are asked of it together.
        on_trace = [operand for operand in formula.operands if _reads_traces_only(operand)]
        parts = [self.over_span(operand) for operand in formula.operands if operand not in on_trace]
        if on_trace:
            joined = type(formula)(tuple(on_trace))
            parts.append(self._subquery(Table.TRACES, self.over_trace(joined), self.sources.keys, negated=False))
        return "(" + _JOINED[type(formula)].join(parts) + ")"

    def over_trace(self, formula: Formula) -> str:
        if isinstance(formula, SpanExists):
            return self._exists(formula.operand, negated=formula.negated)
        if isinstance(formula, Test):
            if needs_span(formula):
                return self._exists(formula)
            return formula.sql if formula.table in (Table.TRACES, Table.EITHER) else self._in(formula)
        about_span = [operand for operand in formula.operands if needs_span(operand)]
        parts = [self.over_trace(operand) for operand in formula.operands if operand not in about_span]
        return "(" + _JOINED[type(formula)].join(parts + self._spans_parts(formula, about_span)) + ")"

    def _spans_parts(self, formula: All | Any, about_span: list[Formula]) -> list[str]:
        """The operands that need a span, over traces."""
        if isinstance(formula, All):
            if len(about_span) > 1:
                return [self._exists(all_of(about_span))]
            return [self.over_trace(operand) for operand in about_span]
        plain = [operand for operand in about_span if _is_about_span_only(operand)]
        mixed = [self.over_trace(operand) for operand in about_span if operand not in plain]
        return mixed + ([self._exists(any_of(plain))] if plain else [])

    def _exists(self, formula: Formula, *, negated: bool = False) -> str:
        return self._subquery(Table.SPANS, self.over_span(formula), self.sources.keys, negated=negated)

    def _in(self, test: Test) -> str:
        keys = (*self.sources.keys, "span_id") if test.about is Row.SPAN else self.sources.keys
        return self._subquery(test.table, test.sql, keys, negated=test.negated)

    def _subquery(self, table: Table, condition: str, keys: tuple[str, ...], *, negated: bool) -> str:
        source = self.sources.of(table)
        tested = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
        return (
            f"{tested} {'NOT IN' if negated else 'IN'} "
            f"(SELECT {', '.join(keys)} FROM {source.table} WHERE ({source.restriction}) AND {condition})"
        )


def _reads_traces_only(formula: Formula) -> bool:
    if isinstance(formula, SpanExists):
        return False
    return all(test.table is Table.TRACES for test in tests_of(formula)) and not _has_exists(formula)


def _is_about_span_only(formula: Formula) -> bool:
    """Whether no part of it is about the trace."""
    if isinstance(formula, SpanExists):
        return False
    return not _has_exists(formula) and all(test.table in (Table.SPANS, Table.EITHER) for test in tests_of(formula))


def _has_exists(formula: Formula) -> bool:
    if isinstance(formula, All | Any):
        return any(_has_exists(operand) for operand in formula.operands)
    return isinstance(formula, SpanExists)
