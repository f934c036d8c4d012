"""VoltAgent."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, WRITE, Dialect, keys
from spanhouse_collector.model.dialects.shared.span_types import SPAN_TYPE_WORDS

DIALECT: Final = Dialect(
    name="voltagent",
    source="VoltAgent/voltagent, its observability documentation",
    scopes=("@voltagent",),
    key_prefixes=("voltagent",),
    framework="voltagent",
    span_types={
        "span.type": SPAN_TYPE_WORDS,
    },
    keys=(
        *keys("span_type", "entity.type", decoder="span.type", tier=4),
        *keys("other_model", "llm.model", "ai.model.name", tier=2),
        *keys("session_id", "voltagent.conversation_id", tier=4),
        *keys("agent_name", "subagent.name"),
        *keys("own_name", "entity.name", tier=1),
        *keys("input_tokens", "usage.prompt_tokens", "llm.usage.prompt_tokens", "usage.input_tokens", tier=4),
        *keys("output_tokens", "usage.completion_tokens", "llm.usage.completion_tokens", "usage.output_tokens", tier=4),
        *keys("total_tokens", "usage.total_tokens", tier=4),
        *keys("cache_read_input_tokens", "usage.cached_tokens", "llm.usage.cached_tokens", tier=7),
        *keys("reasoning_output_tokens", "usage.reasoning_tokens", "llm.usage.reasoning_tokens", tier=6),
        *keys("input_messages", "agent.messages", "llm.messages", tier=6, use=WRITE),
        *keys("input", "tool.arguments", use=WRITE),
        *keys("input", "agent.messages", "llm.messages", tier=7, use=READ),
        *keys("output", "tool.result", use=WRITE),
        *keys("system_instructions", "agent.instructions", tier=2),
        *keys("tool_definitions", "llm.tools", tier=9),
        *keys("tool_call_id", "tool.call.id", tier=3),
        *keys("tool_arguments", "tool.arguments", tier=1),
        *keys("tool_result", "tool.result", tier=1),
        *keys("agent_node", "subagent.name", "entity.name"),
        *keys("error_stack", "error.stack"),
        *keys("request.stream", "llm.stream", tier=2),
    ),
)
