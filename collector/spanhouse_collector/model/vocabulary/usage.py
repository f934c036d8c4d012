"""What a span used: tokens, money, and how soon it answered.

Within a target the newest convention's key comes first; a zero never hides a positive number of a later key.
Langfuse's usage_details are buckets, which exclude one another: the mapping adds them up.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.vocabulary.source import Source, Target, rows

LANGFUSE_USAGE: Final = "langfuse.observation.usage_details"
LANGFUSE_COST: Final = "langfuse.observation.cost_details"
_BLOBS: Final = (
    # (blob, dialect, input, output, total, cache read, cache write, reasoning)
    *(
        (
            blob,
            "langsmith",
            "input_tokens",
            "output_tokens",
            "total_tokens",
            "input_token_details.cache_read",
            "input_token_details.cache_creation",
            "output_token_details.reasoning",
        )
        for blob in ("langsmith.usage_metadata", "langsmith.metadata.usage_metadata")
    ),
    (
        "mlflow.chat.tokenUsage",
        "mlflow",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
        "",
    ),
    (
        "gcp.vertex.agent.llm_response",
        "google-adk",
        "usage_metadata.prompt_token_count",
        "usage_metadata.candidates_token_count",
        "usage_metadata.total_token_count",
        "usage_metadata.cached_content_token_count",
        "",
        "usage_metadata.thoughts_token_count",
    ),
    (
        "genkit:output",
        "genkit",
        "usage.inputTokens",
        "usage.outputTokens",
        "usage.totalTokens",
        "usage.cachedContentTokens",
        "",
        "usage.thoughtsTokens",
    ),
    (
        "lk.llm_metrics",
        "livekit",
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "prompt_cached_tokens",
        "",
        "",
    ),
    *(
        (
            blob,
            dialect,
            f"{path}prompt_tokens",
            f"{path}completion_tokens",
            f"{path}total_tokens",
            f"{path}prompt_tokens_details.cached_tokens",
            "",
            f"{path}completion_tokens_details.reasoning_tokens",
        )
        for blob, dialect, path in (
            ("response_data", "logfire", "usage."),
            ("haystack.component.output", "haystack", "replies.meta.usage."),
            ("haystack.component.output", "haystack", "replies._meta.usage."),
            ("haystack.component.output", "haystack", "meta.usage."),
            ("haystack.agent.step.llm.output", "haystack", "replies.meta.usage."),
            ("haystack.agent.step.llm.output", "haystack", "replies._meta.usage."),
            ("haystack.chat_generator.output", "haystack", "replies.meta.usage."),
            ("haystack.chat_generator.output", "haystack", "replies._meta.usage."),
            ("metadata.usage_object", "litellm", ""),
            ("gen_ai.usage.raw", "logfire", ""),
            ("weave.usage", "weave", ""),
            (LANGFUSE_USAGE, "langfuse", ""),
        )
    ),
    *(
        (
            blob,
            dialect,
            f"{path}input_tokens",
            f"{path}output_tokens",
            f"{path}total_tokens",
            f"{path}{cached}",
            f"{path}{written}",
            f"{path}output_tokens_details.reasoning_tokens",
        )
        for blob, dialect, path in (
            ("response_data", "logfire", "usage."),
            ("gen_ai.usage.raw", "logfire", ""),
            ("usage", "logfire", ""),
            ("weave.usage", "weave", ""),
            ("haystack.component.output", "haystack", "replies.meta.usage."),
            ("haystack.component.output", "haystack", "replies._meta.usage."),
            (LANGFUSE_USAGE, "langfuse", ""),
        )
        for cached, written in (
            ("input_tokens_details.cached_tokens", ""),
            ("cache_read_input_tokens", "cache_creation_input_tokens"),
        )
    ),
)


def _of_blobs(position: int) -> tuple[Source, ...]:
    """The sources that the blobs have for one of the six numbers."""
    found = dict.fromkeys((f"{blob[0]}#{blob[position]}", blob[1]) for blob in _BLOBS if blob[position])
    return tuple(Source(key, dialect, "number") for key, dialect in found)


INPUT_TOKENS: Final = Target(
    "input_tokens",
    (
        *rows("otel", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", decoder="number"),
        *rows("openinference", "llm.token_count.prompt", decoder="number"),
        *rows("vercel", "ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens", decoder="number"),
        *_of_blobs(2),
        *rows("langfuse", f"{LANGFUSE_USAGE}#input", decoder="number"),
        *rows("voltagent", "usage.prompt_tokens", "llm.usage.prompt_tokens", "usage.input_tokens", decoder="number"),
        *rows("semantic-kernel", "gen_ai.response.prompt_tokens", decoder="number"),
        *rows("pydantic-ai", "gen_ai.aggregated_usage.input_tokens", decoder="number"),
        *rows("claude-code", "input_tokens", decoder="number"),
        *rows("codex", "codex.usage.input_tokens", "input_token_count", decoder="number"),
    ),
)
OUTPUT_TOKENS: Final = Target(
    "output_tokens",
    (
        *rows("otel", "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", decoder="number"),
        *rows("openinference", "llm.token_count.completion", decoder="number"),
        *rows("vercel", "ai.usage.outputTokens", "ai.usage.completionTokens", decoder="number"),
        *_of_blobs(3),
        *rows("langfuse", f"{LANGFUSE_USAGE}#output", decoder="number"),
        *rows(
            "voltagent",
            "usage.completion_tokens",
            "llm.usage.completion_tokens",
            "usage.output_tokens",
            decoder="number",
        ),
        *rows("semantic-kernel", "gen_ai.response.completion_tokens", decoder="number"),
        *rows("pydantic-ai", "gen_ai.aggregated_usage.output_tokens", decoder="number"),
        *rows("claude-code", "output_tokens", decoder="number"),
        *rows("codex", "codex.usage.output_tokens", "output_token_count", decoder="number"),
    ),
)
TOTAL_TOKENS: Final = Target(
    "total_tokens",
    (
        *rows("otel", "gen_ai.usage.total_tokens", decoder="number"),
        *rows("openllmetry", "llm.usage.total_tokens", decoder="number"),
        *rows("openinference", "llm.token_count.total", decoder="number"),
        *rows("vercel", "ai.usage.totalTokens", decoder="number"),
        *_of_blobs(4),
        *rows("langfuse", f"{LANGFUSE_USAGE}#total", decoder="number"),
        *rows("voltagent", "usage.total_tokens", decoder="number"),
        *rows("openlit", "gen_ai.client.token.usage", decoder="number"),
        *rows("codex", "codex.usage.total_tokens", "total_token_count", decoder="number"),
    ),
)
CACHE_READ_INPUT_TOKENS: Final = Target(
    "cache_read_input_tokens",
    (
        *rows("otel", "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens", decoder="number"),
        *rows(
            "openinference",
            "llm.token_count.prompt_details.cache_read",
            "llm.token_count.prompt_details.cache_input",
            decoder="number",
        ),
        *rows(
            "vercel",
            "ai.usage.cachedInputTokens",
            "ai.usage.inputTokenDetails.cacheReadTokens",
            "ai.response.providerMetadata#openai.cachedPromptTokens",
            "ai.response.providerMetadata#anthropic.usage.cache_read_input_tokens",
            "ai.response.providerMetadata#anthropic.cacheReadInputTokens",
            "ai.response.providerMetadata#bedrock.usage.cacheReadInputTokens",
            decoder="number",
        ),
        *_of_blobs(5),
        *rows(
            "langfuse",
            f"{LANGFUSE_USAGE}#input_cached_tokens",
            f"{LANGFUSE_USAGE}#input_cache_read",
            f"{LANGFUSE_USAGE}#input_cache_read_input_tokens",
            decoder="number",
        ),
        *rows("pydantic-ai", "gen_ai.usage.details.cache_read_tokens", decoder="number"),
        *rows("pydantic-ai", "gen_ai.aggregated_usage.cache_read.input_tokens", decoder="number"),
        *rows("langsmith", "gen_ai.usage.input_token_details#cache_read", decoder="number"),
        *rows("mastra", "gen_ai.usage.cached_input_tokens", decoder="number"),
        *rows("livekit", "gen_ai.usage.input_cached_tokens", decoder="number"),
        *rows("openlit", "gen_ai.usage.prompt_tokens_details.cached_tokens", decoder="number"),
        *rows("voltagent", "usage.cached_tokens", "llm.usage.cached_tokens", decoder="number"),
        *rows("claude-code", "cache_read_tokens", decoder="number"),
        *rows("codex", "cached_token_count", decoder="number"),
    ),
)
CACHE_WRITE_INPUT_TOKENS: Final = Target(
    "cache_write_input_tokens",
    (
        *rows(
            "otel",
            "gen_ai.usage.cache_write.input_tokens",
            "gen_ai.usage.cache_creation.input_tokens",
            "gen_ai.usage.cache_creation_input_tokens",
            decoder="number",
        ),
        *rows("strands", "gen_ai.usage.cache_write_input_tokens", decoder="number"),
        *rows("openinference", "llm.token_count.prompt_details.cache_write", decoder="number"),
        *rows(
            "vercel",
            "ai.usage.inputTokenDetails.cacheWriteTokens",
            "ai.response.providerMetadata#anthropic.usage.cache_creation_input_tokens",
            "ai.response.providerMetadata#anthropic.cacheCreationInputTokens",
            "ai.response.providerMetadata#bedrock.usage.cacheWriteInputTokens",
            decoder="number",
        ),
        *_of_blobs(6),
        *rows(
            "langfuse",
            f"{LANGFUSE_USAGE}#input_cache_creation",
            f"{LANGFUSE_USAGE}#input_cache_creation_input_tokens",
            f"{LANGFUSE_USAGE}#input_cache_write",
            decoder="number",
        ),
        *rows("pydantic-ai", "gen_ai.usage.details.cache_write_tokens", decoder="number"),
        *rows("pydantic-ai", "gen_ai.aggregated_usage.cache_creation.input_tokens", decoder="number"),
        *rows("langsmith", "gen_ai.usage.input_token_details#cache_creation", decoder="number"),
        *rows("mastra", "gen_ai.usage.cache_write_tokens", decoder="number"),
        *rows("claude-code", "cache_creation_tokens", decoder="number"),
    ),
)
REASONING_OUTPUT_TOKENS: Final = Target(
    "reasoning_output_tokens",
    (
        *rows("otel", "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens", decoder="number"),
        *rows("openinference", "llm.token_count.completion_details.reasoning", decoder="number"),
        *rows(
            "vercel",
            "ai.usage.reasoningTokens",
            "ai.usage.outputTokenDetails.reasoningTokens",
            "ai.response.providerMetadata#openai.reasoningTokens",
            decoder="number",
        ),
        *_of_blobs(7),
        *rows(
            "langfuse",
            f"{LANGFUSE_USAGE}#output_reasoning_tokens",
            f"{LANGFUSE_USAGE}#output_reasoning",
            decoder="number",
        ),
        *rows("pydantic-ai", "gen_ai.usage.details.reasoning_tokens", decoder="number"),
        *rows("pydantic-ai", "gen_ai.aggregated_usage.details.reasoning_tokens", decoder="number"),
        *rows("google-adk", "gen_ai.usage.experimental.reasoning_tokens", decoder="number"),
        *rows("langsmith", "gen_ai.usage.output_token_details#reasoning", decoder="number"),
        *rows("voltagent", "usage.reasoning_tokens", "llm.usage.reasoning_tokens", decoder="number"),
        *rows("codex", "codex.usage.reasoning_output_tokens", "reasoning_token_count", decoder="number"),
    ),
)
COST_USD: Final = Target(
    "cost_usd",
    (
        *rows("spanhouse", "spanhouse.cost_usd", decoder="money"),
        *rows("openinference", "llm.cost.total", decoder="money"),
        *rows("litellm", "gen_ai.cost.total_cost", "litellm.cost.total", decoder="money"),
        *rows("openlit", "gen_ai.usage.cost", decoder="money"),
        *rows("pydantic-ai", "operation.cost", decoder="money"),
        *rows("mlflow", "mlflow.llm.cost#total_cost", decoder="money"),
        *rows("langfuse", f"{LANGFUSE_COST}#total", decoder="money"),
        *rows("langsmith", "langsmith.usage_metadata#total_cost", decoder="money"),
        *rows("litellm", "hidden_params#response_cost", decoder="money"),
        *rows("claude-code", "cost_usd", decoder="money"),
    ),
)
# What is told of a cost by those that tell no total.
INPUT_COST_USD: Final = Target(
    "input_cost_usd",
    (
        *rows("openinference", "llm.cost.prompt", decoder="money"),
        *rows("litellm", "gen_ai.cost.input_cost", decoder="money"),
        *rows("laminar", "gen_ai.usage.input_cost", decoder="money"),
        *rows("mlflow", "mlflow.llm.cost#input_cost", decoder="money"),
        *rows("langsmith", "langsmith.usage_metadata#input_cost", decoder="money"),
    ),
)
OUTPUT_COST_USD: Final = Target(
    "output_cost_usd",
    (
        *rows("openinference", "llm.cost.completion", decoder="money"),
        *rows("litellm", "gen_ai.cost.output_cost", decoder="money"),
        *rows("laminar", "gen_ai.usage.output_cost", decoder="money"),
        *rows("mlflow", "mlflow.llm.cost#output_cost", decoder="money"),
        *rows("langsmith", "langsmith.usage_metadata#output_cost", decoder="money"),
    ),
)
# The provider's own count, which a library may have passed on as it was: without cache.
RAW_INPUT_TOKENS: Final = Target(
    "raw_input_tokens",
    rows("vercel", "ai.response.providerMetadata#anthropic.usage.input_tokens", decoder="number"),
)
TTFT: Final = Target(
    "ttft_ns",
    (
        *rows(
            "otel",
            "gen_ai.response.time_to_first_chunk",
            "gen_ai.client.operation.time_to_first_chunk",
            decoder="seconds",
        ),
        *rows("vercel", "ai.response.msToFirstChunk", "ai.stream.msToFirstChunk", decoder="milliseconds"),
        *rows("vercel", "event:ai.stream.firstChunk#ai.response.msToFirstChunk", decoder="milliseconds"),
        *rows("strands", "gen_ai.server.time_to_first_token", decoder="server_ttft"),
        *rows("openlit", "gen_ai.server.ttft", decoder="seconds"),
        *rows("livekit", "lk.response.ttft", decoder="seconds"),
        *rows("claude-code", "ttft_ms", decoder="milliseconds"),
        *rows("pipecat", "metrics.ttfb", decoder="seconds"),
    ),
)
# When the first chunk of the answer came, as ISO text.
FIRST_CHUNK_TIME: Final = Target(
    "first_chunk_time",
    (
        *rows("langfuse", "langfuse.observation.completion_start_time"),
        *rows("mastra", "mastra.completion_start_time"),
    ),
)
# The span event that marks the first chunk of a streamed answer; its time minus the span's start.
FIRST_CHUNK_EVENTS: Final = (
    "First Token Stream Event",
    "ai.stream.firstChunk",
    "gen_ai.first_token",
    "llm.content.completion.chunk",
    "mlflow.chunk.item.0",
)

USAGE: Final = (
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    TOTAL_TOKENS,
    CACHE_READ_INPUT_TOKENS,
    CACHE_WRITE_INPUT_TOKENS,
    REASONING_OUTPUT_TOKENS,
    COST_USD,
    INPUT_COST_USD,
    OUTPUT_COST_USD,
    RAW_INPUT_TOKENS,
    TTFT,
)
