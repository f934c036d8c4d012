"""A filter without what it says of one field: what a facet of that field is counted over.

Owns which parts are taken away: those joined by AND at the top whose conditions all are about the field. What is joined
with something else by OR stays, since without it the rest would mean something else.
"""

from __future__ import annotations

from spanhouse_collector.query.filter.fields import Field
from spanhouse_collector.query.filter.limits import LIMITS, FilterLimits
from spanhouse_collector.query.filter.names import Reference, Unit, resolve
from spanhouse_collector.query.filter.nodes import And, Condition, Exists, Name, Node, Not
from spanhouse_collector.query.filter.parser import parse, parse_name


def without_field(text: str, name: str, *, unit: Unit, limits: FilterLimits = LIMITS) -> str:
    """The filter `text` without its conditions on the field `name`, as text.

    Raises:
        FilterInvalid: the filter or the name cannot be read.

    """
    node = parse(text, limits)
    wanted = _identity(resolve(name, parse_name(name, limits), unit, limits))
    if node is None:
        return ""
    kept = [
        part
        for part in _conjuncts(node)
        if any(_identity(resolve(text, each, unit, limits)) != wanted for each in _names(part))
    ]
    return " AND ".join(f"({part})" for part in kept)


def _identity(reference: Reference) -> tuple[str, str, str]:
    """Equal for names of the same values: `duration` and `duration_ms` are one column."""
    field = reference.field
    if isinstance(field, Field):
        return field.level.value, field.column or field.name, ""
    return field.level.value, f"{field.prefix}.", reference.key


def _conjuncts(node: Node) -> list[Node]:
    return [part for operand in node.operands for part in _conjuncts(operand)] if isinstance(node, And) else [node]


def _names(node: Node) -> list[Name]:
    """The fields that it names."""
    if isinstance(node, Condition):
        return [node.name]
    if isinstance(node, Not | Exists):
        return _names(node.operand)
    return [name for operand in node.operands for name in _names(operand)]
