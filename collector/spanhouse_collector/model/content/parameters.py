"""The parameters of a request, and whether its answer was streamed.

Owns collecting them from a span's own attributes and from the objects that hold several. Leaves which key says what to
the vocabulary.
"""

from __future__ import annotations

from typing import Any, Final

from spanhouse_collector.model.content.parse import is_empty, is_redacted
from spanhouse_collector.model.content.reader import SpanReader
from spanhouse_collector.model.targets import (
    KNOWN_NAMES,
    OTHER_MEMBERS,
    PARAMETER_OBJECTS,
    PARAMETER_PREFIX,
    PARAMETERS,
)

EXTRA_MAX: Final = 64
_NAMES: Final = tuple(target.name.removeprefix(PARAMETER_PREFIX) for target in PARAMETERS)
_STREAM_EVENTS: Final = ("First Token Stream Event", "ai.stream.firstChunk")


def request_of(reader: SpanReader) -> dict[str, Any]:
    """The parameters that were sent; what is absent is left out."""
    made = {name: reader.first(PARAMETER_PREFIX + name) for name in _NAMES}
    extra = _extra(reader)
    if extra:
        made["extra"] = extra
    return {name: value for name, value in made.items() if value is not None}


def _extra(reader: SpanReader) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source in reader.rows(PARAMETER_OBJECTS.name):
        bag = reader.value(source) if source.member else reader.parsed(source.attribute)
        for key, value in bag.items() if isinstance(bag, dict) else ():
            known = key in KNOWN_NAMES or key in OTHER_MEMBERS or key.startswith("_")
            if not known and len(found) < EXTRA_MAX and not is_empty(value) and not is_redacted(value):
                found.setdefault(key, value)
    return found


def is_streaming(reader: SpanReader, request: dict[str, Any]) -> bool | None:
    """Whether the answer came in pieces; None if nothing tells.

    An event of the first piece beats the request: LangChain says `stream: false` of streamed calls. A time to the
    first token does not: OpenLIT reports one for every call.
    """
    if any(event.name in _STREAM_EVENTS or event.name.startswith("mlflow.chunk.") for event in reader.span.events):
        return True
    said = request.get("stream")
    if isinstance(said, bool):
        return said
    operation = reader.raw("ai.operationId")
    if isinstance(operation, str) and "stream" in operation.lower():
        return True
    return True if reader.first("first_piece") is not None or reader.span.columns.get("ttft_ns") else None
