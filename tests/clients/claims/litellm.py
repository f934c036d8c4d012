"""LiteLLM's `otel` callback: each call as `litellm_request`, and under it the raw request, which is no second call."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import EMBEDDING_MODEL, WEATHER_CALL, SpanClaim, openai_call, span, trace

COST: dict[str, Any] = {"cost_usd": 4.3725e-05}
NO_DETAILS: dict[str, Any] = {"cache_read_input_tokens": None, "reasoning_output_tokens": None, "usage_scope": "own"}
RAW = span("raw_gen_ai_request", error=False, usage_scope=["duplicate", "none"])
CALL = "litellm_request"


def call(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """One call; cached and reasoning tokens are only in reprs."""
    return openai_call(CALL, asked, answered, **{**COST, **NO_DETAILS, **expected})


TRACES = [
    trace(
        "a call with a system text and a user; the callback drops session and tags of the metadata",
        call(script.ASK_PARIS, script.PARIS, user_id="u-111"),
        RAW,
        user_id="u-111",
    ),
    trace("a call that answers with a tool call", call(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL), RAW),
    trace("a call with a tool's result", call(script.ASK_WEATHER, script.WEATHER), RAW),
    trace("streaming", call(script.ASK_HAIKU, script.HAIKU, model=None, streaming=True), RAW),
    trace(
        "a call of Anthropic's model",
        call(
            script.ASK_PARIS,
            script.PARIS,
            model="claude-sonnet-4-5-20250929",
            provider="anthropic",
            cost_usd=0.0009819,
        ),
        RAW,
    ),
    trace(
        "embeddings; gen_ai.system is empty, the provider is in litellm.provider.model",
        span(
            CALL,
            "EMBEDDING",
            operation="embeddings",
            model=EMBEDDING_MODEL,
            input_tokens=script.EMBEDDING_TOKENS,
            input_text=script.ASK_RETENTION,
            cost_usd=2.4e-07,
            error=False,
        ),
        RAW,
        llm_calls=0,
        embeddings=1,
    ),
    trace(
        "error; the model does not exist",
        span(
            CALL,
            "LLM",
            model="gpt-missing",
            provider="openai",
            input_text=script.ASK_PARIS,
            error=True,
            error_type="NotFoundError",
            error_message_contains="does not exist",
        ),
        llm_calls=0,
        error=True,
    ),
    trace(
        "a call under a span of the application that holds the session",
        span("app turn", session_id="sess-ll-2", error=False),
        call(script.ASK_PARIS, script.PARIS),
        RAW,
        session_id="sess-ll-2",
    ),
]
