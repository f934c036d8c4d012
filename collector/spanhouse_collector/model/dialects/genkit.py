"""Firebase Genkit: each action's input and output as JSON."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, WRITE, Dialect, keys, types

DIALECT: Final = Dialect(
    name="genkit",
    source="firebase/genkit `js/core/src/tracing`",
    scopes=("genkit-tracer",),
    key_prefixes=("genkit:name", "genkit:type", "genkit:input", "genkit:metadata:subtype"),
    framework="genkit",
    span_types={
        "genkit": types(
            LLM="model background-model",
            EMBEDDING="embedder",
            TOOL="tool tool.v2",
            RETRIEVER="retriever",
            RERANKER="reranker",
            EVALUATOR="evaluator",
            WORKFLOW="flow",
            TASK="flowstep",
            PROMPT="prompt executableprompt executable-prompt dotprompt",
            CHAIN="util action",
        ),
    },
    keys=(
        *keys("span_type", "genkit:metadata:subtype", "genkit:type", decoder="genkit", tier=3),
        *keys("response_id", "genkit:output#raw.id", tier=1),
        *keys("session_id", "genkit:sessionId", tier=5),
        *keys("own_name", "genkit:name", tier=1),
        *keys("finish_reasons", "genkit:output#finishReason", tier=2),
        *keys("input_tokens", "genkit:output#usage.inputTokens", tier=1),
        *keys("output_tokens", "genkit:output#usage.outputTokens", tier=1),
        *keys("total_tokens", "genkit:output#usage.totalTokens", tier=1),
        *keys("cache_read_input_tokens", "genkit:output#usage.cachedContentTokens", tier=1),
        *keys("reasoning_output_tokens", "genkit:output#usage.thoughtsTokens", tier=1),
        *keys("input_messages", "genkit:input", tier=4, use=WRITE),
        *keys("output_messages", "genkit:output", tier=4, use=WRITE),
        *keys("input", "genkit:input", tier=2, use=READ),
        *keys("output", "genkit:output", tier=2, use=READ),
        *keys("tool_definitions", "genkit:input#tools", tier=5),
        *keys("documents_in", "genkit:input#documents", tier=1),
        *keys("top_k", "genkit:input#options.k", tier=3),
        *keys("usage_raw", "genkit:output#usage", tier=4),
        *keys("request.extra", "genkit:input#config", tier=1),
    ),
)
