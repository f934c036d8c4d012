"""Spring AI: Micrometer's observations, whose values are all strings."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import READ, WRITE, Dialect, keys, types

DIALECT: Final = Dialect(
    name="spring-ai",
    source="spring-projects/spring-ai `observation/conventions`",
    scopes=("org.springframework",),
    key_prefixes=("spring",),
    framework="spring_ai",
    span_types={
        "spring": types(
            CHAIN="chat_client advisor",
            TOOL="tool_call",
        ),
        "vector_store": {"vector_store": "MEMORY"},
    },
    keys=(
        *keys("span_type", "spring.ai.kind", decoder="spring", tier=3),
        *keys("span_type", "spring.ai.kind", decoder="vector_store", tier=7),
        *keys("vector_search", "db.vector.query.content", "db.vector.query.similarity_threshold"),
        *keys("session_id", "spring.ai.chat.client.conversation.id", tier=3),
        *keys("tool_name", "spring.ai.tool.definition.name"),
        *keys("input_messages", "spring.ai.chat.client.user.text", decoder="plain_message", use=READ),
        *keys(
            "input",
            "spring.ai.tool.call.arguments",
            "spring.ai.chat.client.user.text",
            "db.vector.query.content",
            use=WRITE,
        ),
        *keys("output", "spring.ai.tool.call.result", "db.vector.query.response.documents", use=WRITE),
        *keys("system_instructions", "spring.ai.chat.client.system.text", tier=1),
        *keys("tool_definitions", "spring.ai.chat.client.tool.names", tier=9),
        *keys("tool_definitions", "spring.ai.chat.client.tool.functions", tier=10),
        *keys("tool_call_id", "spring.ai.tool.call.id"),
        *keys("tool_type", "spring.ai.tool.type"),
        *keys("tool_description", "spring.ai.tool.definition.description"),
        *keys("tool_arguments", "spring.ai.tool.call.arguments"),
        *keys("tool_result", "spring.ai.tool.call.result"),
        *keys("documents", "db.vector.query.response.documents", tier=1),
        *keys("query", "db.vector.query.content"),
        *keys("top_k", "db.vector.query.top_k"),
        *keys("embedding_dimension", "gen_ai.request.embedding.dimensions"),
        *keys("request.stream", "spring.ai.chat.client.stream", tier=1),
    ),
)
