"""MLflow's tracing SDK and its autologgers, whose values are JSON in strings."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, WRITE, Dialect, keys
from spanhouse_collector.model.dialects.shared.span_types import OWN_TYPES

DIALECT: Final = Dialect(
    name="mlflow",
    source="mlflow/mlflow 3.18 `mlflow/tracing/constant.py`, `mlflow/tracing/otel/translation`",
    scopes=("mlflow",),
    key_prefixes=("mlflow",),
    first_chunk_events=("mlflow.chunk.item.0",),
    span_types={
        "mlflow": {**OWN_TYPES, "chat_model": "LLM"},
    },
    keys=(
        *keys("span_type", "mlflow.spanType", decoder="mlflow", tier=1),
        *keys("provider", "mlflow.llm.provider", tier=2),
        *keys("other_model", "mlflow.llm.model", tier=1),
        *keys("dialect_keys", "mlflow.traceRequestId", "mlflow.experimentId"),
        *keys("session_id", "mlflow.trace.session", tier=6),
        *keys("user_id", "mlflow.trace.user", tier=4),
        *keys("prompt_name", "mlflow.linkedPrompts#name", tier=1, use=WRITE),
        *keys("prompt_name", "mlflow.linkedPrompts#0.name", tier=1, use=READ),
        *keys("finish_reasons", "mlflow.spanOutputs#choices.finish_reason", "mlflow.spanOutputs#stop_reason", tier=3),
        *keys("level", "mlflow.spanLogLevel", tier=1, use=READ),
        *keys("input_tokens", "mlflow.chat.tokenUsage#input_tokens", tier=1),
        *keys("output_tokens", "mlflow.chat.tokenUsage#output_tokens", tier=1),
        *keys("total_tokens", "mlflow.chat.tokenUsage#total_tokens", tier=1),
        *keys("cache_read_input_tokens", "mlflow.chat.tokenUsage#cache_read_input_tokens", tier=1),
        *keys("cache_write_input_tokens", "mlflow.chat.tokenUsage#cache_creation_input_tokens", tier=1),
        *keys("cost_usd", "mlflow.llm.cost#total_cost", tier=1),
        *keys("input_cost_usd", "mlflow.llm.cost#input_cost"),
        *keys("output_cost_usd", "mlflow.llm.cost#output_cost"),
        *keys("input", "mlflow.spanInputs", tier=1),
        *keys("output", "mlflow.spanOutputs", tier=1),
        *keys("output", "event:mlflow.chunk.item.0#mlflow.chunk.value", decoder="mlflow_chunks", tier=8, use=READ),
        *keys("system_instructions", "instructions", tier=2),
        *keys("tool_definitions", "mlflow.chat.tools"),
        *keys("tool_definitions", "mlflow.spanInputs#tools", tier=4),
        *keys("tool_description", "mlflow.spanDescription", tier=1),
        *keys("documents_in", "mlflow.spanInputs#documents", tier=1),
        *keys("top_k", "mlflow.spanInputs#top_k", "mlflow.spanInputs#k", tier=1),
        *keys("prompt_version", "mlflow.linkedPrompts#0.version"),
        *keys("tags_kv", "mlflow.traceTag.*"),
        *keys("cache_write_1h_input_tokens", "mlflow.chat.tokenUsage#cache_creation_input_tokens_above_1hr"),
        *keys("usage_raw", "mlflow.chat.tokenUsage"),
        *keys("usage_raw", "mlflow.spanOutputs#usage", tier=5),
        *keys("request.temperature", "temperature", tier=1),
        *keys("request.top_p", "top_p", tier=1),
        *keys("request.max_tokens", "max_tokens", tier=2),
        *keys("request.stream", "stream", tier=2),
        *keys("request_objects", "mlflow.spanInputs"),
    ),
)
