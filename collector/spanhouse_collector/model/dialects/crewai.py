"""CrewAI's own telemetry, which says who works on which task."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys

DIALECT: Final = Dialect(
    name="crewai",
    source="crewAIInc/crewAI `telemetry/`",
    scopes=("crewai.telemetry",),
    key_prefixes=("crewai",),
    framework="crewai",
    keys=(
        *keys("input", "crewai.task.description", "crew_tasks", tier=9),
        *keys("output", "crewai.crew.result", "crewai.task.output", tier=8),
    ),
)
