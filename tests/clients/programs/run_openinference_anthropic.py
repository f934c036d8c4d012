"""OpenInference over the anthropic SDK, whose own spans are switched off by its setting."""

from __future__ import annotations

import contextlib
import json

import anthropic
from common import ASK_AMARA, ASK_HAIKU, ASK_NAME, ASK_PARIS, ASK_WEATHER, get_weather, set_up
from openinference.instrumentation import OITracer, TraceConfig, using_attributes
from openinference.instrumentation.anthropic import AnthropicInstrumentor

MODEL = "claude-sonnet-4-5"
provider = set_up()
AnthropicInstrumentor().instrument(tracer_provider=provider)
tracer = OITracer(provider.get_tracer("app"), TraceConfig())
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


@tracer.tool(name="get_weather", description="Get the weather of a city.")
def weather(city: str) -> str:
    """Get the weather of a city."""
    return get_weather(city)


@tracer.agent(name="weather agent")
def agent(question: str) -> str:
    """Ask, run the tool, ask again."""
    wanted = ask(user(question), tools=[TOOL])
    use = next(block for block in wanted.content if block.type == "tool_use")
    result = {"type": "tool_result", "tool_use_id": use.id, "content": weather(**use.input)}
    said = {"role": "assistant", "content": [json.loads(use.model_dump_json())]}
    return ask(user(question), said, user([result]), tools=[TOOL]).content[0].text


with using_attributes(session_id="sess-oa-1", user_id="u-61", tags=["beta", "travel"], metadata={"plan": "gold"}):
    agent(ASK_WEATHER)

ask(user(ASK_PARIS), system="You are terse.")

with client.messages.stream(model=MODEL, max_tokens=300, messages=[user(ASK_HAIKU)]) as stream:
    for _ in stream.text_stream:
        pass


@tracer.chain(name="stream in a chain")
def streamed_in_a_chain(question: str) -> str:
    """The same under a root, so that both tellings of the call are siblings."""
    with client.messages.stream(model=MODEL, max_tokens=300, messages=[user(question)]) as stream:
        return "".join(stream.text_stream)


streamed_in_a_chain(ASK_HAIKU)

for _ in ask(user(ASK_HAIKU), stream=True):
    pass

with using_attributes(session_id="sess-oa-2", user_id="amara@example.com"):
    first = ask(user(ASK_AMARA))
    ask(user(ASK_AMARA), {"role": "assistant", "content": first.content[0].text}, user(ASK_NAME))

with contextlib.suppress(anthropic.NotFoundError):
    ask(user(ASK_PARIS), model="claude-missing")

provider.shutdown()
