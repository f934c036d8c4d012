"""Weights & Biases Weave."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, NamedSpan, keys, usage
from spanhouse_collector.model.dialects.shared.span_types import OWN_TYPES
from spanhouse_collector.model.dialects.shared.usage_shapes import OPENAI_CHAT, RESPONSES_OR_MESSAGES

DIALECT: Final = Dialect(
    name="weave",
    source="wandb/weave `trace_server/opentelemetry`",
    key_prefixes=("weave", "wandb"),
    span_types={
        "weave": {**OWN_TYPES, "chat": "LLM"},
    },
    spans=(
        NamedSpan("weave", "chat *", "LLM", "chat"),
        NamedSpan("weave", "invoke_agent *", "AGENT", "invoke_agent"),
        NamedSpan("weave", "execute_tool *", "TOOL", "execute_tool"),
        NamedSpan("weave", "embeddings *", "EMBEDDING", "embeddings"),
    ),
    keys=(
        *keys("span_type", "weave.span.kind", decoder="weave", tier=5),
        *keys("session_id", "wandb.thread_id", tier=5),
        *usage("weave.usage", OPENAI_CHAT, tier=3),
        *usage("weave.usage", RESPONSES_OR_MESSAGES, tier=4),
        *keys("input", "weave.input", "weave.inputs", tier=4),
        *keys("output", "weave.output", tier=4),
    ),
)
