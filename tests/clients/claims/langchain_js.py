"""OpenInference over LangChain.js: no provider, the model that was asked for, tool calls without id."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import OPENAI_MODEL, WEATHER_CALL, SpanClaim, openai_call, span, trace, weather_tool

MODEL = ["gpt-4o-mini", OPENAI_MODEL]
WHO: dict[str, Any] = {"session_id": "sess-lj-1", "user_id": "u-191", "tags": ["beta", "web"]}
THREAD: dict[str, Any] = {"session_id": "thread-lj-2"}
KEPT = "Traces are kept for 400 days in cold storage."


def call(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """A call; the provider is only in the JSON of `metadata`, as `ls_provider`."""
    return openai_call("ChatOpenAI", asked, answered, model=MODEL, provider_inferred=True, **expected)


TRACES = [
    trace(
        "createAgent with a tool",
        span("weather_agent", "CHAIN", input_text=script.ASK_WEATHER, output_text=script.WEATHER, error=False, **WHO),
        span("__start__", "CHAIN", **WHO),
        span("model_request", "CHAIN", input_text=script.ASK_WEATHER, **WHO),
        call(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **WHO),
        span("RunnableLambda", "CHAIN", **WHO),
        span("tools", "CHAIN", **WHO),
        weather_tool(**WHO),
        span("model_request", "CHAIN", output_text=script.WEATHER, **WHO),
        call(script.ASK_WEATHER, script.WEATHER, **WHO),
        span("RunnableLambda", "CHAIN", **WHO),
        llm_calls=2,
        **WHO,
    ),
    trace(
        "RAG chain",
        span("handbook_rag", "CHAIN", input_text=script.ASK_RETENTION, output_text=script.RETENTION, error=False),
        span("RunnableMap", "CHAIN", input_text=script.ASK_RETENTION),
        span("Handbook", "RETRIEVER", input_text=script.ASK_RETENTION, output_text=KEPT, documents=2, error=False),
        span("ChatPromptTemplate", "PROMPT", input_text=script.ASK_RETENTION),
        call(script.ASK_RETENTION, script.RETENTION),
        span("StrOutputParser", ["CHAIN", "PARSER"], output_text=script.RETENTION),
    ),
    trace("conversation, turn 1", call(script.ASK_AMARA, script.AMARA, **THREAD), **THREAD),
    trace("conversation, turn 2", call(script.ASK_NAME, script.NAME, **THREAD), **THREAD),
    trace("streaming; llm.invocation_parameters says stream false", call(script.ASK_HAIKU, script.HAIKU)),
    trace(
        "error; the provider refuses; the status message is a whole traceback",
        span(
            "ChatOpenAI",
            "LLM",
            model=MODEL,
            input_text=script.ASK_REFUSED,
            error=True,
            error_message_contains=script.REFUSED,
        ),
        llm_calls=0,
        error=True,
    ),
]
