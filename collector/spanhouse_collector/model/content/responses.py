"""Answers of models: the messages that came out.

Owns every provider's answer shape (choices, content blocks, candidates, generations, Responses items, replies) and the
wrappers around it. From a whole conversation, as agents return it, the messages after the last question are the
answer. Leaves one message to `messages`.

Source: as `requests`; langchain-core `outputs` (generations), haystack `components/generators` (replies), genkit
`js/ai/src/model.ts`, ollama `api/types.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spanhouse_collector.model.content.messages import (
    calls_of,
    is_message,
    is_message_list,
    joined_chunks,
    message_of,
    messages_of,
)
from spanhouse_collector.model.content.parse import is_empty, json_text, parsed
from spanhouse_collector.model.content.parts import first_of, looks_like_parts, parts_of, tool_call
from spanhouse_collector.model.content.shapes import (
    Message,
    Part,
    Side,
    finish_reason_of,
    message,
    reasoning_part,
    text_part,
)

_FINISHES: Final = ("finish_reason", "finishReason", "stop_reason", "stopReason")
_CALLS: Final = ("toolCalls", "tool_calls")
# Members of the AI SDK's and Mastra's results.
_RESULT_MARKS: Final = ("finishReason", "reasoningText", "object", "steps", "files", "sources", "warnings")
_WRAPPERS: Final = ("output", "outputs", "response", "result", "data", "update", "completion", "return_value")
SEARCH_DEPTH_MAX: Final = 4


def response_side(value: Any) -> Side | None:
    """The output in a value: messages if it is a model's answer, else the value without its wrappers."""
    found = parsed(value)
    if is_empty(found):
        return None
    messages = answer_of(found)
    if messages:
        return Side(messages=tuple(messages))
    if isinstance(found, dict) and _is_generated(found) and all(is_empty(each) for each in found.values()):
        return None
    return Side(value=without_wrapper(found))


def without_wrapper(value: Any) -> Any:
    """`{"output": x}` and `{"outputs": x}` as x."""
    if isinstance(value, dict) and len(value) == 1:
        key, inner = next(iter(value.items()))
        if key in ("output", "outputs") and not is_empty(inner):
            return inner
    for key in ("outputs", "output"):  # OpenLLMetry, around what LangChain's chains and tools gave
        if isinstance(value, dict) and key in value and set(value) <= {key, "kwargs", "tags", "metadata"}:
            return value[key]
    return value


def answer_of(value: Any, depth: int = 0) -> list[Message] | None:
    """The messages of an answer, None if this is none."""
    if depth > SEARCH_DEPTH_MAX:
        return None
    if isinstance(value, list):
        return _of_list(value, depth)
    if not isinstance(value, dict):
        return None
    if is_message(value):
        return [_finished(message_of(value, "assistant"), value)]
    for read in _SHAPES:
        found = read(value)
        if found:
            return found
    return _inside(value, depth)


def trailing(messages: list[Message]) -> list[Message]:
    """Of a conversation, what was said after the last message that is not the assistant's."""
    start = len(messages)
    while start and messages[start - 1]["role"] == "assistant":
        start -= 1
    return messages[start:]


def _of_list(value: list[Any], depth: int) -> list[Message] | None:
    if is_message_list(value):
        messages = messages_of(value, "assistant")
        return _merged_items(value, trailing(messages) or messages)
    if looks_like_parts(value):
        return [message("assistant", parts_of(value))]
    for each in value[:8]:
        found = answer_of(each, depth + 1) if isinstance(each, (dict, list)) else None
        if found:
            return found
    return None


def _merged_items(value: list[Any], messages: list[Message]) -> list[Message]:
    """Items of the Responses API are the parts of one message."""
    is_items = any(isinstance(each, dict) and each.get("type") in _ITEMS and "data" not in each for each in value)
    return _one(messages) if is_items and messages else messages


def _one(messages: list[Message]) -> list[Message]:
    parts = [part for each in messages for part in each["parts"]]
    finish = next((each["finish_reason"] for each in messages if "finish_reason" in each), None)
    return [message("assistant", parts, finish_reason=finish)]


def _finished(made: Message, source: Mapping[str, Any]) -> Message:
    reason = finish_reason_of(first_of(source, _FINISHES))
    return {**made, "finish_reason": reason} if reason and "finish_reason" not in made else made


_ITEMS: Final = ("message", "function_call", "reasoning", "custom_tool_call", "mcp_call")


# --- shapes, each None for what it does not know


def _choices(value: Mapping[str, Any]) -> list[Message] | None:
    """OpenAI chat completions, text completions, and their streamed deltas."""
    choices = parsed(value.get("choices"))
    if not isinstance(choices, list):
        return None
    made = []
    for choice in choices:
        if not isinstance(choice, dict):
            continue
        inner = choice.get("message") or choice.get("delta")
        if isinstance(inner, dict):
            made.append(_finished(message_of(inner, "assistant"), choice))
        elif isinstance(choice.get("text"), str):
            made.append(_finished(message("assistant", [text_part(choice["text"])]), choice))
    return made


def _generations(value: Mapping[str, Any]) -> list[Message] | None:
    """LangChain's LLMResult: batches of generations, each with text and often a message."""
    generations = value.get("generations")
    if not isinstance(generations, list):
        return None
    flat = [each for batch in generations for each in (batch if isinstance(batch, list) else [batch])]
    made = []
    for each in flat:
        if not isinstance(each, dict):
            continue
        inner = each.get("message")
        if isinstance(inner, dict):
            read = message_of(inner, "assistant")
            if not read["parts"] and isinstance(each.get("text"), str) and each["text"]:
                read["parts"] = [text_part(each["text"])]
        elif isinstance(each.get("text"), str):
            read = message("assistant", [text_part(each["text"])])
        else:
            continue
        info = each.get("generation_info")
        made.append(_finished(read, info if isinstance(info, dict) else each))
    return made


def _candidates(value: Mapping[str, Any]) -> list[Message] | None:
    """Gemini's candidates, whole or in chunks, and ADK's single content."""
    candidates = value.get("candidates")
    if isinstance(candidates, list):
        made = [
            _finished(message_of(each["content"], "assistant"), each)
            for each in candidates
            if isinstance(each, dict) and isinstance(each.get("content"), dict)
        ]
        return joined_chunks(made) if len(made) > 1 and "response_chunks" in value else made
    content = value.get("content")
    if isinstance(content, dict) and isinstance(content.get("parts"), list):
        return [_finished(message_of(content, "assistant"), value)]
    return None


def _message(value: Mapping[str, Any]) -> list[Message] | None:
    """Genkit, Ollama, Logfire: the message under `message`; Bedrock: under `output.message`."""
    inner = value.get("message")
    if not isinstance(inner, dict):
        output = value.get("output")
        inner = output.get("message") if isinstance(output, dict) else None
    if isinstance(inner, dict) and (is_message(inner) or "content" in inner or "tool_calls" in inner):
        return [_finished(message_of(inner, "assistant"), value)]
    return None


def _output_items(value: Mapping[str, Any]) -> list[Message] | None:
    """OpenAI's Responses API."""
    output = parsed(value.get("output"))
    if isinstance(output, list) and is_message_list(output) and output:
        made = messages_of(output, "assistant")
        return _merged_items(output, made) if any(each["role"] == "assistant" for each in made) else made
    return None


def _content_blocks(value: Mapping[str, Any]) -> list[Message] | None:
    """Anthropic's content blocks without a role; a bare `content` beside tool calls or a stop reason."""
    content = value.get("content")
    if looks_like_parts(content) and isinstance(content, list):
        return [_finished(message("assistant", parts_of(content)), value)]
    is_answer = any(key in value for key in ("tool_calls", "stop_reason", "finish_reason", "usage"))
    if (isinstance(content, str) or content is None) and is_answer:
        made = message_of({**value, "role": "assistant"}, "assistant")
        return [_finished(made, value)] if made["parts"] else None
    return None


def _messages(value: Mapping[str, Any]) -> list[Message] | None:
    """A conversation: the state of a LangGraph graph, the result of an agent."""
    found = parsed(value.get("messages"))
    if isinstance(found, dict) and is_message(found):
        found = [found]
    if is_message_list(found):
        made = messages_of(found, "assistant")
        spoken = any(each["role"] == "assistant" for each in made)
        return trailing(made) or (made[-1:] if spoken else made)
    prompt = parsed(value.get("prompt"))  # Haystack's ChatPromptBuilder
    return messages_of(prompt, "user") if is_message_list(prompt) and len(value) == 1 else None


def _replies(value: Mapping[str, Any]) -> list[Message] | None:
    """Haystack's replies: messages or texts."""
    replies = value.get("replies")
    if not isinstance(replies, list) or not replies:
        return None
    metas = value.get("meta")
    made = []
    for index, each in enumerate(replies):
        meta = metas[index] if isinstance(metas, list) and index < len(metas) else None
        if isinstance(each, dict):
            read = message_of(each, "assistant")
        elif isinstance(each, str):
            read = message("assistant", [text_part(each)])
        else:
            continue
        made.append(_finished(read, meta) if isinstance(meta, dict) else read)
    return made


def _is_generated(value: Mapping[str, Any]) -> bool:
    has_calls = isinstance(value.get("toolCalls"), (list, str)) or isinstance(value.get("tool_calls"), list)
    is_result = has_calls or any(key in value for key in _RESULT_MARKS)
    return is_result and (has_calls or "text" in value or "object" in value)


def _combined(value: Mapping[str, Any]) -> list[Message] | None:
    """Logfire's text of a stream."""
    text = value.get("combined_chunk_content")
    return [message("assistant", [text_part(text)])] if isinstance(text, str) and text else None


def _prompt_value(value: Mapping[str, Any]) -> list[Message] | None:
    """What a prompt template of LangChain makes."""
    inner = value.get("kwargs") if "lc" in value else None
    return _messages(inner) if isinstance(inner, dict) else None


def _called(value: Mapping[str, Any]) -> list[Message] | None:
    """A streamed chunk that is one tool call."""
    if isinstance(value.get("toolName"), str) and "toolCallId" in value:
        return [message("assistant", tool_call(value))]
    return None


def _generated(value: Mapping[str, Any]) -> list[Message] | None:
    """The result of the AI SDK and Mastra: text, reasoning, tool calls and object side by side."""
    if not _is_generated(value):
        return None
    parts: list[Part] = []
    reasoning = first_of(value, ("reasoningText", "reasoning"))
    if isinstance(reasoning, str) and reasoning:
        parts.append(reasoning_part(reasoning))
    text = value.get("text")
    if isinstance(text, str) and text:
        parts.append(text_part(text))
    elif not is_empty(value.get("object")):
        parts.append(text_part(json_text(value["object"])))
    parts += calls_of(first_of(value, _CALLS))
    return [_finished(message("assistant", parts), value)] if parts else None


_SHAPES: Final = (
    _choices,
    _generations,
    _candidates,
    _replies,
    _output_items,
    _message,
    _content_blocks,
    _messages,
    _generated,
    _called,
    _combined,
    _prompt_value,
)


def _inside(value: Mapping[str, Any], depth: int) -> list[Message] | None:
    """An answer inside a wrapper, or as the only member of an object that nobody knows."""
    for key in _WRAPPERS:
        inner = parsed(value.get(key))
        if isinstance(inner, (dict, list)):
            found = answer_of(inner, depth + 1)
            if found:
                return found
    if len(value) <= 3:
        for inner in value.values():
            if isinstance(inner, dict):
                found = answer_of(inner, depth + 1)
                if found:
                    return found
    return None
