"""One condition as SQL over a row of the table that answers it.

Owns what each operator means for each kind of field, missing values included: SQL is true where the condition holds,
and false or NULL where it does not or where there is no value to ask. Leaves which row is asked to `formula`.

Equality is written raw (`column = value`, `attributes['k'] = 'v'`), so that the indexes on columns and on the keys and
values of maps exclude granules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from spanhouse_collector.query.filter.fields import Family, Field, Kind
from spanhouse_collector.query.filter.literals import PATTERNS, WORDS, Leaf, Value, is_negative, positive
from spanhouse_collector.query.filter.nodes import Operator
from spanhouse_collector.query.filter.parameters import Parameters
from spanhouse_collector.query.filter.words import folded, holds_term, terms_of

NEVER: Final = "0"
ALWAYS: Final = "1"

_SIGNS: Final = {Operator.EQ, Operator.NE, Operator.LT, Operator.LE, Operator.GT, Operator.GE}
# Each part is a comparison of its own; the parts are joined by the word.
_COMPOSED: Final = {
    Operator.IN: ("OR", (Operator.EQ,)),
    Operator.NOT_IN: ("AND", (Operator.NE,)),
    Operator.BETWEEN: ("AND", (Operator.GE, Operator.LE)),
    Operator.NOT_BETWEEN: ("OR", (Operator.LT, Operator.GT)),
}
RUN_CHARS_MIN: Final = 4  # the engine's text_index_like_min_pattern_length
RUNS_MAX: Final = 4

Compare = Callable[[Operator, Value], str]


def condition_sql(leaf: Leaf, parameters: Parameters) -> str:
    """SQL of a leaf over a row of `spans`, `traces`, `trace_tags` or `assessments`."""
    field = leaf.reference.field
    if isinstance(field, Family):
        return _FAMILIES[field.kind](leaf, field, parameters)
    return _FIELDS[field.kind](leaf, field, parameters)


def composed(operator: Operator, values: Sequence[Value], compare: Compare) -> str:
    """IN and BETWEEN as comparisons, a comparison as itself."""
    if operator not in _COMPOSED:
        return compare(operator, values[0])
    word, parts = _COMPOSED[operator]
    pairs = list(zip(parts, values, strict=True)) if len(parts) > 1 else [(parts[0], value) for value in values]
    return "(" + f" {word} ".join(compare(part, value) for part, value in pairs) + ")"


def _null_test(leaf: Leaf, is_null: str) -> str | None:
    """SQL of IS NULL and IS NOT NULL; None for the other operators."""
    if leaf.operator is Operator.IS_NULL:
        return is_null
    return f"NOT ({is_null})" if leaf.operator is Operator.IS_NOT_NULL else None


# Text


def _text_comparison(expression: str, operator: Operator, values: Sequence[Value], parameters: Parameters) -> str:
    """Text with text; says nothing about missing values."""
    texts = [str(value) for value in values]
    if operator in (Operator.IN, Operator.NOT_IN):
        return f"{expression} {operator.value} {parameters.texts(texts)}"
    if operator in (Operator.MATCHES, Operator.NOT_MATCHES):
        matches = f"match({expression}, {parameters.text(texts[0])})"
        return f"NOT {matches}" if operator is Operator.NOT_MATCHES else matches
    return composed(operator, texts, lambda part, value: f"{expression} {part.value} {parameters.text(str(value))}")


def _text(leaf: Leaf, field: Field, parameters: Parameters) -> str:
    """A text column, where '' is no value: it answers only to being compared with ''."""
    column = field.column
    if (test := _null_test(leaf, f"{column} = ''")) is not None:
        return test
    if field.searched and leaf.operator in PATTERNS | WORDS:
        return _document(leaf, field, parameters)
    comparison = _text_comparison(column, leaf.operator, leaf.values, parameters)
    if leaf.operator in (Operator.EQ, Operator.IN) or (leaf.operator is Operator.NE and leaf.values[0] == ""):
        return comparison
    return f"({comparison} AND {column} != '')"


# Full text


def _document(leaf: Leaf, field: Field, parameters: Parameters) -> str:
    """One or two long texts: true when what is asked holds in any of them; its opposite, when it holds in none."""
    columns = field.searched
    is_null = "(" + " AND ".join(f"{column} = ''" for column in columns) + ")"
    if (test := _null_test(leaf, is_null)) is not None:
        return test
    operator, search = positive(leaf.operator), str(leaf.values[0])
    if operator is Operator.HAS_WORDS:
        found = " AND ".join(
            _in_any([holds_term(column, term, parameters) for column in columns]) for term in terms_of(search)
        )
    elif operator is Operator.MATCHES:
        texts = (*columns, *field.scanned)
        found = _in_any([f"(match({text}, {parameters.text(search)}) AND {text} != '')" for text in texts])
    else:
        indexed = [f"({_like(column, operator, search, parameters)} AND {column} != '')" for column in columns]
        found = _in_any([*indexed, *(_like_any(text, operator, search, parameters) for text in field.scanned)])
    return f"(NOT ({found}) AND NOT ({is_null}))" if is_negative(leaf.operator) else f"({found})"


def _in_any(conditions: Sequence[str]) -> str:
    return "(" + " OR ".join(conditions) + ")"


def _like(column: str, operator: Operator, pattern: str, parameters: Parameters) -> str:
    """A pattern in an indexed text: first asked of the index, which finds lower-case words by any part of them."""
    bound = parameters.text(pattern)
    asked = [f"{folded(column)} LIKE {folded(parameters.text(f'%{run}%'))}" for run in _runs(pattern)]
    exact = f"{folded(column)} LIKE {folded(bound)}" if operator is Operator.ILIKE else f"{column} LIKE {bound}"
    return " AND ".join([*asked, exact])


def _like_any(text: str, operator: Operator, pattern: str, parameters: Parameters) -> str:
    """A pattern in a text without an index."""
    return f"({text} {operator.value} {parameters.text(pattern)} AND {text} != '')"


def _runs(pattern: str) -> list[str]:
    """The longest runs of ASCII letters and digits in a pattern; what it matches holds each within one word."""
    runs = re.findall(r"[0-9A-Za-z]+", re.sub(r"\\.", " ", pattern, flags=re.DOTALL))
    long = {run for run in runs if len(run) >= RUN_CHARS_MIN}
    return sorted(long, key=lambda run: (-len(run), run))[:RUNS_MAX]


# Numbers, moments, truth


def _number(leaf: Leaf, field: Field, parameters: Parameters) -> str:
    column = field.column
    if (test := _null_test(leaf, f"isNull({column})" if field.absent else NEVER)) is not None:
        return test
    return composed(
        leaf.operator, leaf.values, lambda part, value: f"{column} {part.value} {parameters.number(_numeric(value))}"
    )


def _numeric(value: Value) -> int | float:
    assert isinstance(value, int | float)
    return value


def _time(leaf: Leaf, field: Field, parameters: Parameters) -> str:
    column = field.column
    if (test := _null_test(leaf, f"{column} = {field.absent}" if field.absent else NEVER)) is not None:
        return test
    comparison = composed(
        leaf.operator, leaf.values, lambda part, value: f"{column} {part.value} {parameters.time(int(value))}"
    )
    return f"({comparison} AND {column} != {field.absent})" if field.absent else comparison


def _boolean(leaf: Leaf, field: Field, _: Parameters) -> str:
    if (test := _null_test(leaf, NEVER)) is not None:
        return test

    def compare(operator: Operator, value: Value) -> str:
        return field.column if bool(value) is (operator is Operator.EQ) else f"NOT {field.column}"

    return composed(leaf.operator, leaf.values, compare)


# Lists


def _texts(leaf: Leaf, field: Field, parameters: Parameters) -> str:
    """A list: true when any element is what is asked; its opposite, when there are elements and none is."""
    column, operator = field.column, positive(leaf.operator)
    if (test := _null_test(leaf, f"empty({column})")) is not None:
        return test
    if operator is Operator.EQ:
        found = f"has({column}, {parameters.text(str(leaf.values[0]))})"
    elif operator is Operator.IN:
        found = f"hasAny({column}, {parameters.texts([str(value) for value in leaf.values])})"
    else:
        found = f"arrayExists(x -> {_text_comparison('x', operator, leaf.values, parameters)}, {column})"
    return f"(NOT {found} AND notEmpty({column}))" if is_negative(leaf.operator) else found


# Values of any type


def _split(values: Sequence[Value]) -> tuple[list[Value], list[Value], list[Value]]:
    """Texts, numbers, truths."""
    texts: list[Value] = [value for value in values if isinstance(value, str)]
    truths: list[Value] = [value for value in values if isinstance(value, bool)]
    return texts, [value for value in values if not isinstance(value, bool | str)], truths


def _by_type(
    leaf: Leaf,
    text: Callable[[Sequence[Value]], str],
    number: Callable[[Sequence[Value]], str],
    truth: Callable[[Sequence[Value]], str],
) -> str:
    """Each value compared as what it is written as; a list that mixes them, group by group."""
    groups = zip((text, number, truth), _split(leaf.values), strict=True)
    parts = [compare(values) for compare, values in groups if values]
    if len(parts) == 1:
        return parts[0]
    return "(" + (" AND " if is_negative(leaf.operator) else " OR ").join(parts) + ")"


def _number_in_text(expression: str, leaf: Leaf, values: Sequence[Value], parameters: Parameters) -> str:
    """A text that reads as a number compared with numbers; whole numbers exactly, whatever their size."""

    def compare(operator: Operator, value: Value) -> str:
        bound = parameters.number(_numeric(value))
        return (
            f"ifNull(toInt128OrNull({expression}) {operator.value} {bound}, "
            f"toFloat64OrNull({expression}) {operator.value} {bound})"
        )

    return composed(leaf.operator, values, compare)


def _attribute(leaf: Leaf, family: Family, parameters: Parameters) -> str:
    """A value of a map of text. A missing key answers to nothing; an empty text is a value."""
    key = parameters.text(leaf.reference.key)
    value, present = f"{family.column}[{key}]", f"mapContains({family.column}, {key})"
    if (test := _null_test(leaf, f"NOT {present}")) is not None:
        return test

    def text(values: Sequence[Value]) -> str:
        comparison = _text_comparison(value, leaf.operator, values, parameters)
        return comparison if leaf.operator in (Operator.EQ, Operator.IN) and "" not in values else guarded(comparison)

    def guarded(comparison: str) -> str:
        return f"({present} AND {comparison})"

    return _by_type(
        leaf,
        text,
        lambda values: guarded(_number_in_text(value, leaf, values, parameters)),
        lambda values: text(["true" if item else "false" for item in values]),
    )


def _tag(leaf: Leaf, _: Family, parameters: Parameters) -> str:
    """A row of `trace_tags`, which exists for keys that are set only."""
    key = f"key = {parameters.text(leaf.reference.key)}"
    if leaf.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return key

    def text(values: Sequence[Value]) -> str:
        return _text_comparison("value", leaf.operator, values, parameters)

    found = _by_type(
        leaf,
        text,
        lambda values: _number_in_text("value", leaf, values, parameters),
        lambda values: text(["true" if item else "false" for item in values]),
    )
    return f"({key} AND {found})"


def _assessment(leaf: Leaf, family: Family, parameters: Parameters) -> str:
    """A row of `assessments`: numbers and truths have columns of their own, `value_text` is the text of any value."""
    named = f"name = {parameters.text(leaf.reference.key)}"
    if family.assessment_kind:
        named = f"kind = '{family.assessment_kind}' AND {named}"
    if leaf.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return f"({named})"

    def truth(values: Sequence[Value]) -> str:
        return composed(leaf.operator, values, lambda part, value: f"value_bool {part.value} {str(value).lower()}")

    def number(values: Sequence[Value]) -> str:
        return composed(
            leaf.operator, values, lambda part, value: f"value_number {part.value} {parameters.number(_numeric(value))}"
        )

    found = _by_type(
        leaf, lambda values: _text_comparison("value_text", leaf.operator, values, parameters), number, truth
    )
    return f"({named} AND {found})"


_FIELDS: Final[dict[Kind, Callable[[Leaf, Field, Parameters], str]]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _number,
    Kind.FLOAT: _number,
    Kind.DURATION: _number,
    Kind.TIME: _time,
    Kind.BOOLEAN: _boolean,
    Kind.TEXTS: _texts,
    Kind.DOCUMENT: _document,
}
_FAMILIES: Final[dict[Kind, Callable[[Leaf, Family, Parameters], str]]] = {
    Kind.ATTRIBUTE: _attribute,
    Kind.TAG: _tag,
    Kind.ASSESSMENT: _assessment,
}
