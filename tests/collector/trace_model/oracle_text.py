"""What a span is searched for: `input` and `output`, worked out plainly.

Owns which of a span's values are its words, and how JSON becomes text. Leaves every other column to `oracle`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from spanhouse_collector.model import targets, vocabulary
from spanhouse_collector.model.dialects.shared import placeholders, span_types
from spanhouse_collector.model.source import EVENT
from spanhouse_collector.model.targets import Target
from tests.collector.trace_model.oracle_json import as_text, read, read_string

if TYPE_CHECKING:
    from tests.collector.trace_model.oracle_reading import OracleSpan

# What a cut leaves of an escape, and its mark; backslashes before it are whole in pairs.
CUT = re.compile(
    r"(?<!\\)((?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2})?(?:\\(?:u[0-9a-fA-F]{0,3})?)?((?:\.{3}|…)?(?:\[truncated\])?)\Z"
)
CALLS = (*span_types.USAGE_OWNERS, "RETRIEVER", "EVENT")
PART = ("content", "text", "response", "result", "name", "arguments")


def texts_of(span: OracleSpan, span_type: str) -> dict[str, str]:
    """The columns, and the id that an answer kept whole says it has."""
    system = as_words(best(span, targets.SYSTEM_INSTRUCTIONS))
    asked = as_words(side(span, span_type, targets.INPUT_MESSAGES, targets.INPUT_PIECES, targets.INPUT))
    answered = as_words(side(span, span_type, targets.OUTPUT_MESSAGES, targets.OUTPUT_PIECES, targets.OUTPUT))
    return {
        "input": "\n".join(words for words in (system, asked) if words),
        "output": answered,
        "answer_id": id_in(best(span, targets.OUTPUT)),
    }


def found(span: OracleSpan, target: Target) -> list[tuple[int, str]]:
    """Content with the rank of its key: attributes, flattened ones, then events, each in the order sent."""
    ranks = {source.key: rank for rank, source in enumerate(vocabulary.written(target))}
    plain = [(key, value) for key, value in span.attributes if key in ranks]
    flattened = [(re.sub(r"\.[0-9]{1,4}(?=\.|$)", ".#", key), value) for key, value in span.attributes]
    flattened = [(key, value) for key, value in flattened if key in ranks and "#" in key]
    events = [(f"{EVENT}{name}#{key}", value) for name, _, pairs in span.events for key, value in pairs]
    everything = [*plain, *flattened, *events]
    return [
        (ranks[key], value)
        for key, value in everything
        if key in ranks and value and value not in placeholders.NO_CONTENT
    ]


def best(span: OracleSpan, target: Target) -> str:
    return min(found(span, target), key=lambda pair: pair[0], default=(0, ""))[1]


def side(span: OracleSpan, span_type: str, whole: Target, pieces: Target, plain: Target) -> str:
    """A call's messages before its plain value, any other span's plain value before its messages."""
    parts = [best(span, whole), *(value for _, value in found(span, pieces))]
    messages, value = "\n".join(part for part in parts if part), best(span, plain)
    return messages or value if span_type in CALLS else value or messages


def as_words(raw: str) -> str:
    """Messages as their texts, other JSON without its escapes, anything else as it is."""
    if words := of_messages(raw):
        return words
    return (unescaped(raw) if re.match(r"[ \t\n\r\f\v]*[\[{\"]", raw) else "") or raw


def of_messages(raw: str) -> str:
    """The texts of a JSON list of messages, one a line."""
    try:
        messages = read(raw)
    except ValueError:
        return ""
    pieces = []
    for message in messages if isinstance(messages, list) and isinstance(next(iter(messages), None), dict) else ():
        if isinstance(message, dict):
            pieces += [as_text(message.get(name)) for name in ("content", "text", "reasoning")]
            parts = message.get("parts")
            pieces += [piece for part in parts for piece in part_texts(part)] if isinstance(parts, list) else []
    bare = [piece.replace("\\n", "\n").replace('\\"', '"') if piece[:1] in ("[", "{") else piece for piece in pieces]
    return "\n".join(piece for piece in bare if piece)


def part_texts(part: Any) -> list[str]:
    return [as_text(part.get(name)) for name in PART] if isinstance(part, dict) else []


def unescaped(raw: str) -> str:
    """JSON with its escapes resolved, cut off or not; '' where one of them is broken."""
    flat = re.sub("[\x01\n\r\t]", " ", raw if raw.endswith(("]", "}", '"')) else CUT.sub(r"\1\2", raw))
    escaped = flat.replace('\\"', "\x01").replace('"', '\\"').replace("\x01", '\\"')
    return read_string(f'"{escaped}"') or ""


def id_in(answer: str) -> str:
    """The id of an answer that is a JSON object."""
    if not answer.startswith("{"):
        return ""
    try:
        found = read(answer)
    except ValueError:
        return ""
    value = found.get("id") if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
