"""Writing values of the host into attributes.

Owns: the size limit and `capture_content` applied to what is written, and which types are sent as they are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final

from opentelemetry.trace import Span

from spanhouse import semconv
from spanhouse.content import encode, is_heavy
from spanhouse.convert import short_repr
from spanhouse.faults import FAULTS
from spanhouse.provider import STATE
from spanhouse.settings import MIB, Settings
from spanhouse.span_attributes import add_clean, held_attributes
from spanhouse.span_types import attributes_of, short_name

DEFAULT_LIMIT_BYTES: Final = 16 * MIB
ITEMS_MAX: Final = 1_024  # of an attribute that is a list
LARGE_TEXT_BYTES_MAX: Final = 8_000
EVENT_ATTRIBUTES_MAX: Final = 128  # OpenTelemetry's own limit
MIME_KEYS: Final = {semconv.INPUT: semconv.INPUT_MIME_TYPE, semconv.OUTPUT: semconv.OUTPUT_MIME_TYPE}
_PRIMITIVES: Final = (str, bool, int, float)
SCALARS: Final = frozenset({bool, int, float})
INTEGER_MAX: Final = 1 << 63


def write_value(span: Span, key: str, value: Any) -> None:
    """*value* as content under *key*: text and numbers as they are, None not at all, anything else as JSON."""
    runtime = STATE.runtime
    if value is None or not span.is_recording() or (runtime is not None and not runtime.settings.capture_content):
        return
    written: dict[str, Any] = {}
    limit = DEFAULT_LIMIT_BYTES if runtime is None else runtime.settings.max_attribute_bytes
    if encode_into(written, key, value, limit):
        written[semconv.TRUNCATED] = _truncated(span, key)
    add_clean(span, written)


def with_content(attributes: Mapping[str, Any], key: str, value: Any, settings: Settings) -> dict[str, Any]:
    """*attributes*, and what `write_value` would write on a new span for the arguments of a call."""
    made = dict(attributes)
    if settings.capture_content and encode_into(made, key, value, settings.max_attribute_bytes):
        made[semconv.TRUNCATED] = (key,)
    return made


def encode_into(attributes: dict[str, Any], key: str, value: Any, limit: int) -> bool:
    """Put *value* under *key*; whether it had to be cut."""
    if type(value) in SCALARS:
        attributes[key] = as_attribute(value)
        return False
    text, is_json, is_truncated = encode(value, limit)
    attributes[key] = text
    if is_json and key in MIME_KEYS:
        attributes[MIME_KEYS[key]] = semconv.JSON
    return is_truncated


def text_of(value: Any) -> str:
    """`str(value)`; of a container that is large, the beginning of it as JSON."""
    if isinstance(value, (dict, list, tuple, set, frozenset, deque)) and is_heavy(value):
        return encode(value, LARGE_TEXT_BYTES_MAX)[0]
    return str(value)


def texts_of(items: Iterable[Any]) -> tuple[str, ...]:
    """A word or several, as an attribute of several."""
    return tuple(text_of(item) for item in ((items,) if isinstance(items, str) else islice(items, ITEMS_MAX)))


def typed_attributes(attributes: Mapping[str, Any], room: int) -> dict[str, Any]:
    """*attributes* as OpenTelemetry has them, no more than *room*: it logs a warning for each that it drops."""
    given = {short_name(key): value for key, value in islice(attributes.items(), room) if str(key)}
    if len(attributes) > len(given):
        FAULTS.count("dropped_attributes", len(attributes) - len(given))
    return {key: as_attribute(value) for key, value in given.items() if value is not None}


def set_json(span: Span, key: str, value: Any) -> None:
    """A structured value as JSON text."""
    write_value(span, key, value)


def as_attribute(value: Any) -> Any:
    """*value* as OpenTelemetry's type for it; what has none becomes JSON text. Text is cut to the limit."""
    if type(value) is bool or type(value) is float:
        return value
    if type(value) is int:
        return value if -INTEGER_MAX <= value < INTEGER_MAX else short_repr(value)
    if isinstance(value, str):
        return encode(str(value), limit_bytes())[0]
    if isinstance(value, (list, tuple)) and value and len(value) <= ITEMS_MAX:
        kind = type(value[0])
        if kind in _PRIMITIVES and all(type(item) is kind for item in value) and not _is_long(value, kind):
            return tuple(as_attribute(item) for item in value)
    if hasattr(type(value), "dtype") and hasattr(type(value), "item") and value.ndim == 0:
        return as_attribute(value.item())  # a scalar of numpy
    if isinstance(value, date):  # and its times of day, as MLflow and OpenTelemetry's users write them
        return str(value)
    return encode(value, limit_bytes())[0]


def _is_long(value: Sequence[Any], kind: type) -> bool:
    """Whether texts are more together than one value may be: they become JSON then, which is cut."""
    return kind is str and sum(map(len, value)) > limit_bytes()


def limit_bytes() -> int:
    """The size to which one value is cut."""
    runtime = STATE.runtime
    return runtime.settings.max_attribute_bytes if runtime is not None else DEFAULT_LIMIT_BYTES


def _truncated(span: Span, key: str) -> tuple[str, ...]:
    return tuple(sorted({*held_attributes(span).get(semconv.TRUNCATED, ()), key}))


def fixed_attributes(
    name: str, span_type: str, attributes: Mapping[str, Any] | None, options: Mapping[str, Any]
) -> dict[str, Any]:
    """The attributes that a span starts with."""
    fixed: dict[str, Any] = dict(attributes_of(short_name(span_type), short_name(name)))
    if attributes:
        fixed.update(typed_attributes(attributes, EVENT_ATTRIBUTES_MAX - 8))
    if options.get("description"):
        fixed[semconv.DESCRIPTION] = as_attribute(str(options["description"]))
    if options.get("log_level"):
        fixed[semconv.LOG_LEVEL] = short_name(options["log_level"]).rpartition(".")[2].upper()
    return fixed
