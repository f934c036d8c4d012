"""What a filter means, slowly: each span is asked, condition by condition, in Python.

Owns the meaning of every operator on every kind of field, written apart from the SQL; field names and what column is
behind them are taken from the field table. `negated` walks down the tree: NOT is the opposite of each condition.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from spanhouse_collector.query.filter.fields import Family, Field, Kind, Level
from spanhouse_collector.query.filter.limits import LIMITS
from spanhouse_collector.query.filter.names import Unit, resolve
from spanhouse_collector.query.filter.nodes import NEGATED, And, Condition, Exists, Literal, Node, Not, Operator, Or
from tests.collector.query.filter.dataset import Dataset, Row

_OPPOSITES = {
    Operator.NE: Operator.EQ,
    Operator.NOT_IN: Operator.IN,
    Operator.NOT_LIKE: Operator.LIKE,
    Operator.NOT_ILIKE: Operator.ILIKE,
    Operator.NOT_MATCHES: Operator.MATCHES,
    Operator.LACKS_WORDS: Operator.HAS_WORDS,
    Operator.NOT_BETWEEN: Operator.BETWEEN,
}


@dataclass
class Reference:
    """Answers of filters over a dataset."""

    data: Dataset
    unit: Unit = "trace"

    def spans(self, node: Node | None) -> set[str]:
        return {span["span_id"] for span in self.data.spans if node is None or self.holds(node, span)}

    def traces(self, node: Node | None) -> set[tuple[str, str]]:
        return {
            (span["project"], span["trace_id"]) for span in self.data.spans if node is None or self.holds(node, span)
        }

    def holds(self, node: Node, span: Row, *, negated: bool = False) -> bool:
        if isinstance(node, Not):
            return self.holds(node.operand, span, negated=not negated)
        if isinstance(node, Exists):
            found = any(self.holds(node.operand, other) for other in self.data.spans_of(span))
            return found is not negated
        if isinstance(node, Condition):
            return self.condition(node, span, NEGATED[node.operator] if negated else node.operator)
        answers = [self.holds(operand, span, negated=negated) for operand in node.operands]
        is_and = isinstance(node, And) is not negated
        assert isinstance(node, And | Or)
        return all(answers) if is_and else any(answers)

    def condition(self, node: Condition, span: Row, operator: Operator) -> bool:
        reference = resolve("", node.name, self.unit, LIMITS)
        field = reference.field
        if isinstance(field, Family):
            return self.family(field, reference.key, span, operator, node.values)
        if field.kind is Kind.DOCUMENT:
            return self.document(field, span, operator, node.values)
        row = self.data.trace_of(span) if field.level is Level.TRACE else span
        value = column_value(field, row)
        if operator in (Operator.HAS_WORDS, Operator.LACKS_WORDS):
            return of_document([value or ""], operator, node.values)
        if field.kind is Kind.TEXTS:
            return of_list(value, operator, node.values)
        return scalar(value, operator, [literal_value(field, literal, operator) for literal in node.values])

    def document(self, field: Field, span: Row, operator: Operator, values: Sequence[Literal]) -> bool:
        if field.level is Level.SPAN:
            return of_document([span["input"], span["output"]], operator, values)
        positive = Operator.IS_NOT_NULL if operator is Operator.IS_NULL else _OPPOSITES.get(operator, operator)
        others = self.data.spans_of(span)
        found = any(of_document(trace_texts(other, positive), positive, values) for other in others)
        return found is (positive is operator)

    def family(self, family: Family, key: str, span: Row, operator: Operator, values: Sequence[Literal]) -> bool:
        if family.kind is Kind.ATTRIBUTE:
            return of_any(span[family.column].get(key), operator, values)
        if family.kind is Kind.TAG:
            return of_any(self.data.tags_of(span).get(key), operator, values)
        found = [
            assessment
            for assessment in self.data.assessments_of(span)
            if assessment["name"] == key
            and family.assessment_kind in ("", assessment["kind"])
            and (family.level is Level.TRACE or assessment["span_id"] == span["span_id"])
        ]
        if operator is Operator.IS_NULL:
            return not found
        return any(of_assessment(assessment, operator, values) for assessment in found)


def column_value(field: Field, row: Row) -> Any:
    if field.name == "is_root":
        return row["pending_parent_span_id" if row["pending_span_id"] else "parent_span_id"] == ""
    value = row[field.column.strip("`")]
    if field.kind is Kind.TEXT and value == "":
        return None
    return None if field.name.startswith("end_time") and value == 0 else value


def literal_value(field: Field, literal: Literal, operator: Operator) -> Any:
    value = literal.value
    if field.kind is Kind.TEXT:
        assert isinstance(value, str)
        whole = operator in (Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN)
        return value.upper() if field.upper and whole else value
    if field.kind is Kind.BOOLEAN:
        return value
    if field.kind is Kind.TIME and isinstance(value, str):
        moment, _, fraction = value.removesuffix("Z").partition(".")
        seconds = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
        return seconds * 10**9 + int(fraction.ljust(9, "0") or 0)
    assert isinstance(value, Decimal)
    if field.kind in (Kind.TIME, Kind.DURATION):
        unit = 1 if literal.kind.name == "DURATION" else field.unit_ns or 0
        return Fraction(value) * unit
    return as_number(value)


def as_number(value: Decimal) -> int | float:
    return int(value) if value == int(value) and abs(value) < 2**126 else float(value)


def scalar(value: Any, operator: Operator, wanted: Sequence[Any]) -> bool:
    """A value or None with values of its kind; a missing text answers to being compared with ''."""
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return (value is None) is (operator is Operator.IS_NULL)
    if value is None:
        return operator in (Operator.EQ, Operator.IN) and "" in wanted
    if operator is Operator.NE and wanted[0] == "":
        return True
    return present(value, operator, wanted)


def present(value: Any, operator: Operator, wanted: Sequence[Any]) -> bool:
    if operator in _OPPOSITES:
        if isinstance(value, float) and math.isnan(value) and operator is Operator.NOT_BETWEEN:
            return False
        return not present(value, _OPPOSITES[operator], wanted)
    simple: dict[Operator, Callable[[], bool]] = {
        Operator.EQ: lambda: value == wanted[0],
        Operator.LT: lambda: below(value, wanted[0]),
        Operator.LE: lambda: below(value, wanted[0]) or value == wanted[0],
        Operator.GT: lambda: below(wanted[0], value),
        Operator.GE: lambda: below(wanted[0], value) or value == wanted[0],
        Operator.IN: lambda: value in wanted,
        Operator.BETWEEN: lambda: not below(value, wanted[0]) and not below(wanted[1], value) and value == value,
        Operator.LIKE: lambda: like(value, wanted[0], ignore_case=False),
        Operator.ILIKE: lambda: like(value, wanted[0], ignore_case=True),
        Operator.MATCHES: lambda: re.search(wanted[0], value, re.DOTALL) is not None,
    }
    return simple[operator]()


def below(first: Any, second: Any) -> bool:
    if isinstance(first, str):
        return first.encode() < str(second).encode()
    return bool(first < second)


def like(text: str, pattern: str, *, ignore_case: bool) -> bool:
    if ignore_case:
        text, pattern = text.lower(), pattern.lower()
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    written = [
        wild[part] if part in wild else re.escape(part[1:] if part in ("\\%", "\\_", "\\\\") else part)
        for part in parts
    ]
    return re.fullmatch("".join(written), text, re.DOTALL) is not None


def texts_of(values: Sequence[Literal]) -> list[str]:
    return [str(literal.value) for literal in values]


def of_list(value: list[str], operator: Operator, values: Sequence[Literal]) -> bool:
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return (not value) is (operator is Operator.IS_NULL)
    found = any(present(item, _OPPOSITES.get(operator, operator), texts_of(values)) for item in value)
    return bool(value) and not found if operator in _OPPOSITES else found


def tokens(text: str) -> list[str]:
    return re.findall(r"[0-9a-z\x80-\U0010ffff]+", text.lower())


def has_words(texts: Sequence[str], search: str) -> bool:
    pieces = re.findall(r'"[^"]*"?|[^\s"]+', search)
    phrases = [phrase for phrase in map(tokens, pieces) if phrase]
    return all(any(has_phrase(tokens(text), phrase) for text in texts) for phrase in phrases)


def has_phrase(words: list[str], phrase: list[str]) -> bool:
    size = len(phrase)
    return any(words[start : start + size] == phrase for start in range(len(words) - size + 1))


def trace_texts(span: Row, positive: Operator) -> list[str]:
    """Patterns look into names and attributes too."""
    is_pattern = positive in (Operator.LIKE, Operator.ILIKE, Operator.MATCHES)
    more = [span["name"], "\n".join(span["attributes"].values())] if is_pattern else []
    return [span["input"], span["output"], *more]


def of_document(texts: Sequence[str], operator: Operator, values: Sequence[Literal]) -> bool:
    filled = [text for text in texts if text]
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return (not filled) is (operator is Operator.IS_NULL)
    positive = _OPPOSITES.get(operator, operator)
    wanted = texts_of(values)
    if positive is Operator.HAS_WORDS:
        found = has_words(filled, wanted[0])
    else:
        found = any(present(text, positive, wanted) for text in filled)
    return bool(filled) and not found if operator in _OPPOSITES else found


_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|nan|inf)", re.IGNORECASE)


def of_any(value: str | None, operator: Operator, values: Sequence[Literal]) -> bool:
    """Text of any type: what it is compared with decides how it is read."""
    if operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return (value is None) is (operator is Operator.IS_NULL)
    if value is None:
        return False
    groups: dict[type, list[Any]] = {}
    for literal in values:
        groups.setdefault(type(literal.value), []).append(literal.value)
    answers = [of_type(value, operator, group) for group in groups.values()]
    return all(answers) if operator in _OPPOSITES else any(answers)


def of_type(value: str, operator: Operator, wanted: Sequence[Any]) -> bool:
    if isinstance(wanted[0], bool):
        return present(value, operator, ["true" if item else "false" for item in wanted])
    if isinstance(wanted[0], str):
        return present(value, operator, wanted)
    if not _NUMBER.fullmatch(value):
        return False
    number = int(value) if re.fullmatch(r"[+-]?\d+", value) else float(value)
    return present(number, operator, [as_number(item) for item in wanted])


def of_assessment(assessment: Row, operator: Operator, values: Sequence[Literal]) -> bool:
    if operator is Operator.IS_NOT_NULL:
        return True
    columns = {str: "value_text", bool: "value_bool", Decimal: "value_number"}
    groups: dict[type, list[Any]] = {}
    for literal in values:
        groups.setdefault(type(literal.value), []).append(literal.value)
    answers = []
    for kind, group in groups.items():
        value = assessment[columns[kind]]
        wanted = [as_number(item) if isinstance(item, Decimal) else item for item in group]
        answers.append(value is not None and present(value, operator, wanted))
    return all(answers) if operator in _OPPOSITES else any(answers)
