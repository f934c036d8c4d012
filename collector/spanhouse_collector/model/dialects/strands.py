"""Strands Agents: OpenTelemetry's keys, with content in events."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys

DIALECT: Final = Dialect(
    name="strands",
    source="strands-agents/sdk-python `telemetry/tracer.py`",
    scopes=("strands",),
    key_prefixes=("event_loop",),
    framework="strands-agents",
    keys=(
        *keys("dialect_keys", "event_loop.cycle_id"),
        *keys("cache_write_input_tokens", "gen_ai.usage.cache_write_input_tokens", tier=1),
        *keys("ttft_ns", "gen_ai.server.time_to_first_token", decoder="server_ttft", tier=1),
        *keys("tool_definitions", "gen_ai.agent.tools", tier=9),
        *keys("tool_call_id", "event:gen_ai.tool.message#id", "event:gen_ai.choice#id", tier=4),
        *keys("tool_arguments", "event:gen_ai.tool.message#content", tier=2),
        *keys("tool_result", "event:gen_ai.choice#message", "event:gen_ai.choice#tool.result", tier=2),
        *keys("output_pieces", "event:gen_ai.choice#tool.result"),
        *keys("tool_status", "gen_ai.tool.status"),
    ),
)
