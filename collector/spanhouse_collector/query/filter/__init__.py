"""The filter language: text to syntax tree to SQL with bound parameters. docs/filter.md is its manual.

Owns what the rest of the query floor takes from it, named here.
"""

from spanhouse_collector.query.filter.columns import CompiledField, SideField, compile_field, compile_side_field
from spanhouse_collector.query.filter.compile import CompiledFilter, Regex, TimeBounds, compile_filter, where
from spanhouse_collector.query.filter.fields import Kind
from spanhouse_collector.query.filter.formula import Formula, Row, Source, Sources, Table
from spanhouse_collector.query.filter.limits import LIMITS, FilterLimits
from spanhouse_collector.query.filter.names import Unit
from spanhouse_collector.query.filter.parts import without_field
from spanhouse_collector.query.filter.regexes import check_regexes
from spanhouse_collector.query.filter.words import Term

__all__ = [
    "LIMITS",
    "CompiledField",
    "CompiledFilter",
    "FilterLimits",
    "Formula",
    "Kind",
    "Regex",
    "Row",
    "SideField",
    "Source",
    "Sources",
    "Table",
    "Term",
    "TimeBounds",
    "Unit",
    "check_regexes",
    "compile_field",
    "compile_filter",
    "compile_side_field",
    "where",
    "without_field",
]
