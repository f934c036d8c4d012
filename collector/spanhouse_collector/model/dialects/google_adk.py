"""Google's Agent Development Kit: whole requests and answers as JSON."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, WRITE, Dialect, NamedSpan, keys

DIALECT: Final = Dialect(
    name="google-adk",
    source="google/adk-python `telemetry/tracing.py`",
    scopes=("gcp.vertex.agent",),
    key_prefixes=("gcp",),
    framework="gcp.vertex.agent",
    spans=(
        NamedSpan("gcp.vertex.agent", "invocation", "WORKFLOW"),
        NamedSpan("gcp.vertex.agent", "call_llm", "LLM"),
        NamedSpan("gcp.vertex.agent", "agent_run *", "AGENT"),
        NamedSpan("gcp.vertex.agent", "invoke_agent *", "AGENT"),
        NamedSpan("gcp.vertex.agent", "execute_tool *", "TOOL"),
        NamedSpan("gcp.vertex.agent", "generate_content *", "LLM"),
        NamedSpan("gcp.vertex.agent", "send_data", "CHAIN"),
    ),
    keys=(
        *keys("other_model", "gcp.vertex.agent.llm_request#model", tier=2),
        *keys("dialect_keys", "gcp.vertex.agent.invocation_id", "gcp.vertex.agent.event_id"),
        *keys("session_id", "gcp.vertex.agent.session_id", tier=2),
        *keys("user_id", "gcp.vertex.agent.user_id", tier=2),
        *keys("finish_reasons", "gcp.vertex.agent.llm_response#finish_reason", tier=2),
        *keys("input_tokens", "gcp.vertex.agent.llm_response#usage_metadata.prompt_token_count", tier=1),
        *keys("output_tokens", "gcp.vertex.agent.llm_response#usage_metadata.candidates_token_count", tier=1),
        *keys("total_tokens", "gcp.vertex.agent.llm_response#usage_metadata.total_token_count", tier=1),
        *keys(
            "cache_read_input_tokens", "gcp.vertex.agent.llm_response#usage_metadata.cached_content_token_count", tier=1
        ),
        *keys("reasoning_output_tokens", "gcp.vertex.agent.llm_response#usage_metadata.thoughts_token_count", tier=1),
        *keys("reasoning_output_tokens", "gen_ai.usage.experimental.reasoning_tokens", tier=5),
        *keys("input_messages", "gcp.vertex.agent.llm_request", tier=7, use=WRITE),
        *keys("input", "gcp.vertex.agent.tool_call_args", use=WRITE),
        *keys("input", "gcp.vertex.agent.llm_request", tier=8, use=READ),
        *keys("output_messages", "gcp.vertex.agent.llm_response", tier=5, use=WRITE),
        *keys("output", "gcp.vertex.agent.tool_response", use=WRITE),
        *keys("output", "gcp.vertex.agent.llm_response", tier=6, use=READ),
        *keys("tool_definitions", "gcp.vertex.agent.llm_request#config.tools", tier=4),
        *keys("tool_arguments", "gcp.vertex.agent.tool_call_args"),
        *keys("tool_result", "gcp.vertex.agent.tool_response"),
        *keys("usage_raw", "gcp.vertex.agent.llm_response#usage_metadata", tier=4),
        *keys("request.extra", "gcp.vertex.agent.llm_request#config", tier=2),
    ),
)
