"""Frameworks and products that trace themselves: a small case each, from what their sources write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.collector.model.content_cases import CALL, DETAILS, case, missing, text

J = json.dumps

CASES = [
    case(
        "strands tool in the latest convention",
        "TOOL",
        {
            "tool": {
                "name": "calc",
                "call_id": "c1",
                "arguments": {"e": "1"},
                "result": [{"text": "1"}],
                "is_error": True,
            }
        },
        attributes={"gen_ai.tool.name": "calc", "gen_ai.tool.call.id": "c1", "gen_ai.tool.status": "error"},
        events=[
            (
                DETAILS,
                {
                    "gen_ai.input.messages": J(
                        [
                            {
                                "role": "tool",
                                "parts": [{"type": "tool_call", "name": "calc", "id": "c1", "arguments": {"e": "1"}}],
                            }
                        ]
                    )
                },
            ),
            (
                DETAILS,
                {
                    "gen_ai.output.messages": J(
                        [
                            {
                                "role": "tool",
                                "parts": [{"type": "tool_call_response", "id": "c1", "response": [{"text": "1"}]}],
                            }
                        ]
                    )
                },
            ),
        ],
    ),
    case(
        "agentcore body as text",
        "AGENT",
        {"input_text": "status?", "output_text": "green"},
        logs=[
            (
                1,
                "opentelemetry.instrumentation.langchain",
                J(
                    {
                        "input": {"messages": [{"role": "user", "content": "status?"}]},
                        "output": {
                            "messages": [
                                {"role": "assistant", "content": {"message": "green", "finish_reason": "stop"}}
                            ]
                        },
                    }
                ),
                {},
            )
        ],
    ),
    case(
        "azure agents run",
        "AGENT",
        {"input_text": "Hi", "output_text": "Hello"},
        events=[
            ("gen_ai.user.message", {"gen_ai.event.content": J({"content": "Hi", "role": "user"})}),
            (
                "gen_ai.assistant.message",
                {"gen_ai.event.content": J({"content": {"text": {"value": "Hello"}}, "role": "assistant"})},
            ),
        ],
    ),
    case(
        "azure inference events",
        "LLM",
        {"system_text": "Short.", "input_text": "Hi", "output_tool_calls": CALL},
        events=[
            ("gen_ai.system.message", {"gen_ai.event.content": J({"role": "system", "content": "Short."})}),
            ("gen_ai.user.message", {"gen_ai.event.content": J({"role": "user", "content": "Hi"})}),
            (
                "gen_ai.choice",
                {
                    "gen_ai.event.content": J(
                        {
                            "message": {
                                "tool_calls": [
                                    {
                                        "id": "c1",
                                        "type": "function",
                                        "function": {"name": "add", "arguments": '{"a": 1}'},
                                    }
                                ]
                            },
                            "finish_reason": "tool_calls",
                            "index": 0,
                        }
                    )
                },
            ),
        ],
    ),
    case(
        "spring ai milestone events",
        "LLM",
        {"input_text": "Hi", "output_text": "Hello"},
        events=[
            ("gen_ai.content.prompt", {"gen_ai.prompt": '["Hi"]'}),
            ("gen_ai.content.completion", {"gen_ai.completion": '["Hello"]'}),
        ],
    ),
    case(
        "livekit context with tools",
        "LLM",
        {"input_text": "book", "input_roles": ["system", "user", "assistant", "tool"], "output_tool_calls": CALL},
        attributes={
            "lk.chat_ctx": J(
                {
                    "items": [
                        {"type": "message", "role": "system", "content": ["Be."]},
                        {"type": "message", "role": "user", "content": ["book"]},
                        {"type": "function_call", "call_id": "c0", "name": "find", "arguments": "{}"},
                        {"type": "function_call_output", "call_id": "c0", "output": "found"},
                    ]
                }
            ),
            "lk.response.function_calls": J([{"call_id": "c1", "name": "add", "arguments": '{"a": 1}'}]),
        },
    ),
    case(
        "livekit speech",
        "SPEECH",
        {"input_text": "hi!"},
        attributes={"lk.pii.input_text": "hi!"},
    ),
    case(
        "mastra",
        "LLM",
        {
            "system_text": "Be.",
            "input_text": "Hi",
            "output_text": "Hello",
            "tool_definitions": ["add"],
            "metadata": {"k": "v"},
        },
        attributes={
            "gen_ai.system_instructions": "Be.",
            "gen_ai.tool.definitions": '["add"]',
            "mastra.model_generation.input": J({"messages": [{"role": "user", "content": "Hi"}]}),
            "mastra.model_generation.output": J({"text": "Hello", "files": [], "reasoning": []}),
            "mastra.metadata.k": "v",
            "mastra.metadata.sessionId": "s",
        },
    ),
    case(
        "claude code content",
        "LLM",
        {"input_text": "fix it", "output_text": "done", "system_text": "You are"},
        attributes={"new_context": "fix it", "response.model_output": "done", "system_prompt_preview": "You are"},
    ),
    case(
        "claude sdk tool",
        "TOOL",
        {"tool": {"name": "add", "arguments": {"a": 1}, "result": [{"type": "text", "text": "2"}]}, "output_text": "2"},
        attributes={
            "gen_ai.tool.name": "add",
            "gen_ai.tool.call.arguments": '{"a": 1}',
            "anthropic.tool_result.content": J([{"type": "text", "text": "2"}]),
        },
    ),
    case(
        "gemini cli stream",
        "LLM",
        {"input_text": "Hi", "output_text": "Hello you", "input_roles": ["user", "assistant", "user"]},
        attributes={
            "gen_ai.input.messages": J(
                [
                    {"role": "user", "parts": [{"text": "Hi"}]},
                    {"role": "model", "parts": [{"functionCall": {"name": "ls", "args": {}}}]},
                    {"role": "user", "parts": [{"functionResponse": {"name": "ls", "response": {"output": "a"}}}]},
                ]
            ),
            "gen_ai.output.messages": J(
                [{"role": "model", "parts": [{"text": "Hello"}]}, {"role": "model", "parts": [{"text": " you"}]}]
            ),
        },
    ),
    case(
        "gemini cli tool",
        "TOOL",
        {"tool": {"name": "ls", "call_id": "c9", "arguments": {"p": "."}, "result": {"output": "a"}}},
        attributes={
            "gen_ai.tool.name": "ls",
            "gen_ai.input.messages": J({"callId": "c9", "name": "ls", "args": {"p": "."}}),
            "gen_ai.output.messages": J(
                {
                    "status": "success",
                    "request": {},
                    "response": {
                        "callId": "c9",
                        "responseParts": [{"functionResponse": {"response": {"output": "a"}}}],
                        "resultDisplay": "a",
                    },
                }
            ),
        },
    ),
    case(
        "litellm tool call in flattened keys only",
        "LLM",
        {"output_tool_calls": [{"name": "add", "arguments": {"a": 1}}]},
        attributes={
            "gen_ai.output.messages": J([{"role": "assistant", "parts": [], "finish_reason": "tool_calls"}]),
            "gen_ai.completion.0.function_call.name": "add",
            "gen_ai.completion.0.function_call.arguments": '{"a": 1}',
        },
    ),
    case(
        "litellm tool call beside a text",
        "LLM",
        {"output_text": "wait", "output_tool_calls": [{"name": "add", "arguments": {"a": 1}}]},
        attributes={
            "gen_ai.output.messages": J([{**text("assistant", "wait"), "finish_reason": "tool_calls"}]),
            "gen_ai.completion.0.function_call.name": "add",
            "gen_ai.completion.0.function_call.arguments": '{"a": 1}',
        },
    ),
    case(
        "litellm tool calls at message level",
        "LLM",
        {"output_tool_calls": CALL},
        attributes={
            "gen_ai.output.messages": J(
                [
                    {
                        "role": "assistant",
                        "parts": [],
                        "tool_calls": [{"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}}],
                    }
                ]
            )
        },
    ),
    case(
        "haystack reranker and prompt builder",
        "RERANKER",
        {
            "query": "x",
            "top_k": 1,
            "documents": [{"id": "d", "score": 0.9, "content": "y"}],
            "documents_in": [{"id": "d"}],
        },
        attributes={
            "haystack.component.input": J(
                {"query": "x", "top_k": 1, "documents": [{"id": "d", "content": "y", "score": None}]}
            ),
            "haystack.component.output": J({"documents": [{"id": "d", "content": "y", "score": 0.9}]}),
        },
    ),
    case(
        "haystack old messages",
        "LLM",
        {"input_text": "Hi", "output_text": "Hello"},
        attributes={
            "haystack.component.input": J({"messages": [{"_role": "user", "_content": [{"text": "Hi"}], "_meta": {}}]}),
            "haystack.component.output": J({"replies": ["Hello"], "meta": [{"finish_reason": "stop"}]}),
        },
    ),
    case(
        "genkit retriever",
        "RETRIEVER",
        {"query": "soup", "top_k": 3, "documents": [{"content": "menu", "metadata": {"p": 1}}]},
        attributes={
            "genkit:input": J({"query": {"content": [{"text": "soup"}]}, "options": {"k": 3}}),
            "genkit:output": J({"documents": [{"content": [{"text": "menu"}], "metadata": {"p": 1}}]}),
        },
    ),
    case(
        "genkit embedder",
        "EMBEDDING",
        {"input_text": "soup", "embedding": {"dimension": 2, "count": 1}},
        attributes={
            "genkit:input": J({"input": [{"content": [{"text": "soup"}]}]}),
            "genkit:output": J({"embeddings": [{"embedding": [0.1, 0.2]}]}),
        },
    ),
    case(
        "genkit tool request",
        "LLM",
        {"output_tool_calls": [{"id": "0", "name": "add", "arguments": {"a": 1}}], "request": {"top_k": 4}},
        attributes={
            "genkit:input": J({"messages": [{"role": "user", "content": [{"text": "1"}]}], "config": {"topK": 4}}),
            "genkit:output": J(
                {
                    "message": {
                        "role": "model",
                        "content": [{"toolRequest": {"ref": "0", "name": "add", "input": {"a": 1}}}],
                    }
                }
            ),
        },
    ),
    case(
        "voltagent tool and agent",
        "TOOL",
        {"tool": {"name": "add", "call_id": "c1", "arguments": {"a": 1}, "result": {"sum": 2}}},
        attributes={
            "tool.name": "add",
            "tool.call.id": "c1",
            "input": '{"a": 1}',
            "output": '{"sum": 2}',
            "tool.parameters": "{}",
        },
    ),
    case(
        "voltagent agent",
        "AGENT",
        {"input_text": "Hi", "output_text": "Hello", "input_roles": ["system", "user"]},
        attributes={
            "input": "Hi",
            "agent.messages": J([{"role": "system", "content": "Be."}, {"role": "user", "content": "Hi"}]),
            "output": "Hello",
        },
    ),
    case(
        "laminar function",
        "TOOL",
        {"tool": {"arguments": {"a": 1}, "result": "b"}},
        attributes={"lmnr.span.input": '{"a": 1}', "lmnr.span.output": '"b"'},
    ),
    case(
        "weave",
        "LLM",
        {"input_text": "Hi", "output_text": "Yo"},
        attributes={"weave.input": "Hi", "weave.output": "Yo"},
    ),
    case("pipecat", "LLM", {"input_text": "Hi"}, attributes={"input": J([{"role": "user", "content": "Hi"}])}),
    case(
        "mcp error result",
        "TOOL",
        {"tool": {"is_error": True}},
        attributes={"gen_ai.tool.name": "add", "gen_ai.tool.call.result": J({"content": [], "isError": True})},
    ),
    case(
        "spanhouse",
        "RETRIEVER",
        {
            "query": "x",
            "documents": [{"id": "d"}],
            "tags_kv": {"team": "blue"},
            "metadata": {"build": "7"},
            "level": "WARNING",
        },
        attributes={
            "gen_ai.retrieval.query.text": "x",
            "gen_ai.retrieval.documents": J([{"id": "d"}]),
            "spanhouse.trace.tag.team": "blue",
            "spanhouse.trace.metadata.build": "7",
            "spanhouse.log_level": "WARNING",
        },
    ),
]


@pytest.mark.parametrize(("span", "expected"), CASES)
def test_the_dialect_is_understood(span: Any, expected: dict[str, Any]) -> None:
    assert missing(span, expected) == []
