"""MLflow, AI SDK, Langfuse, LangSmith, pydantic-ai, Logfire: a small case each, from what their sources write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collector.model.content_cases import CALL, DETAILS, case, missing, text

J = json.dumps

CASES = [
    case(
        "mlflow bedrock and gemini formats",
        "LLM",
        {"system_text": "Short.", "input_text": "Hi", "output_text": "Hello", "output_tool_calls": CALL},
        attributes={
            "mlflow.spanInputs": J(
                {
                    "modelId": "m",
                    "system": [{"text": "Short."}],
                    "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
                }
            ),
            "mlflow.spanOutputs": J(
                {
                    "output": {
                        "message": {
                            "role": "assistant",
                            "content": [
                                {"text": "Hello"},
                                {"toolUse": {"toolUseId": "c1", "name": "add", "input": {"a": 1}}},
                            ],
                        }
                    },
                    "stopReason": "tool_use",
                }
            ),
        },
    ),
    case(
        "mlflow gemini",
        "LLM",
        {"input_text": "Hi", "output_text": "Hello", "output_reasoning": "hm", "tool_definitions": ["add"]},
        attributes={
            "mlflow.spanInputs": J(
                {
                    "contents": "Hi",
                    "config": {"tools": [{"functionDeclarations": [{"name": "add"}]}]},
                    "tools": [{"name": "add"}],
                }
            ),
            "mlflow.spanOutputs": J(
                {
                    "candidates": [
                        {
                            "content": {"role": "model", "parts": [{"text": "hm", "thought": True}, {"text": "Hello"}]},
                            "finishReason": "STOP",
                        }
                    ]
                }
            ),
        },
    ),
    case(
        "mlflow stream without output",
        "LLM",
        {"output_text": "Hello", "streaming": True},
        events=[
            ("mlflow.chunk.item.0", {"mlflow.chunk.value": J({"choices": [{"delta": {"content": "Hel"}}]})}),
            ("mlflow.chunk.item.1", {"mlflow.chunk.value": J({"choices": [{"delta": {"content": "lo"}}]})}),
        ],
    ),
    case(
        "vercel embeddings",
        "EMBEDDING",
        {"input_text": "one\ntwo", "embedding": {"dimension": 3, "count": 2}},
        attributes={
            "ai.operationId": "ai.embedMany.doEmbed",
            "ai.values": ['"one"', '"two"'],
            "ai.embeddings": ["[1,2,3]", "[4,5,6]"],
        },
    ),
    case(
        "vercel object, image bytes and old names",
        "LLM",
        {
            "outputs": {"a": 1},
            "output_text": '{"a": 1}',
            "input_part_types": [["text", "blob"]],
            "request": {"max_tokens": 9, "tool_choice": {"type": "auto"}},
        },
        attributes={
            "ai.operationId": "ai.generateObject.doGenerate",
            "ai.prompt.messages": J(
                [
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "What?"},
                            {"type": "image", "image": {"0": 137, "1": 80}, "mimeType": "image/png"},
                        ],
                    }
                ]
            ),
            "ai.response.object": '{"a": 1}',
            "ai.settings.maxTokens": 9.0,
            "ai.prompt.toolChoice": '{"type": "auto"}',
        },
    ),
    case(
        "vercel before v4",
        "LLM",
        {"output_text": "Hi", "output_tool_calls": [{"id": "c1", "name": "add", "arguments": {"a": 1}}]},
        attributes={
            "ai.result.text": "Hi",
            "ai.result.toolCalls": J([{"toolCallId": "c1", "toolName": "add", "args": '{"a": 1}'}]),
        },
    ),
    case(
        "vercel rerank",
        "RERANKER",
        {"documents": [{"content": "b", "score": 0.9}], "documents_in": [{"content": "a"}, {"content": "b"}]},
        attributes={
            "ai.documents": ['"a"', '"b"'],
            "ai.ranking": ['{"originalIndex": 1, "score": 0.9}'],
        },
    ),
    case(
        "langfuse openai integration",
        "LLM",
        {
            "system_text": "Short.",
            "input_text": "Hi",
            "tool_definitions": ["add"],
            "request": {"temperature": 1, "max_tokens": None, "extra": {"service_tier": "default"}},
            "metadata": {"a.b": 1, "c": "d"},
        },
        attributes={
            "langfuse.observation.input": J(
                {
                    "messages": [{"role": "system", "content": "Short."}, {"role": "user", "content": "Hi"}],
                    "tools": [{"type": "function", "function": {"name": "add"}}],
                }
            ),
            "langfuse.observation.model.parameters": J(
                {"temperature": 1, "max_tokens": "Infinity", "service_tier": "default"}
            ),
            "langfuse.observation.metadata": J({"a": {"b": 1}}),
            "langfuse.observation.metadata.c": "d",
        },
    ),
    case(
        "langfuse tool of a decorated function",
        "TOOL",
        {"tool": {"name": "work", "arguments": {"a": 1}, "result": 3}},
        attributes={
            "langfuse.observation.input": J({"args": [], "kwargs": {"a": 1}}),
            "langfuse.observation.output": "3",
        },
    ),
    case(
        "langsmith tool whose output is a message",
        "TOOL",
        {"tool": {"name": "calc", "call_id": "c1", "arguments": {"expr": "2"}, "result": "2"}},
        attributes={
            "langsmith.trace.name": "calc",
            "gen_ai.prompt": J({"input": "{'expr': '2'}"}),
            "gen_ai.completion": J({"output": {"content": "2", "type": "tool", "name": "calc", "tool_call_id": "c1"}}),
        },
    ),
    case(
        "langchain graph state",
        "CHAIN",
        {"input_text": "Hi", "output_text": "Hello", "input_roles": ["user"]},
        attributes={
            "input.value": J({"messages": [["user", "Hi"]]}),
            "output.value": J(
                {
                    "messages": [
                        {"type": "human", "data": {"content": "Hi"}},
                        {
                            "lc": 1,
                            "type": "constructor",
                            "id": ["langchain", "AIMessage"],
                            "kwargs": {"content": "Hello"},
                        },
                    ]
                }
            ),
        },
    ),
    case(
        "pydantic-ai version 1",
        "LLM",
        {"system_text": "Add.", "input_text": "1+1?", "output_tool_calls": CALL},
        attributes={
            "events": J(
                [
                    {
                        "event.name": "gen_ai.system.message",
                        "gen_ai.message.index": 0,
                        "role": "system",
                        "content": "Add.",
                    },
                    {"event.name": "gen_ai.user.message", "gen_ai.message.index": 0, "role": "user", "content": "1+1?"},
                    {
                        "event.name": "gen_ai.choice",
                        "index": 0,
                        "message": {
                            "role": "assistant",
                            "tool_calls": [
                                {"id": "c1", "type": "function", "function": {"name": "add", "arguments": {"a": 1}}}
                            ],
                        },
                    },
                ]
            )
        },
    ),
    case(
        "pydantic-ai version 1 agent and tool",
        "AGENT",
        {"input_text": "1+1?", "output_text": "2", "agent_name": "adder"},
        attributes={
            "agent_name": "adder",
            "all_messages_events": J(
                [
                    {"event.name": "gen_ai.user.message", "role": "user", "content": "1+1?"},
                    {"event.name": "gen_ai.assistant.message", "role": "assistant", "content": "2"},
                ]
            ),
            "final_result": "2",
        },
    ),
    case(
        "pydantic-ai tool",
        "TOOL",
        {"tool": {"name": "add", "arguments": {"a": 1}, "result": "two"}},
        attributes={"gen_ai.tool.name": "add", "tool_arguments": '{"a": 1}', "tool_response": "two"},
    ),
    case(
        "pydantic-ai embeddings",
        "EMBEDDING",
        {"input_text": "a", "embedding": {"dimension": 2, "count": 1}},
        attributes={"inputs": '["a"]', "inputs_count": 1, "embeddings": "[[0.1, 0.2]]"},
    ),
    case(
        "logfire responses api",
        "LLM",
        {"input_text": "Hi", "output_text": "Hello", "request": {"temperature": 0.1}},
        attributes={
            "raw_input": J([{"role": "user", "content": "Hi"}]),
            "response": J(
                {
                    "output": [
                        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello"}]}
                    ]
                }
            ),
            "model_settings": J({"temperature": 0.1}),
        },
    ),
    case(
        "openlit repeats the instructions",
        "LLM",
        {"system_text": "Short.", "input_roles": ["system", "user"], "system_instructions": []},
        attributes={
            "gen_ai.system_instructions": J([{"type": "text", "content": "Short."}]),
            "gen_ai.input.messages": J([text("system", "Short."), text("user", "Hi")]),
        },
    ),
    case(
        "openlit lines with roles",
        "LLM",
        {"input_roles": ["system", "user", "assistant", "user"], "input_text": "two\nlines", "output_text": "ok"},
        events=[
            ("gen_ai.content.prompt", {"gen_ai.prompt": "system: Be.\nuser: one\nassistant: x\nuser: two\nlines"}),
            ("gen_ai.content.completion", {"gen_ai.completion": "ok"}),
        ],
    ),
    case(
        "adk without content",
        "LLM",
        {"input_text": None, "output_text": None, "inputs": None},
        attributes={"gcp.vertex.agent.llm_request": "{}", "gcp.vertex.agent.llm_response": "{}"},
    ),
    case(
        "adk stream of chunks and the whole",
        "LLM",
        {"output_text": "Hello you"},
        logs=[
            (
                1,
                DETAILS,
                None,
                {
                    "gen_ai.output.messages": [
                        text("assistant", "Hello"),
                        text("assistant", " you"),
                        {**text("assistant", "Hello you"), "finish_reason": "stop"},
                    ]
                },
            )
        ],
    ),
]


@pytest.mark.parametrize(("span", "expected"), CASES)
def test_the_dialect_is_understood(span: Any, expected: dict[str, Any]) -> None:
    assert missing(span, expected) == []
