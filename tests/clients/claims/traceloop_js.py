"""OpenLLMetry for JavaScript over the OpenAI SDK: no spans of failed calls or of embeddings, estimates for streams."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import OPENAI_MODEL, WEATHER_CALL, SpanClaim, openai_call, span, trace, weather_tool

CHAT = "chat gpt-4o-mini"
WHO: dict[str, Any] = {"session_id": "sess-tj-1", "user_id": "u-211"}
NO_DETAILS: dict[str, Any] = {"cache_read_input_tokens": None, "reasoning_output_tokens": None}
UNKNOWN: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "total_tokens": None, "embedding_tokens": None}
WEATHER: dict[str, Any] = {"input_text": script.ASK_WEATHER, "output_text": script.WEATHER, "error": False, **WHO}


def call(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """One call; neither cached nor reasoning tokens are told."""
    return openai_call(CHAT, asked, answered, **NO_DETAILS, **expected)


TRACES = [
    trace(
        "a workflow with an agent and a tool",
        span("ask_weather.workflow", "WORKFLOW", **WEATHER),
        span("weather_agent.agent", "AGENT", agent_name="weather_agent", **WEATHER),
        call(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **WHO),
        weather_tool("get_weather.tool", **WHO),
        call(script.ASK_WEATHER, script.WEATHER, **WHO),
        llm_calls=2,
        note="inside the agent traceloop.workflow.name is the agent's name",
        **WHO,
    ),
    trace("a call with a system text", call(script.ASK_PARIS, script.PARIS)),
    trace(
        "streaming; the token counts are estimates of the SDK",
        span("stream_haiku.workflow", "WORKFLOW", input_text=script.ASK_HAIKU, output_text=script.HAIKU, error=False),
        span(
            CHAT,
            "LLM",
            input_text=script.ASK_HAIKU,
            output_text=script.HAIKU,
            model=OPENAI_MODEL,
            provider="openai",
            error=False,
        ),
        **UNKNOWN,
    ),
    trace(
        "a workflow with an embedding, of which there is no span; a workflow that failed after it sent none either",
        span("embed.workflow", "WORKFLOW", input_text=script.ASK_RETENTION, error=False),
        llm_calls=0,
        embeddings=1,
        **UNKNOWN,
    ),
]
