"""Reading the content of a span: the one function that the floors above call.

Owns which of the readers a span's type asks for, and putting their findings together. It never raises: whatever a
client sent, it is shown as what it can be shown as.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from spanhouse_collector.model.content import texts
from spanhouse_collector.model.content.content import Content
from spanhouse_collector.model.content.context import (
    agent_of,
    error_of,
    metadata_of,
    prompt_of,
    status_of,
    tags_of,
    usage_details_of,
    usage_raw_of,
)
from spanhouse_collector.model.content.documents import documents_of_span
from spanhouse_collector.model.content.embedding import embedding_of
from spanhouse_collector.model.content.parameters import is_streaming, request_of
from spanhouse_collector.model.content.parse import is_empty, is_redacted, json_text, parsed
from spanhouse_collector.model.content.parts import looks_like_parts, parts_of
from spanhouse_collector.model.content.reader import SpanReader
from spanhouse_collector.model.content.requests import (
    instructions_of,
    is_only_parameters,
    plain_or,
    request_side,
    without_call,
)
from spanhouse_collector.model.content.responses import response_side, without_wrapper
from spanhouse_collector.model.content.shapes import Message, Part, Side, message
from spanhouse_collector.model.content.sides import best_side
from spanhouse_collector.model.content.tools import tool_definitions, tool_of
from spanhouse_collector.model.span import StoredSpan

# Types whose input and output are values, never a conversation.
_PLAIN_TYPES: Final = frozenset({"TOOL", "EMBEDDING", "RETRIEVER", "RERANKER"})
_DOCUMENT_TYPES: Final = frozenset({"RETRIEVER", "RERANKER", "MEMORY"})
_MODEL_TYPES: Final = frozenset({"LLM"})
_NANOSECONDS: Final = 1e9


@dataclass(frozen=True)
class _Found:
    """Input and output of a span, before the texts are made."""

    input: Side
    output: Side
    documents: list[dict[str, Any]]
    query: str | None
    embedding: dict[str, Any] | None
    tool: dict[str, Any] | None


def read(span: StoredSpan) -> Content:
    """The content of a span, from whatever dialect it came in."""
    reader = SpanReader(span)
    found = _found(reader)
    messages = found.input.messages
    answer = _finished(span, found.output.messages)
    instructions = _instructions(reader, found.input)
    request = request_of(reader)
    ttft_ns = span.columns.get("ttft_ns")
    retrieves = reader.span_type in _DOCUMENT_TYPES
    return Content(
        input_messages=messages,
        output_messages=answer,
        system_instructions=tuple(instructions),
        tool_definitions=tuple(tool_definitions(reader)),
        tool=found.tool,
        documents=tuple(found.documents),
        documents_in=tuple(documents_of_span(reader, "documents_in") if reader.span_type == "RERANKER" else ()),
        query=found.query,
        top_k=reader.first("top_k") if retrieves else None,
        data_source_id=reader.first("data_source_id"),
        embedding=found.embedding,
        request=request,
        streaming=is_streaming(reader, request),
        prompt=prompt_of(reader),
        metadata=metadata_of(reader),
        tags_kv=tags_of(reader),
        level=reader.first("level"),
        inputs=None if found.embedding is not None and found.embedding["texts"] else _structured(found.input),
        outputs=_outputs(reader, found),
        agent=agent_of(reader),
        workflow_name=reader.first("workflow_name"),
        environment=reader.first("environment"),
        status=status_of(reader),
        error=error_of(reader),
        ttft_s=ttft_ns / _NANOSECONDS if isinstance(ttft_ns, (int, float)) else None,
        input_text=_trace_text(reader, "input") or _input_text(found),
        output_text=_trace_text(reader, "output") or _output_text(found),
        system_text=texts.system_text(instructions, messages),
        output_reasoning=texts.reasoning_text(found.output.messages),
        output_tool_calls=tuple(texts.tool_calls(found.output.messages)),
        redacted=_is_redacted(found),
        finish_reasons=_finish_reasons(reader, answer),
        usage_details=usage_details_of(reader),
        usage_raw=usage_raw_of(reader),
    )


def _finish_reasons(reader: SpanReader, answer: tuple[Message, ...]) -> tuple[str, ...]:
    """As the column has them, else as the answers of a call say that are kept whole in events, records or JSON."""
    told = reader.span.columns.get("finish_reasons")
    if isinstance(told, (list, tuple)) and told:
        return tuple(told)
    return tuple(each["finish_reason"] for each in answer if "finish_reason" in each) if _is_call(reader) else ()


def _is_call(reader: SpanReader) -> bool:
    return reader.span_type in _MODEL_TYPES


def _found(reader: SpanReader) -> _Found:
    kind = reader.span_type
    if kind in _PLAIN_TYPES:
        tool = tool_of(reader)
        given = _given(reader) if tool is None else Side(value=tool["arguments"])
        returned = Side(value=_raw(reader, "output")) if tool is None else Side(value=tool["result"])
    else:
        tool = None
        given = _spoken(reader, best_side(reader, "input_messages", "user"), "user")
        returned = _spoken(reader, best_side(reader, "output_messages", "assistant"), "assistant")
    documents = documents_of_span(reader, "documents") if kind in _DOCUMENT_TYPES else []
    return _Found(given, returned, documents, _query(reader, given), embedding_of(reader), tool)


def _given(reader: SpanReader) -> Side:
    """The plain input; of a retriever that was given a conversation, that."""
    value = _raw(reader, "input")
    side = best_side(reader, "input_messages", "user") if value is None and reader.span_type != "EMBEDDING" else None
    return side or Side(value=value)


def _spoken(reader: SpanReader, side: Side | None, role: str) -> Side:
    """A side of a call; plain text that a model got or gave is a message."""
    if side is None:
        return Side(value=None)
    if reader.span_type in _MODEL_TYPES and not side.is_chat and isinstance(side.value, str):
        # LlamaIndex writes an answer as its message prints.
        text = side.value.removeprefix("assistant: ") if role == "assistant" else side.value
        return Side(messages=(message(role, parts_of(text)),))
    return side


def _finished(span: StoredSpan, answer: tuple[Message, ...]) -> tuple[Message, ...]:
    """The answer with the span's finish reason, where the message itself has none."""
    reasons = span.columns.get("finish_reasons")
    if len(answer) != 1 or "finish_reason" in answer[0] or not isinstance(reasons, (list, tuple)) or len(reasons) != 1:
        return answer
    return ({**answer[0], "finish_reason": reasons[0]},)


def _raw(reader: SpanReader, target: str) -> Any:
    for source in reader.rows(target):
        value = reader.value(source)
        if not is_empty(value):
            found = parsed(value)
            if is_only_parameters(found):
                continue
            return without_call(found) if target == "input" else without_wrapper(found)
    return None


def _query(reader: SpanReader, given: Side) -> str | None:
    query = reader.first("query")
    if query is not None or reader.span_type not in _DOCUMENT_TYPES:
        return None if query is None else str(query)
    value = plain_or(given)
    if isinstance(value, dict):
        inner = value.get("query")
        if isinstance(inner, (dict, list)):
            return texts.text_of_parts(parts_of(inner))
        if isinstance(inner, str) and inner:
            return inner
    text = texts.input_text(given.messages) if given.is_chat else texts.query_text(value)
    return text if reader.span_type == "RETRIEVER" else None


def _instructions(reader: SpanReader, given: Side) -> list[Part]:
    """Instructions outside the messages, each once, without those that the messages repeat."""
    parts: list[Part] = []
    for source in reader.rows("system_instructions"):
        value = reader.value(source)
        parts = [] if is_empty(value) else instructions_of(value)
        if parts:
            break
    spoken = [part for each in given.messages if each["role"] == "system" for part in each["parts"]]
    kept: list[Part] = []
    for part in [*parts, *given.system]:
        if part not in spoken and part not in kept:
            kept.append(part)
    return kept


def _structured(side: Side) -> Any:
    value = plain_or(side)
    return None if side.is_chat or isinstance(value, str) or is_empty(value) else value


def _outputs(reader: SpanReader, found: _Found) -> Any:
    if found.documents or found.embedding is not None:
        return None
    structured = reader.parsed("ai.response.object")
    return structured if isinstance(structured, (dict, list)) else _structured(found.output)


def _trace_text(reader: SpanReader, side: str) -> str | None:
    """The text that Langfuse gives a whole trace, on its root."""
    value = None if reader.span.parent_span_id else reader.parsed(f"langfuse.trace.{side}")
    if is_empty(value):
        return None
    if side == "input":
        asked = request_side(value)
        return texts.input_text(asked.messages) if asked and asked.is_chat else texts.plain_input(plain_or(asked))
    answered = response_side(value)
    return (
        texts.output_text(answered.messages)
        if answered and answered.is_chat
        else texts.plain_output(plain_or(answered))
    )


def _input_text(found: _Found) -> str | None:
    if found.embedding is not None and found.embedding["texts"]:
        return "\n".join(found.embedding["texts"])
    if found.input.is_chat:
        return texts.input_text(found.input.messages)
    if found.tool is not None:
        return _any_text(found.tool["arguments"])
    return found.query or texts.plain_input(plain_or(found.input))


def _output_text(found: _Found) -> str | None:
    if found.embedding is not None:
        return None
    if found.documents:
        return "\n".join(each["content"] for each in found.documents if each.get("content")) or None
    if found.output.is_chat:
        return texts.output_text(found.output.messages)
    if found.tool is not None:
        return _any_text(found.tool["result"])
    return texts.plain_output(plain_or(found.output))


def _any_text(value: Any) -> str | None:
    """Text of a tool's arguments or result; of content blocks, their texts."""
    if is_empty(value) or is_redacted(value):
        return None
    blocks = texts.text_of_parts(parts_of(value)) if isinstance(value, list) and looks_like_parts(value) else None
    return blocks or json_text(value)


def _is_redacted(found: _Found) -> bool:
    messages: tuple[Message, ...] = (*found.input.messages, *found.output.messages)
    return any(part.get("redacted") for each in messages for part in each["parts"]) or any(
        is_redacted(plain_or(side)) for side in (found.input, found.output)
    )
