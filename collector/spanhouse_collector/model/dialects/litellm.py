"""LiteLLM's proxy and SDK: OpenTelemetry's keys, with costs and the raw request of each provider."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import WRITE, Dialect, NamedSpan, keys, usage
from spanhouse_collector.model.dialects.shared.usage_shapes import OPENAI_CHAT

# Of raw requests: `None` is written where the provider is not known.
_PROVIDERS: Final = ("openai", "azure", "anthropic", "bedrock", "vertex_ai", "gemini", "mistral", "groq", "None")

DIALECT: Final = Dialect(
    name="litellm",
    source="BerriAI/litellm `integrations/opentelemetry.py`",
    scopes=("litellm",),
    key_prefixes=("litellm",),
    framework="litellm",
    spans=(
        NamedSpan("litellm", "Received *", "CHAIN"),
        NamedSpan("litellm", "litellm_request", "LLM"),
        NamedSpan("litellm", "raw_gen_ai_request", "CHAIN"),
        NamedSpan("litellm", "guardrail", "GUARDRAIL"),
    ),
    keys=(
        *keys("guardrail_name", "guardrail_name"),
        *keys("provider", "litellm.provider.model", tier=2),
        *keys("session_id", "metadata.requester_metadata#session_id", tier=7),
        *keys("user_id", "metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id", tier=2),
        *keys("error_type", "error.code", use=WRITE),
        *usage("metadata.usage_object", OPENAI_CHAT, tier=2),
        *keys("cost_usd", "gen_ai.cost.total_cost", "litellm.cost.total"),
        *keys("cost_usd", "hidden_params#response_cost", tier=2),
        *keys("input_cost_usd", "gen_ai.cost.input_cost"),
        *keys("output_cost_usd", "gen_ai.cost.output_cost"),
        *keys(
            "input",
            *(f"llm.{provider}.messages" for provider in _PROVIDERS),
            tier=9,
        ),
        *keys("output", "guardrail_response", tier=7),
        *keys(
            "output",
            *(f"llm.{provider}.choices" for provider in _PROVIDERS),
            *(f"llm.{provider}.content" for provider in _PROVIDERS),
            tier=8,
        ),
        *keys("metadata", "metadata.*", tier=3),
        *keys("error_stack", "error.stack_trace"),
        *keys("usage_raw", "metadata.usage_object", tier=2),
    ),
)
