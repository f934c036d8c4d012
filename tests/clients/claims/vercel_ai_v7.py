"""Vercel AI SDK v7 with @ai-sdk/otel: agent, step and chat spans by default, with supplements, and legacy spans."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import (
    EMBEDDING_MODEL,
    EMBEDDING_USAGE,
    WEATHER_CALL,
    SpanClaim,
    openai_call,
    span,
    trace,
    weather_tool,
)

CHAT = "chat gpt-4o-mini"
TOOL = "execute_tool get_weather"
NO_REASONING: dict[str, Any] = {"reasoning_output_tokens": None}
AGGREGATE: dict[str, Any] = {"usage_scope": ["aggregate", "duplicate", "none"]}
WHO: dict[str, Any] = {"session_id": "sess-v7-1", "user_id": "u-171", "tags": ["beta", "web"]}
LEGACY: dict[str, Any] = {"session_id": "sess-v7-2", "user_id": "u-172"}
REFUSED: dict[str, Any] = {
    "error": True,
    "error_message_contains": script.REFUSED,
    "error_type": ["AI_APICallError", "400"],
}


def agent(name: str, asked: str, answered: str, **expected: Any) -> SpanClaim:
    """The root, named after the model; the agent's name is the function id."""
    texts = {"input_text": asked, "output_text": answered, "error": False}
    return span("invoke_agent gpt-4o-mini", "AGENT", agent_name=name, **texts, **AGGREGATE, **expected)


def step(number: int, **expected: Any) -> SpanClaim:
    """A step: one request and the tools it asks for."""
    return span(f"step {number}", "TASK", error=False, **AGGREGATE, **expected)


def chat(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """One request, the owner of its usage."""
    return openai_call(CHAT, asked, answered, usage_scope="own", operation="chat", **expected)


def embeddings(**expected: Any) -> list[SpanClaim]:
    """The outer and the inner span of an embedding; usage only inside."""
    claims = {"model": EMBEDDING_MODEL, "provider": "openai", "error": False, **expected}
    return [
        span("embeddings *", ["EMBEDDING", "CHAIN"], **claims),
        span("embeddings *", "EMBEDDING", **claims, **EMBEDDING_USAGE),
    ]


def request(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """One request, told by a legacy span."""
    return openai_call("ai.generateText.doGenerate", asked, answered, usage_scope="own", **LEGACY, **expected)


TRACES = [
    trace(
        "agent with a tool, by default: no session, no user, no reasoning tokens",
        agent("weather-agent", script.ASK_WEATHER, script.WEATHER),
        step(1),
        chat(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **NO_REASONING),
        weather_tool(TOOL),
        step(2),
        chat(script.ASK_WEATHER, script.WEATHER, **NO_REASONING),
        llm_calls=2,
    ),
    trace(
        "agent with a tool, with every supplement",
        agent("weather-agent", script.ASK_WEATHER, script.WEATHER, **WHO),
        step(1, **WHO),
        chat(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL),
        weather_tool(TOOL),
        step(2, **WHO),
        chat(script.ASK_WEATHER, script.WEATHER),
        llm_calls=2,
        **WHO,
    ),
    trace(
        "agent with a tool, legacy spans; the tool is a child of the request that asked for it",
        span(
            "ai.generateText",
            "CHAIN",
            input_text=script.ASK_WEATHER,
            output_text=script.WEATHER,
            error=False,
            **AGGREGATE,
            **LEGACY,
        ),
        request(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL),
        weather_tool("ai.toolCall"),
        request(script.ASK_WEATHER, script.WEATHER),
        llm_calls=2,
        **LEGACY,
    ),
    trace(
        "streaming, chat completions, with supplements",
        agent("poet", script.ASK_HAIKU, script.HAIKU),
        step(1),
        chat(script.ASK_HAIKU, script.HAIKU, streaming=True),
    ),
    trace(
        "a structured answer, by default",
        agent("forecast", script.ASK_WEATHER, "Lisbon"),
        step(1),
        chat(script.ASK_WEATHER, "Lisbon", **NO_REASONING),
    ),
    trace("embeddings, by default: no text", *embeddings(), llm_calls=0, embeddings=1),
    trace(
        "embeddings, with their text",
        *embeddings(input_text=script.ASK_RETENTION, embedding_dimension=script.DIMENSIONS),
        llm_calls=0,
        embeddings=1,
    ),
    trace(
        "error; the provider refuses",
        span("invoke_agent gpt-4o-mini", "AGENT", agent_name="refused", input_text=script.ASK_REFUSED, **REFUSED),
        span("step 1", "TASK", **REFUSED),
        span(CHAT, "LLM", model="gpt-4o-mini", provider="openai", input_text=script.ASK_REFUSED, **REFUSED),
        llm_calls=0,
        error=True,
    ),
]
