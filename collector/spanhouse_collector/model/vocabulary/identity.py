"""What a span is: its type, operation, provider, models and the ids of its answer.

A span_type source's decoder is the group of `values.SPAN_TYPES_OF` that reads it.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.vocabulary.source import Source, Target, rows

SPAN_TYPE: Final = Target(
    "span_type",
    (
        Source("spanhouse.span_type", "spanhouse", "spanhouse"),
        Source("langfuse.observation.type", "langfuse", "langfuse"),
        Source("langsmith.span.kind", "langsmith", "langsmith"),
        Source("openinference.span.kind", "openinference", "openinference"),
        Source("mlflow.spanType", "mlflow", "mlflow"),
        Source("traceloop.span.kind", "openllmetry", "traceloop"),
        Source("mastra.span.type", "mastra", "mastra"),
        Source("lmnr.span.type", "laminar", "laminar"),
        Source("genkit:metadata:subtype", "genkit", "genkit"),
        Source("genkit:type", "genkit", "genkit"),
        Source("spring.ai.kind", "spring-ai", "spring"),
        Source("span.type", "claude-code", "span.type"),
        Source("entity.type", "voltagent", "span.type"),
        Source("weave.span.kind", "weave", "weave"),
        Source("ai.operationId", "vercel", "vercel"),
        Source("gen_ai.operation.name", "otel", "operation"),
        Source("llm.request.type", "openllmetry", "request_type"),
        Source("db.operation.name", "otel", "vector_db"),
        Source("db.operation", "openllmetry", "vector_db"),
        Source("spring.ai.kind", "spring-ai", "vector_store"),
        Source("mcp.method.name", "mcp", "mcp"),
    ),
)
# Presence of one of these says that `db.operation` is a search among vectors.
VECTOR_SEARCH: Final = Target(
    "vector_search",
    (
        *rows("openllmetry", "db.vector.query.top_k", "event:db.query.result#db.query.result.id"),
        *rows("openllmetry", "event:db.query.result#db.query.result.score", "event:db.search.result#id"),
        *rows("openllmetry", "event:db.query.result#db.query.result.distance"),
        *rows("openllmetry", "event:db.query.embeddings#db.query.embeddings.vector"),
        *rows("spring-ai", "db.vector.query.content", "db.vector.query.similarity_threshold"),
    ),
)
VECTOR_DATABASES: Final = (
    "chroma",
    "pinecone",
    "qdrant",
    "weaviate",
    "milvus",
    "lancedb",
    "marqo",
    "pgvector",
    "pg_vector",
)
DB_SYSTEM: Final = Target("db_system", (*rows("openllmetry", "db.system", "db.system.name"),))
GUARDRAIL_NAME: Final = Target("guardrail_name", rows("litellm", "guardrail_name"))
COMPONENT_TYPE: Final = Target("component_type", rows("haystack", "haystack.component.type"))

OPERATION: Final = Target(
    "operation",
    (
        Source("gen_ai.operation.name", "otel"),
        Source("llm.request.type", "openllmetry"),
    ),
)
PROVIDER: Final = Target(
    "provider",
    (
        Source("gen_ai.provider.name", "otel"),
        Source("llm.provider", "openinference"),
        Source("gen_ai.system", "otel"),
        Source("langsmith.metadata.ls_provider", "langsmith"),
        Source("traceloop.association.properties.ls_provider", "openllmetry"),
        Source("litellm.provider.model", "litellm"),
        Source("mlflow.llm.provider", "mlflow"),
        Source("ai.model.provider", "vercel"),
        Source("aisdk.model.provider", "vercel"),
        Source("llm.system", "openinference"),
        Source("metadata#ls_provider", "openinference"),
        Source("provider_name", "codex"),
    ),
)
REQUEST_MODEL: Final = Target(
    "request_model",
    (
        Source("gen_ai.request.model", "otel"),
        Source("llm.request.model_name", "openinference"),
        Source("llm.invocation_parameters#model", "openinference"),
        Source("llm.invocation_parameters#model_name", "openinference"),
        Source("embedding.invocation_parameters#model", "openinference"),
        Source("ai.model.id", "vercel"),
        Source("aisdk.model.id", "vercel"),
        Source("langsmith.metadata.ls_model_name", "langsmith"),
        Source("traceloop.association.properties.ls_model_name", "openllmetry"),
        Source("request_data#model", "logfire"),
    ),
)
RESPONSE_MODEL: Final = Target(
    "response_model",
    (
        Source("gen_ai.response.model", "otel"),
        Source("llm.response.model_name", "openinference"),
        Source("ai.response.model", "vercel"),
        # OpenInference's model_name is the answer's where the answer names one.
        Source("llm.model_name", "openinference"),
        Source("response#model", "logfire"),
    ),
)
# `model` is response_model, else request_model, else one of these.
OTHER_MODEL: Final = Target(
    "other_model",
    (
        Source("langfuse.observation.model.name", "langfuse"),
        Source("embedding.model_name", "openinference"),
        Source("reranker.model_name", "openinference"),
        Source("mlflow.llm.model", "mlflow"),
        Source("haystack.component.output#replies.meta.model", "haystack"),
        Source("haystack.component.output#replies._meta.model", "haystack"),
        Source("haystack.component.output#meta.model", "haystack"),
        Source("haystack.agent.step.llm.output#replies.meta.model", "haystack"),
        Source("haystack.agent.step.llm.output#replies._meta.model", "haystack"),
        Source("llm.model", "voltagent"),
        Source("ai.model.name", "voltagent"),
        Source("gcp.vertex.agent.llm_request#model", "google-adk"),
        Source("model_name", "pydantic-ai"),
        Source("model", "claude-code"),
    ),
)
RESPONSE_ID: Final = Target(
    "response_id",
    (
        Source("gen_ai.response.id", "otel"),
        Source("llm.response.id", "openinference"),
        Source("ai.response.id", "vercel"),
        Source("anthropic.message.id", "claude-sdk"),
        Source("response_data#id", "logfire"),
        Source("response#id", "logfire"),
        Source("genkit:output#raw.id", "genkit"),
    ),
)
SERVER_ADDRESS: Final = Target(
    "server_address", (*rows("otel", "server.address"), *rows("openllmetry", "gen_ai.openai.api_base"))
)

IDENTITY: Final = (
    SPAN_TYPE,
    VECTOR_SEARCH,
    DB_SYSTEM,
    GUARDRAIL_NAME,
    COMPONENT_TYPE,
    OPERATION,
    PROVIDER,
    REQUEST_MODEL,
    RESPONSE_MODEL,
    OTHER_MODEL,
    RESPONSE_ID,
    SERVER_ADDRESS,
)
