"""The types of spans, and the words of more than one dialect for them; all words are lower case."""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialect import types

SPAN_TYPES: Final = (
    "LLM",
    "EMBEDDING",
    "RERANKER",
    "RETRIEVER",
    "TOOL",
    "AGENT",
    "WORKFLOW",
    "CHAIN",
    "TASK",
    "PARSER",
    "PROMPT",
    "MEMORY",
    "GUARDRAIL",
    "EVALUATOR",
    "SPEECH",
    "EVENT",
    "UNKNOWN",
)
# Types whose usage counts by itself; every other span that carries usage repeats that of its descendants.
USAGE_OWNERS: Final = ("LLM", "EMBEDDING", "RERANKER")

# The types by their own names.
OWN_TYPES: Final = {name.lower(): name for name in SPAN_TYPES}

# Values of `span.type` and its like, which coding agents and agent frameworks have in common.
SPAN_TYPE_WORDS: Final = types(
    AGENT="agent interaction claude_code.interaction",
    LLM="llm llm_request claude_code.llm_request",
    TOOL="tool claude_code.tool tool_call",
    CHAIN="tool.blocked_on_user claude_code.tool.blocked_on_user hook claude_code.hook",
    TASK="tool.execution claude_code.tool.execution task step",
    RETRIEVER="retriever",
    MEMORY="memory",
    WORKFLOW="workflow",
    EMBEDDING="embedding",
    GUARDRAIL="guardrail",
    EVALUATOR="evaluator scorer",
)

# Operations of vector databases that are searches.
VECTOR_SEARCHES: Final = types(
    RETRIEVER="query search similarity_search similarity_search_with_score peek query_points search_points "
    "search_batch query_batch hybrid_search vector_search search_groups recommend"
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
