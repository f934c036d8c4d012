"""OpenInference over CrewAI and the OpenAI SDK under it: a crew with a tool, a flow, an error."""

from __future__ import annotations

import contextlib

import openai
from common import ASK_PARIS, ASK_REFUSED, ASK_WEATHER, get_weather, set_up
from crewai import LLM, Agent, Crew, Process, Task
from crewai.flow.flow import Flow, listen, start
from crewai.tools import tool
from openinference.instrumentation import using_attributes
from openinference.instrumentation.crewai import CrewAIInstrumentor
from openinference.instrumentation.openai import OpenAIInstrumentor

provider = set_up()
CrewAIInstrumentor().instrument(tracer_provider=provider)
OpenAIInstrumentor().instrument(tracer_provider=provider)
model = LLM(model="openai/gpt-4o-mini", max_retries=0)
weather = tool("get_weather")(get_weather)


def crew(name: str, question: str, tools: list[object]) -> Crew:
    """A crew of one, with one task: to answer *question*."""
    agent = Agent(role="Traveller's guide", goal="Answer.", backstory="You know cities.", llm=model, tools=tools)
    task = Task(description=question, expected_output="One sentence.", agent=agent, name=f"{name}_task")
    return Crew(agents=[agent], tasks=[task], process=Process.sequential, name=name)


with using_attributes(session_id="sess-cr-1", user_id="u-121", tags=["beta"]):
    crew("weather_crew", ASK_WEATHER, [weather]).kickoff()


class Geography(Flow):
    """Two steps, the first of which asks the model."""

    @start()
    def ask(self) -> str:
        """Ask."""
        return str(model.call([{"role": "user", "content": ASK_PARIS}]))

    @listen(ask)
    def shout(self, answer: str) -> str:
        """Shout the answer."""
        return answer.upper()


Geography().kickoff()

with contextlib.suppress(openai.BadRequestError):
    crew("broken_crew", ASK_REFUSED, []).kickoff()

provider.shutdown()
