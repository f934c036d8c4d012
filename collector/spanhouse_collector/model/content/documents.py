"""Documents: what a retriever found, a reranker ordered, a memory returned.

Owns the shapes of documents and the lists they come in. A vector store's events and a reranker's ranking are read into
the same shape.

Source: openinference `spec/`; langchain-core `documents/base.py`; llama-index `schema.py` (NodeWithScore); haystack
`dataclasses/document.py`; mlflow `entities/document.py`; openllmetry `semconv_ai` (`db.query.result`); vercel/ai
`packages/ai/src/rerank`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from spanhouse_collector.model.content import flattened, scalars
from spanhouse_collector.model.content.parse import is_empty, is_redacted, json_text, parsed
from spanhouse_collector.model.content.parts import first_of, first_text, parts_of
from spanhouse_collector.model.content.reader import SpanReader
from spanhouse_collector.model.source import Source

DOCUMENTS_MAX: Final = 4096
DEPTH_MAX: Final = 4
_IDS: Final = ("id", "_id", "id_", "document_id", "documentId", "doc_id", "node_id", "record_id", "key")
_CONTENTS: Final = (
    "content",
    "page_content",
    "pageContent",
    "text",
    "document",
    "chunk",
    "body",
    "value",
    "snippet",
    "memory",
    "fact",
)
_SCORES: Final = (
    "score",
    "relevance_score",
    "relevanceScore",
    "similarity",
    "similarity_score",
    "distance",
    "rerank_score",
)
_METADATA: Final = ("metadata", "meta", "payload", "extra_info")
_LISTS: Final = (
    "documents",
    "docs",
    "results",
    "nodes",
    "source_nodes",
    "matches",
    "output",
    "outputs",
    "records",
    "hits",
    "chunks",
    "data",
    "retrieved_documents",
    "memories",
)
Document = dict[str, Any]


def documents_of_span(reader: SpanReader, target: str) -> list[Document]:
    """The documents of the first row that has any."""
    for source in reader.rows(target):
        found = _of_row(reader, source)
        if found:
            return found[:DOCUMENTS_MAX]
    return []


def _of_row(reader: SpanReader, source: Source) -> list[Document]:
    if source.decoder == "openinference_documents":
        tree = reader.spelled(source.attribute.removesuffix(".N"))
        return [document_of(each) for each in flattened.openinference_documents(tree)]
    if source.decoder == "database_events":
        return [
            document_of(_without_prefix(event.attributes, f"{source.attribute}."))
            for event in reader.span.events
            if event.name == source.attribute
        ]
    if source.decoder == "vercel_ranking":
        return _ranked(_list(reader.parsed("ai.ranking")), _list(reader.parsed("ai.documents")))
    value = reader.parsed(source.attribute) if source.key == source.attribute else reader.value(source)
    return documents_of(value)


def _without_prefix(attributes: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): value for key, value in attributes.items()}


def _list(value: Any) -> list[Any]:
    found = parsed(value)
    return [parsed(each) for each in found] if isinstance(found, list) else []


def _ranked(ranking: list[Any], documents: list[Any]) -> list[Document]:
    """The ranking's places as the documents they stand for."""
    made = []
    for place in ranking:
        if not isinstance(place, dict):
            continue
        index = scalars.amount(first_of(place, ("originalIndex", "index")))
        document: Document = {}
        if index is not None and index < len(documents):
            document = document_of(documents[index])
        score = scalars.number(first_of(place, _SCORES))
        made.append({**document, **({"score": score} if score is not None else {})})
    return made


def documents_of(value: Any, depth: int = 0) -> list[Document]:
    """Documents in a list, under a key that names them, or one by itself."""
    found = parsed(value)
    if depth > DEPTH_MAX or is_empty(found) or is_redacted(found):
        return []
    if isinstance(found, list):
        if found and isinstance(found[0], list):
            return [document for each in found for document in documents_of(each, depth + 1)]
        return [document_of(parsed(each)) for each in found[:DOCUMENTS_MAX] if not is_empty(each)]
    if not isinstance(found, dict):
        return []
    for key in _LISTS:
        if isinstance(parsed(found.get(key)), (list, dict)):
            inner = documents_of(found[key], depth + 1)
            if inner:
                return inner
    return [document_of(found)] if _is_document(found) else []


def _is_document(value: Mapping[str, Any]) -> bool:
    return any(isinstance(value.get(key), str) for key in _CONTENTS[:4]) and any(
        key in value for key in (*_IDS, *_SCORES, *_METADATA)
    )


def document_of(value: Any) -> Document:
    """One document; what is absent is left out."""
    if not isinstance(value, dict):
        return {"content": json_text(value)}
    inner = value.get("kwargs") if "lc" in value or value.get("type") == "constructor" else None
    for nested in (inner, value.get("node"), value.get("document")):
        if isinstance(nested, dict):
            return {**document_of(nested), **_scored(value)}
    made: Document = {}
    identity = first_text(value, _IDS)
    if identity is not None:
        made["id"] = identity
    content = first_of(value, _CONTENTS)
    if not is_empty(content):
        made["content"] = _content(content)
    made.update(_scored(value))
    metadata = parsed(first_of(value, _METADATA))
    if not is_empty(metadata):
        made["metadata"] = metadata
    return made


def _content(value: Any) -> str:
    """Text; of a list of parts (Genkit), their texts."""
    if isinstance(value, list):
        texts = [part["content"] for part in parts_of(value) if part["type"] == "text"]
        return "\n".join(texts) if texts else json_text(value)
    return json_text(value)


def _scored(value: Mapping[str, Any]) -> Document:
    score = scalars.number(first_of(value, _SCORES))
    return {} if score is None else {"score": score}
