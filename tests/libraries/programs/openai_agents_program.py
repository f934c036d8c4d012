"""The OpenAI Agents SDK: an agent with a tool, over the openai client."""

from __future__ import annotations

import asyncio

from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool
from common import PROVIDER, claim, kind_of, of_kind, traced
from openai import AsyncOpenAI

import spanhouse


@function_tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    with spanhouse.start_span("inside the tool"):
        return f"18 degrees in {city}"


spanhouse.autolog("openai")
with traced("openai_agents") as captured:
    client = AsyncOpenAI(base_url=PROVIDER + "/v1", api_key="x")
    model = OpenAIChatCompletionsModel("gpt-4o-mini", client)
    agent = Agent("guide", instructions="Answer.", model=model, tools=[get_weather])
    result = asyncio.run(Runner.run(agent, "What is the weather in Paris?"))
    print(result.final_output)
kinds = {kind_of(span) for span in captured.spans}
claim({"AGENT", "LLM", "TOOL"} <= kinds, f"kinds: {kinds}")
inner = captured.find("inside the tool")
tools = of_kind(captured, "TOOL")
claim(inner.parent_id in {tool.span_id for tool in tools}, "what a tool does is no child of its span")
