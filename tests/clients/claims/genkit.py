"""Genkit's own tracing: everything is inside the JSON of an action's input and output."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import (
    EMBEDDING_MODEL,
    OPENAI_MODEL,
    WEATHER_CALL,
    SpanClaim,
    openai_call,
    span,
    trace,
    weather_tool,
)

MODEL = "openai/gpt-4o-mini"
NO_DETAILS: dict[str, Any] = {"cache_read_input_tokens": None, "reasoning_output_tokens": None}
UNSEEN: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "total_tokens": None, "embedding_tokens": None}
REFUSED: dict[str, Any] = {
    "input_text": script.ASK_REFUSED,
    "error": True,
    "error_message_contains": script.REFUSED,
}


def generate(asked: str, answered: str) -> SpanClaim:
    """The span around a request, which repeats its usage."""
    texts = {"input_text": asked, "output_text": answered, "error": False}
    return span("generate", "CHAIN", usage_scope=["aggregate", "duplicate", "none"], **texts)


def call(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """A request; the provider is only the prefix of the action's name."""
    claims = {"model": ["gpt-4o-mini", OPENAI_MODEL], "provider_inferred": True, "usage_scope": "own", **NO_DETAILS}
    return openai_call(MODEL, asked, answered, **{**claims, **expected})


TRACES = [
    trace(
        "a flow with one request",
        span("ask_paris", "WORKFLOW", input_text=script.ASK_PARIS, output_text=script.PARIS, error=False),
        generate(script.ASK_PARIS, script.PARIS),
        call(script.ASK_PARIS, script.PARIS),
    ),
    trace(
        "generation with a tool; the second round is inside the first span",
        generate(script.ASK_WEATHER, script.WEATHER),
        call(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL),
        weather_tool(),
        generate(script.ASK_WEATHER, script.WEATHER),
        call(script.ASK_WEATHER, script.WEATHER),
        llm_calls=2,
    ),
    trace("streaming", generate(script.ASK_HAIKU, script.HAIKU), call(script.ASK_HAIKU, script.HAIKU)),
    trace(
        "embeddings; their tokens are nowhere",
        span(
            "openai/text-embedding-3-small",
            "EMBEDDING",
            model=EMBEDDING_MODEL,
            input_text=script.ASK_RETENTION,
            embedding_dimension=script.DIMENSIONS,
            error=False,
        ),
        llm_calls=0,
        embeddings=1,
        **UNSEEN,
    ),
    trace(
        "error; the provider refuses",
        span("generate", "CHAIN", **REFUSED),
        span(MODEL, "LLM", model="gpt-4o-mini", **REFUSED),
        llm_calls=0,
        error=True,
    ),
]
