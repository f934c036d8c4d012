"""Names of the counts of tokens in JSON objects, as providers' APIs have them.

Sources: openai-openapi `CompletionUsage`, `ResponseUsage`; anthropic-sdk `Usage`; LangChain `UsageMetadata`.
"""

from __future__ import annotations

from typing import Final

# Target → members, best first.
Shape = dict[str, tuple[str, ...]]

OPENAI_CHAT: Final[Shape] = {
    "input_tokens": ("prompt_tokens",),
    "output_tokens": ("completion_tokens",),
    "total_tokens": ("total_tokens",),
    "cache_read_input_tokens": ("prompt_tokens_details.cached_tokens",),
    "reasoning_output_tokens": ("completion_tokens_details.reasoning_tokens",),
}
# OpenAI's Responses and Anthropic's Messages: the same names but for the cache.
RESPONSES_OR_MESSAGES: Final[Shape] = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "total_tokens": ("total_tokens",),
    "cache_read_input_tokens": ("input_tokens_details.cached_tokens", "cache_read_input_tokens"),
    "cache_write_input_tokens": ("cache_creation_input_tokens",),
    "reasoning_output_tokens": ("output_tokens_details.reasoning_tokens",),
    "cache_write_1h_input_tokens": ("cache_creation.ephemeral_1h_input_tokens",),
}
LANGCHAIN: Final[Shape] = {
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "total_tokens": ("total_tokens",),
    "cache_read_input_tokens": ("input_token_details.cache_read",),
    "cache_write_input_tokens": ("input_token_details.cache_creation",),
    "reasoning_output_tokens": ("output_token_details.reasoning",),
    "cache_write_1h_input_tokens": ("input_token_details.ephemeral_1h_input_tokens",),
}
