"""Where content stands: tools, documents, prompts and what belongs to them, read when a trace is read.

Owns the rows of every read-time target but the parameters of requests. Those of messages are in `messages`, those of
prompts and what surrounds content in `surroundings`. Beside the keys of `source`, two forms name keys that are spelled
out:

- `llm.input_messages.N`: the array of all keys `llm.input_messages.0.…`, `llm.input_messages.1.…`;
- `mlflow.traceTag.*`: the object of all keys with that beginning.

A row's decoder is a name of `content.scalars` or, for content, of `content.sides`. A key that only one decoder can
make sense of names its neighbours in the decoder's docstring.

Sources: semantic-conventions-genai `model/`, openinference `spec/`, openllmetry `semconv_ai`, mlflow
`tracing/constant.py`, vercel/ai `packages/ai/src/telemetry`, langfuse-js `packages/core/src/constants.ts`,
langsmith-sdk `_internal/otel`, pydantic-ai `_instrumentation.py`, logfire `integrations/llm_providers`, openlit
`sdk/python`, adk-python `telemetry/tracing.py`, strands `telemetry/tracer.py`, semantic-kernel `model_diagnostics`,
spring-ai `observation/conventions`, livekit/agents `telemetry/trace_types.py`, mastra `observability/otel-exporter`,
litellm `integrations/opentelemetry.py`, haystack `tracing/`, genkit `js/core/src/tracing`, lmnr-python `tracing`.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.vocabulary.messages import (
    INPUT,
    INPUT_MESSAGES,
    MASTRA_TYPES,
    MESSAGE_EVENTS,
    OPERATION_DETAILS,
    OUTPUT,
    OUTPUT_MESSAGES,
    SYSTEM,
)
from spanhouse_collector.model.vocabulary.source import Source, Target, rows
from spanhouse_collector.model.vocabulary.surroundings import CONTEXT, PROMPT, USAGE, USAGE_DETAILS

_TOOL: Final = (
    Target(
        "tool_name",
        (
            *rows("otel", "gen_ai.tool.name"),
            *rows("openinference", "tool.name"),
            *rows("vercel", "ai.toolCall.name"),
            *rows("spring-ai", "spring.ai.tool.definition.name"),
            *rows("livekit", "lk.function_tool.name"),
            *rows("haystack", "haystack.tool.name"),
            *rows("claude-code", "tool_name"),
            *rows("openllmetry", "traceloop.entity.name"),
            *rows("langsmith", "langsmith.trace.name"),
        ),
    ),
    Target(
        "tool_call_id",
        (
            *rows("otel", "gen_ai.tool.call.id"),
            *rows("vercel", "ai.toolCall.id"),
            *rows("spring-ai", "spring.ai.tool.call.id"),
            *rows("livekit", "lk.function_tool.id"),
            *rows("openinference", "tool.id"),
            *rows("claude-code", "tool_use_id"),
            *rows("gemini-cli", "gen_ai.tool.call_id", "gen_ai.input.messages#callId"),
            *rows("haystack", "haystack.tool.call.id"),
            *rows("flue", "flue.tool.call_id"),
            *rows("voltagent", "tool.call.id"),
            *rows("strands", "event:gen_ai.tool.message#id", "event:gen_ai.choice#id"),
            *rows("openinference", "output.value#data.tool_call_id", "output.value#kwargs.tool_call_id"),
            *rows("openinference", "output.value#tool_call_id"),
        ),
    ),
    Target("tool_type", (*rows("otel", "gen_ai.tool.type"), *rows("spring-ai", "spring.ai.tool.type"))),
    Target(
        "tool_description",
        (
            *rows("otel", "gen_ai.tool.description"),
            *rows("openinference", "tool.description"),
            *rows("spring-ai", "spring.ai.tool.definition.description"),
            *rows("haystack", "haystack.tool.description"),
            *rows("mlflow", "mlflow.spanDescription"),
        ),
    ),
    Target(
        "tool_arguments",
        (
            *rows("otel", "gen_ai.tool.call.arguments", decoder="structure"),
            *rows("vercel", "ai.toolCall.args", "ai.toolCall.input", decoder="structure"),
            *rows("google-adk", "gcp.vertex.agent.tool_call_args", decoder="structure"),
            *rows("spring-ai", "spring.ai.tool.call.arguments", decoder="structure"),
            *rows("livekit", "lk.pii.function_tool.arguments", "lk.function_tool.arguments", decoder="structure"),
            *rows("pydantic-ai", "tool_arguments", decoder="structure"),
            *rows("claude-code", "tool_input", decoder="structure"),
            *rows("voltagent", "tool.arguments", decoder="structure"),
            *rows("flue", "flue.tool.arguments", decoder="structure"),
            *rows("openlit", "gen_ai.tool.args", "function.args", decoder="structure"),
            *rows("gemini-cli", "gen_ai.input.messages#args", decoder="structure"),
            *rows("strands", "event:gen_ai.tool.message#content", decoder="structure"),
            *rows("otel", f"event:{OPERATION_DETAILS}#gen_ai.input.messages", decoder="structure"),
            *rows("gemini-cli", "gen_ai.input.messages", decoder="structure"),
            *INPUT,
            *rows("claude-code", "full_command", decoder="structure"),
        ),
    ),
    Target(
        "tool_result",
        (
            *rows("otel", "gen_ai.tool.call.result", decoder="structure"),
            *rows("vercel", "ai.toolCall.result", "ai.toolCall.output", decoder="structure"),
            *rows("google-adk", "gcp.vertex.agent.tool_response", decoder="structure"),
            *rows("spring-ai", "spring.ai.tool.call.result", decoder="structure"),
            *rows("livekit", "lk.pii.function_tool.output", "lk.function_tool.output", decoder="structure"),
            *rows("pydantic-ai", "tool_response", decoder="structure"),
            *rows("claude-sdk", "anthropic.tool_result.content", decoder="structure"),
            *rows("voltagent", "tool.result", decoder="structure"),
            *rows("flue", "flue.tool.result", decoder="structure"),
            *rows("claude-code", "event:tool.output#output", "event:tool.output#content", decoder="structure"),
            *rows("strands", "event:gen_ai.choice#message", "event:gen_ai.choice#tool.result", decoder="structure"),
            *rows("otel", f"event:{OPERATION_DETAILS}#gen_ai.output.messages", decoder="structure"),
            *rows("gemini-cli", "gen_ai.output.messages", decoder="structure"),
            *OUTPUT,
        ),
    ),
    Target(
        "tool_is_error",
        (
            *rows("livekit", "lk.function_tool.is_error", decoder="boolean"),
            *rows("claude-sdk", "anthropic.tool_result.is_error", decoder="boolean"),
        ),
    ),
    Target(
        "tool_status", (*rows("strands", "gen_ai.tool.status"), *rows("gemini-cli", "gen_ai.output.messages#status"))
    ),
)

_TOOL_DEFINITIONS: Final = (
    *rows("otel", "gen_ai.tool.definitions", decoder="tools"),
    *rows("mlflow", "mlflow.chat.tools", decoder="tools"),
    *rows("vercel", "ai.prompt.tools", decoder="tools"),
    *rows("otel", f"event:{OPERATION_DETAILS}#gen_ai.tool.definitions", decoder="tools"),
    *rows("otel", f"log:{OPERATION_DETAILS}#gen_ai.tool.definitions", decoder="tools"),
    *rows("openinference", "llm.tools.N", decoder="openinference_tools"),
    *rows("openllmetry", "llm.request.functions.N", decoder="openllmetry_functions"),
    *rows("pydantic-ai", "model_request_parameters#function_tools", decoder="tools"),
    *rows(
        "langfuse", "langfuse.observation.input#tools", "langfuse.observation.model.parameters#tools", decoder="tools"
    ),
    *rows("langfuse", "langfuse.observation.metadata#tools", "langfuse.observation.metadata.tools", decoder="tools"),
    *rows("openinference", "llm.invocation_parameters#tools", "input.value#tools", decoder="tools"),
    *rows("langsmith", "gen_ai.prompt#tools", decoder="tools"),
    *rows("langsmith", "langsmith.metadata.tools", decoder="tools"),
    *rows("mlflow", "mlflow.spanInputs#tools", decoder="tools"),
    *rows("google-adk", "gcp.vertex.agent.llm_request#config.tools", decoder="tools"),
    *rows("logfire", "request_data#tools", decoder="tools"),
    *rows("genkit", "genkit:input#tools", decoder="tools"),
    *rows("laminar", "lmnr.span.input#tools", decoder="tools"),
    *rows("flue", "flue.turn.input#tools", decoder="tools"),
    *rows("haystack", "haystack.agent.tools", "haystack.component.input#tools", decoder="tools"),
    *rows("mastra", *(f"mastra.{name}.input#tools" for name in MASTRA_TYPES[:4]), decoder="tools"),
    *rows("logfire", "tools", decoder="tools"),
    *rows("strands", "gen_ai.agent.tools", decoder="tools"),
    *rows("voltagent", "llm.tools", decoder="tools"),
    *rows("spring-ai", "spring.ai.chat.client.tool.names", decoder="tools"),
    *rows("semantic-kernel", "sk.available_functions", decoder="tools"),
    *rows("spring-ai", "spring.ai.chat.client.tool.functions", decoder="tools"),
)

_DOCUMENTS: Final = (
    *rows("otel", "gen_ai.retrieval.documents", decoder="documents"),
    *rows("openinference", "reranker.output_documents.N", decoder="openinference_documents"),
    *rows("openinference", "retrieval.documents.N", decoder="openinference_documents"),
    *rows("otel", "gen_ai.memory.records", decoder="documents"),
    *rows("spring-ai", "db.vector.query.response.documents", decoder="documents"),
    *rows("openllmetry", "event:db.query.result#db.query.result.id", decoder="database_events"),
    *rows("openllmetry", "event:db.search.result#db.search.result.id", decoder="database_events"),
    *rows("vercel", "ai.ranking", decoder="vercel_ranking"),
    *(Source(row.key, row.dialect, "documents") for row in OUTPUT if row.decoder == "response"),
)
_DOCUMENTS_IN: Final = (
    *rows("openinference", "reranker.input_documents.N", decoder="openinference_documents"),
    *rows("vercel", "ai.documents", decoder="documents"),
    *rows("haystack", "haystack.component.input#documents", decoder="documents"),
    *rows("openinference", "input.value#documents", decoder="documents"),
    *rows("langfuse", "langfuse.observation.input#documents", decoder="documents"),
    *rows("mlflow", "mlflow.spanInputs#documents", decoder="documents"),
    *rows("genkit", "genkit:input#documents", decoder="documents"),
)

_RETRIEVAL: Final = (
    Target(
        "query",
        (
            *rows("otel", "gen_ai.retrieval.query.text", "gen_ai.memory.query.text"),
            *rows("openinference", "reranker.query"),
            *rows("spring-ai", "db.vector.query.content"),
            *rows("vercel", "ai.query"),
            *rows("openlit", "gen_ai.retrieval.query", "db.query.text_input"),
        ),
    ),
    Target(
        "top_k",
        (
            *rows("otel", "gen_ai.retrieval.top_k", "gen_ai.request.top_k", decoder="amount"),
            *rows("openinference", "reranker.top_k", decoder="amount"),
            *rows("spring-ai", "db.vector.query.top_k", decoder="amount"),
            *rows("openllmetry", "db.vector.query.top_k", decoder="amount"),
            *rows(
                "openllmetry",
                *(
                    f"db.{vendor}.query.{name}"
                    for vendor in ("pinecone", "qdrant", "weaviate", "milvus")
                    for name in ("top_k", "limit")
                ),
                *(
                    f"{vendor}.query.{name}"
                    for vendor in ("pinecone", "qdrant", "weaviate", "milvus", "chroma")
                    for name in ("top_k", "limit", "n_results")
                ),
                decoder="amount",
            ),
            *rows("haystack", "haystack.component.input#top_k", decoder="amount"),
            *rows("mlflow", "mlflow.spanInputs#top_k", "mlflow.spanInputs#k", decoder="amount"),
            *rows("langfuse", "langfuse.observation.input#top_k", decoder="amount"),
            *rows("openinference", "input.value#top_k", "input.value#k", decoder="amount"),
            *rows("genkit", "genkit:input#options.k", decoder="amount"),
        ),
    ),
    Target("data_source_id", rows("otel", "gen_ai.data_source.id")),
)

_EMBEDDING: Final = (
    Target(
        "embedding_texts",
        (
            *rows("openinference", "embedding.embeddings.N", decoder="openinference_embeddings"),
            *rows("vercel", "ai.value", "ai.values", decoder="embedded"),
            *rows("otel", "gen_ai.input.messages", decoder="embedded_messages"),
            *rows("otel", f"event:{OPERATION_DETAILS}#gen_ai.input.messages", decoder="details_events"),
            *rows("otel", f"log:{OPERATION_DETAILS}#gen_ai.input.messages", decoder="details_logs"),
            *rows("otel", *(f"event:{name}#content" for name in MESSAGE_EVENTS), decoder="message_events"),
            *rows("otel", "event:gen_ai.content.prompt#gen_ai.prompt", decoder="content_event"),
            *rows("openllmetry", "gen_ai.prompt.N", decoder="openllmetry_messages"),
            *(Source(row.key, row.dialect, "embedded") for row in INPUT if row.decoder == "request"),
        ),
    ),
    Target(
        "embedding_dimension",
        (
            *rows("otel", "gen_ai.embeddings.dimension.count", decoder="amount"),
            *rows("spring-ai", "gen_ai.request.embedding.dimensions", decoder="amount"),
            *rows("langfuse", "langfuse.observation.output#dimensions", decoder="amount"),
            *rows("openinference", "embedding.invocation_parameters#dimensions", decoder="amount"),
            *rows("openinference", "llm.invocation_parameters#dimensions", decoder="amount"),
            *rows("vercel", "ai.settings.dimensions", decoder="amount"),
        ),
    ),
    Target(
        "embedding_count",
        (
            *rows("pydantic-ai", "inputs_count", decoder="amount"),
            *rows("langfuse", "langfuse.observation.output#count", decoder="amount"),
        ),
    ),
    Target(
        "embedding_vectors",
        (
            *rows("openinference", "embedding.embeddings.N", decoder="openinference_vectors"),
            *rows("vercel", "ai.embedding", "ai.embeddings", decoder="vectors"),
            *rows("pydantic-ai", "embeddings", decoder="vectors"),
            *(Source(row.key, row.dialect, "vectors") for row in OUTPUT if row.decoder == "response"),
        ),
    ),
)

TARGETS: Final[dict[str, Target]] = {
    target.name: target
    for target in (
        Target("input_messages", INPUT_MESSAGES),
        Target("output_messages", OUTPUT_MESSAGES),
        Target("system_instructions", SYSTEM),
        Target("input", INPUT),
        Target("output", OUTPUT),
        Target("tool_definitions", _TOOL_DEFINITIONS),
        *_TOOL,
        Target("documents", _DOCUMENTS),
        Target("documents_in", _DOCUMENTS_IN),
        *_RETRIEVAL,
        *_EMBEDDING,
        *PROMPT,
        *CONTEXT,
        *USAGE_DETAILS,
        Target("usage_raw", USAGE),
    )
}
