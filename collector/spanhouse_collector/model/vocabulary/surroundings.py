"""Where the rest stands that is read with content: prompts, agents, metadata, levels, errors, reported usage.

Owns the rows of these targets. What `spans` has as columns (session, user, tags, tokens, …) is in `identity`, `usage`
and `context`, for the database.

Sources: those of `content`.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.vocabulary.source import Target, rows

PROMPT: Final = (
    Target(
        "prompt_name",
        (
            *rows("otel", "gen_ai.prompt.name"),
            *rows("langfuse", "langfuse.observation.prompt.name"),
            *rows("mlflow", "mlflow.linkedPrompts#0.name"),
            *rows("openllmetry", "traceloop.prompt.key"),
            *rows("vercel", "ai.telemetry.metadata.langfusePrompt#name"),
            *rows("openinference", "prompt.name"),
        ),
    ),
    Target(
        "prompt_version",
        (
            *rows("otel", "gen_ai.prompt.version"),
            *rows("langfuse", "langfuse.observation.prompt.version"),
            *rows("mlflow", "mlflow.linkedPrompts#0.version"),
            *rows("openllmetry", "traceloop.prompt.version", "traceloop.prompt.version_name"),
            *rows("openinference", "llm.prompt_template.version"),
            *rows("vercel", "ai.telemetry.metadata.langfusePrompt#version"),
        ),
    ),
    Target("prompt_id", rows("openinference", "prompt.id")),
    Target(
        "prompt_template",
        (
            *rows("openinference", "llm.prompt_template.template", decoder="content"),
            *rows("openllmetry", "traceloop.prompt.template", decoder="content"),
        ),
    ),
    Target(
        "prompt_variables",
        (
            *rows("openinference", "llm.prompt_template.variables", decoder="mapping"),
            *rows("openllmetry", "traceloop.prompt.template_variables.*", decoder="keys"),
        ),
    ),
)

CONTEXT: Final = (
    Target(
        "first_piece",
        (
            *rows("otel", "gen_ai.response.time_to_first_chunk", decoder="content"),
            *rows(
                "vercel", "gen_ai.client.operation.time_to_first_chunk", "ai.response.msToFirstChunk", decoder="content"
            ),
            *rows("vercel", "ai.stream.msToFirstChunk", decoder="content"),
            *rows("langfuse", "langfuse.observation.completion_start_time", decoder="content"),
            *rows("claude-code", "ttft_ms", decoder="content"),
        ),
    ),
    Target("agent_id", (*rows("otel", "gen_ai.agent.id"), *rows("agno", "agno.agent.id"), *rows("mastra", "agent.id"))),
    Target(
        "agent_name",
        (
            *rows("otel", "gen_ai.agent.name"),
            *rows("pydantic-ai", "agent_name"),
            *rows("openinference", "agent.name"),
            *rows("livekit", "lk.agent_name"),
        ),
    ),
    Target(
        "agent_node",
        (
            *rows("openinference", "graph.node.name", "graph.node.id"),
            *rows("voltagent", "subagent.name", "entity.name"),
        ),
    ),
    Target("agent_description", rows("otel", "gen_ai.agent.description")),
    Target("agent_version", rows("otel", "gen_ai.agent.version")),
    Target(
        "workflow_name",
        (
            *rows("otel", "gen_ai.workflow.name"),
            *rows("agent-framework", "workflow.name"),
            *rows("flue", "flue.workflow.name"),
            *rows("openllmetry", "traceloop.workflow.name"),
        ),
    ),
    Target(
        "environment",
        (
            *rows("langfuse", "langfuse.environment"),
            *rows("openlit", "gen_ai.environment"),
            *rows("otel", "deployment.environment.name", "deployment.environment"),
            *rows("otel", "resource:deployment.environment.name", "resource:deployment.environment"),
            *rows("langfuse", "resource:langfuse.environment"),
        ),
    ),
    Target(
        "level",
        (
            *rows("langfuse", "langfuse.observation.level", decoder="python_level"),
            *rows("logfire", "logfire.level_num", decoder="logfire_level"),
            *rows("mlflow", "mlflow.spanLogLevel", decoder="python_level"),
            *rows("spanhouse", "spanhouse.log_level", decoder="python_level"),
        ),
    ),
    Target(
        "metadata",
        (
            *rows("langfuse", "langfuse.trace.metadata", "langfuse.observation.metadata", decoder="object"),
            *rows("langfuse", "langfuse.trace.metadata.*", "langfuse.observation.metadata.*", decoder="keys"),
            *rows("spanhouse", "spanhouse.trace.metadata.*", decoder="keys"),
            *rows("openinference", "metadata", decoder="object"),
            *rows("vercel", "ai.telemetry.metadata.*", "ai.settings.context.*", decoder="keys"),
            *rows("langsmith", "langsmith.metadata.*", decoder="keys"),
            *rows("openllmetry", "traceloop.association.properties.*", decoder="keys"),
            *rows("laminar", "lmnr.association.properties.metadata.*", decoder="keys"),
            *rows("mastra", "mastra.metadata.*", decoder="keys"),
            *rows("opik", "opik.metadata", decoder="object"),
            *rows("opik", "opik.metadata.*", decoder="keys"),
            *rows("haystack", "haystack.pipeline.metadata", decoder="object"),
            *rows("litellm", "metadata.*", decoder="keys"),
        ),
    ),
    Target(
        "tags_kv",
        (
            *rows("mlflow", "mlflow.traceTag.*", decoder="keys"),
            *rows("spanhouse", "spanhouse.trace.tag.*", decoder="keys"),
        ),
    ),
    Target("error_type", (*rows("otel", "error.type"), *rows("otel", "event:exception#exception.type"))),
    Target(
        "error_message",
        (
            *rows("otel", "event:exception#exception.message", decoder="content"),
            *rows("otel", "error.message", decoder="content"),
            *rows("langfuse", "langfuse.observation.status_message", decoder="content"),
            *rows("claude-code", "error"),
            *rows("openlit", "exception.message", decoder="content"),
        ),
    ),
    Target(
        "error_stack",
        (
            *rows("otel", "event:exception#exception.stacktrace", decoder="content"),
            *rows("litellm", "error.stack_trace", decoder="content"),
            *rows("voltagent", "error.stack", decoder="content"),
            *rows("otel", "exception.stacktrace", decoder="content"),
        ),
    ),
    Target("success", rows("claude-code", "success", decoder="boolean")),
)

# Tokens by what they stand for; the columns have them all together.
_MODALITIES: Final = tuple(
    Target(
        f"{modality}_{side}_tokens",
        (
            *rows("otel", f"gen_ai.usage.{modality}.{side}_tokens", decoder="amount"),
            *rows("openinference", f"llm.token_count.{openinference}.{modality}", decoder="amount"),
            *rows("livekit", f"gen_ai.usage.{side}_{modality}_tokens", decoder="amount"),
            *rows("mastra", f"gen_ai.usage.{modality}_{side}_tokens", decoder="amount"),
            *rows("pydantic-ai", f"gen_ai.usage.details.{side}_{modality}_tokens", decoder="amount"),
            *rows("vercel", f"ai.usage.{side}TokenDetails.{modality}Tokens", decoder="amount"),
            *rows("langfuse", f"langfuse.observation.usage_details#{side}_{modality}_tokens", decoder="amount"),
            *rows("langfuse", f"langfuse.observation.usage_details#{side}_{modality}", decoder="amount"),
            *rows("langsmith", f"langsmith.usage_metadata#{side}_token_details.{modality}", decoder="amount"),
        ),
    )
    for side, openinference, modalities in (
        ("input", "prompt_details", ("text", "image", "audio", "video")),
        ("output", "completion_details", ("text", "image", "audio")),
    )
    for modality in modalities
)
USAGE_DETAILS: Final = (
    *_MODALITIES,
    Target(
        "cache_write_1h_input_tokens",
        (
            *rows("mlflow", "mlflow.chat.tokenUsage#cache_creation_input_tokens_above_1hr", decoder="amount"),
            *rows("pydantic-ai", "gen_ai.usage.details.cache_write_1h_tokens", decoder="amount"),
        ),
    ),
)

USAGE: Final = (
    *rows(
        "otel",
        "gen_ai.usage.*",
        "llm.usage.*",
        "llm.token_count.*",
        "ai.usage.*",
        "gen_ai.aggregated_usage.*",
        "codex.usage.*",
        "usage.*",
        decoder="keys",
    ),
    *rows("mlflow", "mlflow.chat.tokenUsage"),
    *rows("langfuse", "langfuse.observation.usage_details"),
    *rows("langsmith", "langsmith.usage_metadata"),
    *rows("openlit", "gen_ai.client.token.usage"),
    *rows("litellm", "metadata.usage_object"),
    *rows("livekit", "lk.llm_metrics"),
    *rows("claude-code", "input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens"),
    *rows("logfire", "usage", "response_data#usage"),
    *rows("google-adk", "gcp.vertex.agent.llm_response#usage_metadata"),
    *rows("genkit", "genkit:output#usage"),
    *rows("mlflow", "mlflow.spanOutputs#usage"),
    *rows("haystack", "haystack.component.output#meta.usage"),
    *rows("semantic-kernel", "gen_ai.response.prompt_tokens", "gen_ai.response.completion_tokens"),
)
