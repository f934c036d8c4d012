"""LiteLLM with its `otel` callback: chat, streaming, tools, embeddings, Anthropic, an error."""

from __future__ import annotations

import json
import os

os.environ["OTEL_EXPORTER"] = "otlp_http"
os.environ["OTEL_ENDPOINT"] = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces"

import contextlib

import litellm
from common import ASK_HAIKU, ASK_PARIS, ASK_RETENTION, ASK_WEATHER, get_weather
from opentelemetry import trace

litellm.callbacks = ["otel"]
MODEL = "openai/gpt-4o-mini"
TOOL = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def user(text: str) -> dict[str, str]:
    """A message of the user."""
    return {"role": "user", "content": text}


def wait_for_callbacks() -> None:
    """Callbacks run on a thread of LiteLLM's: let them come to rest before the next scenario."""
    litellm.utils.executor.submit(int).result()
    trace.get_tracer_provider().force_flush()


asked = [{"role": "system", "content": "You are terse."}, user(ASK_PARIS)]
litellm.completion(MODEL, asked, temperature=0.5, user="u-111", metadata={"session_id": "sess-ll-1", "tags": ["beta"]})
wait_for_callbacks()

wanted = litellm.completion(MODEL, [user(ASK_WEATHER)], tools=[TOOL]).choices[0].message
wait_for_callbacks()
call = wanted.tool_calls[0]
result = {"role": "tool", "tool_call_id": call.id, "content": get_weather(**json.loads(call.function.arguments))}
litellm.completion(MODEL, [user(ASK_WEATHER), wanted.model_dump(), result], tools=[TOOL])
wait_for_callbacks()

for _ in litellm.completion(MODEL, [user(ASK_HAIKU)], stream=True, stream_options={"include_usage": True}):
    pass
wait_for_callbacks()

litellm.completion("anthropic/claude-sonnet-4-5", [user(ASK_PARIS)])
wait_for_callbacks()

litellm.embedding("openai/text-embedding-3-small", [ASK_RETENTION])
wait_for_callbacks()

with contextlib.suppress(litellm.NotFoundError):
    litellm.completion("openai/gpt-missing", [user(ASK_PARIS)], num_retries=0)
wait_for_callbacks()

tracer = trace.get_tracer("app")
with tracer.start_as_current_span("app turn", attributes={"session.id": "sess-ll-2"}):
    litellm.completion(MODEL, [user(ASK_PARIS)])
wait_for_callbacks()
trace.get_tracer_provider().shutdown()
