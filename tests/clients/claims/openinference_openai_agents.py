"""OpenInference over the OpenAI Agents SDK: root (the trace), task, agent, turn, and in it the calls and tools."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import USAGE, WEATHER_CALL, SpanClaim, openai_call, span, trace, weather_tool

WHO: dict[str, Any] = {"session_id": "sess-ag-1", "user_id": "u-81", "tags": ["beta"]}
WHO_OF_TRACE: dict[str, Any] = {"session_id": "sess-ag-1", "user_id": "u-81", "tags": ["beta"]}
NO_DETAILS: dict[str, Any] = {
    "cache_read_input_tokens": None,
    "reasoning_output_tokens": None,
    "model": ["gpt-4o-mini"],
    **USAGE,
}


def head(agent: str, workflow: str = "Agent workflow", **expected: Any) -> list[SpanClaim]:
    """The three spans around an agent's turns."""
    return [
        span(workflow, "AGENT", **expected),
        span("Agent workflow", "CHAIN", **expected),
        span(agent, "AGENT", agent_name=agent, **expected),
    ]


def turn(**expected: Any) -> SpanClaim:
    """The span around one turn."""
    return span("turn", "CHAIN", **expected)


def call(name: str, asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """A call; with chat completions it has neither a total nor details."""
    return openai_call(name, asked, answered, **expected)


TRACES = [
    trace(
        "agent with a tool, responses API, a named workflow with a group id",
        *head("Weather agent", "Weather workflow", **WHO),
        turn(**WHO),
        call("response", script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **WHO),
        weather_tool(**WHO),
        turn(**WHO),
        call("response", script.ASK_WEATHER, script.WEATHER, **WHO),
        llm_calls=2,
        note="the group id is not exported",
        **WHO_OF_TRACE,
    ),
    trace(
        "handoff from one agent to another",
        *head("Triage agent"),
        turn(),
        call(
            "response",
            script.ASK_REFUND,
            None,
            output_tool_calls=[{"name": "transfer_to_refund_agent"}],
        ),
        span(
            "handoff to Refund agent",
            ["TOOL", "CHAIN"],
            input_text="Triage agent",
            output_text="Refund agent",
            error=False,
        ),
        span("Refund agent", "AGENT", agent_name="Refund agent"),
        turn(),
        call("response", script.ASK_REFUND, script.REFUND),
        llm_calls=2,
    ),
    trace(
        "agent with a tool, chat completions",
        *head("Chat agent"),
        turn(),
        call("generation", script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **NO_DETAILS),
        weather_tool(),
        turn(),
        call("generation", script.ASK_WEATHER, script.WEATHER, **NO_DETAILS),
        llm_calls=2,
    ),
    trace(
        "streaming",
        *head("Weather agent"),
        turn(),
        call("response", script.ASK_HAIKU, script.HAIKU),
    ),
    trace(
        "an input guardrail trips, nothing is asked of the model; the root's status is OK",
        *head("Guarded agent"),
        span("turn", "CHAIN", error=True, error_message_contains="Guardrail tripwire triggered"),
        span("no_poetry", "GUARDRAIL", error=False),
        llm_calls=0,
        error=True,
    ),
    trace(
        "error; the model does not exist; no span tells the model, the root's status is OK",
        *head("Broken agent", error=None)[:2],
        span("Broken agent", "AGENT", agent_name="Broken agent", error=True),
        turn(),
        span("response", "LLM", error=True, error_message_contains="does not exist"),
        llm_calls=0,
        error=True,
    ),
]
