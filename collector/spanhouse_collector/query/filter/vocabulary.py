"""The filter language as data: what may be completed while a filter is typed.

Owns its JSON: fields, families of keys, the operators that each takes, how values are written. Everything is read from
the tables that filters are read with.
"""

from __future__ import annotations

from typing import Any, Final

from spanhouse_collector.model.dialects.shared.span_types import SPAN_TYPES
from spanhouse_collector.query.filter.fields import Family, Field, Kind
from spanhouse_collector.query.filter.limits import LIMITS
from spanhouse_collector.query.filter.literals import OPERATORS, WORDS
from spanhouse_collector.query.filter.names import NAMES, Unit
from spanhouse_collector.query.filter.nodes import Operator
from spanhouse_collector.query.filter.tokens import DURATION_UNITS

# Fields with a closed set of values; the others' are in /api/v1/attributes?field=.
VALUES: Final[dict[str, tuple[str, ...]]] = {
    "span_type": SPAN_TYPES,
    "kind": ("INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER", "UNSPECIFIED"),
    "status_code": ("UNSET", "OK", "ERROR"),
    "usage_scope": ("own", "aggregate", "duplicate", "none"),
    "cost_source": ("reported", "computed", "none"),
    "trace.state": ("OK", "ERROR", "IN_PROGRESS"),
    "metric_kind": ("gauge", "sum", "histogram", "exponential_histogram", "summary"),
    "aggregation_temporality": ("DELTA", "CUMULATIVE"),
}
_TAKES: Final[dict[Operator, str]] = {
    Operator.IN: "list",
    Operator.NOT_IN: "list",
    Operator.BETWEEN: "two",
    Operator.NOT_BETWEEN: "two",
    Operator.IS_NULL: "none",
    Operator.IS_NOT_NULL: "none",
}
_EXAMPLES: Final[dict[Kind, str]] = {
    Kind.TEXT: "'text'",
    Kind.INTEGER: "1000",
    Kind.FLOAT: "0.5",
    Kind.BOOLEAN: "true",
    Kind.TIME: "'2026-11-20T10:00:00Z'",
    Kind.DURATION: "1.5s",
    Kind.TEXTS: "'text'",
    Kind.DOCUMENT: "'words \"and a phrase\"'",
    Kind.ATTRIBUTE: "'text'",
    Kind.TAG: "'text'",
    Kind.ASSESSMENT: "0.5",
}
_UNIT_NAMES: Final = {None: None, 1: "ns", 1_000_000: "ms"}


def vocabulary(unit: Unit) -> dict[str, Any]:
    """What a filter over these rows can say."""
    names = NAMES[unit]
    level = {} if names.is_of_spans else {"level": unit}  # records stand alone
    return {
        "fields": [{**_field(field), **level} for field in names.listed],
        "families": [{**_family(family), **level} for family in names.families_listed],
        "operators": [
            {"operator": operator.value, "takes": _TAKES.get(operator, "one")}
            for operator in Operator
            if operator is not Operator.LACKS_WORDS
        ],
        "words": ["AND", "OR", "NOT", *(["EXISTS"] if names.is_of_spans else []), "TRUE", "FALSE", "NULL"],
        "duration_units": list(DURATION_UNITS),
        "limits": dict(vars(LIMITS)),
    }


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "kind": field.kind.value,
        "level": field.level.value,
        "meaning": field.meaning,
        "aliases": list(field.aliases),
        "operators": _operators(field.kind, is_searched=bool(field.searched)),
        "bare_number_unit": _UNIT_NAMES[field.unit_ns] if field.kind in (Kind.DURATION, Kind.TIME) else None,
        "values": list(VALUES.get(field.name, ())),
        "example": _EXAMPLES[field.kind] if field.unit_ns is None else "1000",
        "is_column": field.kind is not Kind.DOCUMENT,
    }


def _family(family: Family) -> dict[str, Any]:
    return {
        "prefix": family.prefix,
        "kind": family.kind.value,
        "level": family.level.value,
        "meaning": family.meaning,
        "aliases": list(family.aliases),
        "operators": _operators(family.kind, is_searched=False),
        "example": _EXAMPLES[family.kind],
        "is_column": family.kind is Kind.ATTRIBUTE,
    }


def _operators(kind: Kind, *, is_searched: bool) -> list[str]:
    """As they are written, in the order of the language; NOT before `:` stands before the field."""
    taken = OPERATORS[kind] | (WORDS if is_searched else set())
    return [operator.value for operator in Operator if operator in taken and operator is not Operator.LACKS_WORDS]
