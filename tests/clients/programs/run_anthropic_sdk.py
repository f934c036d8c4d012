"""The anthropic SDK alone: it makes spans by itself when a global TracerProvider exists."""

from __future__ import annotations

import contextlib

import anthropic
from common import ASK_AMARA, ASK_HAIKU, ASK_NAME, ASK_PARIS, ASK_WEATHER, get_weather, set_up
from opentelemetry import trace

MODEL = "claude-sonnet-4-5"
provider = set_up()
tracer = trace.get_tracer("app")
client = anthropic.Anthropic(max_retries=0)


def ask(text: str, **more: object) -> object:
    """One call with one message of the user."""
    return client.messages.create(**{"model": MODEL, "max_tokens": 300, **more}, messages=[user(text)])


def user(text: str) -> dict[str, str]:
    """A message of the user."""
    return {"role": "user", "content": text}


ask(ASK_PARIS, system="You are terse.", metadata={"user_id": "u-51"})

with client.messages.stream(model=MODEL, max_tokens=300, messages=[user(ASK_HAIKU)]) as stream:
    for _ in stream.text_stream:
        pass

for _ in ask(ASK_HAIKU, stream=True):
    pass


@anthropic.beta_tool(name="get_weather")
def weather(city: str) -> str:
    """Get the weather of a city.

    Args:
        city: Name of the city.
    """
    return get_weather(city)


runner = client.beta.messages.tool_runner(model=MODEL, max_tokens=300, tools=[weather], messages=[user(ASK_WEATHER)])
runner.until_done()

with contextlib.suppress(anthropic.NotFoundError):
    ask(ASK_PARIS, model="claude-missing")

with tracer.start_as_current_span("chat turn", attributes={"session.id": "sess-an-1", "user.id": "u-52"}):
    hello = user(ASK_AMARA)
    first = client.messages.create(model=MODEL, max_tokens=300, messages=[hello])
    said = {"role": "assistant", "content": first.content[0].text}
    client.messages.create(model=MODEL, max_tokens=300, messages=[hello, said, user(ASK_NAME)])

provider.shutdown()
