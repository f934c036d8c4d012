"""Haystack's own tracing: models, usage and messages are inside the JSON of a component's input and output."""

from __future__ import annotations

from typing import Any

from tests.clients import mock_script as script
from tests.clients.truth import (
    EMBEDDING_MODEL,
    EMBEDDING_USAGE,
    WEATHER_CALL,
    SpanClaim,
    openai_call,
    span,
    trace,
    weather_tool,
)

RAG: dict[str, Any] = {"session_id": "sess-hs-1"}
RUN = "haystack.pipeline.run"
COMPONENT = "haystack.component.run"
KEPT = "Traces are kept for 400 days in cold storage."


def call(pattern: str, asked: str, answered: str | None, **expected: Any) -> SpanClaim:
    """A call; the provider is not told."""
    return openai_call(pattern, asked, answered, provider_inferred=True, **expected)


TRACES = [
    trace(
        "embedding two documents in a pipeline",
        span(RUN, "WORKFLOW", error=False),
        span(
            COMPONENT,
            "EMBEDDING",
            component="OpenAIDocumentEmbedder",
            model=EMBEDDING_MODEL,
            input_text=KEPT,
            error=False,
            **EMBEDDING_USAGE,
        ),
        llm_calls=0,
        embeddings=1,
    ),
    trace(
        "a RAG pipeline; the session is in the metadata of the pipeline",
        span(RUN, "WORKFLOW", input_text=script.ASK_RETENTION, output_text=script.RETENTION, error=False, **RAG),
        span(
            COMPONENT,
            "EMBEDDING",
            component="OpenAITextEmbedder",
            model=EMBEDDING_MODEL,
            input_text=script.ASK_RETENTION,
            embedding_dimension=script.DIMENSIONS,
            error=False,
            **EMBEDDING_USAGE,
        ),
        span(
            COMPONENT,
            "RETRIEVER",
            component="InMemoryEmbeddingRetriever",
            output_text=KEPT,
            documents=2,
            error=False,
        ),
        span(
            COMPONENT,
            "PROMPT",
            component="ChatPromptBuilder",
            input_text=script.ASK_RETENTION,
            output_text="Answer from these documents",
        ),
        call(COMPONENT, script.ASK_RETENTION, script.RETENTION, component="OpenAIChatGenerator"),
        embeddings=1,
        **RAG,
    ),
    trace(
        "agent with a tool",
        span("haystack.agent.run", "AGENT", input_text=script.ASK_WEATHER, output_text=script.WEATHER, error=False),
        span("haystack.agent.step", "TASK"),
        call("haystack.agent.step.llm", script.ASK_WEATHER, None, output_tool_calls=WEATHER_CALL),
        weather_tool("haystack.agent.step.tool"),
        span("haystack.agent.step", "TASK"),
        call("haystack.agent.step.llm", script.ASK_WEATHER, script.WEATHER),
        llm_calls=2,
    ),
    trace(
        "streaming",
        span(RUN, "WORKFLOW", input_text=script.ASK_HAIKU, output_text=script.HAIKU, error=False),
        call(COMPONENT, script.ASK_HAIKU, script.HAIKU, component="OpenAIChatGenerator"),
    ),
    trace(
        "error; the provider refuses",
        span(RUN, "WORKFLOW", input_text=script.ASK_REFUSED, error=True),
        span(
            COMPONENT,
            "LLM",
            component="OpenAIChatGenerator",
            input_text=script.ASK_REFUSED,
            error=True,
            error_message_contains=script.REFUSED,
            error_type=["haystack.core.errors.PipelineRuntimeError", "PipelineRuntimeError"],
        ),
        llm_calls=0,
        error=True,
    ),
]
