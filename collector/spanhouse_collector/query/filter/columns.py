"""A field of the filter language as a column: what orders, groups and aggregates name.

Owns the SQL of its value over a row of its own table. Fields that are conditions only (`text`) are refused, and so are
those that have many values a trace (tags, feedback) but where their own tables can be read.
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


@dataclass(frozen=True)
class SideField:
    """A tag or an assessment by its name: `sql` over the rows of `table` for which `condition` holds."""

    name: str
    kind: Kind
    table: Table
    condition: str
    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


def compile_side_field(text: str, *, unit: Unit, prefix: str = "c", limits: FilterLimits = LIMITS) -> SideField | None:
    """Read the name of a tag or an assessment; None for every other field.

    Raises:
        FilterInvalid: no such field; points at the character.

    """
    reference = resolve(text, parse_name(text, limits), unit, limits)
    family = reference.field
    if isinstance(family, Field) or reference.kind not in (Kind.TAG, Kind.ASSESSMENT):
        return None
    parameters = Parameters(prefix)
    key = parameters.text(reference.key)
    name = f'{family.prefix}."{reference.key.replace(chr(34), chr(34) * 2)}"'
    if reference.kind is Kind.TAG:
        return SideField(name, Kind.TAG, Table.TRACE_TAGS, f"key = {key}", "value", parameters.values)
    condition = f"name = {key}" + (f" AND kind = '{family.assessment_kind}'" if family.assessment_kind else "")
    return SideField(name, Kind.ASSESSMENT, Table.ASSESSMENTS, condition, "value_text", parameters.values)


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
