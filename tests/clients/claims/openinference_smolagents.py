"""OpenInference over smolagents: the agent's span repeats the usage of its calls, a failed run sends no root."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import WEATHER_CALL, SpanClaim, openai_call, span, trace, weather_tool

WHO: dict[str, Any] = {"session_id": "sess-sm-1", "user_id": "u-221", "tags": ["beta"]}
FINAL_CALL = [{"name": "final_answer", "arguments": {"answer": script.WEATHER}}]
CALL = "OpenAIModel.generate"
REFUSED: dict[str, Any] = {"error": True, "error_message_contains": script.REFUSED}


def call(asked: str, **expected: Any) -> SpanClaim:
    """One call, without details of its usage and with the model that was asked for."""
    lacks = {"model": "gpt-4o-mini", "cache_read_input_tokens": None, "reasoning_output_tokens": None}
    return openai_call(CALL, asked, None, **lacks, **expected)


TRACES = [
    trace(
        "an agent with a tool; it answers by calling a tool",
        span(
            "weather_agent.run",
            "AGENT",
            input_text=script.ASK_WEATHER,
            output_text=script.WEATHER,
            usage_scope=["aggregate", "duplicate"],
            error=False,
            **WHO,
        ),
        span("Step 1", "CHAIN", output_text="21 degrees", error=False, **WHO),
        call(script.ASK_WEATHER, output_tool_calls=WEATHER_CALL, **WHO),
        weather_tool("SimpleTool", **WHO),
        span("Step 2", "CHAIN", output_text=script.WEATHER, error=False, **WHO),
        call(script.ASK_WEATHER, output_tool_calls=FINAL_CALL, **WHO),
        span(
            "FinalAnswerTool",
            "TOOL",
            tool_name="final_answer",
            input_text=script.WEATHER,
            output_text=script.WEATHER,
            error=False,
            **WHO,
        ),
        llm_calls=2,
        **WHO,
    ),
    trace(
        "error; the provider refuses; the root was never sent",
        span("Step 1", "CHAIN", **REFUSED),
        span(CALL, "LLM", input_text=script.ASK_REFUSED, **REFUSED),
        llm_calls=0,
        error=True,
    ),
]
