"""Flue: turns, tools, tasks and workflows of its agents."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import WRITE, Dialect, NamedSpan, keys

DIALECT: Final = Dialect(
    name="flue",
    source="langfuse/langfuse `packages/shared/src/server/otel`, which reads the spans of `@flue/opentelemetry`",
    scopes=("@flue",),
    key_prefixes=("flue",),
    spans=(
        NamedSpan("", "flue.turn", "LLM"),
        NamedSpan("", "flue.tool", "TOOL"),
        NamedSpan("", "flue.tool *", "TOOL"),
        NamedSpan("", "flue.task", "TASK"),
        NamedSpan("", "flue.task *", "TASK"),
        NamedSpan("", "flue.workflow", "WORKFLOW"),
        NamedSpan("", "flue.operation", "CHAIN"),
    ),
    keys=(
        *keys("tool_name", "flue.tool.name"),
        *keys("input", "flue.turn.input", tier=4),
        *keys("input", "flue.tool.arguments", tier=4, use=WRITE),
        *keys("input", "flue.task.prompt", "flue.workflow.payload", tier=4),
        *keys("output", "flue.turn.output", tier=4),
        *keys("output", "flue.tool.result", tier=4, use=WRITE),
        *keys("output", "flue.task.result", "flue.operation.result", "flue.workflow.result", tier=4),
        *keys("tool_definitions", "flue.turn.input#tools", tier=6),
        *keys("tool_call_id", "flue.tool.call_id", tier=2),
        *keys("tool_arguments", "flue.tool.arguments", tier=1),
        *keys("tool_result", "flue.tool.result", tier=1),
        *keys("workflow_name", "flue.workflow.name"),
    ),
)
