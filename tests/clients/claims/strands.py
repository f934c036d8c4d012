"""Strands Agents: content in span events, once in the older and once in the latest convention."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import USAGE, WEATHER_CALL, SpanClaim, TraceClaim, openai_call, span, trace, weather_tool


def who(session: str) -> dict[str, Any]:
    """What every span of a run carries."""
    return {"session_id": session, "user_id": "u-131"}


def call(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """A call: the model that answered and the reasoning tokens are not told, the provider is a framework's name."""
    lacks = {"model": "gpt-4o-mini", "provider_inferred": True, "reasoning_output_tokens": None}
    return openai_call("chat", asked, answered, **{**lacks, **expected})


def run(name: str, asked: str, answered: str, session: str) -> SpanClaim:
    """The span of an agent's run, whose usage is the sum of its calls."""
    texts = {"input_text": asked, "output_text": answered, "error": False}
    return span(f"invoke_agent {name}", "AGENT", agent_name=name, operation="invoke_agent", **texts, **who(session))


def cycle(session: str) -> SpanClaim:
    """The span of one cycle of the event loop."""
    return span("execute_event_loop_cycle", "TASK", error=False, **who(session))


def weather(scenario: str, name: str, session: str) -> TraceClaim:
    """An agent that asks, runs the tool and asks again."""
    return trace(
        scenario,
        run(name, script.ASK_WEATHER, script.WEATHER, session),
        cycle(session),
        call(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **who(session)),
        weather_tool("execute_tool get_weather", **who(session)),
        cycle(session),
        call(script.ASK_WEATHER, script.WEATHER, **who(session)),
        llm_calls=2,
        **who(session),
    )


def turn(scenario: str, asked: str, answered: str, **totals: Any) -> TraceClaim:
    """One turn of the conversation."""
    session = "sess-st-2"
    spans = run("talk_agent", asked, answered, session), cycle(session), call(asked, answered, **who(session))
    return trace(scenario, *spans, **who(session), **totals)


REFUSED: dict[str, Any] = {"error": True, "error_message_contains": script.REFUSED, **who("sess-st-3")}

TRACES = [
    weather("agent with a tool, content in one event per message", "weather_agent", "sess-st-1"),
    turn("conversation, turn 1", script.ASK_AMARA, script.AMARA),
    turn("conversation, turn 2; the agent's usage is that of both turns", script.ASK_NAME, script.NAME, **USAGE),
    trace(
        "error; the provider refuses",
        span("invoke_agent broken_agent", "AGENT", agent_name="broken_agent", input_text=script.ASK_REFUSED, **REFUSED),
        span("execute_event_loop_cycle", "TASK", **REFUSED),
        span("chat", "LLM", model="gpt-4o-mini", input_text=script.ASK_REFUSED, **REFUSED),
        llm_calls=0,
        error=True,
        **who("sess-st-3"),
    ),
    weather("agent with a tool, content in events of the latest convention", "latest_agent", "sess-st-4"),
]
