"""Decoders of content: from a row of the vocabulary to one side of a call.

Owns the names by which rows of `input_messages` and `output_messages` say how their key is read, and the choice of the
best row that has content. Leaves each shape to its own module.

Source: the modules it names; vercel/ai `packages/ai/src/telemetry` (`ai.response.*`), livekit-agents
`telemetry/trace_types.py`, pydantic-ai `_instrumentation.py` (`all_messages`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from spanhouse_collector.model.content import events, flattened
from spanhouse_collector.model.content.messages import calls_of, messages_of, without_repeated_calls
from spanhouse_collector.model.content.parse import is_empty, json_text, parsed
from spanhouse_collector.model.content.parts import parts_of
from spanhouse_collector.model.content.reader import SpanReader, member
from spanhouse_collector.model.content.requests import request_side
from spanhouse_collector.model.content.responses import response_side, trailing
from spanhouse_collector.model.content.shapes import (
    Message,
    Part,
    Side,
    finish_reason_of,
    message,
    reasoning_part,
    text_part,
)
from spanhouse_collector.model.source import Source

Decoder = Callable[[SpanReader, Source, str], Side | None]


def best_side(reader: SpanReader, target: str, role: str) -> Side | None:
    """The first row's content that is any; tool calls that only a later row has are added to it."""
    best: Side | None = None
    rows = reader.rows(target)
    for position, source in enumerate(rows):
        side = DECODERS[source.decoder](reader, source, role)
        if side is None:
            continue
        if _is_said(side) or not side.is_chat:
            side = _with_reason(side, best)
            return _with_calls(reader, side, rows[position + 1 :]) if role == "assistant" else side
        best = best or side
    return best


def _is_said(side: Side) -> bool:
    """Whether messages have content; what was redacted in one place may be whole in another."""
    return any(not part.get("redacted") for each in side.messages for part in each["parts"])


def _with_reason(side: Side, empty: Side | None) -> Side:
    """An answer with the finish reason of a better row that has nothing else."""
    reason = empty.messages[-1].get("finish_reason") if empty is not None and empty.messages else None
    if reason is None or not side.messages or "finish_reason" in side.messages[-1]:
        return side
    return Side(messages=(*side.messages[:-1], {**side.messages[-1], "finish_reason": reason}), system=side.system)


def _with_calls(reader: SpanReader, side: Side, rest: list[Source]) -> Side:
    """LiteLLM writes tool calls into the flattened keys only, beside a complete text."""
    wants = any(each.get("finish_reason") == "tool_call" for each in side.messages)
    has = any(part["type"] == "tool_call" for each in side.messages for part in each["parts"])
    if not wants or has:
        return side
    for source in rest:
        other = DECODERS[source.decoder](reader, source, "assistant")
        calls = [
            part for each in (other.messages if other else ()) for part in each["parts"] if part["type"] == "tool_call"
        ]
        if calls:
            last = side.messages[-1]
            merged = {**last, "parts": [*last["parts"], *without_repeated_calls(last, calls)]}
            return Side(messages=(*side.messages[:-1], merged), system=side.system)
    return side


def _of(messages: list[Message]) -> Side | None:
    return Side(messages=tuple(messages)) if messages else None


def _messages(reader: SpanReader, source: Source, role: str) -> Side | None:
    """A key that holds messages. Those that came empty are kept only for their finish reasons."""
    return _of(messages_of(_parsed(reader, source), role))


def _parsed(reader: SpanReader, source: Source) -> Any:
    return reader.parsed(source.attribute) if source.key == source.attribute else reader.value(source)


def _plain_message(reader: SpanReader, source: Source, role: str) -> Side | None:
    value = reader.value(source)
    if is_empty(value):
        return None
    return _of([message(role, parts_of(value))])


def _reference(reader: SpanReader, source: Source, role: str) -> Side | None:
    """The address that an upload hook put the content at."""
    value = reader.value(source)
    return _of([message(role, [{"type": "uri", "uri": value}])]) if isinstance(value, str) and value else None


def _request(reader: SpanReader, source: Source, role: str) -> Side | None:
    return request_side(_parsed(reader, source))


def _response(reader: SpanReader, source: Source, role: str) -> Side | None:
    return response_side(_parsed(reader, source))


def _conversation(reader: SpanReader, source: Source, role: str) -> Side | None:
    """A whole conversation: what follows the last message that is not the assistant's is the output."""
    messages = messages_of(_parsed(reader, source), "user")
    last = trailing(messages)
    return _of(last if role == "assistant" else messages[: len(messages) - len(last)])


def _event_list(reader: SpanReader, source: Source, role: str) -> Side | None:
    return events.of_list(_parsed(reader, source), role)


def _details_events(reader: SpanReader, source: Source, role: str) -> Side | None:
    found = [event.attributes.get(source.member) for event in reader.span.events if event.name == source.attribute]
    return events.of_details(found, role)


def _details_logs(reader: SpanReader, source: Source, role: str) -> Side | None:
    found = []
    for log in reader.logs.get(source.attribute, ()):
        body = parsed(log.body)
        inner = body.get(source.member) if isinstance(body, dict) else None
        found.append(inner if is_empty(log.attributes.get(source.member)) else log.attributes[source.member])
    return events.of_details(found, role)


def _message_events(reader: SpanReader, source: Source, role: str) -> Side | None:
    if not any(event.name == source.attribute for event in reader.span.events):
        return None
    return events.of_events(reader, role)


def _message_logs(reader: SpanReader, source: Source, role: str) -> Side | None:
    return events.of_logs(reader, role) if source.attribute in reader.logs else None


def _content_event(reader: SpanReader, source: Source, role: str) -> Side | None:
    return events.of_content(reader.value(source), role)


def _adot_logs(reader: SpanReader, source: Source, role: str) -> Side | None:
    return events.of_bodies(reader, role)


def _openinference_messages(reader: SpanReader, source: Source, role: str) -> Side | None:
    """The flattened messages, or the raw request where it has more: LangChain's chains flatten only the first, and a
    limit on the number of attributes cuts the last.
    """
    prefix = source.attribute.removesuffix(".N")
    found = messages_of(flattened.openinference_messages(reader.spelled(prefix)), role)
    if role == "user":
        whole = request_side(reader.parsed("input.value"))
        if whole is not None and len(whole.messages) > len(found):
            return whole
    return _of(found)


def _openinference_texts(reader: SpanReader, source: Source, role: str) -> Side | None:
    member_name = "prompt" if role == "user" else "completion"
    found = flattened.openinference_texts(reader.spelled(source.attribute.removesuffix(".N")), member_name)
    return _of([message(role, [text_part(text)]) for text in found])


def _openllmetry_messages(reader: SpanReader, source: Source, role: str) -> Side | None:
    tree = reader.spelled(source.attribute.removesuffix(".N"))
    return _of(messages_of(flattened.openllmetry_messages(tree), role))


def _vercel(reader: SpanReader, source: Source, role: str) -> Side | None:
    """The AI SDK's answer: `text`, `reasoning`, `toolCalls` and `object` side by side under one prefix."""
    prefix = source.attribute.rpartition(".")[0]
    parts: list[Part] = []
    reasoning = reader.parsed(f"{prefix}.reasoning")
    if isinstance(reasoning, str) and reasoning:
        parts.append(reasoning_part(reasoning))
    elif reasoning:
        parts += [part for part in parts_of(reasoning) if part["type"] == "reasoning"]
    for name in ("text", "object"):
        value = reader.raw(f"{prefix}.{name}")
        if not is_empty(value) and not any(part["type"] == "text" for part in parts):
            parts.append(text_part(json_text(value)))
    parts += calls_of(reader.parsed(f"{prefix}.toolCalls"))
    reason = finish_reason_of(reader.raw("ai.response.finishReason") or reader.raw("ai.finishReason"))
    return _of([message("assistant", parts, finish_reason=reason)]) if parts else None


def _livekit(reader: SpanReader, source: Source, role: str) -> Side | None:
    """LiveKit's answer: text and function calls side by side, under old or new names."""
    prefix = "lk.pii.response" if source.attribute.startswith("lk.pii.") else "lk.response"
    text = reader.raw(f"{prefix}.text")
    parts = parts_of(text) if isinstance(text, str) else []
    parts += calls_of(reader.parsed(f"{prefix}.function_calls"))
    return _of([message("assistant", parts)]) if parts else None


def _mlflow_chunks(reader: SpanReader, source: Source, role: str) -> Side | None:
    """A stream that MLflow recorded chunk by chunk: the texts of its deltas."""
    texts: list[str] = []
    for event in reader.span.events:
        if event.name.startswith("mlflow.chunk.item."):
            texts.append(_chunk_text(parsed(event.attributes.get(source.member))))
    text = "".join(texts)
    return _of([message("assistant", [text_part(text)])]) if text else None


def _chunk_text(chunk: Any) -> str:
    if isinstance(chunk, str):
        return chunk
    for path in ("choices.0.delta.content", "delta.text", "text", "content", "delta"):
        found = member(chunk, path)
        if isinstance(found, str):
            return found
    return ""


DECODERS: Final[Mapping[str, Decoder]] = {
    "messages": _messages,
    "plain_message": _plain_message,
    "reference": _reference,
    "request": _request,
    "response": _response,
    "conversation": _conversation,
    "event_list": _event_list,
    "details_events": _details_events,
    "details_logs": _details_logs,
    "message_events": _message_events,
    "message_logs": _message_logs,
    "content_event": _content_event,
    "adot_logs": _adot_logs,
    "openinference_messages": _openinference_messages,
    "openinference_texts": _openinference_texts,
    "openllmetry_messages": _openllmetry_messages,
    "vercel": _vercel,
    "livekit": _livekit,
    "mlflow_chunks": _mlflow_chunks,
}
