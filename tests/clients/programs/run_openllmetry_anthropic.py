"""OpenLLMetry over the anthropic SDK, beside the SDK's own spans: every call is told twice."""

from __future__ import annotations

import contextlib
import json
import os

import anthropic
from common import ASK_HAIKU, ASK_PARIS, ASK_WEATHER, get_weather
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent, tool, workflow
from traceloop.sdk.instruments import Instruments

MODEL = "claude-sonnet-4-5"
Traceloop.init(
    app_name="openllmetry-anthropic",
    exporter=OTLPSpanExporter(os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces"),
    instruments={Instruments.ANTHROPIC},
    telemetry_enabled=False,
)
client = anthropic.Anthropic(max_retries=0)
TOOL = {
    "name": "get_weather",
    "description": "Get the weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def user(content: object) -> dict[str, object]:
    """A message of the user."""
    return {"role": "user", "content": content}


def ask(*messages: dict[str, object], **more: object) -> anthropic.types.Message:
    """One call."""
    return client.messages.create(**{"model": MODEL, "max_tokens": 300, **more}, messages=list(messages))


@tool(name="get_weather")
def weather(city: str) -> str:
    """Get the weather of a city."""
    return get_weather(city)


@agent(name="weather_agent")
def run_agent(question: str) -> str:
    """Ask, run the tool, ask again."""
    wanted = ask(user(question), tools=[TOOL])
    use = next(block for block in wanted.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": use.id, "content": weather(**use.input)}
    said = {"role": "assistant", "content": [json.loads(use.model_dump_json())]}
    return ask(user(question), said, user([result]), tools=[TOOL]).content[0].text


@workflow(name="ask_weather")
def ask_weather(question: str) -> str:
    """The whole of the agent's run."""
    Traceloop.set_association_properties({"session_id": "sess-tla-1", "user_id": "u-71"})
    return run_agent(question)


@workflow(name="small_talk")
def small_talk(question: str) -> str:
    """One streamed answer."""
    with client.messages.stream(model=MODEL, max_tokens=300, messages=[user(question)]) as stream:
        return "".join(stream.text_stream)


@workflow(name="broken")
def broken(question: str) -> str:
    """A call of a model that does not exist."""
    return ask(user(question), model="claude-missing").content[0].text


ask_weather(ASK_WEATHER)
Traceloop.set_association_properties({})
small_talk(ASK_HAIKU)
ask(user(ASK_PARIS), system="You are terse.")
with contextlib.suppress(anthropic.NotFoundError):
    broken(ASK_PARIS)
