"""The anthropic SDK's own spans."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import WEATHER_CALL, claude_call, span, trace, weather_tool

CREATE = "anthropic.messages.create"
SESSION: dict[str, Any] = {"session_id": "sess-an-1", "user_id": "u-52"}

TRACES = [
    trace("a call", claude_call(CREATE, script.ASK_PARIS, script.PARIS, operation="chat")),
    trace(
        "streaming with the SDK's stream helper", claude_call(CREATE, script.ASK_HAIKU, script.HAIKU, streaming=True)
    ),
    trace(
        "streaming raw events: the answer is not captured", claude_call(CREATE, script.ASK_HAIKU, None, streaming=True)
    ),
    trace(
        "the tool runner; its second request holds the tool's result and not the question",
        span("anthropic.messages.tool_runner", "AGENT", error=False),
        claude_call(CREATE, script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL),
        weather_tool("anthropic.custom_tool_use get_weather"),
        claude_call(CREATE, None, script.WEATHER),
        llm_calls=2,
    ),
    trace(
        "error; the model does not exist",
        span(CREATE, "LLM", error=True, error_type="not_found_error", model="claude-missing", provider="anthropic"),
        llm_calls=0,
        error=True,
    ),
    trace(
        "two turns in one trace; session and user on the plain root",
        span("chat turn", error=False, **SESSION),
        claude_call(CREATE, script.ASK_AMARA, script.AMARA),
        claude_call(CREATE, script.ASK_NAME, script.NAME),
        llm_calls=2,
        **SESSION,
    ),
]
