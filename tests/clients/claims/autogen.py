"""AutoGen's AgentChat: agents and tools by name alone; it tells neither calls nor tokens nor content."""

from __future__ import annotations

from typing import Any

from tests.clients.truth import span, trace, weather_tool

SESSION: dict[str, Any] = {"session_id": "sess-au-1"}
UNSEEN: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "total_tokens": None}

TRACES = [
    trace(
        "agent with a tool; the two calls of the model are not told",
        span("app turn", error=False, **SESSION),
        span("create_agent weather_agent", "AGENT", agent_name="weather_agent", operation="create_agent", error=False),
        span("invoke_agent weather_agent", "AGENT", agent_name="weather_agent", operation="invoke_agent", error=False),
        weather_tool("execute_tool get_weather", input_text=None, output_text=None, operation="execute_tool"),
        llm_calls=2,
        **UNSEEN,
        **SESSION,
    ),
]
