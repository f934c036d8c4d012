"""What users hide before anything leaves the process.

Owns: running the masking functions over an ended span, whoever made it, and what happens when one fails: the content of
that span is dropped, never sent as it was. The span is changed in place, so processors that come after ours see the
masked one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import orjson
from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status

from spanhouse import semconv
from spanhouse.content import encode
from spanhouse.faults import FAULTS
from spanhouse.span_attributes import held_attributes, held_items
from spanhouse.span_types import input_key, output_key

MASK_LIMIT_BYTES: Final = 16 << 20
_CLEAN: Final = frozenset({str, bool, int, float})
SAFE_KEYS: Final = frozenset({
    semconv.SPAN_TYPE, semconv.OPERATION, semconv.PROVIDER, semconv.REQUEST_MODEL, semconv.RESPONSE_MODEL,
    semconv.RESPONSE_ID, semconv.ERROR_TYPE, semconv.TOOL_NAME, semconv.AGENT_NAME, semconv.WORKFLOW_NAME,
    semconv.LOG_LEVEL, "openinference.span.kind", "traceloop.span.kind", "gen_ai.system", "llm.model_name",
})  # fmt: skip
"""Texts that stay when a mask failed: they say what a span is, never what was said."""
SAFE_NUMBERS: Final = (
    "gen_ai.usage.", "gen_ai.request.", "gen_ai.response.", "gen_ai.retrieval.top_k", "gen_ai.server.",
    "llm.token_count.", "llm.usage.", "llm.cost.", "http.", "server.", "network.", "spanhouse.abandoned",
)  # fmt: skip
"""Beginnings of the names whose numbers and flags stay then; any other number may be somebody's."""


class MaskedSpan:
    """An ended span as a masking function sees it: everything may be read, `attributes`, `events` and `links` changed.

    `events` is a list of `(name, attributes, timestamp)`, `links` one of the links' attributes.
    """

    def __init__(self, span: ReadableSpan) -> None:
        self.name = span.name
        self.attributes: dict[str, Any] = dict(held_attributes(span))
        events, links = held_items(span, "events"), held_items(span, "links")
        self.events = [(event.name, dict(event.attributes or {}), event.timestamp) for event in events]
        self.links = [dict(link.attributes or {}) for link in links]
        self.status_description = span.status.description
        self.scope_name = span.instrumentation_scope.name if span.instrumentation_scope else ""

    @property
    def span_type(self) -> str:
        """The type, `UNKNOWN` where none was given."""
        return str(self.attributes.get(semconv.SPAN_TYPE, "UNKNOWN"))

    @property
    def inputs(self) -> Any:
        """The inputs, decoded."""
        return decoded(self.attributes, input_key(self.span_type))

    @property
    def outputs(self) -> Any:
        """The outputs, decoded."""
        return decoded(self.attributes, output_key(self.span_type))

    def set_inputs(self, value: Any) -> None:
        """Replace the inputs."""
        self._set(input_key(self.span_type), semconv.INPUT_MIME_TYPE, value)

    def set_outputs(self, value: Any) -> None:
        """Replace the outputs."""
        self._set(output_key(self.span_type), semconv.OUTPUT_MIME_TYPE, value)

    def set_attribute(self, key: str, value: Any) -> None:
        """Replace one attribute; None removes it."""
        if value is None:
            self.attributes.pop(key, None)
        else:
            self.attributes[key] = value

    def get_attribute(self, key: str) -> Any:
        """One attribute, None when there is none."""
        return self.attributes.get(key)

    def _set(self, key: str, mime_key: str, value: Any) -> None:
        self.attributes[key], is_json, _ = encode(value, MASK_LIMIT_BYTES)
        if key in (semconv.INPUT, semconv.OUTPUT):
            self.set_attribute(mime_key, semconv.JSON if is_json else None)


def decoded(attributes: Mapping[str, Any], key: str) -> Any:
    """The value under *key*: JSON parsed where the span says that it is JSON."""
    value = attributes.get(key)
    if not isinstance(value, str):
        return value
    mime_keys = {semconv.INPUT: semconv.INPUT_MIME_TYPE, semconv.OUTPUT: semconv.OUTPUT_MIME_TYPE}
    if key in mime_keys and attributes.get(mime_keys[key]) != semconv.JSON:
        return value
    if key not in mime_keys and value[:1] not in '{["-0123456789tfn':
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


Mask = Callable[[MaskedSpan], object]


def mask(span: ReadableSpan, masks: Iterable[Mask]) -> None:
    """Run *masks* over the span in their order; where one raises, drop the span's content."""
    masked = MaskedSpan(span)
    try:
        for function in masks:
            function(masked)
        replace(span, masked)
    except Exception as error:  # noqa: BLE001 - fail closed, whatever a mask raised
        FAULTS.count("masking_failed")
        FAULTS.warn("a masking function raised %s: the content of the span was dropped", type(error).__qualname__)
        drop_unknown(span)


def replace(span: ReadableSpan, masked: MaskedSpan) -> None:
    """Write a masked span back over the one that all processors share."""
    # The SDK offers no public way to change an ended span.
    span._name = str(masked.name)  # noqa: SLF001
    if masked.attributes != held_attributes(span):
        span._attributes = _bounded(masked.attributes, held_attributes(span))  # noqa: SLF001
    if masked.events or held_items(span, "events"):
        span._events = [Event(name, dict(attributes), timestamp) for name, attributes, timestamp in masked.events]  # noqa: SLF001
    if held_items(span, "links"):
        span._links = [  # noqa: SLF001
            Link(link.context, dict(attributes)) for link, attributes in zip(span.links, masked.links, strict=True)
        ]
    if masked.status_description != span.status.description:
        span._status = Status(span.status.status_code, masked.status_description)  # noqa: SLF001


def _bounded(attributes: dict[str, Any], held: Mapping[str, Any]) -> BoundedAttributes:
    """*attributes* as the SDK holds them: it looks only at those that a mask made, and are no texts or numbers."""
    made = {key: value for key, value in attributes.items() if type(value) not in _CLEAN and value is not held.get(key)}
    bounded = BoundedAttributes(None, made, immutable=False)
    known = getattr(bounded, "_dict", None)
    if type(known) is not dict:  # another SDK's
        return BoundedAttributes(None, attributes, immutable=False)
    known.update({key: value for key, value in attributes.items() if key not in made and key})
    return bounded


def drop_unknown(span: ReadableSpan) -> None:
    """Keep the names, counts, and the few texts that hold no content; everything else goes."""
    kept = {key: value for key, value in (span.attributes or {}).items() if _is_safe(key, value)}
    masked = MaskedSpan(span)
    masked.attributes = {**kept, semconv.CONTENT_DROPPED: True}
    masked.events = [(name, {}, timestamp) for name, _, timestamp in masked.events]
    masked.links = [{} for _ in masked.links]
    masked.status_description = None
    replace(span, masked)


def _is_safe(key: str, value: object) -> bool:
    if isinstance(value, (bool, int, float)):
        return key.startswith(SAFE_NUMBERS) and not is_content(key)
    return key in SAFE_KEYS


def strip_content(span: MaskedSpan) -> None:
    """Remove what people said and models answered: the mask behind `capture_content=False`."""
    span.attributes = {key: value for key, value in span.attributes.items() if not is_content(key)}
    span.events = [
        (name, {key: value for key, value in attributes.items() if not is_content(key)}, timestamp)
        for name, attributes, timestamp in span.events
    ]
    span.links = [{key: value for key, value in link.items() if not is_content(key)} for link in span.links]
    span.status_description = None


def is_content(key: str) -> bool:
    """Whether attributes of this name hold content."""
    if key in semconv.CONTENT_KEYS:
        return True
    return key.startswith(semconv.CONTENT_PREFIXES) and not key.startswith(semconv.STRUCTURE_PREFIXES)
