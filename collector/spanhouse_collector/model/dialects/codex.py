"""OpenAI's Codex, whose numbers are strings."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, NamedSpan, keys

DIALECT: Final = Dialect(
    name="codex",
    source="openai/codex crate `otel`",
    key_prefixes=("codex",),
    spans=(NamedSpan("", "handle_responses", "LLM"),),
    keys=(
        *keys("provider", "provider_name", tier=4),
        *keys("session_id", "conversation.id", tier=4),
        *keys("user_id", "user.account_id", tier=4),
        *keys("input_tokens", "codex.usage.input_tokens", "input_token_count", tier=4),
        *keys("output_tokens", "codex.usage.output_tokens", "output_token_count", tier=4),
        *keys("total_tokens", "codex.usage.total_tokens", "total_token_count", tier=4),
        *keys("cache_read_input_tokens", "cached_token_count", tier=7),
        *keys("reasoning_output_tokens", "codex.usage.reasoning_output_tokens", "reasoning_token_count", tier=6),
        *keys("input_messages", "log:codex.user_prompt#prompt", decoder="plain_message", tier=3),
        *keys("request.reasoning_level", "reasoning_effort"),
    ),
)
