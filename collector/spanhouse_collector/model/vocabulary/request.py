"""Where the parameters of a request stand: temperature, limits, stop sequences and their like.

Owns the names that each parameter has, alone as an attribute and inside the JSON objects ("bags") that hold several.
A parameter's own attribute beats a bag; the bags stand in order of precedence.

Sources: as `content`; openai-openapi, anthropic-sdk and googleapis for the names inside bags.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.vocabulary.source import Source, Target, rows

# Objects of parameters: what they hold beyond the known names is kept as `extra`.
PARAMETER_BAGS: Final = (
    ("openinference", "llm.invocation_parameters"),
    ("openinference", "embedding.invocation_parameters"),
    ("langfuse", "langfuse.observation.model.parameters"),
    ("logfire", "model_settings"),
    ("mastra", "mastra.model_generation.parameters"),
    ("mastra", "mastra.llm_generation.parameters"),
    ("genkit", "genkit:input#config"),
    ("google-adk", "gcp.vertex.agent.llm_request#config"),
    ("haystack", "haystack.component.input#generation_kwargs"),
    ("langsmith", "langsmith.metadata.invocation_params"),
)
# Whole requests: they hold messages and much else besides the parameters.
REQUEST_BAGS: Final = (
    ("mlflow", "mlflow.spanInputs"),
    ("logfire", "request_data"),
    ("openinference", "input.value"),
    ("langfuse", "langfuse.observation.input"),
    ("langsmith", "gen_ai.prompt"),
)

# Parameter → decoder, names inside bags, attributes of its own (dialect, key).
_PARAMETERS: Final[dict[str, tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]]] = {
    "temperature": (
        "number",
        ("temperature",),
        (
            ("otel", "gen_ai.request.temperature"),
            ("vercel", "ai.settings.temperature"),
            ("langsmith", "langsmith.metadata.ls_temperature"),
            ("openllmetry", "traceloop.association.properties.ls_temperature"),
            ("openllmetry", "llm.temperature"),
            ("mlflow", "temperature"),
        ),
    ),
    "top_p": (
        "number",
        ("top_p", "topP"),
        (
            ("otel", "gen_ai.request.top_p"),
            ("vercel", "ai.settings.topP"),
            ("openllmetry", "llm.top_p"),
            ("mlflow", "top_p"),
        ),
    ),
    "top_k": (
        "number",
        ("top_k", "topK"),
        (("otel", "gen_ai.request.top_k"), ("vercel", "ai.settings.topK"), ("openllmetry", "llm.top_k")),
    ),
    "max_tokens": (
        "amount",
        ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "maxTokens", "max_new_tokens"),
        (
            ("otel", "gen_ai.request.max_tokens"),
            ("openlit", "gen_ai.request.max_output_tokens"),
            ("vercel", "ai.settings.maxOutputTokens"),
            ("vercel", "ai.settings.maxTokens"),
            ("langsmith", "langsmith.metadata.ls_max_tokens"),
            ("openllmetry", "traceloop.association.properties.ls_max_tokens"),
            ("mlflow", "max_tokens"),
        ),
    ),
    "frequency_penalty": (
        "number",
        ("frequency_penalty", "frequencyPenalty"),
        (
            ("otel", "gen_ai.request.frequency_penalty"),
            ("openllmetry", "llm.frequency_penalty"),
            ("vercel", "ai.settings.frequencyPenalty"),
        ),
    ),
    "presence_penalty": (
        "number",
        ("presence_penalty", "presencePenalty"),
        (
            ("otel", "gen_ai.request.presence_penalty"),
            ("openllmetry", "llm.presence_penalty"),
            ("vercel", "ai.settings.presencePenalty"),
        ),
    ),
    "seed": (
        "integer",
        ("seed", "random_seed"),
        (
            ("otel", "gen_ai.request.seed"),
            ("otel", "gen_ai.openai.request.seed"),
            ("vercel", "ai.settings.seed"),
        ),
    ),
    "stop_sequences": (
        "texts",
        ("stop", "stop_sequences", "stopSequences"),
        (
            ("otel", "gen_ai.request.stop_sequences"),
            ("openllmetry", "llm.chat.stop_sequences"),
            ("vercel", "ai.settings.stopSequences"),
        ),
    ),
    "choice_count": (
        "amount",
        ("n", "candidate_count", "candidateCount"),
        (("otel", "gen_ai.request.choice.count"),),
    ),
    "stream": (
        "boolean",
        ("stream", "streaming"),
        (
            ("otel", "gen_ai.request.stream"),
            ("openllmetry", "gen_ai.is_streaming"),
            ("openllmetry", "llm.is_streaming"),
            ("openlit", "gen_ai.request.is_stream"),
            ("langsmith", "langsmith.request.streaming"),
            ("spring-ai", "spring.ai.chat.client.stream"),
            ("mlflow", "stream"),
            ("voltagent", "llm.stream"),
        ),
    ),
    "output_type": (
        "output_type",
        ("response_format", "response_mime_type", "responseMimeType"),
        (("otel", "gen_ai.output.type"), ("otel", "gen_ai.openai.request.response_format")),
    ),
    "reasoning_level": (
        "text",
        ("reasoning_effort", "reasoning.effort", "reasoningEffort"),
        (
            ("otel", "gen_ai.request.reasoning.level"),
            ("openllmetry", "gen_ai.request.reasoning_effort"),
            ("codex", "reasoning_effort"),
        ),
    ),
    "encoding_formats": (
        "texts",
        ("encoding_format",),
        (("otel", "gen_ai.request.encoding_formats"),),
    ),
    "previous_response_id": (
        "text",
        ("previous_response_id",),
        (("otel", "gen_ai.request.previous_response.id"),),
    ),
    "tool_choice": (
        "structure",
        ("tool_choice", "toolChoice"),
        (("vercel", "ai.prompt.toolChoice"), ("otel", "gen_ai.request.tool_choice")),
    ),
}
KNOWN_NAMES: Final = frozenset(name for _, names, _ in _PARAMETERS.values() for name in names)
# Members of bags that are no parameters: content, and what other targets say.
OTHER_MEMBERS: Final = frozenset(
    [
        "model",
        "model_name",
        "modelName",
        "messages",
        "input",
        "inputs",
        "prompt",
        "system",
        "instructions",
        "system_instruction",
        "tools",
        "functions",
        "contents",
        "reasoning",
        "config",
        "generationConfig",
        "generation_config",
    ]
)
PREFIX: Final = "request."


def _sources(decoder: str, names: tuple[str, ...], own: tuple[tuple[str, str], ...]) -> tuple[Source, ...]:
    bags = [
        Source(f"{bag}{'.' if '#' in bag else '#'}{name}", dialect, decoder)
        for dialect, bag in (*PARAMETER_BAGS, *REQUEST_BAGS)
        for name in names
    ]
    return (*(Source(key, dialect, decoder) for dialect, key in own), *bags)


TARGETS: Final[dict[str, Target]] = {
    f"{PREFIX}{name}": Target(f"{PREFIX}{name}", _sources(*parameter)) for name, parameter in _PARAMETERS.items()
} | {
    f"{PREFIX}extra": Target(
        f"{PREFIX}extra",
        tuple(row for dialect, bag in PARAMETER_BAGS for row in rows(dialect, bag, decoder="mapping")),
    )
}
