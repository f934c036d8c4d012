"""LangSmith's OpenTelemetry mode: runs of LangChain and of LangSmith's own decorator."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import OPENAI_MODEL, WEATHER_CALL, SpanClaim, openai_call, span, trace, weather_tool

WHO: dict[str, Any] = {"session_id": "thread-ls-1", "user_id": "u-201"}
THREAD: dict[str, Any] = {"session_id": "thread-ls-2"}
PLAIN: dict[str, Any] = {"session_id": "sess-ls-3", "tags": ["plain"]}
KEPT = "Traces are kept for 400 days in cold storage."
DETAILS: dict[str, Any] = {
    "soft": {
        "cache_read_input_tokens": script.CACHED_TOKENS,
        "reasoning_output_tokens": script.REASONING_TOKENS,
        "why": "of LangChain's runs they are only in the JSON of langsmith.metadata.usage_metadata",
    }
}


def call(asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """A call of LangChain's; the model that answered is only inside the completion."""
    lacks = {"cache_read_input_tokens": None, "reasoning_output_tokens": None, **DETAILS}
    return openai_call("ChatOpenAI", asked, answered, **{"model": ["gpt-4o-mini", OPENAI_MODEL], **lacks, **expected})


TRACES = [
    trace(
        "create_agent with a tool",
        span(
            "weather_agent",
            "CHAIN",
            input_text=script.ASK_WEATHER,
            output_text=script.WEATHER,
            tags=["beta", "web"],
            error=False,
            **WHO,
        ),
        span("model", "CHAIN", input_text=script.ASK_WEATHER, **WHO),
        call(script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **WHO),
        span("tools", "CHAIN", **WHO),
        weather_tool(**WHO),
        span("model", "CHAIN", output_text=script.WEATHER, **WHO),
        call(script.ASK_WEATHER, script.WEATHER, **WHO),
        llm_calls=2,
        **WHO,
    ),
    trace(
        "RAG chain; the root repeats the usage of its call, the retriever's operation says embeddings",
        span("handbook_rag", "CHAIN", input_text=script.ASK_RETENTION, output_text=script.RETENTION, error=False),
        span("RunnableParallel*", "CHAIN", input_text=script.ASK_RETENTION),
        span(
            "Handbook",
            "RETRIEVER",
            input_text=script.ASK_RETENTION,
            output_text=KEPT,
            documents=2,
            error=False,
        ),
        span("RunnablePassthrough", "CHAIN", input_text=script.ASK_RETENTION),
        span("ChatPromptTemplate", "PROMPT", input_text=script.ASK_RETENTION),
        call(script.ASK_RETENTION, script.RETENTION),
    ),
    trace("conversation, turn 1", call(script.ASK_AMARA, script.AMARA, **THREAD), **THREAD),
    trace("conversation, turn 2", call(script.ASK_NAME, script.NAME, **THREAD), **THREAD),
    trace("streaming", call(script.ASK_HAIKU, script.HAIKU)),
    trace(
        "the OpenAI SDK under LangSmith's wrapper and decorator; token details are reprs",
        span("ask_paris", "CHAIN", input_text=script.ASK_PARIS, output_text=script.PARIS, error=False, **PLAIN),
        openai_call("ChatOpenAI", script.ASK_PARIS, script.PARIS, **PLAIN),
        **PLAIN,
    ),
    trace(
        "error; the provider refuses; the exception's message is a whole traceback",
        span(
            "ChatOpenAI",
            "LLM",
            model="gpt-4o-mini",
            provider="openai",
            input_text=script.ASK_REFUSED,
            error=True,
            error_message_contains=script.REFUSED,
        ),
        llm_calls=0,
        error=True,
    ),
]
