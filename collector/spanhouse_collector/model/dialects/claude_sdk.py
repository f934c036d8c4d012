"""Anthropic's SDKs and API, whose spans follow OpenTelemetry's conventions with keys beside them."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import WRITE, Dialect, NamedSpan, keys

DIALECT: Final = Dialect(
    name="claude-sdk",
    source="anthropics/anthropic-sdk-*, documentation `api/opentelemetry/spans`",
    scopes=("com.anthropic.sdk", "com.anthropic.claude-platform"),
    spans=(
        NamedSpan("", "anthropic.messages.create", "LLM"),
        NamedSpan("", "anthropic.messages.stream", "LLM"),
        NamedSpan("", "anthropic.messages.tool_runner", "AGENT"),
        NamedSpan("", "anthropic.tool_use *", "TOOL"),
        NamedSpan("", "anthropic.custom_tool_use *", "TOOL"),
        NamedSpan("", "anthropic.server_tool_use *", "TOOL"),
    ),
    keys=(
        *keys("response_id", "anthropic.message.id"),
        *keys("finish_reasons", "anthropic.message.stop_reason", tier=1),
        *keys("cache_write_1h_input_tokens", "anthropic.usage.cache_creation.ephemeral_1h_input_tokens"),
        *keys("output", "anthropic.tool_result.content", use=WRITE),
        *keys("tool_result", "anthropic.tool_result.content", tier=1),
        *keys("tool_is_error", "anthropic.tool_result.is_error", tier=1),
    ),
)
