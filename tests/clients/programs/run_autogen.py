"""AutoGen's AgentChat: an agent with a tool, under a span of the application."""

from __future__ import annotations

import asyncio

from autogen_agentchat.agents import AssistantAgent
from autogen_core.models import ModelFamily
from autogen_ext.models.openai import OpenAIChatCompletionClient
from common import ASK_WEATHER, get_weather, set_up

provider = set_up()
model = OpenAIChatCompletionClient(
    model="gpt-4o-mini",
    max_retries=0,
    model_info={
        "vision": False,
        "function_calling": True,
        "json_output": True,
        "structured_output": True,
        "family": ModelFamily.GPT_4O,
    },
)


async def main() -> None:
    """Make the agent and ask it."""
    with provider.get_tracer("app").start_as_current_span("app turn", attributes={"session.id": "sess-au-1"}):
        agent = AssistantAgent("weather_agent", model, tools=[get_weather], reflect_on_tool_use=True)
        await agent.run(task=ASK_WEATHER)


asyncio.run(main())
provider.shutdown()
