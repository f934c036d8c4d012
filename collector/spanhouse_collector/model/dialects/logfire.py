"""Pydantic's Logfire: requests and answers of the clients it instruments, as JSON."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, WRITE, Dialect, NamedSpan, keys, usage
from spanhouse_collector.model.dialects.shared.usage_shapes import OPENAI_CHAT, RESPONSES_OR_MESSAGES

DIALECT: Final = Dialect(
    name="logfire",
    source="pydantic/logfire `integrations/llm_providers`",
    scopes=("logfire",),
    key_prefixes=("logfire",),
    spans=(
        NamedSpan("logfire.openai_agents", "Agent *", "AGENT"),
        NamedSpan("logfire.openai_agents", "Function: *", "TOOL"),
        NamedSpan("logfire.openai_agents", "Handoff: *", "CHAIN", "handoff"),
        NamedSpan("logfire.openai_agents", "Guardrail: *", "GUARDRAIL"),
        NamedSpan("logfire.openai_agents", "Guardrail *", "GUARDRAIL"),
        NamedSpan("logfire.openai_agents", "Responses *", "LLM"),
        NamedSpan("logfire.openai_agents", "Chat *", "LLM"),
        NamedSpan("logfire.openai_agents", "OpenAI *", "WORKFLOW"),
        NamedSpan("logfire.openai_agents", "Custom *", "CHAIN"),
    ),
    keys=(
        *keys("request_model", "request_data#model", tier=1),
        *keys("response_model", "response#model", tier=1),
        *keys("response_id", "response_data#id", "response#id"),
        *keys("dialect_keys", "logfire.msg"),
        *keys("session_id", "group_id", tier=8),
        *keys("own_name", "name", tier=1),
        *keys("tags", "logfire.tags", tier=1),
        *keys("level", "logfire.level_num", decoder="logfire_level", use=READ),
        *keys("level_number", "logfire.level_num"),
        *keys("logfire_span_type", "logfire.span_type"),
        *usage("response_data#usage.", OPENAI_CHAT, tier=1),
        *usage("gen_ai.usage.raw", OPENAI_CHAT, tier=2),
        *usage("response_data#usage.", RESPONSES_OR_MESSAGES, tier=3),
        *usage("gen_ai.usage.raw", RESPONSES_OR_MESSAGES, tier=3),
        *usage("usage", RESPONSES_OR_MESSAGES, tier=3),
        *keys("input_messages", "raw_input", tier=5, use=WRITE),
        *keys("input_messages", "request_data", tier=7, use=WRITE),
        *keys("output_messages", "response_data", tier=5, use=WRITE),
        *keys("output", "response_data", tier=6, use=READ),
        *keys("output", "response", tier=6),
        *keys("input", "raw_input", tier=4, use=READ),
        *keys("input", "request_data", tier=8, use=READ),
        *keys("tool_definitions", "request_data#tools", tier=4),
        *keys("tool_definitions", "tools", tier=8),
        *keys("usage_raw", "usage", "response_data#usage", tier=3),
        *keys("request.extra", "model_settings"),
        *keys("request_objects", "request_data"),
    ),
)
