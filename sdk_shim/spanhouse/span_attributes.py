"""What a span holds: looked into and added to without the SDK's detours.

Owns: `held_attributes`, `add_clean`, `add_below`, `room_of`. The SDK checks every value against abstract base classes,
which costs as much as starting half a span. What the shim writes is clean by its making (`values`): keys that are
non-empty strings, values of OpenTelemetry's own types, sequences as tuples. Such values go straight into the span,
under its own lock, where it is built as the known versions of the SDK build it and has room for them. Else, and where
the SDK would cut or drop something, the SDK's own way is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.trace import Span

ATTRIBUTES_MAX: Final = 1024


def held_attributes(span: Any) -> Any:
    """What a span holds, to look into: its public view of it costs as much as starting half a span."""
    try:
        return span._attributes._dict  # noqa: SLF001 - see the module's text
    except AttributeError:
        return getattr(span, "_attributes", None) or {}


def add_clean(span: Any, attributes: Mapping[str, Any]) -> None:
    """Set clean attributes; on a span that has ended, do nothing."""
    try:
        bounded, lock, ended_at = span._attributes, span._lock, span._end_time  # noqa: SLF001 - see the module's text
        held, room = bounded._dict, bounded.maxlen  # noqa: SLF001
        is_known = type(bounded) is BoundedAttributes and type(held) is dict and bounded.max_value_len is None
    except AttributeError:  # another SDK's span, or none
        is_known, ended_at = False, None
    if is_known and ended_at is None and (room is None or len(held) + len(attributes) <= room):
        with lock:
            if span._end_time is None:  # noqa: SLF001 - another thread may have ended it
                held.update(attributes)
    elif span.is_recording():
        span.set_attributes(dict(attributes))


def add_below(span: Span, attributes: Mapping[str, Any]) -> None:
    """Set clean attributes as if the span had been started with them: what it holds by now stays as it is."""
    held = held_attributes(span)
    if held:
        attributes = {key: value for key, value in attributes.items() if key not in held}
    add_clean(span, attributes)


def room_of(span: Any) -> int:
    """How many attributes more a span takes."""
    limit = getattr(getattr(span, "_limits", None), "max_span_attributes", None)
    return ATTRIBUTES_MAX if limit is None else max(0, limit - len(held_attributes(span)))
