"""Strands Agents: an agent with a tool in both content conventions, a second turn, streaming, an error."""

from __future__ import annotations

import contextlib
import os

from common import ASK_AMARA, ASK_NAME, ASK_REFUSED, ASK_WEATHER, get_weather, set_up
from openai import BadRequestError
from strands import Agent, tool
from strands.models.openai import OpenAIModel
from strands.telemetry import tracer

provider = set_up()
model = OpenAIModel(client_args={"max_retries": 0}, model_id="gpt-4o-mini")
weather = tool(get_weather)


def agent(name: str, session: str) -> Agent:
    """An agent whose spans carry a session and a user."""
    who = {"session.id": session, "user.id": "u-131"}
    prompt = "You help travellers."
    return Agent(model, name=name, system_prompt=prompt, tools=[weather], callback_handler=None, trace_attributes=who)


agent("weather_agent", "sess-st-1")(ASK_WEATHER)

talker = agent("talk_agent", "sess-st-2")
talker(ASK_AMARA)
talker(ASK_NAME)

with contextlib.suppress(BadRequestError):
    agent("broken_agent", "sess-st-3")(ASK_REFUSED)

tracer._tracer_instance = None  # it reads the choice of conventions once
os.environ["OTEL_SEMCONV_STABILITY_OPT_IN"] = "gen_ai_latest_experimental"
agent("latest_agent", "sess-st-4")(ASK_WEATHER)
provider.shutdown()
