"""Chat messages in the message schema of the semantic conventions.

Owns: `to_semconv`, from what people hold in their hands: a string, `{"role", "content"}` dicts of OpenAI, content
blocks of Anthropic, objects with `model_dump`, or the schema itself. Unknown parts are kept as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Any, Final

import orjson

from spanhouse.convert import fields_of

MESSAGES_MAX: Final = 10_000


def to_semconv(messages: Any, role: str) -> list[dict[str, Any]]:
    """*messages* as `[{"role", "parts": […]}]`; *role* is that of a bare string."""
    if messages is None:
        return []
    if isinstance(messages, str):
        return [{"role": role, "parts": [text_part(messages)]}]
    if not isinstance(messages, (list, tuple)):
        messages = [messages]
    return [_message(message, role) for message in messages[:MESSAGES_MAX]]


def some_of(items: Iterable[Any]) -> list[Any]:
    """As many of *items* as are sensible."""
    return list(islice(items, MESSAGES_MAX))


def text_part(text: str) -> dict[str, Any]:
    """A part that is text."""
    return {"type": "text", "content": text}


def instruction_parts(system: Any) -> list[dict[str, Any]]:
    """System instructions as the flat list of parts that the conventions want."""
    if isinstance(system, str):
        return [text_part(system)]
    parts = system if isinstance(system, (list, tuple)) else [system]
    return [text_part(item) if isinstance(item, str) else _part(item) for item in parts[:MESSAGES_MAX]]


def _message(message: Any, role: str) -> dict[str, Any]:
    if isinstance(message, str):
        return {"role": role, "parts": [text_part(message)]}
    fields = _fields(message)
    if "parts" in fields:
        return {"role": role, **fields}
    made: dict[str, Any] = {"role": str(fields.get("role") or role), "parts": _parts(fields)}
    for name in ("name", "finish_reason"):
        if fields.get(name):
            made[name] = fields[name]
    return made


def _fields(message: Any) -> dict[str, Any]:
    fields = fields_of(message)
    return {"content": message} if fields is None else fields


def _parts(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = fields.get("content")
    if fields.get("role") == "tool" and fields.get("tool_call_id"):
        return [{"type": "tool_call_response", "id": fields["tool_call_id"], "response": content}]
    parts: list[dict[str, Any]] = []
    if isinstance(content, str):
        parts.append(text_part(content))
    elif isinstance(content, (list, tuple)):
        parts += [text_part(item) if isinstance(item, str) else _part(item) for item in content[:MESSAGES_MAX]]
    elif content is not None:
        parts.append(_part(content))
    return parts + [_tool_call(_fields(call)) for call in islice(fields.get("tool_calls") or (), MESSAGES_MAX)]


def _part(item: Any) -> dict[str, Any]:
    fields = fields_of(item)
    if fields is None:
        return {"type": "other", "content": item}
    match fields.get("type"):
        case "text" | "input_text" | "output_text" if "text" in fields:
            return text_part(fields["text"])
        case "tool_use":
            return {"type": "tool_call", "id": fields.get("id"), "name": fields.get("name"),
                    "arguments": fields.get("input")}  # fmt: skip
        case "tool_result":
            return {"type": "tool_call_response", "id": fields.get("tool_use_id"), "response": fields.get("content")}
        case "thinking":
            return {"type": "reasoning", "content": fields.get("thinking", "")}
        case "image_url":
            image = fields.get("image_url")
            uri = image.get("url") if isinstance(image, Mapping) else image
            return {"type": "uri", "modality": "image", "uri": uri}
        case _:
            return fields


def _tool_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call.get("function")
    named: Mapping[str, Any] = function if isinstance(function, Mapping) else call
    arguments = named.get("arguments", named.get("args"))
    if isinstance(arguments, str):
        with suppress(orjson.JSONDecodeError):  # half an answer of a model stays the text it is
            arguments = orjson.loads(arguments)
    return {"type": "tool_call", "id": call.get("id"), "name": named.get("name"), "arguments": arguments}
