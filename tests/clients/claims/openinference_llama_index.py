"""OpenInference over LlamaIndex: many CHAIN spans, LLM kinds that are no calls, embeddings without tokens."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import (
    EMBEDDING_MODEL,
    USAGE,
    WEATHER_CALL,
    SpanClaim,
    openai_call,
    span,
    trace,
    weather_tool,
)

RAG: dict[str, Any] = {"session_id": "sess-li-1", "user_id": "u-101", "tags": ["rag"]}
TALK: dict[str, Any] = {"session_id": "sess-li-2", "user_id": "amara@example.com"}
AGENT: dict[str, Any] = {"session_id": "sess-li-3"}
UNSEEN: dict[str, Any] = {"input_tokens": None, "output_tokens": None, "total_tokens": None, "embedding_tokens": None}
KEPT = "Traces are kept for 400 days in cold storage."


def call(pattern: str, asked: str | None, answered: str | None, **expected: Any) -> SpanClaim:
    """A call; the model that answered is not told, only the one that was asked for."""
    return openai_call(pattern, asked, answered, **{"model": "gpt-4o-mini", **expected})


def embedding(pattern: str, text: str, **expected: Any) -> SpanClaim:
    """An embedding, without tokens."""
    return span(pattern, "EMBEDDING", model=EMBEDDING_MODEL, input_text=text, error=False, **expected)


TRACES = [
    trace("a completion", call("OpenAI.complete", script.ASK_PARIS, script.PARIS)),
    trace("splitting documents", span("SentenceSplitter.__call__", "CHAIN", error=False), llm_calls=0),
    trace(
        "embedding two documents; its tokens are nowhere",
        embedding("OpenAIEmbedding.get_text_embedding_batch", KEPT, embedding_dimension=script.DIMENSIONS),
        llm_calls=0,
        embeddings=1,
        **UNSEEN,
    ),
    trace(
        "a query engine over the two documents; the embedding's tokens are nowhere",
        span(
            "RetrieverQueryEngine.query", "CHAIN", input_text=script.ASK_RETENTION, output_text=script.RETENTION, **RAG
        ),
        span(
            "VectorIndexRetriever.retrieve",
            "RETRIEVER",
            input_text=script.ASK_RETENTION,
            output_text=KEPT,
            documents=2,
            error=False,
            **RAG,
        ),
        span("VectorIndexRetriever._retrieve", "RETRIEVER", input_text=script.ASK_RETENTION, error=False, **RAG),
        embedding("OpenAIEmbedding.get_query_embedding", script.ASK_RETENTION, embedding_dimension=8, **RAG),
        embedding("OpenAIEmbedding._get_query_embedding", script.ASK_RETENTION, **RAG),
        span(
            "OpenAI.predict", "LLM", input_text=script.ASK_RETENTION, output_text=script.RETENTION, error=False, **RAG
        ),
        call("OpenAI.chat", script.ASK_RETENTION, script.RETENTION, **RAG),
        embeddings=1,
        **{**USAGE, "embedding_tokens": None, **RAG},
    ),
    trace(
        "conversation, turn 1",
        span("SimpleChatEngine.chat", "CHAIN", input_text=script.ASK_AMARA, output_text=script.AMARA, **TALK),
        call("OpenAI.chat", script.ASK_AMARA, script.AMARA, **TALK),
        **TALK,
    ),
    trace(
        "conversation, turn 2",
        span("SimpleChatEngine.chat", "CHAIN", input_text=script.ASK_NAME, output_text=script.NAME, **TALK),
        call("OpenAI.chat", script.ASK_NAME, script.NAME, **TALK),
        **TALK,
    ),
    trace(
        "streaming, usage not asked for: no token count anywhere",
        span(
            "OpenAI.stream_chat",
            "LLM",
            input_text=script.ASK_HAIKU,
            output_text=script.HAIKU,
            model="gpt-4o-mini",
            provider="openai",
            error=False,
        ),
        **UNSEEN,
    ),
    trace(
        "agent with a tool",
        span("FunctionAgent.run", ["CHAIN", "AGENT"], error=False, **AGENT),
        call("OpenAI.achat", script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL, **AGENT),
        weather_tool("FunctionTool.acall", **AGENT),
        call("OpenAI.achat", script.ASK_WEATHER, script.WEATHER, **AGENT),
        llm_calls=2,
        **AGENT,
    ),
    trace(
        "error; the provider refuses",
        span(
            "OpenAI.complete",
            "LLM",
            input_text=script.ASK_REFUSED,
            model="gpt-4o-mini",
            provider="openai",
            error=True,
            error_message_contains=script.REFUSED,
            error_type=["openai.BadRequestError", "BadRequestError"],
        ),
        llm_calls=0,
        error=True,
    ),
]
