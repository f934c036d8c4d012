"""Google's ADK, its older schema: `call_llm` holds the content, `generate_content` under it is the same call."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.claims.google_adk import MODEL, REASONING_TWICE
from tests.clients.truth import WEATHER_CALL, SpanClaim, TraceClaim, openai_call, span, trace, weather_tool

INNER = "generate_content openai/gpt-4o-mini"


def call(asked: str, answered: str | None, session: str, **expected: Any) -> list[SpanClaim]:
    """The two spans of one call; the logs of the inner one say `<elided>` in place of content."""
    claims: dict[str, Any] = {"model": MODEL, **REASONING_TWICE, "session_id": session}
    outer = openai_call("call_llm", asked, answered, **claims, provider_inferred=True, **expected)
    return [outer, openai_call(INNER, None, None, **claims)]


def head(agent: str, session: str, **expected: Any) -> list[SpanClaim]:
    """The spans around an agent's calls."""
    return [
        span("invocation", "WORKFLOW", **expected),
        span(f"invoke_agent {agent}", "AGENT", agent_name=agent, session_id=session, **expected),
    ]


def one_call(scenario: str, agent: str, asked: str, answered: str, session: str) -> TraceClaim:
    """A run with one call."""
    spans = [*head(agent, session, error=False), *call(asked, answered, session)]
    return trace(scenario, *spans, session_id=session, **REASONING_TWICE)


REFUSED: dict[str, Any] = {"error": True, "error_message_contains": script.REFUSED}

TRACES = [
    trace(
        "agent with a tool",
        *head("weather_agent", "sess-ga-1", error=False),
        *call(script.ASK_WEATHER, None, "sess-ga-1", output_tool_calls=WEATHER_CALL),
        weather_tool("execute_tool get_weather"),
        *call(script.ASK_WEATHER, script.WEATHER, "sess-ga-1"),
        llm_calls=2,
        session_id="sess-ga-1",
        output_tokens=[90, 100],
        total_tokens=[336, 346],
    ),
    one_call("conversation, turn 1", "talk_agent", script.ASK_AMARA, script.AMARA, "sess-ga-2"),
    one_call("conversation, turn 2", "talk_agent", script.ASK_NAME, script.NAME, "sess-ga-2"),
    one_call("streaming", "poet_agent", script.ASK_HAIKU, script.HAIKU, "sess-ga-3"),
    trace(
        "error; the provider refuses",
        *head("broken_agent", "sess-ga-4", **REFUSED),
        span("call_llm", "LLM", **REFUSED),
        span(INNER, "LLM", model=MODEL, provider="openai", session_id="sess-ga-4", **REFUSED),
        llm_calls=0,
        error=True,
        session_id="sess-ga-4",
    ),
]
