"""Microsoft's Agent Framework: OpenTelemetry's keys, with workflows and executors of its own."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, NamedSpan, keys

DIALECT: Final = Dialect(
    name="agent-framework",
    source="microsoft/agent-framework `observability.py`",
    scopes=("agent_framework", "Experimental.Microsoft.Agents"),
    key_prefixes=("workflow", "executor"),
    framework="microsoft.agent_framework",
    spans=(
        NamedSpan("", "workflow.build", "WORKFLOW"),
        NamedSpan("", "workflow.run", "WORKFLOW"),
        NamedSpan("agent_framework", "workflow.run *", "WORKFLOW"),
        NamedSpan("", "executor.process", "TASK"),
        NamedSpan("", "executor.process *", "TASK"),
        NamedSpan("", "edge_group.process", "CHAIN"),
        NamedSpan("", "edge_group.process *", "CHAIN"),
        NamedSpan("agent_framework", "message.send", "CHAIN"),
    ),
    keys=(
        *keys("dialect_keys", "workflow.id", "workflow.name", "executor.id"),
        *keys("workflow_name", "workflow.name"),
    ),
)
