"""Plain texts out of messages and values: what a list, a preview or an evaluation shows.

Owns which text stands for an input and for an output.

Source: dialects.md section 2.3 (input text) and section 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from spanhouse_collector.model.content.parse import is_empty, is_redacted, json_text
from spanhouse_collector.model.content.shapes import Message, Part

DEPTH_MAX: Final = 3
_INPUT_KEYS: Final = (
    "query",
    "question",
    "query_str",
    "query_bundle",
    "user_msg",
    "input",
    "prompt",
    "user_input",
    "text",
    "message",
    "content",
    "user_message",
    "task",
    "topic",
    "inputs",
    "args",
    "description",
)
_OUTPUT_KEYS: Final = (
    "output",
    "raw",
    "answer",
    "result",
    "response",
    "text",
    "content",
    "message",
    "completion",
    "final_output",
    "outputs",
)


def text_of_parts(parts: Iterable[Part]) -> str | None:
    """The text parts, one under the other."""
    texts = [part["content"] for part in parts if part["type"] == "text" and isinstance(part.get("content"), str)]
    return "\n".join(filter(None, texts)) or None


def input_text(messages: Sequence[Message]) -> str | None:
    """The text of the last user message that has text."""
    for message in reversed(messages):
        if message["role"] == "user":
            text = text_of_parts(message["parts"])
            if text is not None:
                return text
    if any(message["role"] == "user" for message in messages):
        return None
    # Nobody asked: what a parser was given is an answer.
    answers = (text_of_parts(message["parts"]) for message in reversed(messages) if message["role"] == "assistant")
    return next((text for text in answers if text is not None), None)


def output_text(messages: Sequence[Message]) -> str | None:
    """What the assistant said; of an output without an assistant (a prompt's), everything."""
    spoken = [message for message in messages if message["role"] == "assistant"] or messages
    return "\n".join(filter(None, (text_of_parts(message["parts"]) for message in spoken))) or None


def system_text(instructions: Sequence[Part], messages: Sequence[Message]) -> str | None:
    """All instructions, each once."""
    parts = [*instructions, *(part for each in messages if each["role"] == "system" for part in each["parts"])]
    texts = [part["content"] for part in parts if part["type"] == "text" and part.get("content")]
    return "\n".join(dict.fromkeys(texts)) or None


def reasoning_text(messages: Sequence[Message]) -> str | None:
    """The model's reasoning."""
    parts = (part for message in messages for part in message["parts"] if part["type"] == "reasoning")
    return "\n".join(part["content"] for part in parts if part.get("content")) or None


def tool_calls(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """The calls that the model asked for."""
    return [
        {"id": part.get("id"), "name": part.get("name", ""), "arguments": part.get("arguments")}
        for message in messages
        for part in message["parts"]
        if part["type"] == "tool_call"
    ]


def query_text(value: Any) -> str | None:
    """The text of an input that asks for something, None if no text of it does."""
    return None if is_redacted(value) else _main_text(value, _INPUT_KEYS, 0)


def plain_input(value: Any) -> str | None:
    """The text of an input that is no chat."""
    return _plain(value, _INPUT_KEYS)


def plain_output(value: Any) -> str | None:
    """The text of an output that is no chat."""
    return _plain(value, _OUTPUT_KEYS)


def _plain(value: Any, keys: tuple[str, ...]) -> str | None:
    """Text as it is; an object's one text, else the object as JSON."""
    if is_empty(value) or is_redacted(value):
        return None
    return _main_text(value, keys, 0) or json_text(value)


def _main_text(value: Any, keys: tuple[str, ...], depth: int) -> str | None:
    if isinstance(value, str):
        return value or None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict) or depth > DEPTH_MAX:
        return None
    named = next((value[key] for key in keys if not is_empty(value.get(key))), None)
    if named is None and len(value) == 1:
        named = next(iter(value.values()))
    return _main_text(named, keys, depth + 1)
