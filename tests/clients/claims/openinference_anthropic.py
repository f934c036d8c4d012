"""OpenInference over the anthropic SDK, whose own spans come too: as children, or as siblings of a stream."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import USAGE, WEATHER_CALL, claude_call, span, trace, weather_tool

AGENT: dict[str, Any] = {"session_id": "sess-oa-1", "user_id": "u-61", "tags": ["beta", "travel"]}
TALK: dict[str, Any] = {"session_id": "sess-oa-2", "user_id": "amara@example.com"}
OWN = claude_call("anthropic.messages.create", None, None)
MISSING: dict[str, Any] = {"error": True, "model": "claude-missing", "provider": "anthropic"}

TRACES = [
    trace(
        "agent with a tool",
        span("weather agent", "AGENT", input_text=script.ASK_WEATHER, output_text=script.WEATHER, error=False, **AGENT),
        claude_call("messages.create", script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **AGENT),
        OWN,
        weather_tool(**AGENT),
        claude_call("messages.create", script.ASK_WEATHER, script.WEATHER, **AGENT),
        OWN,
        llm_calls=2,
        **AGENT,
    ),
    trace("a call with a system text", claude_call("messages.create", script.ASK_PARIS, script.PARIS), OWN),
    trace("streaming", claude_call("messages.stream", script.ASK_HAIKU, script.HAIKU)),
    trace(
        "the SDK's own span of the call before, in a trace of its own",
        OWN,
        llm_calls=0,
        note="the same call as the trace before: each trace shows it once, over both it is one call",
        **USAGE,
    ),
    trace(
        "streaming under a root: OpenInference's span and the SDK's are siblings, one call",
        span("stream in a chain", "CHAIN", input_text=script.ASK_HAIKU, output_text=script.HAIKU, error=False),
        claude_call("messages.stream", script.ASK_HAIKU, script.HAIKU),
        OWN,
        note="the response id of messages.stream is only the member id of the JSON in output.value",
    ),
    trace("streaming raw events", claude_call("messages.create", script.ASK_HAIKU, script.HAIKU), OWN),
    trace("conversation, turn 1", claude_call("messages.create", script.ASK_AMARA, script.AMARA, **TALK), OWN, **TALK),
    trace("conversation, turn 2", claude_call("messages.create", script.ASK_NAME, script.NAME, **TALK), OWN, **TALK),
    trace(
        "error; the model does not exist",
        span(
            "messages.create",
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
