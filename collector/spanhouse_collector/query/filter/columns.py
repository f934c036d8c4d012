"""A field of the filter language as a column: what orders, groups and aggregates name.

Owns the SQL of its value over a row of its own table. Fields that are conditions only (`text`) or that have many values
a trace (tags, feedback) are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spanhouse_collector.query.filter.fields import Field, Kind, Level
from spanhouse_collector.query.filter.formula import Table
from spanhouse_collector.query.filter.limits import LIMITS, FilterLimits, invalid
from spanhouse_collector.query.filter.names import Unit, resolve
from spanhouse_collector.query.filter.parameters import Parameters
from spanhouse_collector.query.filter.parser import parse_name

COLUMN_TABLES: Final = {Level.SPAN: Table.SPANS, Level.TRACE: Table.TRACES, Level.EITHER: Table.EITHER}
_NO_COLUMN: Final = {Kind.DOCUMENT, Kind.TAG, Kind.ASSESSMENT}


@dataclass(frozen=True)
class CompiledField:
    """A field ready to be put into a statement: `sql` over a row of `table`, NULL where there is no value."""

    name: str
    kind: Kind
    table: Table
    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def compile_field(text: str, *, unit: Unit, prefix: str = "c", limits: FilterLimits = LIMITS) -> CompiledField:
    """Read the name of a field, written as in a filter. `prefix` begins the names of its parameters.

    Raises:
        FilterInvalid: no such field, or one that is no column; points at the character.

    """
    reference = resolve(text, parse_name(text, limits), unit, limits)
    if reference.kind in _NO_COLUMN:
        raise invalid(text, 0, f"{reference.name} ({reference.kind.value}) is no column")
    parameters = Parameters(prefix)
    column = reference.field.column
    if not isinstance(reference.field, Field):
        key = parameters.text(reference.key)
        column = f"if(mapContains({column}, {key}), {column}[{key}], NULL)"
    elif reference.kind in (Kind.TEXT, Kind.TIME) and reference.field.absent is not None:
        column = f"nullIf({column}, {reference.field.absent})"
    return CompiledField(reference.name, reference.kind, COLUMN_TABLES[reference.level], column, parameters.values)
