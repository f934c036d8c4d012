"""Vercel AI SDK v5 with its experimental telemetry: an outer span per call of the SDK, inner ones per request."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import (
    EMBEDDING_MODEL,
    EMBEDDING_USAGE,
    WEATHER_CALL,
    SpanClaim,
    TraceClaim,
    claude_call,
    openai_call,
    span,
    trace,
    weather_tool,
)

WHO: dict[str, Any] = {"session_id": "sess-ai-1", "user_id": "u-161", "tags": ["beta", "web"]}
TEXT = "ai.generateText.doGenerate"
AGGREGATE: dict[str, Any] = {"usage_scope": ["aggregate", "duplicate", "none"]}
KEPT = "Traces are kept for 400 days in cold storage."
REFUSED: dict[str, Any] = {
    "input_text": script.ASK_REFUSED,
    "error": True,
    "error_message_contains": script.REFUSED,
    "error_type": "AI_APICallError",
}


def outer(name: str, asked: str, answered: str, **expected: Any) -> SpanClaim:
    """What the application called."""
    return span(name, "CHAIN", input_text=asked, output_text=answered, error=False, **AGGREGATE, **expected)


def inner(name: str, asked: str, answered: str | None, details: bool, **expected: Any) -> SpanClaim:
    """One request; without *details* neither cached nor reasoning tokens are told."""
    lacks = {} if details else {"cache_read_input_tokens": None, "reasoning_output_tokens": None}
    return openai_call(name, asked, answered, **{"usage_scope": "own", **lacks, **expected})


def embedding(name: str, text: str) -> list[SpanClaim]:
    """The outer and the inner span of an embedding."""
    claims = {"input_text": text, "error": False, "provider": "openai", "model": EMBEDDING_MODEL}
    return [
        span(name, ["CHAIN", "EMBEDDING"], input_text=text, error=False),
        span(f"{name}.doEmbed", "EMBEDDING", embedding_dimension=script.DIMENSIONS, **claims, **EMBEDDING_USAGE),
    ]


def traces(*, details: bool) -> list[TraceClaim]:
    """The claims of v5, or with *details* of usage those of v6, which runs the same program."""
    return [
        trace(
            "generateText with a system text and metadata",
            outer("ai.generateText", script.ASK_PARIS, script.PARIS, **WHO),
            inner(TEXT, script.ASK_PARIS, script.PARIS, details, **WHO),
            **WHO,
        ),
        trace(
            "generateText with a tool, chat completions; the outer usage is the last request's in v5, the sum in v6",
            outer("ai.generateText", script.ASK_WEATHER, script.WEATHER),
            inner(TEXT, script.ASK_WEATHER, None, details, output_tool_calls=WEATHER_CALL),
            weather_tool("ai.toolCall"),
            inner(TEXT, script.ASK_WEATHER, script.WEATHER, details),
            llm_calls=2,
        ),
        trace(
            "streamText",
            outer("ai.streamText", script.ASK_HAIKU, script.HAIKU),
            openai_call("ai.streamText.doStream", script.ASK_HAIKU, script.HAIKU, streaming=True, usage_scope="own"),
        ),
        trace(
            "generateObject",
            outer("ai.generateObject", script.ASK_WEATHER, "Lisbon"),
            inner("ai.generateObject.doGenerate", script.ASK_WEATHER, "Lisbon", details=False),
        ),
        trace(
            "generateText of Anthropic's model; in v5 the cache is only in ai.response.providerMetadata",
            outer("ai.generateText", script.ASK_PARIS, script.PARIS),
            claude_call(TEXT, script.ASK_PARIS, script.PARIS, usage_scope="own"),
        ),
        trace("embed", *embedding("ai.embed", script.ASK_RETENTION), llm_calls=0, embeddings=1),
        trace("embedMany", *embedding("ai.embedMany", KEPT), llm_calls=0, embeddings=1),
        trace(
            "error; the provider refuses",
            span("ai.generateText", "CHAIN", **REFUSED),
            span(TEXT, "LLM", model="gpt-4o-mini", provider="openai", **REFUSED),
            llm_calls=0,
            error=True,
        ),
    ]


TRACES = traces(details=False)
