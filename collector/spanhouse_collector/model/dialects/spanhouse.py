"""Spanhouse's own SDK."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, Dialect, keys
from spanhouse_collector.model.dialects.shared.span_types import OWN_TYPES

DIALECT: Final = Dialect(
    name="spanhouse",
    source="this project's SDK, docs/shim.md",
    scopes=("spanhouse",),
    key_prefixes=("spanhouse",),
    span_types={
        "spanhouse": OWN_TYPES,
    },
    keys=(
        *keys("span_type", "spanhouse.span_type", decoder="spanhouse"),
        *keys("tags", "spanhouse.tags"),
        *keys("level", "spanhouse.log_level", tier=2, use=READ),
        *keys("cost_usd", "spanhouse.cost_usd"),
        *keys("metadata", "spanhouse.trace.metadata.*", tier=1),
        *keys("tags_kv", "spanhouse.trace.tag.*", tier=1),
    ),
)
