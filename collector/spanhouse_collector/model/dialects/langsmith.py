"""LangSmith's SDK: LangChain's runs; messages stand in `gen_ai.prompt` and `gen_ai.completion` as JSON."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, Dialect, keys, modalities, types, usage
from spanhouse_collector.model.dialects.shared.usage_shapes import LANGCHAIN

DIALECT: Final = Dialect(
    name="langsmith",
    source="langchain-ai/langsmith-sdk `python/langsmith/_internal/otel`",
    scopes=("langsmith",),
    key_prefixes=("langsmith",),
    span_types={
        "langsmith": types(
            LLM="llm",
            CHAIN="chain",
            TOOL="tool",
            RETRIEVER="retriever",
            EMBEDDING="embedding",
            PROMPT="prompt",
            PARSER="parser",
        ),
    },
    keys=(
        *keys("span_type", "langsmith.span.kind", decoder="langsmith"),
        *keys("provider", "langsmith.metadata.ls_provider", tier=1),
        *keys("request_model", "langsmith.metadata.ls_model_name"),
        *keys(
            "session_id",
            "langsmith.metadata.session_id",
            "langsmith.metadata.conversation_id",
            "langsmith.metadata.thread_id",
            tier=2,
        ),
        *keys("user_id", "langsmith.metadata.user_id", tier=2),
        *keys("own_name", "langsmith.trace.name"),
        *keys("tool_name", "langsmith.trace.name", tier=1, use=READ),
        *keys("tags", "langsmith.span.tags", tier=1),
        *usage("langsmith.usage_metadata", LANGCHAIN, tier=1),
        *usage("langsmith.metadata.usage_metadata", LANGCHAIN, tier=1),
        *keys("cache_read_input_tokens", "gen_ai.usage.input_token_details#cache_read", tier=5),
        *keys("cache_write_input_tokens", "gen_ai.usage.input_token_details#cache_creation", tier=5),
        *keys("reasoning_output_tokens", "gen_ai.usage.output_token_details#reasoning", tier=6),
        *keys("cost_usd", "langsmith.usage_metadata#total_cost", tier=2),
        *keys("input_cost_usd", "langsmith.usage_metadata#input_cost", tier=1),
        *keys("output_cost_usd", "langsmith.usage_metadata#output_cost", tier=1),
        *keys("input", "gen_ai.prompt", tier=1),
        *keys("output", "gen_ai.completion", tier=1),
        *keys("tool_definitions", "gen_ai.prompt#tools", "langsmith.metadata.tools", tier=4),
        *keys("metadata", "langsmith.metadata.*", tier=1),
        *modalities("langsmith.usage_metadata#{side}_token_details.{modality}", tier=1),
        *keys("usage_raw", "langsmith.usage_metadata", tier=1),
        *keys("request.temperature", "langsmith.metadata.ls_temperature"),
        *keys("request.max_tokens", "langsmith.metadata.ls_max_tokens", tier=1),
        *keys("request.stream", "langsmith.request.streaming", tier=1),
        *keys("request.extra", "langsmith.metadata.invocation_params", tier=3),
        *keys("request_objects", "gen_ai.prompt", tier=1),
    ),
)
