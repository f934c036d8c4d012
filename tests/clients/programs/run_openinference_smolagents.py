"""OpenInference over smolagents: a tool-calling agent, an error."""

from __future__ import annotations

import contextlib
import os

from common import ASK_REFUSED, ASK_WEATHER, get_weather, set_up
from openinference.instrumentation import using_attributes
from openinference.instrumentation.smolagents import SmolagentsInstrumentor
from smolagents import OpenAIModel, ToolCallingAgent, tool
from smolagents.utils import AgentError

provider = set_up()
SmolagentsInstrumentor().instrument(tracer_provider=provider)
model = OpenAIModel(
    "gpt-4o-mini",
    api_base=os.environ["OPENAI_BASE_URL"],
    api_key="sk-mock",
    client_kwargs={"max_retries": 0},
    retry=False,
)


@tool
def weather(city: str) -> str:
    """Get the weather of a city.

    Args:
        city: Name of the city.
    """
    return get_weather(city)


weather.name = "get_weather"


def agent(name: str) -> ToolCallingAgent:
    """An agent that answers at once when the model does not call a tool."""
    return ToolCallingAgent([weather], model, name=name, description="Knows cities.", max_steps=2, verbosity_level=0)


with using_attributes(session_id="sess-sm-1", user_id="u-221", tags=["beta"]):
    agent("weather_agent").run(ASK_WEATHER)
with contextlib.suppress(AgentError):
    agent("broken_agent").run(ASK_REFUSED)
provider.shutdown()
