"""Mastra with its OpenTelemetry exporter: agent, generation, step and inference spans; the last own the usage."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import WEATHER_CALL, SpanClaim, TraceClaim, openai_call, span, trace, weather_tool

GENERATION = "model_generation gpt-4o-mini"
CHAT = "chat gpt-4o-mini"
ASKED_FOR_TOOL: dict[str, Any] = {
    "soft": {"output_tool_calls": WEATHER_CALL, "why": "the call is in the step's and the generation's output only"}
}


def agent(name: str, asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """The span of an agent's run."""
    texts = {"input_text": asked, "output_text": answered}
    return span(f"invoke_agent {name}", "AGENT", agent_name=name, operation="invoke_agent", **texts, **expected)


def generation(asked: str, answered: str, **expected: Any) -> SpanClaim:
    """The span of a generation, with content and without model or usage."""
    return span(GENERATION, "LLM", input_text=asked, output_text=answered, error=False, **expected)


def step(name: str, asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """The span of a step of a generation."""
    return span(f"agent_step {name}", "TASK", input_text=asked, output_text=answered, error=False, **expected)


def chat(answered: str | None, **expected: Any) -> SpanClaim:
    """The span of an inference: the owner of the usage, without input."""
    return openai_call(CHAT, None, answered, usage_scope="own", operation="chat", **expected)


def chunk(name: str, **expected: Any) -> SpanClaim:
    """The span of a chunk of an answer."""
    return span(f"model_chunk {name}", "EVENT", **expected)


def talk(scenario: str, asked: str, answered: str, **who: Any) -> TraceClaim:
    """A run of the talking agent with one answer."""
    return trace(
        scenario,
        agent("talk_agent", asked, answered, error=False, **who),
        generation(asked, answered, **who),
        step("talk_agent", asked, answered, **who),
        chat(answered, **who),
        chunk("talk_agent", output_text=answered, **who),
        **who,
    )


WHO: dict[str, Any] = {"session_id": "sess-ma-1", "user_id": "u-181"}
TALK: dict[str, Any] = {"session_id": "sess-ma-2", "user_id": "amara@example.com"}

TRACES = [
    trace(
        "agent with a tool",
        agent("weather_agent", script.ASK_WEATHER, script.WEATHER, error=False, tags=["beta", "web"], **WHO),
        generation(script.ASK_WEATHER, script.WEATHER, **WHO),
        step("weather_agent", script.ASK_WEATHER, None, **WHO),
        chat(None, **ASKED_FOR_TOOL, **WHO),
        chunk("weather_agent", **WHO),
        chunk("weather_agent", **WHO),
        weather_tool("execute_tool get_weather", **WHO),
        step("weather_agent", script.ASK_WEATHER, script.WEATHER, **WHO),
        chat(script.WEATHER, **WHO),
        chunk("weather_agent", output_text=script.WEATHER, **WHO),
        llm_calls=2,
        tags=["beta", "web"],
        **WHO,
    ),
    talk("conversation, turn 1", script.ASK_AMARA, script.AMARA, **TALK),
    talk("conversation, turn 2", script.ASK_NAME, script.NAME, **TALK),
    talk("streaming", script.ASK_HAIKU, script.HAIKU),
    trace(
        "a workflow without a model",
        span("invoke_workflow shouting", "WORKFLOW", input_text="quiet", output_text="QUIET", error=False),
        span("workflow_step shout", "TASK", input_text="quiet", output_text="QUIET", error=False),
        llm_calls=0,
    ),
    trace(
        "error; the provider refuses; the model's spans have status OK",
        agent("talk_agent", script.ASK_REFUSED, None, error=True, error_message_contains=script.REFUSED),
        span(GENERATION, "LLM", input_text=script.ASK_REFUSED),
        span("agent_step talk_agent", "TASK", input_text=script.ASK_REFUSED),
        span(CHAT, "LLM", model="gpt-4o-mini", provider="openai"),
        llm_calls=0,
        error=True,
    ),
]
