"""Which field a name means.

Owns looking names up in the tables of `fields` and suggesting the one that was probably meant.

A name is looked up whole, in any case; then its front is looked for among the families, longest first, and what follows
is a key, in the case it was written in; then `span.` in front of a span's field is taken off. MLflow's names for
properties of the trace (`attributes.status`) come before the attribute of that name, which a quoted key asks for.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from spanhouse_collector.query.filter.field_table import BY_UNIT, FAMILIES, FIELDS, KEYS
from spanhouse_collector.query.filter.fields import Family, Field, Kind, Level
from spanhouse_collector.query.filter.limits import FilterLimits, invalid, over_limit
from spanhouse_collector.query.filter.nodes import Name
from spanhouse_collector.query.filter.signal_fields import LOG_FIELDS, METRIC_FIELDS, SIGNAL_FAMILIES

Unit = Literal["span", "trace", "log", "metric"]


@dataclass(frozen=True)
class Names:
    """The fields and families that a unit has, by all their spellings in lower case; families longest first."""

    listed: Sequence[Field]
    families_listed: Sequence[Family]
    fields: Mapping[str, Field]
    families: Sequence[tuple[str, Family]]
    is_of_spans: bool


def _names(fields: Sequence[Field], families: Sequence[Family], *, is_of_spans: bool) -> Names:
    spelt = ((prefix, family) for family in families for prefix in (family.prefix, *family.aliases))
    return Names(
        fields,
        families,
        {name.lower(): field for field in fields for name in (field.name, *field.aliases)},
        sorted(spelt, key=lambda item: -len(item[0])),
        is_of_spans,
    )


_OF_SPANS: Final = _names(FIELDS, FAMILIES, is_of_spans=True)
NAMES: Final[Mapping[Unit, Names]] = {
    "span": _OF_SPANS,
    "trace": _OF_SPANS,
    "log": _names(LOG_FIELDS, SIGNAL_FAMILIES, is_of_spans=False),
    "metric": _names(METRIC_FIELDS, SIGNAL_FAMILIES, is_of_spans=False),
}
_ATTRIBUTES: Final = ("attributes.", "attribute.")
_CLOSE: Final = 0.6


@dataclass(frozen=True)
class Reference:
    """A field of the table, or a family and a key of it."""

    field: Field | Family
    key: str = ""

    @property
    def kind(self) -> Kind:
        """How its values compare."""
        return self.field.kind

    @property
    def level(self) -> Level:
        """Which row answers."""
        return self.field.level

    @property
    def name(self) -> str:
        """As refusals write it."""
        return self.field.name if isinstance(self.field, Field) else f"{self.field.prefix}.{self.key}"


def resolve(text: str, name: Name, unit: Unit, limits: FilterLimits) -> Reference:
    """The field of a name in the filter `text`.

    Raises:
        FilterInvalid: no such field.

    """
    dotted, names = name.dotted, NAMES[unit]
    if names.is_of_spans:
        if dotted.lower() in BY_UNIT and name.quoted_key is None:
            dotted = BY_UNIT[dotted.lower()][unit]
        dotted = KEYS.get(dotted.lower(), dotted)
    found = None if _is_quoted_attribute(name) else names.fields.get(dotted.lower())
    reference = Reference(found) if found else _of_family(names, dotted)
    if reference is None and names.is_of_spans:
        reference = _of_span(dotted)
    if reference is None:
        raise invalid(text, name.at, f"unknown field {dotted[:80]!r}", hint=_hint(names, dotted))
    if isinstance(reference.field, Family) and not reference.key:
        raise invalid(text, name.at, f"{dotted[:80]!r} lacks its key")
    if len(reference.key.encode()) > limits.key_bytes_max:
        raise over_limit(text, name.at, "the key is too long", "key_bytes_max", limits.key_bytes_max)
    return reference


def _is_quoted_attribute(name: Name) -> bool:
    return name.quoted_key is not None and name.dotted.lower().startswith(_ATTRIBUTES)


def _of_family(names: Names, dotted: str) -> Reference | None:
    for prefix, family in names.families:
        if dotted.lower() == prefix:
            return Reference(family)
        if dotted.lower().startswith(prefix + "."):
            return Reference(family, dotted[len(prefix) + 1 :])
    return None


def _of_span(dotted: str) -> Reference | None:
    front, _, rest = dotted.lower().partition(".")
    field = _OF_SPANS.fields.get(rest) if front == "span" else None
    return Reference(field) if field is not None and field.level is not Level.TRACE else None


def _hint(names: Names, dotted: str) -> str:
    """What was probably meant."""
    wanted = dotted.lower()
    front, dot, rest = dotted.partition(".")
    prefixes = [prefix for prefix, _ in names.families]
    levels = ["span", "trace"] if names.is_of_spans else []
    fronts = _closest(front.lower(), [*prefixes, *levels]) if dot else []
    if dot and not fronts:
        return f"did you mean attributes.{dotted[:80]}?"
    if fronts and fronts[0] in prefixes and fronts[0] != front.lower():
        return f"did you mean {fronts[0]}.{rest[:80]}?"
    of_spans = [f"span.{field.name}" for field in FIELDS if field.level is Level.SPAN] if dot and levels else []
    by_unit = BY_UNIT if names.is_of_spans else {}
    if close := _closest(wanted, [*names.fields, *by_unit, *of_spans]):
        return f"did you mean {close[0]}?"
    return f"attributes are written attributes.{dotted[:80]}; docs/filter.md lists the fields"


def _closest(wanted: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(wanted, known, n=1, cutoff=_CLOSE)
