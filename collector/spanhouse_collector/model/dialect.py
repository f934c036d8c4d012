"""The form of a dialect: what one file of `model/dialects` says.

Owns the classes and the few helpers that such a file is written with. Leaves the dialects to their files, which targets
there are to `targets`, and what comes of both to `vocabulary`. How to add a dialect: docs/extending.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

WRITE: Final = "write"  # when a span is written to the database
READ: Final = "read"  # when a trace is read
BOTH: Final = ""

# Sides of a call with the modalities that tokens are counted by.
MODALITIES: Final = (("input", ("text", "image", "audio", "video")), ("output", ("text", "image", "audio")))


_NONE: Final[Mapping[str, Any]] = MappingProxyType({})


class Key(NamedTuple):
    """A key that may hold a target's value.

    Of the keys of a target those of the lowest `tier` come first. Within a tier the dialect that `dialects.RANKS` names
    earlier comes first, within a dialect its file's order decides.
    """

    target: str
    key: str
    decoder: str = ""  # how the value is read; '' as the target says
    tier: int = 0
    use: str = BOTH  # of a target that is both written and read: whether the key counts for one of them only


class NamedSpan(NamedTuple):
    """A span type that a span's name tells.

    A name that ends in a star stands for every name that begins so; a star matches at the end of a word only.
    """

    scope: str  # its whole name; '' for any
    name: str
    span_type: str
    operation: str = ""


class Dialect(NamedTuple):
    """One way of naming what a GenAI span says."""

    name: str
    source: str  # where its names come from: the repository and the path in it that writes or specifies them
    keys: tuple[Key, ...] = ()
    scopes: tuple[str, ...] = ()  # instrumentation scopes that tell it: their first one to three segments
    whole_scopes: tuple[str, ...] = ()  # the same, by the whole name: too short to be a segment
    key_prefixes: tuple[str, ...] = ()  # first segments that only its keys have: a known key under one tells it
    framework: str = ""  # what instrumented a span of its scope
    spans: tuple[NamedSpan, ...] = ()
    # Decoder of a span_type key → what stands there, in lower case → span type. What is not listed is no hit.
    span_types: Mapping[str, Mapping[str, str]] = _NONE
    component_types: Mapping[str, str] = _NONE  # end of a component's class name → span type
    first_chunk_events: tuple[str, ...] = ()  # span events that mark the first chunk of a streamed answer
    chains_sum_usage: bool = False  # CHAIN spans of its `whole_scopes` sum up the calls inside them


def keys(target: str, *names: str, decoder: str = "", tier: int = 0, use: str = BOTH) -> tuple[Key, ...]:
    """Several keys of one target, best first, read alike."""
    return tuple(Key(target, name, decoder, tier, use) for name in names)


def usage(place: str, shape: Mapping[str, tuple[str, ...]], tier: int = 0) -> tuple[Key, ...]:
    """The counts of tokens in a JSON object; `place` is its attribute, with `#path.` of an object inside that.

    A shape (`shared.usage_shapes`) has the names of a target's members.
    """
    start = place if "#" in place else f"{place}#"
    return tuple(Key(target, start + name, "", tier) for target, names in shape.items() for name in names)


def modalities(pattern: str, sides: tuple[str, str] = ("input", "output"), tier: int = 0) -> tuple[Key, ...]:
    """The counts of tokens by modality, `{side}` and `{modality}` being replaced in the pattern."""
    return tuple(
        Key(f"{modality}_{side}_tokens", pattern.format(side=name, modality=modality), "", tier)
        for (side, listed), name in zip(MODALITIES, sides, strict=True)
        for modality in listed
    )


def types(**values: str) -> dict[str, str]:
    """Words, parted by blanks, by the span type that they stand for: the table of each word's type."""
    return {value: span_type for span_type, listed in values.items() for value in listed.split()}
