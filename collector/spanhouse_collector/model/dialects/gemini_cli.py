"""Gemini CLI: OpenTelemetry's keys, with whole structures in the place of messages."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys

DIALECT: Final = Dialect(
    name="gemini-cli",
    source="google-gemini/gemini-cli `telemetry/`",
    scopes=("gemini-cli",),
    keys=(
        *keys("input_messages", "log:gemini_cli.user_prompt#prompt", decoder="plain_message", tier=3),
        *keys("output_messages", "log:gemini_cli.api_response#response_text", decoder="plain_message", tier=3),
        *keys("tool_call_id", "gen_ai.tool.call_id", "gen_ai.input.messages#callId", tier=1),
        *keys("tool_arguments", "gen_ai.input.messages#args", tier=1),
        *keys("tool_arguments", "gen_ai.input.messages", tier=2),
        *keys("tool_result", "gen_ai.output.messages", tier=2),
        *keys("tool_status", "gen_ai.output.messages#status"),
    ),
)
