"""OpenLIT over the OpenAI and Anthropic SDKs, with the spans of httpx and a log record per call beside."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import (
    EMBEDDING_MODEL,
    EMBEDDING_USAGE,
    WEATHER_CALL,
    SpanClaim,
    claude_call,
    openai_call,
    span,
    trace,
)

CHAT = "chat gpt-4o-mini"
CLAUDE = "chat claude-sonnet-4-5"
HTTP = span("POST", error=False)
WHO: dict[str, Any] = {"session_id": "sess-ol-1", "user_id": "u-150"}
CACHE_LOST: dict[str, Any] = {"input_tokens": [100, 123], "total_tokens": [145, 168]}


def call(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """A chat completion, whose reasoning tokens are not told."""
    return openai_call(CHAT, asked, answered, **{"reasoning_output_tokens": None, **expected})


TRACES = [
    trace(
        "a traced function with two calls; its result is plain text in gen_ai.output.messages, its arguments a repr",
        span("weather_agent", output_text=script.WEATHER, error=False),
        call(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **WHO),
        HTTP,
        call(script.ASK_WEATHER, script.WEATHER, **WHO),
        HTTP,
        llm_calls=2,
        **WHO,
    ),
    trace(
        "a call with a system text and a user",
        call(script.ASK_PARIS, script.PARIS, user_id="u-151"),
        HTTP,
        user_id="u-151",
    ),
    trace("streaming", call(script.ASK_HAIKU, script.HAIKU, streaming=True), HTTP),
    trace("responses API", openai_call(CHAT, script.ASK_PARIS, script.PARIS), HTTP),
    trace(
        "embeddings",
        span(
            "embeddings text-embedding-3-small",
            "EMBEDDING",
            operation="embeddings",
            model=EMBEDDING_MODEL,
            provider="openai",
            input_text=script.ASK_RETENTION,
            embedding_dimension=script.DIMENSIONS,
            error=False,
            **EMBEDDING_USAGE,
        ),
        HTTP,
        llm_calls=0,
        embeddings=1,
    ),
    trace(
        "Anthropic; the span says the input without cache", claude_call(CLAUDE, script.ASK_PARIS, script.PARIS), HTTP
    ),
    trace(
        "Anthropic, streaming; the span says the input without cache and no cache",
        claude_call(CLAUDE, script.ASK_HAIKU, script.HAIKU, streaming=True, cache_read_input_tokens=None, **CACHE_LOST),
        HTTP,
        **CACHE_LOST,
    ),
    trace(
        "error; the provider refuses",
        span(
            CHAT,
            "LLM",
            model="gpt-4o-mini",
            provider="openai",
            error=True,
            error_type=["openai.BadRequestError", "BadRequestError"],
            error_message_contains=script.REFUSED,
        ),
        span("POST", error=True),
        llm_calls=0,
        error=True,
    ),
]
