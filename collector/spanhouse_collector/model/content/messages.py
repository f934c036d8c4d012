"""One message, from whatever object an SDK writes for it.

Owns telling a message from another object, and reading role, content, tool calls, name and finish reason out of it:
OpenAI's and Anthropic's messages, the Responses API's items, LangChain's serialised messages, semconv's own. Leaves
parts to `parts`, and requests and answers that hold messages to `requests` and `responses`.

Source: as `parts`, and langchain-core `load/dump.py` and `messages/base.py` (message_to_dict), llama-index
`base/llms/types.py` (blocks), livekit-agents `llm/chat_context.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spanhouse_collector.model.content.parse import is_empty, json_text, parsed
from spanhouse_collector.model.content.parts import (
    BY_TYPE,
    first_of,
    first_text,
    looks_like_parts,
    part_of,
    parts_of,
    response_value,
    tool_call,
)
from spanhouse_collector.model.content.shapes import (
    Message,
    Part,
    finish_reason_of,
    message,
    reasoning_part,
    role_of,
    text_part,
)

MESSAGES_MAX: Final = 4096
TOOL_CALLS_MAX: Final = 64
_BODIES: Final = ("parts", "content", "contents", "_content", "blocks", "text", "message", "data")
_CALLS: Final = ("tool_calls", "toolCalls", "toolInvocations", "tool_uses")
_REASONINGS: Final = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
_FINISHES: Final = ("finish_reason", "finishReason", "stop_reason", "stopReason")
_TOOL_IDS: Final = ("tool_call_id", "toolCallId", "call_id", "callId", "id")
_ROLE_KEYS: Final = ("role", "_role", "author")
_LANGCHAIN_TYPES: Final = frozenset({"human", "ai", "system", "tool", "function", "chat", "developer", "remove"})
_LANGCHAIN_CLASSES: Final = {
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "SystemMessage": "system",
    "ToolMessage": "tool",
    "FunctionMessage": "tool",
    "ChatMessage": "user",
}
# Items of OpenAI's Responses API that are messages of their own.
_ITEM_ROLES: Final = {
    "function_call": "assistant",
    "custom_tool_call": "assistant",
    "mcp_call": "assistant",
    "reasoning": "assistant",
    "function_call_output": "tool",
    "custom_tool_call_output": "tool",
}
_KIND_ROLES: Final = {"request": "user", "response": "assistant"}  # pydantic-ai's own message classes


def _kind(value: Mapping[str, Any]) -> str:
    kind = value.get("type")
    return kind if isinstance(kind, str) else ""


def is_message(value: Any) -> bool:
    """Whether this object is a message, and nothing that merely has a role."""
    if not isinstance(value, dict):
        return False
    if any(isinstance(value.get(key), str) for key in _ROLE_KEYS[:2]):
        return len(value) > 1 and any(key in value for key in (*_BODIES, *_CALLS, "function_call", "refusal"))
    if _langchain_class(value) or _is_langchain_dict(value):
        return True
    kind = _kind(value)
    if kind == "message":
        return "content" in value
    if kind in _ITEM_ROLES:
        return "call_id" in value or "id" in value or "name" in value
    return str(value.get("kind")) in _KIND_ROLES and isinstance(value.get("parts"), list)


def message_of(value: Mapping[str, Any], default_role: str) -> Message:
    """The message in this object."""
    value = _unwrapped(value)
    role = _role(value, default_role)
    parts = _body(value)
    parts = [*_reasoning(value, parts), *parts]
    parts += _new_calls(parts, _calls(value))
    if role == "tool":
        parts = _as_response(value, parts)
    if not parts and isinstance(value.get("refusal"), str) and value["refusal"]:
        parts = [text_part(value["refusal"])]
    return message(role, parts, name=value.get("name"), finish_reason=_finish_reason(value))


def messages_of(value: Any, default_role: str) -> list[Message]:
    """The messages in a value under a key that holds messages: structured, JSON, or plain text."""
    found = parsed(value)
    if is_empty(found):
        return []
    if isinstance(found, dict):
        return _of_object(found, default_role)
    if isinstance(found, list):
        return _of_list(found, default_role)
    return [message(default_role, [text_part(json_text(found))])]


def is_message_list(value: Any) -> bool:
    """Whether this is a list of messages: objects, LangChain's pairs, or batches of either."""
    if not isinstance(value, list) or not value:
        return False
    first = value[0]
    if isinstance(first, list):
        return is_pair(first) or is_message_list(first)
    return is_message(first) and all(isinstance(each, dict) or is_pair(each) for each in value)


def is_pair(value: Any) -> bool:
    """Whether this is LangChain's short form of a message: `["user", "Hi"]`."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and role_of(value[0], "") in ("user", "assistant", "system", "tool", "placeholder")
        and isinstance(value[1], (str, list))
    )


def _of_object(value: dict[str, Any], default_role: str) -> list[Message]:
    for key in ("messages", "items", "contents"):
        if isinstance(value.get(key), list):
            return _of_list(value[key], default_role)
    if is_message(value) or not looks_like_parts(value):
        return _non_empty([message_of(value, default_role)])
    return [message(default_role, part_of(value))]


def _of_list(values: list[Any], default_role: str) -> list[Message]:
    values = values[:MESSAGES_MAX]
    if is_pair(values) or (looks_like_parts(values) and not any(map(is_message, values))):
        values = [values]
    made: list[Message] = []
    for each in values:
        each = parsed(each) if isinstance(each, str) and each[:1] == "{" else each
        if is_pair(each):
            made.append(message(role_of(each[0], default_role), parts_of(each[1])))
        elif isinstance(each, list) and not looks_like_parts(each):
            made += _of_list(each, default_role) if is_message_list(each) else []
            if not is_message_list(each) and each:
                made.append(message(default_role, parts_of(each)))
        elif isinstance(each, dict):
            made.append(message_of(each, default_role))
        elif not is_empty(each):
            made.append(message(default_role, parts_of(each)))
    return _joined_texts(values, _non_empty(made), default_role)


def _joined_texts(values: list[Any], made: list[Message], default_role: str) -> list[Message]:
    """A list of bare texts is one message of several parts; Gemini's chunks of one role are one message."""
    if len(made) > 1 and all(isinstance(each, str) for each in values):
        return [message(default_role, [part for each in made for part in each["parts"]])]
    if len(made) > 1 and any(isinstance(each, dict) and each.get("role") == "model" for each in values):
        return joined_chunks(made)
    return made


def joined_chunks(messages: list[Message]) -> list[Message]:
    """Streamed chunks put together: neighbours of the same role become one message, neighbouring texts one text."""
    joined: list[Message] = []
    for each in messages:
        if not joined or joined[-1]["role"] != each["role"] or each["role"] != "assistant":
            joined.append({**each, "parts": list(each["parts"])})
            continue
        parts = joined[-1]["parts"]
        for part in each["parts"]:
            if parts and part["type"] in ("text", "reasoning") and parts[-1]["type"] == part["type"]:
                parts[-1] = {**parts[-1], "content": parts[-1]["content"] + part["content"]}
            else:
                parts.append(part)
        if "finish_reason" in each:
            joined[-1]["finish_reason"] = each["finish_reason"]
    return joined


def _non_empty(messages: list[Message]) -> list[Message]:
    return [each for each in messages if each["parts"] or "finish_reason" in each]


# --- LangChain


def _langchain_class(value: Mapping[str, Any]) -> str | None:
    """The class of a message that LangChain's `dumps` wrote."""
    names = value.get("id")
    if not ("lc" in value or value.get("type") == "constructor") or not isinstance(names, list) or not names:
        return None
    name = str(names[-1]).removesuffix("Chunk")
    return name if name in _LANGCHAIN_CLASSES and isinstance(value.get("kwargs"), dict) else None


def _is_langchain_dict(value: Mapping[str, Any]) -> bool:
    """`{"type": "human", "data": {…}}`, or the same flat."""
    kind = value.get("type")
    if not isinstance(kind, str):
        return False
    name = kind.removesuffix("Chunk").removesuffix("MessageChunk")
    known = name in _LANGCHAIN_TYPES or name in _LANGCHAIN_CLASSES
    return known and (isinstance(value.get("data"), dict) or "content" in value)


def _unwrapped(value: Mapping[str, Any]) -> Mapping[str, Any]:
    if _langchain_class(value):
        return {"type": _langchain_class(value), **{k: v for k, v in value["kwargs"].items() if k != "type"}}
    if _is_langchain_dict(value) and isinstance(value.get("data"), dict):
        return {**value["data"], "type": value["type"]}
    inner = value.get("message")
    if isinstance(inner, dict) and "role" in inner and "role" not in value and "content" not in value:
        return {**{key: each for key, each in value.items() if key in _FINISHES}, **inner}
    return value


# --- members of a message


def _role(value: Mapping[str, Any], default: str) -> str:
    said = first_text(value, _ROLE_KEYS)
    if said is not None:
        return role_of(said, default)
    kind = value.get("type")
    if isinstance(kind, str):
        name = kind.removesuffix("Chunk")
        if name in _LANGCHAIN_CLASSES:
            return _LANGCHAIN_CLASSES[name]
        if name in _LANGCHAIN_TYPES:
            return role_of(name, default)
        if kind in _ITEM_ROLES:
            return _ITEM_ROLES[kind]
    return _KIND_ROLES.get(str(value.get("kind")), default)


def _body(value: Mapping[str, Any]) -> list[Part]:
    kind = _kind(value)
    if kind in _ITEM_ROLES and not value.get("role"):
        return BY_TYPE[kind](value, 0)
    for key in _BODIES:
        found = value.get(key)
        if not is_empty(found):
            return parts_of(found)
    return []


def _reasoning(value: Mapping[str, Any], parts: list[Part]) -> list[Part]:
    """Reasoning that stands beside the content; the content's own counts."""
    if _kind(value) in _ITEM_ROLES or any(part["type"] == "reasoning" for part in parts):
        return []
    extra = value.get("additional_kwargs")
    found = first_of(value, _REASONINGS)
    if found is None and isinstance(extra, dict):
        found = first_of(extra, _REASONINGS)
    if isinstance(found, str) and found:
        return [reasoning_part(found)]
    return [part for part in parts_of(found) if part["type"] == "reasoning"] if isinstance(found, (list, dict)) else []


def _calls(value: Mapping[str, Any]) -> list[Part]:
    if _kind(value) in _ITEM_ROLES:
        return []
    layers = [value]
    if isinstance(value.get("additional_kwargs"), dict):
        layers.append(value["additional_kwargs"])
    for layer in layers:
        made = calls_of(first_of(layer, _CALLS))
        function = parsed(layer.get("function_call"))
        if isinstance(function, dict) and (function.get("name") or function.get("arguments")):
            made += _new_calls(made, tool_call(function))
        if made:
            return made
    return []


def calls_of(value: Any) -> list[Part]:
    """Tool calls in a list of them (or JSON of one, or a list of JSON)."""
    found = parsed(value)
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list):
        return []
    made: list[Part] = []
    for each in found[:TOOL_CALLS_MAX]:
        call = parsed(each)
        if isinstance(call, dict):
            nested = call.get("toolInvocation")
            made += _new_calls(made, tool_call(nested if isinstance(nested, dict) else call))
    return [part for part in made if "name" in part]


def _new_calls(known: list[Part], calls: list[Part]) -> list[Part]:
    """The calls that are not known yet: same id, or the same call where one has no id."""
    have = [part for part in known if part["type"] == "tool_call"]
    return [call for call in calls if not any(_is_same_call(call, each) for each in have)]


def _is_same_call(one: Part, other: Part) -> bool:
    if one.get("id") and other.get("id"):
        return bool(one["id"] == other["id"])
    return one.get("name") == other.get("name") and one.get("arguments") == other.get("arguments")


def _as_response(value: Mapping[str, Any], parts: list[Part]) -> list[Part]:
    """The content of a tool's message as the response it is."""
    if any(part["type"] in ("tool_call_response", "tool_call") for part in parts):
        return parts
    body = first_of(value, _BODIES)
    if is_empty(body) and not first_text(value, _TOOL_IDS):
        return parts
    made: Part = {"type": "tool_call_response"}
    call_id = first_text(value, _TOOL_IDS)
    if call_id:
        made["id"] = call_id
    texts = [part["content"] for part in parts if part["type"] == "text"]
    made["response"] = response_value(texts[0] if len(texts) == len(parts) == 1 else body)
    if value.get("status") == "error" or value.get("is_error") is True:
        made["is_error"] = True
    return [made]


def _finish_reason(value: Mapping[str, Any]) -> str | None:
    metadata = [
        value,
        value.get("response_metadata"),
        value.get("meta"),
        value.get("_meta"),
        value.get("generation_info"),
        value.get("content"),  # AgentCore's `{message, finish_reason}`
    ]
    for layer in metadata:
        reason = finish_reason_of(first_of(layer, _FINISHES)) if isinstance(layer, dict) else None
        if reason:
            return reason
    return None


def without_repeated_calls(message_: Message, calls: list[Part]) -> list[Part]:
    """Those of `calls` that the message does not hold."""
    return _new_calls(message_["parts"], calls)
