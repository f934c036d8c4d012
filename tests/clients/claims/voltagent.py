"""VoltAgent's own observability: one span for all requests of a run, with the usage of the last and no answer."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import SpanClaim, openai_call, span, trace, weather_tool

LLM = "llm:generateText"
WEATHER: dict[str, Any] = {"session_id": "conv-va-1", "user_id": "u-231"}
PARIS: dict[str, Any] = {"session_id": "conv-va-2", "user_id": "u-232"}
REFUSED: dict[str, Any] = {"input_text": script.ASK_REFUSED, "error": True, "error_message_contains": script.REFUSED}


def agent(name: str, asked: str, answered: str, **expected: Any) -> SpanClaim:
    """The span of a run, whose usage is the sum of its requests."""
    texts = {"input_text": asked, "output_text": answered, "error": False}
    return span(name, "AGENT", agent_name=name, **texts, **expected)


def llm(pattern: str, asked: str, **expected: Any) -> SpanClaim:
    """The span of a run's requests; neither the provider nor the model that answered is told."""
    return openai_call(pattern, asked, None, model="gpt-4o-mini", provider_inferred=True, **expected)


TRACES = [
    trace(
        "agent with a tool; of its two requests the one llm span tells the last, the agent's span both",
        agent("weather_agent", script.ASK_WEATHER, script.WEATHER, **WEATHER),
        span("memory.read", "MEMORY", error=False, **WEATHER),
        llm(LLM, script.ASK_WEATHER, **WEATHER),
        weather_tool("tool.execution:get_weather", **WEATHER),
        llm_calls=2,
        input_tokens=[246, 123],
        output_tokens=[90, 45],
        total_tokens=[336, 168],
        note="two calls were made; by the rule of the deepest owner the span that tells one of them counts",
        **WEATHER,
    ),
    trace(
        "an agent that answers at once",
        agent("talk_agent", script.ASK_PARIS, script.PARIS, **PARIS),
        span("memory.read", "MEMORY", error=False, **PARIS),
        llm(LLM, script.ASK_PARIS, **PARIS),
        **PARIS,
    ),
    trace(
        "streaming",
        agent("poet_agent", script.ASK_HAIKU, script.HAIKU),
        llm("llm:streamText", script.ASK_HAIKU, soft={"streaming": True, "why": "only in llm.stream"}),
    ),
    trace(
        "error; the provider refuses",
        span("broken_agent", "AGENT", agent_name="broken_agent", error_type="AI_APICallError", **REFUSED),
        span(LLM, "LLM", model="gpt-4o-mini", **REFUSED),
        llm_calls=0,
        error=True,
    ),
]
