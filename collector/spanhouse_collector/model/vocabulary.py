"""The vocabulary: every target's keys in order of precedence, brought together from the dialects.

Owns that order, and the tables that are the sum of what the dialects say. The mapping, the reading of traces and
docs/dialects.md are all made from it.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from spanhouse_collector.model.dialect import BOTH, READ, WRITE, Key
from spanhouse_collector.model.dialects import DIALECTS
from spanhouse_collector.model.source import ANY_SUFFIX, EVENT, INDEX, LOG, NUMBERED, Source
from spanhouse_collector.model.targets import (
    INCLUDED_TIER,
    PARAMETER_OBJECTS,
    PARAMETER_PREFIX,
    PARAMETERS,
    REQUEST_OBJECTS,
    SHOWN,
    TARGETS,
    TEXT,
    Target,
)

_Placed = tuple[int, int, int, Source]  # tier, rank of the dialect, place in its file


def _placed() -> dict[tuple[str, str], list[_Placed]]:
    """Target and use → its keys with their places."""
    found: dict[tuple[str, str], list[_Placed]] = {}
    for rank, dialect in enumerate(DIALECTS.values()):
        for place, key in enumerate(dialect.keys):
            target = TARGETS[key.target]
            placed = (key.tier, rank, place, Source(key.key, dialect.name, key.decoder or target.decoder))
            for use in _uses(key, target):
                found.setdefault((target.name, use), []).append(placed)
    return found


def _uses(key: Key, target: Target) -> tuple[str, ...]:
    use = key.use or target.use
    if use == BOTH:
        return (WRITE, READ) if _is_writable(key.key, target) else (READ,)
    return (use,)


def _is_writable(key: str, target: Target) -> bool:
    """Whether a key can be followed when a span is written, which is before its log records are there."""
    is_member = "#" in key and not key.startswith(EVENT) and INDEX not in key
    is_read_only = key.startswith(LOG) or key.endswith((NUMBERED, ANY_SUFFIX))
    return not is_read_only and not (is_member and target.kind == TEXT)


_PLACED: Final = _placed()


@cache
def written(target: Target) -> tuple[Source, ...]:
    """Where a target's value may stand when a span is written, best first."""
    return _in_order(_PLACED.get((target.name, WRITE), []))


@cache
def shown(target: Target) -> tuple[Source, ...]:
    """Where a target's value may stand when a trace is read, best first.

    A parameter's own key beats an object that holds several; objects of parameters beat requests kept whole.
    """
    placed = list(_PLACED.get((target.name, READ), []))
    included = target.included
    if included is not None:
        sources = shown(TARGETS[included.target])
        kept = [source for source in sources if not included.only or source.decoder == included.only]
        placed += [
            (INCLUDED_TIER, 0, place, Source(source.key, source.dialect, included.decoder or source.decoder))
            for place, source in enumerate(kept)
        ]
    return (*_in_order(placed), *(_members(target) if target.members else ()))


def _members(parameter: Target) -> tuple[Source, ...]:
    """A parameter in the objects that hold several."""
    return tuple(
        Source(f"{holder.key}{'.' if '#' in holder.key else '#'}{name}", holder.dialect, parameter.decoder)
        for holder in (*shown(PARAMETER_OBJECTS), *shown(REQUEST_OBJECTS))
        for name in parameter.members
    )


def _in_order(placed: list[_Placed]) -> tuple[Source, ...]:
    return tuple(dict.fromkeys(source for _, _, _, source in sorted(placed, key=lambda each: each[:3])))


# What is read when a trace is shown: target → sources, best first.
SHOWN_SOURCES: Final = {target.name: shown(target) for target in (*SHOWN, *PARAMETERS, PARAMETER_OBJECTS)}
PARAMETER_NAMES: Final = tuple(target.name.removeprefix(PARAMETER_PREFIX) for target in PARAMETERS)

# Beginning of a scope's name → dialect, and whole names of scopes → dialect.
SCOPES: Final = {scope: dialect.name for dialect in DIALECTS.values() for scope in dialect.scopes}
WHOLE_SCOPES: Final = {scope: dialect.name for dialect in DIALECTS.values() for scope in dialect.whole_scopes}
# First segment of a key → dialect.
KEY_PREFIXES: Final = {prefix: dialect.name for dialect in DIALECTS.values() for prefix in dialect.key_prefixes}
# Scopes whose CHAIN spans sum up the calls inside them.
SUMMING_SCOPES: Final = tuple(
    scope for dialect in DIALECTS.values() if dialect.chains_sum_usage for scope in dialect.whole_scopes
)
FRAMEWORK_OF_DIALECT: Final = {dialect.name: dialect.framework for dialect in DIALECTS.values() if dialect.framework}
NAMED_SPANS: Final = tuple(span for dialect in DIALECTS.values() for span in dialect.spans)
COMPONENT_TYPES: Final = {
    ending: span_type for dialect in DIALECTS.values() for ending, span_type in dialect.component_types.items()
}
SPAN_TYPES_OF: Final = {
    decoder: table for dialect in DIALECTS.values() for decoder, table in dialect.span_types.items()
}
FIRST_CHUNK_EVENTS: Final = tuple(sorted(name for dialect in DIALECTS.values() for name in dialect.first_chunk_events))
