"""Comet's Opik."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys

DIALECT: Final = Dialect(
    name="opik",
    source="comet-ml/opik, its mapping of OpenTelemetry",
    key_prefixes=("opik",),
    keys=(
        *keys("session_id", "thread_id", tier=5),
        *keys("tags", "opik.tags", tier=2),
        *keys("input", "opik.input", tier=4),
        *keys("output", "opik.output", tier=4),
        *keys("metadata", "opik.metadata", decoder="object", tier=3),
        *keys("metadata", "opik.metadata.*", tier=3),
    ),
)
