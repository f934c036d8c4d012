"""Mastra's exporters: input and output under keys that name the kind of span."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, NamedSpan, keys, modalities, types

# Kinds of spans, whose input and output stand under keys of their own.
_KINDS: Final = (
    "agent_run",
    "model_generation",
    "model_inference",
    "llm_generation",
    "model_step",
    "model_chunk",
    "tool_call",
    "mcp_tool_call",
    "client_tool_call",
    "workflow_run",
    "workflow_step",
    "workflow_conditional",
    "workflow_parallel",
    "workflow_loop",
    "workflow_sleep",
    "workflow_wait_event",
    "processor_run",
    "scorer_run",
    "memory_operation",
    "rag_query",
    "rag_embedding",
    "rag_vector_operation",
    "rag_action",
    "generic",
)

DIALECT: Final = Dialect(
    name="mastra",
    source="mastra-ai/mastra `observability/otel-exporter`",
    scopes=("@mastra", "mastra"),
    key_prefixes=("mastra",),
    framework="mastra",
    span_types={
        "mastra": types(
            AGENT="agent_run",
            LLM="model_generation llm_generation model_inference",
            TASK="model_step workflow_step workflow_conditional workflow_conditional_eval workflow_parallel "
            "workflow_loop workflow_sleep workflow_wait_event",
            EVENT="model_chunk llm_chunk",
            TOOL="tool_call mcp_tool_call client_tool_call",
            WORKFLOW="workflow_run",
            MEMORY="memory_operation",
            RETRIEVER="rag_query rag_vector_operation rag_action",
            EMBEDDING="rag_embedding",
            EVALUATOR="scorer_run scorer_step",
            GUARDRAIL="processor_run",
            CHAIN="generic",
        ),
    },
    spans=(NamedSpan("@mastra/otel", "agent.run", "AGENT"),),
    keys=(
        *keys("span_type", "mastra.span.type", decoder="mastra", tier=2),
        *keys("session_id", "mastra.metadata.sessionId", "mastra.metadata.threadId", tier=3),
        *keys("user_id", "mastra.metadata.userId", tier=2),
        *keys("agent_name", "mastra.agent.name"),
        *keys("tags", "mastra.tags", tier=2),
        *keys("first_chunk_time", "mastra.completion_start_time"),
        *keys("cache_read_input_tokens", "gen_ai.usage.cached_input_tokens", tier=5),
        *keys("cache_write_input_tokens", "gen_ai.usage.cache_write_tokens", tier=5),
        *keys("input", *(f"mastra.{kind}.input" for kind in _KINDS), tier=2),
        *keys("input", "gen_ai.tool.input", tier=6),
        *keys("output", *(f"mastra.{kind}.output" for kind in _KINDS), tier=2),
        *keys("output", "gen_ai.tool.output", tier=5),
        *keys(
            "tool_definitions",
            "mastra.agent_run.input#tools",
            "mastra.model_generation.input#tools",
            "mastra.model_inference.input#tools",
            "mastra.llm_generation.input#tools",
            tier=7,
        ),
        *keys("agent_id", "agent.id"),
        *keys("metadata", "mastra.metadata.*", tier=2),
        *modalities("gen_ai.usage.{modality}_{side}_tokens"),
        *keys("request.extra", "mastra.model_generation.parameters", "mastra.llm_generation.parameters"),
    ),
)
