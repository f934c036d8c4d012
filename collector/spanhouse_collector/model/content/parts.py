"""Parts of a message, from whatever an SDK calls them.

Owns one reader per kind of part (text, reasoning, tool call, tool response), chosen by the part's `type`, or by the key
that carries it where there is no type (Bedrock, Gemini, Genkit, Haystack). Media are in `media`. A part that nobody
knows is kept as it came if it names its type, and shown as text if not.

Source: openai-openapi `ChatCompletionMessageParam` and `ResponseInputItem`; anthropic-sdk `types/*_block_param`;
botocore bedrock-runtime `ContentBlock`; googleapis `generativelanguage Content`; vercel/ai `packages/provider-utils`
(model messages); genkit `js/ai/src/document.ts`; haystack `dataclasses/chat_message.py`; pydantic-ai `messages.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from spanhouse_collector.model.content.media import media_part
from spanhouse_collector.model.content.parse import is_empty, json_text, parsed
from spanhouse_collector.model.content.shapes import Part, reasoning_part, text_part

DEPTH_MAX: Final = 12
PARTS_MAX: Final = 4096
_CALL_IDS: Final = ("call_id", "toolCallId", "tool_call_id", "toolUseId", "tool_use_id", "callId", "id", "ref", "_id")
_RESPONSE_IDS: Final = ("tool_use_id", "tool_call_id", "toolCallId", "toolUseId", "call_id", "callId", "id", "ref")
_NAMES: Final = ("name", "toolName", "tool_name", "toolname")
_ARGUMENTS: Final = ("arguments", "args", "input", "parameters", "toolInput", "argumentsText", "rawInput")
_RESPONSES: Final = ("response", "result", "output", "content", "return_value", "value")
_TEXTS: Final = ("text", "content", "value", "refusal", "input_text", "output_text", "message")
_REASONING: Final = ("content", "thinking", "text", "reasoning", "reasoning_content", "reasoningText", "summary")


def parts_of(value: Any, depth: int = 0) -> list[Part]:
    """The parts in the content of a message."""
    if is_empty(value):
        return []
    if isinstance(value, str):
        return _parts_in_text(value, depth)
    if depth > DEPTH_MAX:
        return [text_part(json_text(value))]
    if isinstance(value, list):
        return [part for each in value[:PARTS_MAX] for part in parts_of(each, depth + 1)]
    if isinstance(value, dict):
        return part_of(value, depth)
    return [text_part(json_text(value))]


def _parts_in_text(text: str, depth: int) -> list[Part]:
    """Text, or the parts that it holds as JSON: `[{"type": "text", …}]`, `[{"text": …}]`."""
    if depth == 0 and text[:1] in ("[", "{"):
        found = parsed(text)
        if looks_like_parts(found):
            return parts_of(found, 1)
    return [text_part(text)]


def looks_like_parts(value: Any) -> bool:
    """Whether every element of this list is a part of a message."""
    if isinstance(value, dict):
        value = [value]
    return isinstance(value, list) and bool(value) and all(map(_looks_like_part, value))


def _looks_like_part(value: Any) -> bool:
    if not isinstance(value, dict) or "role" in value:
        return False
    kind = value.get("type")
    if isinstance(kind, str):
        return kind.lower() in BY_TYPE and (len(value) > 1)
    return any(key in value for key in _TELLING_KEYS) and len(value) <= 4


def part_of(value: Mapping[str, Any], depth: int = 0) -> list[Part]:
    """The parts that one object stands for; usually one."""
    kind = value.get("type") or value.get("part_kind")
    if kind is None and str(value.get("kind")) in BY_TYPE:  # pydantic-ai's user content
        kind = value["kind"]
    if isinstance(kind, str) and kind:
        read = BY_TYPE.get(kind.lower())
        if read is not None:
            return read(value, depth)
        if "role" not in value and not (kind == "message" and "content" in value):
            return [dict(value)]
    for key, read_key in BY_KEY.items():
        if key in value and value[key] is not None:
            return read_key(value, depth)
    return [text_part(json_text(value))] if value else []


def first_of(value: Mapping[str, Any], keys: Iterable[str]) -> Any:
    """The first of these members that is there."""
    return next((value[key] for key in keys if value.get(key) is not None), None)


def first_text(value: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    """The first of these members that is text (ids may be numbers)."""
    for key in keys:
        found = value.get(key)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
    return None


# --- text and reasoning


def _text(value: Mapping[str, Any], depth: int) -> list[Part]:
    found = first_of(value, _TEXTS)
    if isinstance(found, dict) and isinstance(found.get("value"), str):  # Azure: {"text": {"value": …}}
        found = found["value"]
    if value.get("thought") is True:
        return [reasoning_part(json_text(found))] if found else []
    if isinstance(found, str):
        return [text_part(found)] if found else []
    return parts_of(found, depth + 1)


def _reasoning(value: Mapping[str, Any], _: int = 0) -> list[Part]:
    found = first_of(value, _REASONING)
    text = _joined(found)
    if text:
        return [reasoning_part(text)]
    hidden = any(value.get(key) for key in ("data", "redactedContent", "redactedReasoning", "encrypted_content"))
    return [{"type": "reasoning", "content": "", "redacted": True}] if hidden else []


def _joined(value: Any) -> str:
    """The text in a text, a list of texts or `{text}` objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _joined(first_of(value, ("text", "content", "thinking", "reasoningText", "summary")))
    if isinstance(value, list):
        return "\n".join(filter(None, map(_joined, value)))
    return ""


def _reasoning_content(value: Mapping[str, Any], _: int = 0) -> list[Part]:
    inner = first_of(value, ("reasoningContent", "reasoning_content", "reasoning"))
    if isinstance(inner, dict):
        return _reasoning(inner)
    text = _joined(inner)
    return [reasoning_part(text)] if text else []


# --- tools


def tool_call(value: Mapping[str, Any], _: int = 0) -> list[Part]:
    """A call that a model asks for."""
    function = value.get("function")
    inner: Mapping[str, Any] = function if isinstance(function, dict) else {}
    name = first_text(value, _NAMES) or first_text(inner, _NAMES)
    if name is None and isinstance(function, str):
        name = function
    arguments = first_of(value, _ARGUMENTS)
    if arguments is None:
        arguments = first_of(inner, _ARGUMENTS)
    part: Part = {"type": "tool_call"}
    call_id = first_text(value, _CALL_IDS) or first_text(inner, _CALL_IDS)
    if call_id:
        part["id"] = call_id
    if name is None and arguments is None:
        return [part] if call_id else []
    part["name"] = name or ""
    part["arguments"] = {} if is_empty(arguments) else parsed(arguments)
    return [part]


def tool_response(value: Mapping[str, Any], _: int = 0) -> list[Part]:
    """What a tool answered."""
    origin = value.get("origin")
    part: Part = {"type": "tool_call_response"}
    call_id = first_text(value, _RESPONSE_IDS)
    name = first_text(value, _NAMES)
    if isinstance(origin, dict):
        call_id, name = call_id or first_text(origin, _CALL_IDS), name or first_text(origin, _NAMES)
    if call_id:
        part["id"] = call_id
    if name:
        part["name"] = name
    part["response"] = response_value(first_of(value, _RESPONSES))
    if value.get("is_error") is True or value.get("isError") is True or value.get("status") == "error":
        part["is_error"] = True
    return [part]


def response_value(value: Any) -> Any:
    """A tool's answer without its wrappers (`{type: json, value}`)."""
    found = parsed(value)
    if isinstance(found, dict) and "value" in found and isinstance(found.get("type"), str) and len(found) <= 3:
        return found["value"]
    return found


def _server_tool(value: Mapping[str, Any], _: int = 0) -> list[Part]:
    inner = {key: each for key, each in value.items() if key not in ("type", "id", "name")}
    return [
        {
            "type": "server_tool_call",
            "id": first_text(value, _CALL_IDS) or "",
            "name": first_text(value, _NAMES) or "",
            "server_tool_call": {"type": first_text(value, _NAMES) or "", **inner},
        }
    ]


def _inside(
    key: str, read: Callable[[Mapping[str, Any], int], list[Part]]
) -> Callable[[Mapping[str, Any], int], list[Part]]:
    """Reads the object under `key` instead of the part itself."""

    def read_inside(value: Mapping[str, Any], depth: int) -> list[Part]:
        inner = value[key]
        if isinstance(inner, dict):
            return read(inner, depth + 1)
        return parts_of(inner, depth + 1) if isinstance(inner, list) else [text_part(json_text(inner))]

    return read_inside


def _content(value: Mapping[str, Any], depth: int) -> list[Part]:
    found = first_of(value, ("parts", "content", "message", "contents"))
    return parts_of(parsed(found) if isinstance(found, str) and depth < 2 else found, depth + 1)


def _json_block(value: Mapping[str, Any], _: int) -> list[Part]:
    return [text_part(json_text(value["json"]))]


def _media(value: Mapping[str, Any], _: int) -> list[Part]:
    return media_part(value)


def _code(value: Mapping[str, Any], _: int) -> list[Part]:
    return [dict(value)]


Reader = Callable[[Mapping[str, Any], int], list[Part]]
BY_TYPE: Final[Mapping[str, Reader]] = {
    **dict.fromkeys(
        ("text", "input_text", "output_text", "refusal", "text_delta", "system-prompt", "user-prompt", "instructions"),
        _text,
    ),
    **dict.fromkeys(("thinking", "reasoning", "redacted_thinking", "reasoning_content", "thinking_delta"), _reasoning),
    **dict.fromkeys(
        (
            "tool_call",
            "tool-call",
            "tool_use",
            "tool-use",
            "toolcall",
            "function_call",
            "function",
            "custom_tool_call",
            "mcp_call",
            "mcp_tool_use",
            "tool_call_chunk",
            "tool-invocation",
        ),
        tool_call,
    ),
    **dict.fromkeys(
        (
            "tool_call_response",
            "tool_call_result",
            "tool-call-result",
            "tool-result",
            "tool_result",
            "toolresult",
            "mcp_tool_result",
            "tool-return",
            "retry-prompt",
            "function_call_output",
            "custom_tool_call_output",
            "function_response",
        ),
        tool_response,
    ),
    "server_tool_use": _server_tool,
    **dict.fromkeys(
        (
            "image",
            "image_url",
            "input_image",
            "image-url",
            "audio",
            "input_audio",
            "audio-url",
            "video",
            "video-url",
            "video_url",
            "document",
            "document-url",
            "file",
            "input_file",
            "media",
            "binary",
            "blob",
            "uri",
        ),
        _media,
    ),
}
_TELLING: Final[Mapping[str, Reader]] = {
    "toolUse": _inside("toolUse", tool_call),
    "toolResult": _inside("toolResult", tool_response),
    "functionCall": _inside("functionCall", tool_call),
    "function_call": _inside("function_call", tool_call),
    "functionResponse": _inside("functionResponse", tool_response),
    "function_response": _inside("function_response", tool_response),
    "toolRequest": _inside("toolRequest", tool_call),
    "toolResponse": _inside("toolResponse", tool_response),
    "tool_call": _inside("tool_call", tool_call),
    "tool_call_result": _inside("tool_call_result", tool_response),
    "reasoningContent": _reasoning_content,
    "inline_data": _media,
    "inlineData": _media,
    "file_data": _media,
    "fileData": _media,
    "text": _text,
}
_TELLING_KEYS: Final = frozenset(_TELLING)
BY_KEY: Final[Mapping[str, Reader]] = {
    **_TELLING,
    "reasoning": _reasoning_content,
    "thinking": _reasoning,
    "toolCallId": tool_call,
    "executable_code": _code,
    "executableCode": _code,
    "image": _media,
    "image_url": _media,
    "media": _media,
    "document": _media,
    "video": _media,
    "parts": _content,
    "content": _content,
    "message": _content,
    "contents": _content,
    "json": _json_block,
}
