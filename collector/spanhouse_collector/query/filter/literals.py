"""What the values of a condition mean to its field.

Owns which operators and values a kind of field takes, and turning a written value into the one that is bound: times and
durations into whole nanoseconds, numbers into int where they are whole. Leaves SQL to `conditions`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from spanhouse_collector.query.filter.fields import NS_PER_S, Field, Kind
from spanhouse_collector.query.filter.limits import FilterLimits, invalid, over_limit
from spanhouse_collector.query.filter.names import Reference
from spanhouse_collector.query.filter.nodes import NEGATED, Condition, Literal, LiteralKind, Operator
from spanhouse_collector.query.filter.words import terms_of

Value = str | int | float | bool

_NULLS: Final = {Operator.IS_NULL, Operator.IS_NOT_NULL}
_EQUALITY: Final = {Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN} | _NULLS
_ORDER: Final = {Operator.LT, Operator.LE, Operator.GT, Operator.GE, Operator.BETWEEN, Operator.NOT_BETWEEN}
_LIKE: Final = {Operator.LIKE, Operator.NOT_LIKE, Operator.ILIKE, Operator.NOT_ILIKE}
_MATCHES: Final = {Operator.MATCHES, Operator.NOT_MATCHES}
PATTERNS: Final = _LIKE | _MATCHES
WORDS: Final = {Operator.HAS_WORDS, Operator.LACKS_WORDS}

OPERATORS: Final[Mapping[Kind, frozenset[Operator]]] = {
    Kind.TEXT: frozenset(_EQUALITY | _ORDER | PATTERNS),
    Kind.INTEGER: frozenset(_EQUALITY | _ORDER),
    Kind.FLOAT: frozenset(_EQUALITY | _ORDER),
    Kind.DURATION: frozenset(_EQUALITY | _ORDER),
    Kind.TIME: frozenset(_EQUALITY | _ORDER),
    Kind.BOOLEAN: frozenset(_EQUALITY),
    Kind.TEXTS: frozenset(_EQUALITY | PATTERNS),
    Kind.DOCUMENT: frozenset(PATTERNS | WORDS | _NULLS),
    Kind.ATTRIBUTE: frozenset(_EQUALITY | _ORDER | PATTERNS),
    Kind.TAG: frozenset(_EQUALITY | _ORDER | PATTERNS),
    Kind.ASSESSMENT: frozenset(_EQUALITY | _ORDER | PATTERNS),
}
_ANY_TYPE: Final = {Kind.ATTRIBUTE, Kind.TAG, Kind.ASSESSMENT}

INT_MIN: Final = -(2**127)  # of Int128, in which whole numbers compare exactly; larger ones are doubles
INT_MAX: Final = 2**127 - 1
TIME_MIN_UNIX_NANO: Final = -2_208_988_800 * NS_PER_S  # DateTime64(9) is sure from 1900 …
TIME_MAX_UNIX_NANO: Final = 2**63 - 1  # … to 2262

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
_OPEN_ESCAPE: Final = re.compile(r"(?:[^\\]|\\.)*\\", re.DOTALL)
_TIME_HINT: Final = "write it as '2026-11-20', '2026-11-20T10:00:00Z' or '2026-11-20 10:00:00.123+01:00'"


@dataclass(frozen=True)
class Leaf:
    """A condition whose field is known and whose values are ready to be bound."""

    reference: Reference
    operator: Operator
    values: tuple[Value, ...] = ()


def bind(text: str, condition: Condition, reference: Reference, limits: FilterLimits) -> Leaf:
    """The condition of the filter `text` with values of its field's kind.

    Raises:
        FilterInvalid: the field does not take this operator, or not this value.

    """
    binder = _Binder(text, condition, reference, limits)
    return Leaf(reference, condition.operator, binder.values())


class _Binder:
    def __init__(self, text: str, condition: Condition, reference: Reference, limits: FilterLimits) -> None:
        self._text = text
        self._condition = condition
        self._operator = condition.operator
        self._reference = reference
        self._field = reference.field
        self._limits = limits

    def values(self) -> tuple[Value, ...]:
        self._check_operator()
        if self._operator in PATTERNS | WORDS:
            return tuple(self._pattern(literal) for literal in self._condition.values)
        values = tuple(self._value(literal) for literal in self._condition.values)
        if self._operator in _ORDER:
            self._check_order(values)
        return values

    def _check_operator(self) -> None:
        operator, kind = self._operator, self._reference.kind
        searchable = isinstance(self._field, Field) and bool(self._field.searched)
        if operator in OPERATORS[kind] or (operator in WORDS and searchable):
            return
        taken = sorted(OPERATORS[kind] | (WORDS if searchable else set()), key=list(Operator).index)
        plain = [other.value for other in taken if not other.value.startswith("NOT ")]
        raise invalid(
            self._text,
            self._condition.at,
            f"{self._reference.name} ({kind.value}) does not take {operator.value}",
            hint=f"it takes {' '.join(plain)}",
        )

    def _check_order(self, values: tuple[Value, ...]) -> None:
        families = {str if isinstance(value, str) else bool if isinstance(value, bool) else float for value in values}
        if bool in families:
            raise self._refused(self._condition.values[0], "true and false have no order", "write = or !=")
        if len(families) > 1:
            raise self._refused(self._condition.values[1], "one end is text and the other a number", "")

    def _refused(self, literal: Literal, message: str, hint: str) -> Exception:
        return invalid(self._text, literal.at, message, hint=hint)

    def _pattern(self, literal: Literal) -> str:
        """A pattern, a regular expression or words: always text."""
        value = literal.value
        if not isinstance(value, str):
            raise self._refused(literal, f"{self._operator.value} takes a text in quotes", "")
        if self._operator in _LIKE and _OPEN_ESCAPE.fullmatch(value):
            raise self._refused(literal, "the pattern ends in an open escape", r"a backslash itself is written \\")
        if self._operator in _MATCHES and len(value.encode()) > self._limits.regex_bytes_max:
            raise over_limit(
                self._text,
                literal.at,
                "the regular expression is too long",
                "regex_bytes_max",
                self._limits.regex_bytes_max,
            )
        if self._operator in WORDS:
            self._check_words(literal, value)
        return value

    def _check_words(self, literal: Literal, value: str) -> None:
        count = sum(len(term.tokens) for term in terms_of(value))
        if count == 0:
            raise self._refused(literal, "there is no word to search for", "LIKE '%…%' finds signs")
        if count > self._limits.words_max:
            raise over_limit(self._text, literal.at, "too many words", "words_max", self._limits.words_max)

    def _value(self, literal: Literal) -> Value:
        kind = self._reference.kind
        if kind in _ANY_TYPE:
            return self._any(literal)
        if kind in (Kind.TEXT, Kind.TEXTS):
            return self._as_text(literal)
        if kind in (Kind.INTEGER, Kind.FLOAT):
            return self._as_number(literal)
        if kind is Kind.BOOLEAN:
            return self._as_boolean(literal)
        return self._as_time(literal) if kind is Kind.TIME else self._as_duration(literal)

    def _unfit(self, literal: Literal, hint: str) -> Exception:
        kind = self._reference.kind.value
        message = f"{self._reference.name} ({kind}) does not compare with {literal.kind.value}"
        return self._refused(literal, message, hint)

    def _any(self, literal: Literal) -> Value:
        if literal.kind is LiteralKind.DURATION:
            raise self._unfit(literal, "write the number in the unit that was recorded")
        return number_of(literal.value) if isinstance(literal.value, Decimal) else literal.value

    def _as_text(self, literal: Literal) -> str:
        value = literal.value
        if not isinstance(value, str):
            raise self._unfit(literal, f"write it in quotes: '{literal}'")
        if not isinstance(self._field, Field) or self._operator not in _EQUALITY:
            return value
        if self._field.is_id:
            return value.lower().removeprefix("tr-")
        return SPAN_TYPES_OF_MLFLOW.get(value.upper(), value.upper()) if self._field.upper else value

    def _as_number(self, literal: Literal) -> int | float:
        if literal.kind is not LiteralKind.NUMBER or not isinstance(literal.value, Decimal):
            raise self._unfit(literal, "write a number without quotes or unit")
        return number_of(literal.value)

    def _as_boolean(self, literal: Literal) -> bool:
        value = literal.value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if not isinstance(value, bool):
            raise self._unfit(literal, "write true or false")
        return value

    def _unit_ns(self) -> int | None:
        return self._field.unit_ns if isinstance(self._field, Field) else None

    def _as_duration(self, literal: Literal) -> int:
        unit_ns = 1 if literal.kind is LiteralKind.DURATION else self._unit_ns()
        if not isinstance(literal.value, Decimal):
            raise self._unfit(literal, "write it as 1.5s or 200ms, without quotes")
        if unit_ns is None:
            raise self._refused(literal, f"{self._reference.name} needs a unit", f"write {literal}ms or {literal}s")
        return self._whole_ns(literal, unit_ns)

    def _as_time(self, literal: Literal) -> int:
        if isinstance(literal.value, str):
            unix_nano = self._parsed_time(literal, literal.value)
        else:
            unit_ns = self._unit_ns()
            if literal.kind is not LiteralKind.NUMBER or unit_ns is None:
                raise self._unfit(literal, _TIME_HINT)
            unix_nano = self._whole_ns(literal, unit_ns)
        if not TIME_MIN_UNIX_NANO <= unix_nano <= TIME_MAX_UNIX_NANO:
            raise self._refused(literal, "the time is not between 1900 and 2262", "")
        return unix_nano

    def _whole_ns(self, literal: Literal, unit_ns: int) -> int:
        assert isinstance(literal.value, Decimal)
        numerator, denominator = literal.value.as_integer_ratio()
        if numerator * unit_ns % denominator:
            raise self._refused(literal, "this is finer than a nanosecond", "")
        return numerator * unit_ns // denominator

    def _parsed_time(self, literal: Literal, written: str) -> int:
        match = _TIME.fullmatch(written.strip())
        if match is None:
            raise self._refused(literal, f"{written[:40]!r} is no time", _TIME_HINT)
        day, clock, fraction, zone = match.groups()
        try:
            local = datetime.fromisoformat(f"{day}T{clock or '00:00'}").replace(tzinfo=_zone(zone))
        except ValueError as error:
            raise self._refused(literal, f"{written[:40]!r} is no time: {error}", _TIME_HINT) from error
        since = local - datetime(1970, 1, 1, tzinfo=UTC)
        return (since.days * 86_400 + since.seconds) * NS_PER_S + int((fraction or "0").ljust(9, "0"))


# MLflow's span types that have another name here.
SPAN_TYPES_OF_MLFLOW: Final = {"CHAT_MODEL": "LLM"}


def number_of(value: Decimal) -> int | float:
    """A whole number as int as far as the engine compares them exactly, everything else as double."""
    numerator, denominator = value.as_integer_ratio()
    return numerator if denominator == 1 and INT_MIN <= numerator <= INT_MAX else float(value)


def _zone(written: str | None) -> timezone:
    if written is None or written in "Zz":
        return UTC
    digits = written[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if written[0] == "-" else offset)


def is_negative(operator: Operator) -> bool:
    """Whether the operator says that something does not hold."""
    return operator in (Operator.NE, Operator.IS_NULL, Operator.LACKS_WORDS) or operator.value.startswith("NOT ")


def positive(operator: Operator) -> Operator:
    """The operator without its negation."""
    return NEGATED[operator] if is_negative(operator) else operator
