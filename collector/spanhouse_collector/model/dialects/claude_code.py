"""Claude Code: spans and log records of the coding agent."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, WRITE, Dialect, NamedSpan, keys
from spanhouse_collector.model.dialects.shared.span_types import SPAN_TYPE_WORDS

DIALECT: Final = Dialect(
    name="claude-code",
    source="anthropics/claude-code documentation, monitoring-usage",
    scopes=("com.anthropic.claude_code",),
    span_types={
        "span.type": SPAN_TYPE_WORDS,
    },
    spans=(
        NamedSpan("", "claude_code.interaction", "AGENT"),
        NamedSpan("", "claude_code.llm_request", "LLM"),
        NamedSpan("", "claude_code.tool", "TOOL"),
        NamedSpan("", "claude_code.tool.blocked_on_user", "CHAIN"),
        NamedSpan("", "claude_code.tool.execution", "TASK"),
        NamedSpan("", "claude_code.hook", "CHAIN"),
    ),
    keys=(
        *keys("span_type", "span.type", decoder="span.type", tier=3),
        *keys("other_model", "model", tier=2),
        *keys("user_id", "user.account_uuid", "user.email", tier=4),
        *keys("tool_name", "tool_name"),
        *keys("finish_reasons", "stop_reason", tier=1),
        *keys("success", "success"),
        *keys("input_tokens", "input_tokens", tier=4),
        *keys("output_tokens", "output_tokens", tier=4),
        *keys("cache_read_input_tokens", "cache_read_tokens", tier=7),
        *keys("cache_write_input_tokens", "cache_creation_tokens", tier=5),
        *keys("cost_usd", "cost_usd", tier=2),
        *keys("ttft_ns", "ttft_ms", decoder="milliseconds", tier=2),
        *keys("input_messages", "new_context", "user_prompt", decoder="plain_message", use=READ),
        *keys(
            "input_messages",
            "log:claude_code.user_prompt#prompt",
            "log:user_prompt#prompt",
            decoder="plain_message",
            tier=3,
        ),
        *keys("input", "new_context", "user_prompt", "tool_input", use=WRITE),
        *keys("input", "full_command", tier=60, use=WRITE),
        *keys("output_messages", "response.model_output", decoder="plain_message", use=READ),
        *keys(
            "output_messages",
            "log:claude_code.assistant_response#response",
            "log:assistant_response#response",
            decoder="plain_message",
            tier=3,
        ),
        *keys("output_pieces", "event:tool.output#output", "event:tool.output#content"),
        *keys("output", "response.model_output", use=WRITE),
        *keys("system_instructions", "system_prompt_preview", tier=1),
        *keys("tool_call_id", "tool_use_id", tier=1),
        *keys("tool_arguments", "tool_input"),
        *keys("tool_arguments", "full_command", tier=60),
        *keys("tool_result", "event:tool.output#output", "event:tool.output#content", tier=1),
        *keys("first_piece", "ttft_ms"),
        *keys("error_message", "error", decoder="text"),
        *keys("usage_raw", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens", tier=2),
    ),
)
