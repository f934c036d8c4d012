"""AWS AgentCore, whose content arrives in log records of the instrumentation's scope."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys

DIALECT: Final = Dialect(
    name="agentcore",
    source="AWS AgentCore documentation and samples",
    keys=(
        *keys("input_messages", "log:*#input.messages", decoder="adot_logs", tier=3),
        *keys("output_messages", "log:*#output.messages", decoder="adot_logs", tier=3),
    ),
)
