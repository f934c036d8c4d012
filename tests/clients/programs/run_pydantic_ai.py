"""Pydantic AI under Logfire: agents, structured output, streaming, embeddings; and Logfire's own OpenAI spans."""

from __future__ import annotations

import asyncio
import contextlib

import logfire
import openai
from common import ASK_AMARA, ASK_HAIKU, ASK_NAME, ASK_PARIS, ASK_RETENTION, ASK_WEATHER, get_weather
from pydantic import BaseModel
from pydantic_ai import Agent, Embedder
from pydantic_ai.exceptions import ModelHTTPError

logfire.configure(send_to_logfire=False, console=False, inspect_arguments=False)
logfire.instrument_pydantic_ai()
Embedder.instrument_all()


class Forecast(BaseModel):
    """What the structured answer holds."""

    city: str
    celsius: int
    sky: str


weather_agent = Agent(
    "openai-chat:gpt-4o-mini", name="weather_agent", instructions="You help travellers.", tools=[get_weather]
)
claude_agent = Agent("anthropic:claude-sonnet-4-5", name="claude_agent", tools=[get_weather])
forecast_agent = Agent("openai-responses:gpt-4o-mini", name="forecast_agent", output_type=Forecast)
talk_agent = Agent("openai-responses:gpt-4o-mini", name="talk_agent")

with logfire.set_baggage(**{"user.id": "u-91"}):
    weather_agent.run_sync(ASK_WEATHER, conversation_id="conv-pa-1", metadata={"plan": "gold"})
claude_agent.run_sync(ASK_WEATHER)
forecast_agent.run_sync(ASK_WEATHER)
first = talk_agent.run_sync(ASK_AMARA, conversation_id="conv-pa-2")
talk_agent.run_sync(ASK_NAME, conversation_id="conv-pa-2", message_history=first.all_messages())


async def stream_haiku() -> None:
    """An answer of an agent, streamed."""
    async with talk_agent.run_stream(ASK_HAIKU) as streamed:
        async for _ in streamed.stream_text():
            pass


with logfire.span("stream a {form}", form="haiku", _tags=["poem", "beta"]):
    asyncio.run(stream_haiku())

Embedder("openai:text-embedding-3-small").embed_query_sync(ASK_RETENTION)

with contextlib.suppress(ModelHTTPError):
    Agent("openai-chat:gpt-missing", name="broken_agent").run_sync(ASK_PARIS)

logfire.instrument_openai()
client = openai.OpenAI(max_retries=0)
asked = [{"role": "system", "content": "You are terse."}, {"role": "user", "content": ASK_PARIS}]
with logfire.set_baggage(**{"session.id": "sess-pa-9", "user.id": "u-92"}):
    client.chat.completions.create(model="gpt-4o-mini", messages=asked)
with logfire.span("stream without an agent"):
    stream = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[{"role": "user", "content": ASK_HAIKU}],
        stream=True,
        stream_options={"include_usage": True},
    )
    for _ in stream:
        pass
client.responses.create(model="gpt-4o-mini", input=ASK_PARIS)
client.embeddings.create(model="text-embedding-3-small", input=ASK_RETENTION)
with contextlib.suppress(openai.NotFoundError):
    client.chat.completions.create(model="gpt-missing", messages=asked)

logfire.shutdown()
