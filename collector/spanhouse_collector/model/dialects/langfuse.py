"""Langfuse's SDKs."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys, modalities, types, usage
from spanhouse_collector.model.dialects.shared.usage_shapes import OPENAI_CHAT, RESPONSES_OR_MESSAGES

USAGE: Final = "langfuse.observation.usage_details"  # buckets, which exclude one another: the mapping adds them up
COST: Final = "langfuse.observation.cost_details"

DIALECT: Final = Dialect(
    name="langfuse",
    source="langfuse/langfuse `packages/shared/src/server/otel`, langfuse-js `packages/core/src/constants.ts`",
    scopes=("langfuse-sdk",),
    key_prefixes=("langfuse",),
    span_types={
        "langfuse": types(
            LLM="generation",
            EMBEDDING="embedding",
            RETRIEVER="retriever",
            TOOL="tool",
            AGENT="agent",
            CHAIN="chain span",
            GUARDRAIL="guardrail",
            EVALUATOR="evaluator",
            EVENT="event",
        ),
    },
    keys=(
        *keys("span_type", "langfuse.observation.type", decoder="langfuse"),
        *keys("other_model", "langfuse.observation.model.name"),
        *keys("dialect_keys", "langfuse.trace.name", "langfuse.environment", "langfuse.internal.as_root"),
        *keys("session_id", "langfuse.session.id"),
        *keys("user_id", "langfuse.user.id"),
        *keys("prompt_name", "langfuse.observation.prompt.name"),
        *keys("tags", "langfuse.trace.tags", "langfuse.tags"),
        *keys("level", "langfuse.observation.level"),
        *keys("first_chunk_time", "langfuse.observation.completion_start_time"),
        *usage(USAGE, OPENAI_CHAT, tier=3),
        *usage(USAGE, RESPONSES_OR_MESSAGES, tier=4),
        *keys("input_tokens", f"{USAGE}#input", tier=4),
        *keys("output_tokens", f"{USAGE}#output", tier=4),
        *keys("total_tokens", f"{USAGE}#total", tier=4),
        *keys(
            "cache_read_input_tokens",
            f"{USAGE}#input_cached_tokens",
            f"{USAGE}#input_cache_read",
            f"{USAGE}#input_cache_read_input_tokens",
            tier=4,
        ),
        *keys(
            "cache_write_input_tokens",
            f"{USAGE}#input_cache_creation",
            f"{USAGE}#input_cache_creation_input_tokens",
            f"{USAGE}#input_cache_write",
            tier=4,
        ),
        *keys(
            "reasoning_output_tokens",
            f"{USAGE}#output_reasoning_tokens",
            f"{USAGE}#output_reasoning",
            tier=4,
        ),
        *keys("cost_usd", f"{COST}#total", tier=2),
        *keys("input", "langfuse.observation.input"),
        *keys("input", "langfuse.trace.input", tier=8),
        *keys("output", "langfuse.observation.output"),
        *keys("output", "langfuse.trace.output", tier=6),
        *keys(
            "system_instructions",
            "langfuse.observation.metadata.instructions",
            "langfuse.observation.metadata#instructions",
            tier=3,
        ),
        *keys(
            "tool_definitions",
            "langfuse.observation.input#tools",
            "langfuse.observation.model.parameters#tools",
            "langfuse.observation.metadata#tools",
            "langfuse.observation.metadata.tools",
            tier=3,
        ),
        *keys("documents_in", "langfuse.observation.input#documents", tier=1),
        *keys("top_k", "langfuse.observation.input#top_k", tier=2),
        *keys("embedding_dimension", "langfuse.observation.output#dimensions", tier=1),
        *keys("embedding_count", "langfuse.observation.output#count", tier=1),
        *keys("prompt_version", "langfuse.observation.prompt.version"),
        *keys("first_piece", "langfuse.observation.completion_start_time"),
        *keys("environment", "langfuse.environment"),
        *keys("environment", "resource:langfuse.environment", tier=1),
        *keys("metadata", "langfuse.trace.metadata", "langfuse.observation.metadata", decoder="object"),
        *keys("metadata", "langfuse.trace.metadata.*", "langfuse.observation.metadata.*"),
        *keys("error_message", "langfuse.observation.status_message"),
        *modalities(USAGE + "#{side}_{modality}_tokens", tier=1),
        *modalities(USAGE + "#{side}_{modality}", tier=1),
        *keys("usage_raw", USAGE, tier=1),
        *keys("request.extra", "langfuse.observation.model.parameters"),
        *keys("request_objects", "langfuse.observation.input", tier=1),
    ),
)
