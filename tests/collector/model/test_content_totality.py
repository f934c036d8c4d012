"""Reading never fails, never loses what does not parse, and is fast: nasty values under every key of the vocabulary."""

from __future__ import annotations

import json
import time
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spanhouse_collector.model.content import read
from spanhouse_collector.model.dialects.shared.span_types import SPAN_TYPES
from spanhouse_collector.model.source import EVENT, LOG, RESOURCE, Source
from spanhouse_collector.model.span import SpanEvent, SpanLog, StoredSpan
from spanhouse_collector.model.vocabulary import SHOWN_SOURCES
from tests.collector.model.stored_spans import stored

SOURCES = [source for sources in SHOWN_SOURCES.values() for source in sources]
TYPES = st.sampled_from((*SPAN_TYPES, ""))
DEEP = "[" * 5000 + "]" * 5000
NASTY_TEXT = st.sampled_from(
    (
        "",
        " ",
        "none",
        "<REDACTED>",
        "{",
        "[{",
        '[{"role":"user","parts":[{"type":"text","content":"very long …',
        '"\\"[1]\\""',
        '{"a": NaN, "b": -Infinity, "c": 1e999}',
        '"\\ud800"',
        "{'a': 1, b'x': {1, 2}, (1,): ...}",
        "{1: 2, [3]: 4}",
        "[" * 300 + "]" * 300,
        DEEP,
        "(" * 200,
        "9" * 5000,
        '{"messages": [[[["user", "Hi"]]]]}',
        '{"messages": [null, 3, [], {}, "x", {"role": "user"}, {"role": 3, "content": [null, 1, [[]]]}]}',
        '{"choices": [null, {"message": {"tool_calls": [null, 1, {"function": 3}]}}, {"delta": {}}]}',
        '{"generations": [[null, {"message": {"lc": 1, "id": [], "kwargs": {}}}]]}',
        '{"output": {"output": {"output": {"output": {"output": {"output": {}}}}}}}',
        '{"content": {"content": {"content": {"content": "x"}}}}',
        '{"candidates": [{"content": {"parts": null}}], "content": {"parts": [{"inline_data": {"data": 3}}]}}',
        '[{"type": "image", "image": {"0": 1, "1": 999}}, {"type": "tool_use", "input": "{"}]',
        '{"documents": [null, {"metadata": "{"}, [{"id": true}], "x"]}',
        '{"data": [{"embedding": []}, {"embedding": "AAAA"}]}',
        "\x00\u202e😀",
    )
)
NAMES = st.sampled_from(
    [
        "text",
        "tool_use",
        "tool_result",
        "tool_call",
        "image",
        "file",
        "reasoning",
        "message",
        "function_call",
        "function_call_output",
        "human",
        "ai",
        "constructor",
        "user",
        "assistant",
        "tool",
        "system",
        "model",
        "request",
        "json",
    ]
)
SCALARS = st.one_of(
    NASTY_TEXT,
    NAMES,
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.binary(max_size=4),
    st.text(max_size=8),
)
MEMBERS = st.sampled_from(
    (
        "role",
        "content",
        "parts",
        "type",
        "text",
        "tool_calls",
        "function",
        "name",
        "arguments",
        "id",
        "message",
        "messages",
        "input",
        "output",
        "args",
        "kwargs",
        "choices",
        "data",
        "source",
        "url",
        "image",
        "document",
        "node",
        "score",
        "metadata",
        "toolUse",
        "functionCall",
        "reasoningContent",
        "response",
        "value",
        "lc",
        "kwargs",
        "data",
        "candidates",
        "generations",
        "replies",
        "toolCalls",
        "toolName",
        "toolCallId",
        "toolResult",
        "functionResponse",
        "inline_data",
        "additional_kwargs",
        "finish_reason",
        "kind",
        "prompt",
        "system",
        "item",
        "tools",
        "results",
        "error",
        "thinking",
        "summary",
    )
)
UNEXPECTED: tuple[Any, ...] = ('{"a":', "[1]", 7, {"b": {}})
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(MEMBERS, inner, max_size=5)),
    max_leaves=12,
)
ENCODED = st.one_of(VALUES, VALUES.map(lambda value: json.dumps(value, default=str)), VALUES.map(repr))
SUFFIXES = st.sampled_from(
    (
        "0",
        "1.message.role",
        "1.message.content",
        "1.message.tool_calls.0.tool_call.function.name",
        "1.message.contents.0.message_content.image.image.url",
        "2.role",
        "2.content",
        "2.tool_calls.0.name",
        "99999999999.content",
        "-1.role",
        "__proto__.x",
        "0.document.content",
        "0.embedding.vector",
        "0.tool.json_schema",
        "a.b.c.d",
        "",
    )
)


def key_of(source: Source, suffix: str) -> str:
    return source.attribute.removesuffix("N").removesuffix("*") + (
        suffix if source.attribute[-2:] in (".N", ".*") else ""
    )


@st.composite
def spans(draw: st.DrawFn) -> Any:
    attributes: dict[str, Any] = {}
    events, logs, resource = [], [], {}
    for source in draw(st.lists(st.sampled_from(SOURCES), min_size=1, max_size=6)):
        value = draw(ENCODED)
        if source.key.startswith(EVENT):
            events.append(SpanEvent(source.attribute, 0, {source.member: value, "gen_ai.event.content": draw(ENCODED)}))
        elif source.key.startswith(LOG):
            logs.append(SpanLog(source.attribute, draw(st.integers(0, 3)), draw(ENCODED), {source.member: value}))
        elif source.key.startswith(RESOURCE):
            resource[source.attribute] = value
        else:
            attributes[key_of(source, draw(SUFFIXES))] = value
    return stored(
        attributes=attributes,
        events=tuple(events),
        logs=tuple(logs),
        resource_attributes=resource,
        columns={"span_type": draw(TYPES)},
    )


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(span=spans())
def test_reading_never_fails_and_gives_json(span: Any) -> None:
    found = read(span).to_json()
    assert orjson.dumps(found)
    for message in (*found["messages"]["input"], *found["messages"]["output"]):
        assert isinstance(message["role"], str)
        assert all(isinstance(part["type"], str) for part in message["parts"])


@pytest.mark.parametrize("span_type", ["LLM", "TOOL", "RETRIEVER", "EMBEDDING"])
def test_every_row_takes_values_that_it_does_not_expect(span_type: str) -> None:
    """Each row alone: hypothesis meets them together, but rarely this one with that value."""
    for source in dict.fromkeys(Source(source.attribute, "", source.decoder) for source in SOURCES):
        for value in UNEXPECTED:
            read(stored(attributes={key_of(source, "0.content"): value}, columns={"span_type": span_type}))


@pytest.mark.parametrize(
    "key",
    [
        source.key
        for name in ("input_messages", "output_messages")
        for source in SHOWN_SOURCES[name]
        if source.decoder in ("messages", "request", "response", "conversation", "plain_message")
        and not source.key.startswith((EVENT, LOG, RESOURCE))
    ],
)
def test_truncated_json_is_shown_as_text(key: str) -> None:
    cut = '[{"role": "user", "content": "a question that was cut of'
    found = read(stored(attributes={key: cut}, columns={"span_type": "LLM"}))
    assert cut in (found.input_text, found.output_text)


@pytest.mark.parametrize("value", [DEEP, '{"a":' * 4000, "(" * 60000, "9" * 60000, "{'a': " * 9000])
def test_values_made_to_hurt_are_text(value: str) -> None:
    span = stored(attributes={"gen_ai.input.messages": value, "input.value": value}, columns={"span_type": "LLM"})
    assert read(span).input_text == value


def test_structured_values_as_deep_as_protobuf_allows_are_read() -> None:
    value: dict[str, Any] = {"content": "x"}
    for _ in range(47):
        value = {"content": [value]}
    found = read(stored(attributes={"gen_ai.input.messages": value}, columns={"span_type": "LLM"}))
    assert orjson.dumps(found.to_json())


def test_what_python_printed_is_read() -> None:
    value = "[{'role': 'user', 'content': 'Hi', 'seen': True, 'at': None}]"
    assert read(stored(attributes={"input.value": value}, columns={"span_type": "LLM"})).input_text == "Hi"


def test_a_thousand_model_spans_of_ten_kilobytes_take_less_than_a_second() -> None:
    words = "All work and no play makes a trace a dull tree. " * 20
    history = [{"role": role, "parts": [{"type": "text", "content": words}]} for role in ("user", "assistant") * 5]
    flattened = {
        f"llm.input_messages.{index}.message.{member}": text
        for index in range(10)
        for member, text in (("role", "user"), ("content", words))
    }
    semconv = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.input.messages": json.dumps(history),
        "gen_ai.output.messages": json.dumps(history[-1:]),
    }
    openinference = {**flattened, "llm.invocation_parameters": '{"temperature": 1}', "output.value": words}
    sent = [
        stored(attributes=attributes, columns={"span_type": "LLM"})
        for _ in range(500)
        for attributes in (semconv, openinference)
    ]
    assert min(_seconds(sent) for _ in range(3)) < 1


def _seconds(sent: list[StoredSpan]) -> float:
    started = time.process_time()
    for span in sent:
        read(span)
    return time.process_time() - started
