"""Google's ADK, its newer schema with content in log records only; the model answers through LiteLLM."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import WEATHER_CALL, SpanClaim, TraceClaim, openai_call, span, trace, weather_tool

CALL = "generate_content openai/gpt-4o-mini"
MODEL = ["openai/gpt-4o-mini", "gpt-4o-mini", "gpt-4o-mini-2024-07-18"]
REASONING_TWICE: dict[str, Any] = {"output_tokens": [45, 50], "total_tokens": [168, 173]}
USER: dict[str, Any] = {"soft": {"user_id": "u-141", "why": "user.id is an attribute of the log records only"}}


def call(asked: str, answered: str | None, session: str, **expected: Any) -> SpanClaim:
    """A call; ADK adds the reasoning tokens to an output that has them already."""
    claims = {"model": MODEL, **REASONING_TWICE, "session_id": session, **expected}
    return openai_call(CALL, asked, answered, **claims)


def head(agent: str, session: str, **expected: Any) -> list[SpanClaim]:
    """The spans around an agent's calls."""
    return [
        span(f"invoke_workflow {agent}", "WORKFLOW", operation="invoke_workflow", session_id=session, **expected),
        span(f"invoke_agent {agent}", "AGENT", agent_name=agent, session_id=session, **expected),
    ]


def one_call(scenario: str, agent: str, asked: str, answered: str, session: str) -> TraceClaim:
    """A run with one call."""
    spans = [*head(agent, session, error=False), call(asked, answered, session)]
    return trace(scenario, *spans, session_id=session, **REASONING_TWICE, **USER)


TRACES = [
    trace(
        "agent with a tool; the tool's arguments and result are not captured in this schema",
        *head("weather_agent", "sess-ga-1", error=False),
        call(script.ASK_WEATHER, None, "sess-ga-1", output_tool_calls=WEATHER_CALL),
        weather_tool("execute_tool get_weather", input_text=None, output_text=None),
        call(script.ASK_WEATHER, script.WEATHER, "sess-ga-1"),
        llm_calls=2,
        session_id="sess-ga-1",
        output_tokens=[90, 100],
        total_tokens=[336, 346],
        **USER,
    ),
    one_call("conversation, turn 1", "talk_agent", script.ASK_AMARA, script.AMARA, "sess-ga-2"),
    one_call("conversation, turn 2", "talk_agent", script.ASK_NAME, script.NAME, "sess-ga-2"),
    one_call(
        "streaming; the output is a message per chunk, and then the whole",
        "poet_agent",
        script.ASK_HAIKU,
        script.HAIKU,
        "sess-ga-3",
    ),
    trace(
        "error; the provider refuses",
        *head("broken_agent", "sess-ga-4", error=True, error_message_contains=script.REFUSED),
        span(
            CALL,
            "LLM",
            input_text=script.ASK_REFUSED,
            model=MODEL,
            provider="openai",
            session_id="sess-ga-4",
            error=True,
            error_message_contains=script.REFUSED,
            error_type=["litellm.exceptions.BadRequestError", "BadRequestError"],
        ),
        llm_calls=0,
        error=True,
        session_id="sess-ga-4",
        **USER,
    ),
]
