"""The view `traces` over part of the spans, with as few columns as a statement needs.

Owns taking the view's text apart: a column that nobody names costs nothing to compute, and yet most of what it takes to
plan a statement. Leaves which spans to `search_scope`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from spanhouse_collector.storage.schema import plain_views

COUNTS: Final = "NOT is_superseded"
_ALWAYS: Final = ("project", "trace_id")
_COMMA: Final = re.compile(r",\n    (?=\S)")
_COLUMN: Final = re.compile(r"(?s)(?:.* AS )?(\w+)")
_WORD: Final = re.compile(r"(?<![\w.])[a-z]\w*")


@dataclass(frozen=True)
class _View:
    """The parts of its text. `needs` are the columns that a column's own expression names."""

    before: str
    columns: dict[str, str]
    needs: dict[str, frozenset[str]]
    source: str
    after: str

    def named(self, text: str) -> str:
        """The columns that a text names, and what these are computed from."""
        wanted = set(_ALWAYS)
        found = _words(text) & set(self.columns)
        while found:
            wanted |= found
            found = {needed for name in found for needed in self.needs[name]} - wanted
        return ",\n    ".join(sql for name, sql in self.columns.items() if name in wanted)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text))


@cache
def _view() -> _View:
    text = "\n".join(line for line in plain_views()["traces"].splitlines() if not line.lstrip().startswith("--"))
    before, _, rest = text.partition("SELECT\n    ")
    listing, _, source = rest.partition("\nFROM\n")
    source, after = source.split(f"WHERE {COUNTS}")
    columns: dict[str, str] = {}
    for column in _COMMA.split(listing):
        match = _COLUMN.fullmatch(column)
        assert match is not None, column
        columns[match[1]] = column
    needs = {name: frozenset(_words(sql) & set(columns) - {name}) for name, sql in columns.items()}
    return _View(before, columns, needs, source, after)


def traces_over(restriction: str, named: str | None = None) -> str:
    """The view over those spans only, as a subquery; with the columns that the text `named` names, or with all."""
    view = _view()
    columns = view.named(" ".join(view.columns) if named is None else named)
    return f"({view.before}SELECT\n    {columns}\nFROM\n{view.source}WHERE {COUNTS} AND {restriction}{view.after})"
