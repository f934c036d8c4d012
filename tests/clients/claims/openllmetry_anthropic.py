"""OpenLLMetry over the anthropic SDK, whose own spans come too: as siblings with the same response id."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import USAGE, WEATHER_CALL, claude_call, span, trace, weather_tool

WHO: dict[str, Any] = {"session_id": "sess-tla-1", "user_id": "u-71"}
OWN = claude_call("anthropic.messages.create", None, None)
MISSING: dict[str, Any] = {"error": True, "model": "claude-missing", "provider": "anthropic"}
ONE_TOO_MANY: dict[str, Any] = {"output_tokens": [45, 46], "total_tokens": [168, 169]}

TRACES = [
    trace(
        "agent with a tool",
        span("ask_weather.workflow", "WORKFLOW", input_text=script.ASK_WEATHER, output_text=script.WEATHER, **WHO),
        span(
            "weather_agent.agent",
            "AGENT",
            agent_name="weather_agent",
            input_text=script.ASK_WEATHER,
            output_text=script.WEATHER,
            error=False,
            **WHO,
        ),
        claude_call("anthropic.chat", script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **WHO),
        OWN,
        weather_tool("get_weather.tool", **WHO),
        claude_call("anthropic.chat", script.ASK_WEATHER, script.WEATHER, **WHO),
        OWN,
        llm_calls=2,
        **WHO,
    ),
    trace(
        "streaming; OpenLLMetry reports one output token too many, the SDK does not",
        span("small_talk.workflow", "WORKFLOW", input_text=script.ASK_HAIKU, output_text=script.HAIKU, error=False),
        claude_call("anthropic.chat", script.ASK_HAIKU, script.HAIKU, **ONE_TOO_MANY),
        claude_call("anthropic.messages.create", None, None, streaming=True),
        **ONE_TOO_MANY,
    ),
    trace("a call with a system text, without a root", claude_call("anthropic.chat", script.ASK_PARIS, script.PARIS)),
    trace(
        "the SDK's own span of the call before, in a trace of its own",
        OWN,
        llm_calls=0,
        note="the same call as the trace before, with the same response id; each trace shows it once",
        **USAGE,
    ),
    trace(
        "error; the model does not exist",
        span("broken.workflow", "WORKFLOW", input_text=script.ASK_PARIS, error=True),
        span(
            "anthropic.chat",
            "LLM",
            input_text=script.ASK_PARIS,
            error_message_contains="does not exist",
            error_type=["anthropic.NotFoundError", "NotFoundError"],
            **MISSING,
        ),
        span("anthropic.messages.create", "LLM", error_type="not_found_error", **MISSING),
        llm_calls=0,
        error=True,
    ),
]
