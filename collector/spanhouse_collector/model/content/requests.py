"""Requests to models: the messages, the instructions and the tools that went in.

Owns telling a chat request from another input, for every provider's request shape and the wrappers around it
(`{args, kwargs}`, `{inputs}`). A value that is no chat is the plain input of its span. Leaves one message to
`messages`.

Source: openai-openapi (chat completions, responses), anthropic-sdk `messages.create`, googleapis `generateContent`,
botocore `Converse`, vercel/ai (`ai.prompt`), langchain-core `tracers` (run inputs), openllmetry
`traceloop/sdk/decorators`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spanhouse_collector.model.content.messages import is_message, is_message_list, is_pair, messages_of
from spanhouse_collector.model.content.parse import is_empty, parsed
from spanhouse_collector.model.content.parts import first_of, parts_of
from spanhouse_collector.model.content.shapes import ABSENT, Message, Part, Side, message
from spanhouse_collector.model.targets import KNOWN_NAMES

_MESSAGES: Final = ("messages", "contents", "items", "input_messages", "chat_messages", "inputMessages")
_SYSTEMS: Final = (
    "system",
    "system_instruction",
    "systemInstruction",
    "instructions",
    "system_instructions",
    "system_prompt",
    "systemPrompt",
)
_CONFIGS: Final = ("config", "generation_config", "generationConfig")
_REQUEST_MARKS: Final = ("model", "instructions", "tools", "max_tokens", "temperature", "system")
SEARCH_DEPTH_MAX: Final = 3
_CALL: Final = frozenset({"args", "kwargs"})
_PARAMETERS: Final = KNOWN_NAMES | {"model", "stream_options", "encoding_format", "dimensions", "metadata", "timeout"}


def request_side(value: Any) -> Side | None:
    """The input in a value: messages if it is a chat request, else the value without its wrappers."""
    found = without_call(parsed(value))
    if is_empty(found) or is_only_parameters(found):
        return None
    if isinstance(found, dict):
        return _of_request(found) or _inside(found, 1) or Side(value=found)
    if is_message_list(found) or is_pair(found):
        return Side(messages=tuple(messages_of(found, "user")))
    if isinstance(found, list) and len(found) == 1:
        inner = request_side(found[0])
        return inner if inner is not None and inner.is_chat else Side(value=found)
    return Side(value=found)


def is_only_parameters(value: Any) -> bool:
    """Whether this is a request without its content: Logfire's `request_data` of new versions is `{model}`."""
    return isinstance(value, dict) and "model" in value and set(value) <= _PARAMETERS


def instructions_of(value: Any) -> list[Part]:
    """The parts of system instructions, however they are wrapped."""
    found = parsed(value)
    if isinstance(found, dict) and is_message(found):
        found = [found]
    if is_message_list(found):
        return [part for each in messages_of(found, "system") for part in each["parts"]]
    return [part for part in parts_of(found) if part.get("content") or part.get("redacted")]


def without_call(value: Any) -> Any:
    """The arguments of a traced function without the wrapper that names them."""
    if not isinstance(value, dict):
        return value
    if not value.keys().isdisjoint(_CALL) and value.keys() <= _CALL | {"sanitize_inputs_outputs"}:  # smolagents' flag
        args, kwargs = value.get("args", []), value.get("kwargs", {})
        if isinstance(args, list) and isinstance(kwargs, dict):
            return _arguments(args, kwargs)
    if "inputs" in value and set(value) & {"tags", "metadata", "kwargs"} and not is_empty(value["inputs"]):
        return value["inputs"]
    if "input_str" in value and set(value) & {"tags", "metadata", "inputs", "kwargs"}:
        return parsed(value["input_str"])
    return value


def _arguments(args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not args:
        return kwargs or None
    if kwargs:
        return {"args": args, "kwargs": kwargs}
    return args[0] if len(args) == 1 else args


def _of_request(value: dict[str, Any]) -> Side | None:
    """A request, or a message that is one by itself."""
    if is_message(value):
        return Side(messages=tuple(messages_of([value], "user")))
    system = _system(value)
    for key in _MESSAGES:
        found = parsed(value.get(key))
        if is_message_list(found) or is_pair(found) or (key == "contents" and not is_empty(found)):
            return Side(messages=tuple(messages_of(found, "user")), system=tuple(system))
        if isinstance(found, dict) and is_message(found):
            return Side(messages=tuple(messages_of([found], "user")), system=tuple(system))
    messages = _of_prompt(value) or _of_input(value)
    if messages is None:
        return None
    return Side(messages=tuple(messages), system=tuple(system))


def _system(value: Mapping[str, Any]) -> list[Part]:
    layers = [value, *(value[key] for key in _CONFIGS if isinstance(value.get(key), dict))]
    for layer in layers:
        found = first_of(layer, _SYSTEMS)
        if not is_empty(found):
            return instructions_of(found)
    return []


def _of_prompt(value: Mapping[str, Any]) -> list[Message] | None:
    """`prompt` (completions, Vercel, Genkit) and LangChain's `prompts`."""
    prompts = value.get("prompts")
    if isinstance(prompts, list) and prompts and all(isinstance(each, str) for each in prompts):
        return messages_of(prompts, "user")
    prompt = value.get("prompt")
    if is_message_list(prompt):
        return messages_of(prompt, "user")
    is_request = len(value) == 1 or any(key in value for key in _REQUEST_MARKS)
    if isinstance(prompt, str) and prompt and is_request:
        return [message("user", parts_of(prompt))]
    return None


def _of_input(value: Mapping[str, Any]) -> list[Message] | None:
    """`input` of the Responses API: items, or text beside the other members of a request."""
    found = parsed(value.get("input")) if "input" in value else None
    if is_message_list(found) or (isinstance(found, dict) and is_message(found)):
        return messages_of(found, "user")
    if isinstance(found, str) and found and any(key in value for key in _REQUEST_MARKS):
        return [message("user", parts_of(found))]
    return None


def _inside(value: Mapping[str, Any], depth: int) -> Side | None:
    """A chat request somewhere inside: `{"llm": {"messages": […]}}`, `{"request": {…}}`."""
    if depth > SEARCH_DEPTH_MAX or len(value) > 16:
        return None
    for each in value.values():
        if isinstance(each, dict):
            found = _of_request(each) or _inside(each, depth + 1)
            if found is not None:
                return found
        elif is_message_list(each) and not isinstance(each[0], list):
            return Side(messages=tuple(messages_of(each, "user")))
    return None


def plain_or(side: Side | None) -> Any:
    """The value of a side that is no chat, None if there is none."""
    return None if side is None or side.value is ABSENT else side.value
