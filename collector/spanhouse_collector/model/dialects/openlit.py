"""OpenLIT: OpenTelemetry's keys with the provider's own accounting, and some of its own."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import Dialect, NamedSpan, keys

DIALECT: Final = Dialect(
    name="openlit",
    source="openlit/openlit `sdk/python`",
    scopes=("openlit",),
    spans=(NamedSpan("openlit", "vectordb *", "RETRIEVER"),),
    keys=(
        *keys("dialect_keys", "gen_ai.application_name", "gen_ai.environment"),
        *keys("session_id", "gen_ai.session.id", tier=1),
        *keys("user_id", "gen_ai.user.id", tier=1),
        *keys("user_id", "gen_ai.request.user", tier=3),
        *keys("total_tokens", "gen_ai.client.token.usage", tier=4),
        *keys("cache_read_input_tokens", "gen_ai.usage.prompt_tokens_details.cached_tokens", tier=6),
        *keys("cost_usd", "gen_ai.usage.cost"),
        *keys("ttft_ns", "gen_ai.server.ttft", tier=1),
        *keys("output_pieces", "gen_ai.response.tool_calls"),
        *keys("tool_arguments", "gen_ai.tool.args", "function.args", tier=1),
        *keys("query", "gen_ai.retrieval.query", "db.query.text_input", tier=1),
        *keys("environment", "gen_ai.environment"),
        *keys("error_message", "exception.message", tier=1),
        *keys("usage_raw", "gen_ai.client.token.usage", tier=1),
        *keys("request.max_tokens", "gen_ai.request.max_output_tokens"),
        *keys("request.stream", "gen_ai.request.is_stream"),
    ),
)
