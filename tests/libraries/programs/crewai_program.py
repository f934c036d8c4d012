"""crewai: a crew of one with a tool, over the openai client."""

from __future__ import annotations

from common import PROVIDER, claim, kind_of, of_kind, traced
from crewai import LLM, Agent, Crew, Process, Task
from crewai.tools import tool

import spanhouse


@tool("get_weather")
def get_weather(city: str) -> str:
    """The weather of a city."""
    with spanhouse.start_span("inside the tool"):
        return f"18 degrees in {city}"


spanhouse.autolog("openai")
with traced("crewai") as captured:
    model = LLM(model="openai/gpt-4o-mini", base_url=PROVIDER + "/v1", api_key="x", max_retries=0)
    agent = Agent(role="Guide", goal="Answer.", backstory="You know cities.", llm=model, tools=[get_weather])
    task = Task(description="What is the weather in Paris?", expected_output="One sentence.", agent=agent)
    print(Crew(agents=[agent], tasks=[task], process=Process.sequential, name="crew").kickoff())
kinds = {kind_of(span) for span in captured.spans}
claim({"CHAIN", "AGENT", "LLM", "TOOL"} <= kinds, f"kinds: {kinds}")
tools = of_kind(captured, "TOOL")
claim(
    captured.find("inside the tool").parent_id in {span.span_id for span in tools},
    "what a tool does is no child of its span",
)
