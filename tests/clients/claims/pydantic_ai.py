"""Pydantic AI under Logfire, and Logfire's own spans of the OpenAI SDK."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import (
    EMBEDDING_MODEL,
    USAGE,
    WEATHER_CALL,
    SpanClaim,
    TraceClaim,
    claude_call,
    openai_call,
    span,
    trace,
    weather_tool,
)

COST: dict[str, Any] = {"cost_usd": 4.3725e-05}
EMBEDDING_COST: dict[str, Any] = {"cost_usd": 2.4e-07}
OWN = claude_call("anthropic.messages.create", None, None, streaming=True)
TALK: dict[str, Any] = {"session_id": "conv-pa-2"}
CHAT = "chat gpt-4o-mini"
TOOL = "execute_tool get_weather"
COMPLETION = "Chat Completion with *"
MISSING: dict[str, Any] = {"error": True, "model": "gpt-missing", "provider": "openai"}
WHERE_IT_LACKS: dict[str, Any] = {"cache_read_input_tokens": None, "reasoning_output_tokens": None, **COST}


def agent(name: str, asked: str, answered: str, **expected: Any) -> SpanClaim:
    """The span of an agent's run, whose usage is the sum of its calls."""
    texts = {"input_text": asked, "output_text": answered, "error": False}
    claims = {"agent_name": name, "operation": "invoke_agent", **texts, **expected}
    return span(f"invoke_agent {name}", "AGENT", **claims)


def embedding(pattern: str, **expected: Any) -> SpanClaim:
    """The one embedding call each of both makes."""
    claims = {"model": EMBEDDING_MODEL, "provider": "openai", "input_tokens": script.EMBEDDING_TOKENS, "error": False}
    return span(pattern, "EMBEDDING", operation="embeddings", **claims, **EMBEDDING_COST, **expected)


WEATHER_RUN: dict[str, Any] = {"session_id": "conv-pa-1", "user_id": "u-91"}
PYDANTIC_AI = [
    trace(
        "agent with a tool, chat completions",
        agent("weather_agent", script.ASK_WEATHER, script.WEATHER, **WEATHER_RUN),
        openai_call(CHAT, script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **COST, **WEATHER_RUN),
        weather_tool(TOOL, **WEATHER_RUN),
        openai_call(CHAT, script.ASK_WEATHER, script.WEATHER, **COST, **WEATHER_RUN),
        llm_calls=2,
        **WEATHER_RUN,
    ),
    trace(
        "agent with a tool, Anthropic; the SDK's own span of each call is a child of Pydantic AI's",
        agent("claude_agent", script.ASK_WEATHER, script.WEATHER),
        claude_call("chat claude-sonnet-4-5", script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL),
        OWN,
        weather_tool(TOOL),
        claude_call("chat claude-sonnet-4-5", script.ASK_WEATHER, script.WEATHER),
        OWN,
        llm_calls=2,
    ),
    trace(
        "structured output, responses API: the answer is the call of a tool that is not run",
        agent("forecast_agent", script.ASK_WEATHER, "Lisbon"),
        openai_call(
            CHAT,
            script.ASK_WEATHER,
            None,
            output_tool_calls=[{"name": "final_result", "arguments": dict(script.FORECAST)}],
            **COST,
        ),
    ),
    trace(
        "conversation, turn 1",
        agent("talk_agent", script.ASK_AMARA, script.AMARA, **TALK),
        openai_call(CHAT, script.ASK_AMARA, script.AMARA, **COST, **TALK),
        **TALK,
    ),
    trace(
        "conversation, turn 2",
        agent("talk_agent", script.ASK_NAME, script.NAME, **TALK),
        openai_call(CHAT, script.ASK_NAME, script.NAME, **COST, **TALK),
        **TALK,
    ),
    trace(
        "streaming under a span of Logfire with tags",
        span("stream a {form}", tags=["poem", "beta"], error=False),
        agent("talk_agent", script.ASK_HAIKU, script.HAIKU),
        openai_call(CHAT, script.ASK_HAIKU, script.HAIKU, **COST),
        tags=["beta", "poem"],
    ),
    trace(
        "embeddings",
        embedding("embeddings *", input_text=script.ASK_RETENTION, embedding_dimension=script.DIMENSIONS),
        llm_calls=0,
        embeddings=1,
    ),
    trace(
        "error; the model does not exist",
        span("invoke_agent broken_agent", "AGENT", agent_name="broken_agent", input_text=script.ASK_PARIS, error=True),
        span(
            "chat gpt-missing",
            "LLM",
            error_message_contains="does not exist",
            error_type=["pydantic_ai.exceptions.ModelNotFoundError", "ModelNotFoundError"],
            **MISSING,
        ),
        llm_calls=0,
        error=True,
    ),
]
WHO: dict[str, Any] = {"session_id": "sess-pa-9", "user_id": "u-92"}
LOGFIRE: list[TraceClaim] = [
    trace(
        "Logfire's OpenAI span, chat completions; session and user from baggage",
        openai_call(COMPLETION, script.ASK_PARIS, script.PARIS, tags=["LLM"], **WHERE_IT_LACKS, **WHO),
        **WHO,
    ),
    trace(
        "Logfire's OpenAI span, streaming: answer and usage are on the log after it",
        span("stream without an agent", error=False),
        span(COMPLETION, "LLM", input_text=script.ASK_HAIKU, model="gpt-4o-mini", provider="openai", error=False),
        span(
            "streaming response from *",
            ["EVENT", "LLM"],
            input_text=script.ASK_HAIKU,
            output_text=script.HAIKU,
            model="gpt-4o-mini",
            provider="openai",
            error=False,
            **COST,
            **USAGE,
        ),
    ),
    trace(
        "Logfire's OpenAI span, responses API",
        openai_call("Responses API with *", script.ASK_PARIS, script.PARIS, **WHERE_IT_LACKS),
    ),
    trace(
        "Logfire's OpenAI span, embeddings; their text is not captured",
        embedding("Embedding Creation with *"),
        llm_calls=0,
        embeddings=1,
    ),
    trace(
        "Logfire's OpenAI span, error; the model does not exist",
        span(
            COMPLETION,
            "LLM",
            input_text=script.ASK_PARIS,
            error_message_contains="does not exist",
            error_type=["openai.NotFoundError", "NotFoundError"],
            level="ERROR",
            **MISSING,
        ),
        llm_calls=0,
        error=True,
    ),
]
TRACES = PYDANTIC_AI + LOGFIRE
