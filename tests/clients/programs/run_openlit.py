"""OpenLIT over the OpenAI and Anthropic SDKs."""

from __future__ import annotations

import contextlib
import json
import os

import anthropic
import openai
import openlit
from common import ASK_HAIKU, ASK_PARIS, ASK_REFUSED, ASK_RETENTION, ASK_WEATHER, get_weather
from opentelemetry import metrics, trace
from opentelemetry._logs import get_logger_provider

openlit.init(
    application_name="openlit-app",
    environment="test",
    otlp_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"],
    disable_batch=False,
    capture_message_content=True,
)
MODEL = "gpt-4o-mini"
client = openai.OpenAI(max_retries=0)
claude = anthropic.Anthropic(max_retries=0)
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"name": "get_weather", "description": "Get the weather of a city.", "parameters": PARAMETERS}
TOOL = {"type": "function", "function": FUNCTION}


def user(text: str) -> dict[str, str]:
    """A message of the user."""
    return {"role": "user", "content": text}


def complete(*messages: object, **more: object) -> object:
    """One chat completion."""
    return client.chat.completions.create(model=MODEL, messages=list(messages), **more)


@openlit.trace
def weather_agent(question: str) -> str:
    """Ask, run the tool, ask again."""
    wanted = complete(user(question), tools=[TOOL]).choices[0].message
    call = wanted.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": get_weather(**json.loads(call.function.arguments))}
    return complete(user(question), wanted, result, tools=[TOOL]).choices[0].message.content


with openlit.using_attributes({"session.id": "sess-ol-1", "user.id": "u-150"}):
    weather_agent(ASK_WEATHER)
complete({"role": "system", "content": "You are terse."}, user(ASK_PARIS), user="u-151", temperature=0.5)
for _ in complete(user(ASK_HAIKU), stream=True, stream_options={"include_usage": True}):
    pass
client.responses.create(model=MODEL, input=ASK_PARIS)
client.embeddings.create(model="text-embedding-3-small", input=ASK_RETENTION)
claude.messages.create(model="claude-sonnet-4-5", max_tokens=300, messages=[user(ASK_PARIS)])
with claude.messages.stream(model="claude-sonnet-4-5", max_tokens=300, messages=[user(ASK_HAIKU)]) as stream:
    for _ in stream.text_stream:
        pass
with contextlib.suppress(openai.BadRequestError):
    complete(user(ASK_REFUSED))

for provider in (trace.get_tracer_provider(), metrics.get_meter_provider(), get_logger_provider()):
    provider.shutdown()
