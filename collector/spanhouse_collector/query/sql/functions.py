"""Which functions a person's SQL may call: the list of functions.txt, and nothing that is not on it.

Owns reading the list and taking combinators off aggregate functions (`sumIf`, `uniqArrayOrNull`).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

# Longest first, so that `MergeState` does not leave `Merge` behind.
COMBINATORS: Final = (
    "simplestate",
    "ordefault",
    "distinct",
    "resample",
    "foreach",
    "argmax",
    "argmin",
    "ornull",
    "tuple",
    "merge",
    "state",
    "array",
    "null",
    "map",
    "if",
)
COMBINATORS_MAX: Final = 4  # on one function

# Table functions that make rows out of their arguments alone.
TABLE_FUNCTIONS: Final = frozenset({"numbers", "generate_series", "generateseries", "values", "null"})


@cache
def _lists() -> tuple[frozenset[str], frozenset[str]]:
    """All allowed names and the aggregate functions among them, in lower case."""
    text = files("spanhouse_collector.query.sql").joinpath("functions.txt").read_text("utf-8")
    allowed: set[str] = set()
    aggregates: set[str] = set()
    heading = ""
    for line in text.splitlines():
        if line.startswith("#"):
            heading = line.removeprefix("# ")
            continue
        names = line.lower().split()
        allowed.update(names)
        if heading in ("Aggregate", "Aliases"):
            aggregates.update(names)
    return frozenset(allowed), frozenset(aggregates)


def is_allowed(name: str) -> bool:
    """Whether a function of this name, with its combinators, may be called."""
    allowed, aggregates = _lists()
    lowered = name.lower()
    if lowered in allowed:
        return True
    bases = {lowered}
    for _ in range(COMBINATORS_MAX):
        bases = {base.removesuffix(suffix) for base in bases for suffix in COMBINATORS if base.endswith(suffix)}
        if bases & aggregates:
            return True
    return False


def allowed_names() -> frozenset[str]:
    """Every name of the list, in lower case."""
    return _lists()[0]
