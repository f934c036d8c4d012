"""Agno, through OpenInference's instrumentation."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys

DIALECT: Final = Dialect(
    name="agno",
    source="agno-agi/agno, through Arize-ai/openinference `spec/`",
    key_prefixes=("agno",),
    framework="agno",
    keys=(
        *keys("dialect_keys", "agno.run.id", "agno.agent.id"),
        *keys("agent_name", "agno.agent.name"),
        *keys("agent_id", "agno.agent.id"),
    ),
)
