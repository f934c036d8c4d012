"""What a span holds: looked into and added to without the SDK's detours.

Owns: `held_attributes`, `held_items`, `add_clean`, `add_below`, `room_of`, `fitting`. The SDK checks every value
against abstract base classes, which costs as much as starting half a span, and logs what a limit cuts off. What the
shim writes is clean by its making (`values`): keys that are non-empty strings, values of OpenTelemetry's own types,
sequences as tuples. These go straight into the span, under its own lock, where it is built as the known versions of the
SDK build it; the host's limits are kept, in silence. Else the SDK's own way is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes

from spanhouse.faults import FAULTS

ATTRIBUTES_MAX: Final = 1024


def held_attributes(span: Any) -> Any:
    """What a span holds, to look into: its public view of it costs as much as starting half a span."""
    try:
        return span._attributes._dict  # noqa: SLF001 - see the module's text
    except AttributeError:
        return getattr(span, "_attributes", None) or {}


def held_items(span: Any, name: str) -> Any:
    """The `events` or `links` of a span: to look whether there are any, the SDK takes a lock and makes a copy."""
    held = getattr(span, f"_{name}", ())
    return getattr(span, name) if getattr(held, "_dq", held) else ()


def add_clean(span: Any, attributes: Mapping[str, Any]) -> None:
    """Set clean attributes; on a span that has ended, do nothing."""
    try:
        bounded, lock, ended_at = span._attributes, span._lock, span._end_time  # noqa: SLF001 - see the module's text
        held, room = bounded._dict, bounded.maxlen  # noqa: SLF001
        is_known = type(bounded) is BoundedAttributes and type(held) is dict
        if bounded.max_value_len is not None:
            attributes = {key: _cut(value, bounded.max_value_len) for key, value in attributes.items()}
    except AttributeError:  # another SDK's span, or none
        is_known, ended_at = False, None
    if is_known and ended_at is None:
        with lock:
            if span._end_time is None:  # noqa: SLF001 - another thread may have ended it
                held.update(attributes)
                if room is not None and len(held) > room:
                    _drop_oldest(bounded, held, room)
    elif span.is_recording():
        span.set_attributes(dict(attributes))


def fitting(attributes: Mapping[str, Any], limits: Any, *, length: str, count: str) -> Mapping[str, Any]:
    """What the SDK would leave of *attributes* under its limits of these names, without a warning for each."""
    longest, most = getattr(limits, length, None), getattr(limits, count, None)
    if most is not None and len(attributes) > most:
        FAULTS.count("dropped_attributes", len(attributes) - most)
        attributes = dict(list(attributes.items())[len(attributes) - most :])
    if longest is not None:
        attributes = {key: _cut(value, longest) for key, value in attributes.items()}
    return attributes


def event_attributes(span: Any, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """*attributes* of an event, within the limits of its span."""
    limits = getattr(span, "_limits", None)
    return fitting(attributes, limits, length="max_attribute_length", count="max_event_attributes")


def _cut(value: Any, limit: int) -> Any:
    if type(value) is tuple:
        return tuple(_cut(item, limit) for item in value)
    return value[:limit] if type(value) is str else value


def _drop_oldest(bounded: BoundedAttributes, held: dict[str, Any], room: int) -> None:
    """As the SDK does, which logs a warning for each."""
    for key in list(held)[: len(held) - room]:
        del held[key]
        bounded.dropped += 1
        FAULTS.count("dropped_attributes")


def add_below(span: Any, attributes: Mapping[str, Any]) -> None:
    """Set clean attributes as if the span had just been started with them: what it holds by now stays as it is."""
    held = held_attributes(span)
    if held:
        attributes = {key: value for key, value in attributes.items() if key not in held}
    bounded = getattr(span, "_attributes", None)
    if (
        type(bounded) is BoundedAttributes
        and type(held) is dict
        and bounded.max_value_len is None
        and (bounded.maxlen is None or len(held) + len(attributes) <= bounded.maxlen)
    ):
        held.update(attributes)  # nobody else has the span yet: no lock
    else:
        add_clean(span, attributes)


def room_of(span: Any) -> int:
    """How many attributes more a span takes."""
    limit = getattr(getattr(span, "_limits", None), "max_span_attributes", None)
    return ATTRIBUTES_MAX if limit is None else max(0, limit - len(held_attributes(span)))
