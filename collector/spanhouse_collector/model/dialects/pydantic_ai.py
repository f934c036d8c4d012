"""Pydantic AI: a conversation whole, in the span of its agent."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, WRITE, Dialect, NamedSpan, keys, modalities

DIALECT: Final = Dialect(
    name="pydantic-ai",
    source="pydantic/pydantic-ai `instrumented.py`, `_instrumentation.py`",
    scopes=("pydantic-ai",),
    key_prefixes=("pydantic_ai",),
    framework="pydantic-ai",
    spans=(
        NamedSpan("pydantic-ai", "agent *", "AGENT"),
        NamedSpan("pydantic-ai", "running tool", "TOOL"),
        NamedSpan("pydantic-ai", "chat *", "LLM"),
    ),
    keys=(
        *keys("other_model", "model_name", tier=2),
        *keys("agent_name", "agent_name"),
        *keys("input_tokens", "gen_ai.aggregated_usage.input_tokens", tier=4),
        *keys("output_tokens", "gen_ai.aggregated_usage.output_tokens", tier=4),
        *keys(
            "cache_read_input_tokens",
            "gen_ai.usage.details.cache_read_tokens",
            "gen_ai.usage.details.cache_read_input_tokens",
            "gen_ai.usage.details.cached_content_tokens",
            "gen_ai.usage.details.cached_tokens",
            "gen_ai.aggregated_usage.cache_read.input_tokens",
            tier=4,
        ),
        *keys(
            "cache_write_input_tokens",
            "gen_ai.usage.details.cache_write_tokens",
            "gen_ai.usage.details.cache_creation_input_tokens",
            "gen_ai.aggregated_usage.cache_creation.input_tokens",
            tier=4,
        ),
        *keys(
            "reasoning_output_tokens",
            "gen_ai.usage.details.reasoning_tokens",
            "gen_ai.usage.details.thoughts_tokens",
            "gen_ai.aggregated_usage.details.reasoning_tokens",
            tier=4,
        ),
        *keys("cost_usd", "operation.cost"),
        *keys("input_messages", "pydantic_ai.all_messages", decoder="conversation"),
        *keys("input_messages", "all_messages_events", "events", decoder="event_list"),
        *keys("input", "tool_arguments", use=WRITE),
        *keys("input", "inputs", tier=4),
        *keys("output_messages", "pydantic_ai.all_messages", decoder="conversation", use=READ),
        *keys("output_messages", "all_messages_events", "events", decoder="event_list", use=READ),
        *keys("output", "final_result", tier=3),
        *keys("output", "tool_response", tier=3, use=WRITE),
        *keys("tool_definitions", "model_request_parameters#function_tools", tier=2),
        *keys("tool_arguments", "tool_arguments"),
        *keys("tool_result", "tool_response"),
        *keys("embedding_count", "inputs_count"),
        *keys("embedding_vectors", "embeddings"),
        *modalities("gen_ai.usage.details.{side}_{modality}_tokens"),
        # As Gemini has them.
        *modalities("gen_ai.usage.details.{modality}_{side}_tokens", ("prompt", "candidates")),
        *keys(
            "cache_write_1h_input_tokens",
            "gen_ai.usage.details.cache_write_1h_tokens",
            "gen_ai.usage.details.ephemeral_1h_input_tokens",
        ),
    ),
)
