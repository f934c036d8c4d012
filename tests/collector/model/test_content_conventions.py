"""Semantic conventions of every era, OpenInference, OpenLLMetry: a small case each, from what their sources write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collector.model.content_cases import CALL, DETAILS, case, missing, text

J = json.dumps

CASES = [
    case(
        "semconv messages with flat content and older part names",
        "LLM",
        {
            "input_text": "Hi",
            "output_reasoning": "hm",
            "output_tool_calls": CALL,
            "input_part_types": [["text", "blob"], ["tool_call_response"]],
        },
        attributes={
            "gen_ai.input.messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "Hi"},
                        {"type": "blob", "mime_type": "image/png", "data": "AA=="},
                    ],
                },
                {"role": "tool", "parts": [{"type": "tool_call_response", "id": "x", "result": "3"}]},
            ],
            "gen_ai.output.messages": [
                {
                    "role": "assistant",
                    "parts": [
                        {"type": "thinking", "content": "hm"},
                        {"type": "tool_call", "id": "c1", "name": "add", "arguments": '{"a": 1}'},
                    ],
                }
            ],
        },
    ),
    case(
        "semconv 1.26 span attributes",
        "LLM",
        {"input_text": "Hi", "output_text": "Hello"},
        attributes={
            "gen_ai.prompt": J([{"role": "user", "content": "Hi"}]),
            "gen_ai.completion": J([{"role": "assistant", "content": "Hello"}]),
        },
    ),
    case(
        "operation details in several events",
        "LLM",
        {"system_text": "Be brief.", "input_text": "Hi", "output_text": "Hello", "tool_definitions": ["add"]},
        events=[
            (DETAILS, {"gen_ai.system_instructions": J([{"type": "text", "content": "Be brief."}])}),
            (
                DETAILS,
                {"gen_ai.input.messages": J([text("user", "Hi")]), "gen_ai.tool.definitions": J([{"name": "add"}])},
            ),
            (DETAILS, {"gen_ai.output.messages": J([text("assistant", "Hello")])}),
        ],
    ),
    case(
        "operation details in a log record",
        "LLM",
        {"system_text": "Be brief.", "input_text": "Hi", "output_text": "Hello"},
        logs=[
            (
                1,
                DETAILS,
                None,
                {
                    "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
                    "gen_ai.input.messages": [text("user", "Hi")],
                    "gen_ai.output.messages": [text("assistant", "Hello")],
                },
            )
        ],
    ),
    case(
        "the same messages as attributes, events and records",
        "LLM",
        {"input_messages_count": 1, "output_text": "Hello"},
        attributes={"gen_ai.input.messages": J([text("user", "Hi")])},
        events=[("gen_ai.user.message", {"content": "Hi"}), ("gen_ai.choice", {"message": J({"content": "Hello"})})],
        logs=[
            (1, "gen_ai.user.message", {"content": "Hi"}, {}),
            (2, "gen_ai.choice", {"message": {"content": "Hello"}}, {}),
        ],
    ),
    case(
        "records in the order of time",
        "LLM",
        {"input_text": "second", "input_roles": ["user", "user"]},
        logs=[
            (2, "gen_ai.user.message", {"content": "second"}, {}),
            (1, "gen_ai.user.message", {"content": "first"}, {}),
        ],
    ),
    case(
        "uploaded content",
        "LLM",
        {"input_part_types": [["uri"]], "input_text": None},
        attributes={"gen_ai.input.messages_ref": "s3://bucket/1.json"},
    ),
    case(
        "openinference redacted content and image",
        "LLM",
        {"input_text": None, "redacted": True, "input_part_types": [["text", "uri"]]},
        attributes={
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.contents.0.message_content.type": "text",
            "llm.input_messages.0.message.contents.0.message_content.text": "__REDACTED__",
            "llm.input_messages.0.message.contents.1.message_content.type": "image",
            "llm.input_messages.0.message.contents.1.message_content.image.image.url": "__REDACTED__",
        },
    ),
    case(
        "openinference tool use in contents and in tool_calls",
        "LLM",
        {"output_tool_calls": CALL, "output_text": "ok"},
        attributes={
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.contents.0.message_content.type": "text",
            "llm.output_messages.0.message.contents.0.message_content.text": "ok",
            "llm.output_messages.0.message.contents.1.message_content.type": "tool_use",
            "llm.output_messages.0.message.contents.1.tool_call.id": "c1",
            "llm.output_messages.0.message.contents.1.tool_call.function.name": "add",
            "llm.output_messages.0.message.contents.1.tool_call.function.arguments": '{"a": 1}',
            "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "add",
            "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"a": 1}',
        },
    ),
    case(
        "openinference lost messages to a limit",
        "LLM",
        {"input_text": "second", "input_messages_count": 3},
        attributes={
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "first",
            "input.value": J(
                {
                    "messages": [
                        {"role": r, "content": c}
                        for r, c in (("user", "first"), ("assistant", "x"), ("user", "second"))
                    ]
                }
            ),
        },
    ),
    case(
        "openinference completions and function call",
        "LLM",
        {"input_text": "once", "output_tool_calls": [{"name": "add", "arguments": {"a": 1}}]},
        attributes={
            "llm.prompts.0.prompt.text": "once",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.function_call_name": "add",
            "llm.output_messages.0.message.function_call_arguments_json": '{"a": 1}',
        },
    ),
    case(
        "openllmetry vector database",
        "RETRIEVER",
        {"documents": [{"id": "d1", "score": 0.5, "content": "x", "metadata": {"p": 1}}, {"id": "d2"}], "top_k": 2},
        attributes={"db.system": "pinecone", "db.vector.query.top_k": 2},
        events=[
            (
                "db.query.result",
                {
                    "db.query.result.id": "d1",
                    "db.query.result.score": 0.5,
                    "db.query.result.document": "x",
                    "db.query.result.metadata": '{"p": 1}',
                },
            ),
            ("db.query.result", {"db.query.result.id": "d2"}),
            ("db.query.embeddings", {"db.query.embeddings.vector": "[0.1]"}),
        ],
    ),
    case(
        "openllmetry entity of langchain",
        "CHAIN",
        {"input_text": "Hi", "output_text": "Hello", "workflow_name": "flow", "metadata": {"customer_id": "7"}},
        attributes={
            "traceloop.entity.input": J({"inputs": {"question": "Hi"}, "tags": [], "metadata": {}, "kwargs": {}}),
            "traceloop.entity.output": J({"outputs": "Hello", "kwargs": {}}),
            "traceloop.workflow.name": "flow",
            "traceloop.association.properties.customer_id": "7",
            "traceloop.association.properties.session_id": "s",
        },
    ),
    case(
        "openllmetry prompt of the registry",
        "LLM",
        {"prompt_name": "greet", "prompt_version": "4", "prompt_variables": {"who": "Ana"}},
        attributes={
            "traceloop.prompt.key": "greet",
            "traceloop.prompt.version": 4,
            "traceloop.prompt.template_variables.who": "Ana",
        },
    ),
    case(
        "openllmetry keys beside gen_ai.prompt",
        "LLM",
        {"input_text": "Hi", "prompt_name": "greet", "output_tool_calls": CALL},
        attributes={
            "gen_ai.prompt.name": "greet",
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "Hi",
            "gen_ai.completion.0.tool_calls.0.id": "c1",
            "gen_ai.completion.0.tool_calls.0.function.name": "add",
            "gen_ai.completion.0.tool_calls.0.function.arguments": '{"a": 1}',
        },
    ),
    case(
        "openinference smolagents",
        "TOOL",
        {"tool": {"arguments": {"city": "Oslo"}, "result": "4 C"}},
        attributes={
            "input.value": J({"args": [], "sanitize_inputs_outputs": True, "kwargs": {"city": "Oslo"}}),
            "output.value": "4 C",
        },
    ),
    case(
        "openinference langchain prompt and parser",
        "PROMPT",
        {"input_text": "given", "output_text": "Be.\nHi"},
        attributes={
            "input.value": J({"lc": 1, "id": ["langchain", "AIMessage"], "kwargs": {"content": "given"}}),
            "output.value": J(
                {
                    "lc": 1,
                    "id": ["langchain_core", "prompt_values", "ChatPromptValue"],
                    "kwargs": {"messages": [{"type": "system", "content": "Be."}, {"type": "human", "content": "Hi"}]},
                }
            ),
        },
    ),
    case(
        "langfuse text of the trace on its root",
        "CHAIN",
        {"input_text": "asked", "output_text": "answered", "inputs": {"q": 1}},
        attributes={
            "langfuse.trace.input": "asked",
            "langfuse.trace.output": J({"answer": "answered"}),
            "langfuse.observation.input": '{"q": 1}',
        },
    ),
]


@pytest.mark.parametrize(("span", "expected"), CASES)
def test_the_dialect_is_understood(span: Any, expected: dict[str, Any]) -> None:
    assert missing(span, expected) == []
