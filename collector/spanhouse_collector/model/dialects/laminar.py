"""Laminar's SDK."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys, types

DIALECT: Final = Dialect(
    name="laminar",
    source="lmnr-ai/lmnr, lmnr-ai/lmnr-python `tracing`",
    scopes=("lmnr.tracer",),
    key_prefixes=("lmnr",),
    span_types={
        "laminar": types(
            LLM="llm cached",
            TOOL="tool",
            CHAIN="default pipeline",
            AGENT="executor",
            EVALUATOR="evaluator human_evaluator evaluation",
        ),
    },
    keys=(
        *keys("span_type", "lmnr.span.type", decoder="laminar", tier=3),
        *keys("session_id", "lmnr.association.properties.session_id", tier=3),
        *keys("user_id", "lmnr.association.properties.user_id", tier=2),
        *keys("tags", "lmnr.association.properties.tags", tier=2),
        *keys("input_cost_usd", "gen_ai.usage.input_cost"),
        *keys("output_cost_usd", "gen_ai.usage.output_cost"),
        *keys("input", "lmnr.span.input", tier=2),
        *keys("output", "lmnr.span.output", tier=2),
        *keys("tool_definitions", "lmnr.span.input#tools", tier=6),
        *keys("metadata", "lmnr.association.properties.metadata.*", tier=2),
    ),
)
