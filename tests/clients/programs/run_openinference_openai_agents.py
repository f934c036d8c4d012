"""OpenInference over the OpenAI Agents SDK: responses, chat completions, a handoff, a guardrail, an error."""

from __future__ import annotations

import asyncio
import contextlib

import openai
from agents import (
    Agent,
    GuardrailFunctionOutput,
    InputGuardrailTripwireTriggered,
    OpenAIChatCompletionsModel,
    Runner,
    function_tool,
    input_guardrail,
    trace,
)
from common import ASK_HAIKU, ASK_PARIS, ASK_REFUND, ASK_WEATHER, get_weather, set_up
from openinference.instrumentation import using_attributes
from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor

provider = set_up()
OpenAIAgentsInstrumentor().instrument(tracer_provider=provider)
weather = function_tool(get_weather)
MODEL = "gpt-4o-mini"


@input_guardrail(run_in_parallel=False)
async def no_poetry(context: object, agent: object, given: object) -> GuardrailFunctionOutput:
    """Refuse poems."""
    return GuardrailFunctionOutput(output_info={"poem": True}, tripwire_triggered="haiku" in str(given).lower())


weather_agent = Agent(name="Weather agent", instructions="You help travellers.", model=MODEL, tools=[weather])
refund_agent = Agent(name="Refund agent", instructions="You refund tickets.", model=MODEL)
triage_agent = Agent(name="Triage agent", instructions="You hand over.", model=MODEL, handoffs=[refund_agent])
guarded_agent = Agent(name="Guarded agent", model=MODEL, input_guardrails=[no_poetry])


async def main() -> None:
    """Run the scenarios, each in a trace of its own."""
    who = using_attributes(session_id="sess-ag-1", user_id="u-81", tags=["beta"])
    with who, trace("Weather workflow", group_id="group-1"):
        await Runner.run(weather_agent, ASK_WEATHER)

    await Runner.run(triage_agent, ASK_REFUND)

    chat_model = OpenAIChatCompletionsModel(model=MODEL, openai_client=openai.AsyncOpenAI())
    chat_agent = Agent(name="Chat agent", instructions="You are terse.", model=chat_model, tools=[weather])
    await Runner.run(chat_agent, ASK_WEATHER)

    streamed = Runner.run_streamed(weather_agent, ASK_HAIKU)
    async for _ in streamed.stream_events():
        pass

    with contextlib.suppress(InputGuardrailTripwireTriggered):
        await Runner.run(guarded_agent, ASK_HAIKU)

    with contextlib.suppress(openai.NotFoundError):
        await Runner.run(Agent(name="Broken agent", model="gpt-missing"), ASK_PARIS)


asyncio.run(main())
provider.shutdown()
