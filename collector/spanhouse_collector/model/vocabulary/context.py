"""Around a span: session, user, agent, tool, prompt, tags, finish reasons, errors."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.vocabulary.source import Source, Target, rows
from spanhouse_collector.model.vocabulary.usage import FIRST_CHUNK_TIME

SESSION_ID: Final = Target(
    "session_id",
    (
        *rows("langfuse", "langfuse.session.id"),
        *rows("otel", "session.id", "gen_ai.conversation.id"),
        *rows("openlit", "gen_ai.session.id"),
        *(
            Source(f"traceloop.association.properties.{name}", "openllmetry")
            for name in ("session_id", "thread_id", "conversation_id")
        ),
        *(
            Source(f"{prefix}.{name}", "vercel")
            for prefix in ("ai.telemetry.metadata", "ai.settings.context")
            for name in ("sessionId", "threadId", "conversationId", "session_id", "thread_id", "conversation_id")
        ),
        *(Source(f"langsmith.metadata.{name}", "langsmith") for name in ("session_id", "conversation_id", "thread_id")),
        *rows("google-adk", "gcp.vertex.agent.session_id"),
        *rows("laminar", "lmnr.association.properties.session_id"),
        *rows("spring-ai", "spring.ai.chat.client.conversation.id"),
        *rows("mastra", "mastra.metadata.sessionId", "mastra.metadata.threadId"),
        *rows("voltagent", "voltagent.conversation_id"),
        *rows("codex", "conversation.id"),
        *rows("weave", "wandb.thread_id"),
        *rows("opik", "thread_id"),
        *rows("azure-ai", "gen_ai.thread.id"),
        *rows("genkit", "genkit:sessionId"),
        *rows("livekit", "lk.room_name", "lk.pii.room_name"),
        *rows("haystack", "haystack.pipeline.metadata#session_id"),
        *rows("mlflow", "mlflow.trace.session"),
        *rows("litellm", "metadata.requester_metadata#session_id"),
        *rows("openinference", "metadata#session_id", "metadata#thread_id", "metadata#conversation_id"),
        *rows("logfire", "group_id"),
        *rows("otel", "resource:session.id"),
    ),
)
USER_ID: Final = Target(
    "user_id",
    (
        *rows("langfuse", "langfuse.user.id"),
        *rows("otel", "user.id", "enduser.id"),
        *rows("openlit", "gen_ai.user.id"),
        *rows("openllmetry", "gen_ai.user", "llm.user", "traceloop.association.properties.user_id"),
        *(
            Source(f"{prefix}.{name}", "vercel")
            for prefix in ("ai.telemetry.metadata", "ai.settings.context")
            for name in ("userId", "user_id")
        ),
        *rows("langsmith", "langsmith.metadata.user_id"),
        *rows("litellm", "metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id"),
        *rows("laminar", "lmnr.association.properties.user_id"),
        *rows("google-adk", "gcp.vertex.agent.user_id"),
        *rows("mastra", "mastra.metadata.userId"),
        *rows("livekit", "lk.participant_identity", "lk.pii.participant_identity"),
        *rows("openlit", "gen_ai.request.user"),
        *rows("openinference", "metadata#user_id"),
        *rows("haystack", "haystack.pipeline.metadata#user_id"),
        *rows("mlflow", "mlflow.trace.user"),
        *rows("claude-code", "user.account_uuid", "user.email"),
        *rows("codex", "user.account_id"),
        *rows("otel", "resource:user.id"),
    ),
)
AGENT_NAME: Final = Target(
    "agent_name",
    (
        *rows("otel", "gen_ai.agent.name"),
        *rows("openinference", "agent.name"),
        *rows("pydantic-ai", "agent_name"),
        *rows("livekit", "lk.agent_name", "lk.agent_label"),
        *rows("agno", "agno.agent.name"),
        *rows("voltagent", "subagent.name"),
        *rows("mastra", "mastra.agent.name"),
    ),
)
# Names of whatever the span stands for: an agent's on AGENT spans, a tool's on TOOL spans.
OWN_NAME: Final = Target(
    "own_name",
    (
        *rows("openllmetry", "traceloop.entity.name", "crewai.agent.role", "crewai.agent.name"),
        *rows("langsmith", "langsmith.trace.name"),
        *rows("openinference", "graph.node.name", "graph.node.id"),
        *rows("voltagent", "entity.name"),
        *rows("genkit", "genkit:name"),
        *rows("logfire", "name"),
    ),
)
TOOL_NAME: Final = Target(
    "tool_name",
    (
        *rows("otel", "gen_ai.tool.name"),
        *rows("openinference", "tool.name"),
        *rows("vercel", "ai.toolCall.name"),
        *rows("livekit", "lk.function_tool.name"),
        *rows("claude-code", "tool_name"),
        *rows("spring-ai", "spring.ai.tool.definition.name"),
        *rows("haystack", "haystack.tool.name"),
        *rows("flue", "flue.tool.name"),
    ),
)
PROMPT_NAME: Final = Target(
    "prompt_name",
    (
        *rows("otel", "gen_ai.prompt.name"),
        *rows("langfuse", "langfuse.observation.prompt.name"),
        *rows("openllmetry", "traceloop.prompt.key"),
        *rows("openinference", "prompt.name"),
        *rows("mlflow", "mlflow.linkedPrompts#name"),
        *rows("vercel", "ai.telemetry.metadata.langfusePrompt#name"),
    ),
)
TAGS: Final = Target(
    "tags",
    (
        *rows("spanhouse", "spanhouse.tags", decoder="list"),
        *rows("langfuse", "langfuse.trace.tags", "langfuse.tags", decoder="list"),
        *rows("openinference", "tag.tags", decoder="list"),
        *rows("vercel", "ai.telemetry.metadata.tags", "ai.settings.context.tags", decoder="list"),
        *rows("langsmith", "langsmith.span.tags", decoder="list"),
        *rows("logfire", "logfire.tags", decoder="list"),
        *rows("opik", "opik.tags", decoder="list"),
        *rows("laminar", "lmnr.association.properties.tags", decoder="list"),
        *rows("mastra", "mastra.tags", decoder="list"),
        *rows("openllmetry", "traceloop.association.properties.tags", decoder="list"),
    ),
)
FINISH_REASONS: Final = Target(
    "finish_reasons",
    (
        *rows("otel", "gen_ai.response.finish_reasons", "gen_ai.response.finish_reason", decoder="list"),
        *rows("openinference", "llm.finish_reason", decoder="list"),
        *rows("openllmetry", "gen_ai.completion.#.finish_reason", decoder="list"),
        *rows("vercel", "ai.response.finishReason", "ai.finishReason", "gen_ai.finishReason", decoder="list"),
        *rows("otel", "event:gen_ai.choice#finish_reason", decoder="list"),
        *rows("claude-sdk", "anthropic.message.stop_reason", decoder="list"),
        *rows("claude-code", "stop_reason", decoder="list"),
        *rows("openllmetry", "llm.response.finish_reason", "llm.response.stop_reason", decoder="list"),
        *rows("google-adk", "gcp.vertex.agent.llm_response#finish_reason", decoder="list"),
        *rows("genkit", "genkit:output#finishReason", decoder="list"),
        *rows("haystack", "haystack.component.output#replies.meta.finish_reason", decoder="list"),
        *rows("haystack", "haystack.component.output#replies._meta.finish_reason", decoder="list"),
        *rows("mlflow", "mlflow.spanOutputs#choices.finish_reason", decoder="list"),
        *rows("mlflow", "mlflow.spanOutputs#stop_reason", decoder="list"),
    ),
)
ERROR_TYPE: Final = Target(
    "error_type",
    (*rows("otel", "error.type", "event:exception#exception.type"), *rows("litellm", "error.code")),
)
# `false` under one of these says that the span failed.
SUCCESS: Final = Target("success", rows("claude-code", "success"))
LEVEL: Final = Target("level", rows("langfuse", "langfuse.observation.level"))
LEVEL_NUMBER: Final = Target("level_number", rows("logfire", "logfire.level_num"))
TOOL_ERROR: Final = Target("tool_error", rows("livekit", "lk.function_tool.is_error"))
LOGFIRE_SPAN_TYPE: Final = Target("logfire_span_type", rows("logfire", "logfire.span_type"))

# Keys that carry no column of their own and still tell a dialect.
DIALECT_KEYS: Final = Target(
    "dialect_keys",
    (
        *rows("openllmetry", "traceloop.workflow.name", "traceloop.entity.path", "crewai.crew.id"),
        *rows("mlflow", "mlflow.traceRequestId", "mlflow.experimentId"),
        *rows("langfuse", "langfuse.trace.name", "langfuse.environment", "langfuse.internal.as_root"),
        *rows("logfire", "logfire.msg"),
        *rows("strands", "event_loop.cycle_id"),
        *rows("google-adk", "gcp.vertex.agent.invocation_id", "gcp.vertex.agent.event_id"),
        *rows("livekit", "lk.job_id", "lk.speech_id"),
        *rows("openlit", "gen_ai.application_name", "gen_ai.environment"),
        *rows("haystack", "haystack.component.name", "haystack.pipeline.execution_mode"),
        *rows("agno", "agno.run.id", "agno.agent.id"),
        *rows("semantic-kernel", "sk.available_functions"),
        *rows("agent-framework", "workflow.id", "workflow.name", "executor.id"),
    ),
)

CONTEXT: Final = (
    DIALECT_KEYS,
    SESSION_ID,
    USER_ID,
    AGENT_NAME,
    OWN_NAME,
    TOOL_NAME,
    PROMPT_NAME,
    TAGS,
    FINISH_REASONS,
    ERROR_TYPE,
    SUCCESS,
    LEVEL,
    LEVEL_NUMBER,
    TOOL_ERROR,
    LOGFIRE_SPAN_TYPE,
    FIRST_CHUNK_TIME,
)
