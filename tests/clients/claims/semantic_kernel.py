"""Semantic Kernel: content only in log records with JSON in a string, among plain log lines of the same spans."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import SpanClaim, openai_call, span, trace, weather_tool

CHAT = "chat gpt-4o-mini"
LOOP = "AutoFunctionInvocationLoop"
TOOL = "tools-get_weather"
TOOL_CALL = [{"name": TOOL, "arguments": {"city": "Lisbon"}}]
NO_DETAILS: dict[str, Any] = {"cache_read_input_tokens": None, "reasoning_output_tokens": None}


def call(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """One call; the model that answered and the details of its usage are not told."""
    return openai_call(CHAT, asked, answered, **{"model": "gpt-4o-mini", **NO_DETAILS, **expected})


TRACES = [
    trace(
        "a chat that calls a function by itself",
        span(LOOP, error=False),
        call(script.ASK_WEATHER, None, output_tool_calls=TOOL_CALL),
        weather_tool(f"execute_tool {TOOL}", tool_name=TOOL),
        call(script.ASK_WEATHER, script.WEATHER),
        llm_calls=2,
    ),
    trace("streaming", call(script.ASK_HAIKU, script.HAIKU)),
    trace(
        "an agent",
        span("invoke_agent paris_agent", "AGENT", agent_name="paris_agent", output_text=script.PARIS, error=False),
        span(LOOP, error=False),
        call(script.ASK_PARIS, script.PARIS),
    ),
    trace(
        "error; the provider refuses; error.type is a repr of the class",
        span(
            CHAT,
            "LLM",
            model="gpt-4o-mini",
            provider="openai",
            input_text=script.ASK_REFUSED,
            error=True,
            error_message_contains=script.REFUSED,
            error_type=[
                "semantic_kernel.exceptions.service_exceptions.ServiceResponseException",
                "ServiceResponseException",
            ],
        ),
        llm_calls=0,
        error=True,
    ),
]
