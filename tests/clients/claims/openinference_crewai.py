"""OpenInference over CrewAI, with the spans of the OpenAI SDK under it."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import WEATHER_CALL, openai_call, span, trace, weather_tool

WHO: dict[str, Any] = {"session_id": "sess-cr-1", "user_id": "u-121", "tags": ["beta"]}
GUIDE = "Traveller's guide"
REFUSED: dict[str, Any] = {
    "error": True,
    "error_message_contains": script.REFUSED,
    "error_type": ["openai.BadRequestError", "BadRequestError"],
}
REFUSED_CALL = span(
    "ChatCompletion", "LLM", model="gpt-4o-mini", provider="openai", input_text=script.ASK_REFUSED, **REFUSED
)

TRACES = [
    trace(
        "a crew of one with a tool",
        span("weather_crew.kickoff", "CHAIN", output_text=script.WEATHER, error=False, **WHO),
        span(
            "*._execute_core",
            "AGENT",
            agent_name=GUIDE,
            input_text=GUIDE,
            output_text=script.WEATHER,
            error=False,
            **WHO,
        ),
        openai_call("ChatCompletion", script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **WHO),
        weather_tool("get_weather.run", **WHO),
        openai_call("ChatCompletion", script.ASK_WEATHER, script.WEATHER, **WHO),
        llm_calls=2,
        **WHO,
    ),
    trace(
        "a flow of two steps, one of which asks the model",
        span("Flow_*.kickoff", "CHAIN", output_text="THE CAPITAL OF FRANCE IS PARIS.", error=False),
        span("Flow_*.ask", "CHAIN", output_text=script.PARIS, error=False),
        openai_call("ChatCompletion", script.ASK_PARIS, script.PARIS),
        span("Flow_*.shout", "CHAIN", output_text="THE CAPITAL OF FRANCE IS PARIS.", error=False),
    ),
    trace(
        "error; the provider refuses three times; the model is only in llm.invocation_parameters",
        span("broken_crew.kickoff", "CHAIN", **REFUSED),
        span("*._execute_core", "AGENT", agent_name=GUIDE, **REFUSED),
        REFUSED_CALL,
        REFUSED_CALL,
        REFUSED_CALL,
        llm_calls=0,
        error=True,
    ),
]
