"""Microsoft's Semantic Kernel."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, keys

DIALECT: Final = Dialect(
    name="semantic-kernel",
    source="microsoft/semantic-kernel `model_diagnostics`",
    scopes=("semantic_kernel", "Microsoft.SemanticKernel"),
    key_prefixes=("sk",),
    framework="semantic_kernel",
    keys=(
        *keys("dialect_keys", "sk.available_functions"),
        *keys("input_tokens", "gen_ai.response.prompt_tokens", tier=4),
        *keys("output_tokens", "gen_ai.response.completion_tokens", tier=4),
        *keys("tool_definitions", "sk.available_functions", tier=10),
        *keys("usage_raw", "gen_ai.response.prompt_tokens", "gen_ai.response.completion_tokens", tier=6),
    ),
)
