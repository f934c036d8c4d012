"""Embeddings: which texts were embedded, into how many numbers.

Owns finding the texts and measuring the vectors in every shape they come in; the vectors themselves are not content
and are left in the raw attributes.

Source: openai-openapi (`CreateEmbeddingResponse`), openinference `spec/`, vercel/ai `packages/ai/src/embed`, haystack
`components/embedders`, genkit `js/ai/src/embedder.ts`.
"""

from __future__ import annotations

from typing import Any, Final

from spanhouse_collector.model.content import flattened
from spanhouse_collector.model.content.documents import document_of
from spanhouse_collector.model.content.parse import is_empty, is_redacted, parsed
from spanhouse_collector.model.content.reader import SpanReader
from spanhouse_collector.model.content.requests import without_call
from spanhouse_collector.model.content.sides import DECODERS
from spanhouse_collector.model.source import Source

TEXTS_MAX: Final = 4096
DEPTH_MAX: Final = 3
_INPUTS: Final = (
    "input",
    "inputs",
    "texts",
    "text",
    "values",
    "value",
    "content",
    "contents",
    "documents",
    "query",
    "prompt",
)
_VECTORS: Final = ("data", "embeddings", "embedding", "vectors", "vector", "values", "output", "outputs", "documents")


def is_embedding(reader: SpanReader) -> bool:
    """Whether a span embeds: an EMBEDDING, or the AI SDK's span around one."""
    operation = reader.raw("ai.operationId")
    return reader.span_type == "EMBEDDING" or (isinstance(operation, str) and operation.startswith("ai.embed"))


def embedding_of(reader: SpanReader) -> dict[str, Any] | None:
    """Dimension, count and texts; None for spans that embed nothing."""
    if not is_embedding(reader):
        return None
    texts = _texts(reader)
    dimension, count = _measured(reader)
    dimension = reader.first("embedding_dimension") or dimension
    count = reader.first("embedding_count") or count or len(texts)
    return {"dimension": dimension, "count": count or None, "texts": texts}


def _texts(reader: SpanReader) -> list[str]:
    for source in reader.rows("embedding_texts"):
        found = _texts_of_row(reader, source)
        if found:
            return found[:TEXTS_MAX]
    return []


def _texts_of_row(reader: SpanReader, source: Source) -> list[str]:
    if source.decoder == "openinference_embeddings":
        return _kept(flattened.openinference_texts(reader.spelled(source.attribute.removesuffix(".N")), "embedding"))
    if source.decoder == "embedded":
        return texts_of(reader.parsed(source.attribute))
    decoder = "messages" if source.decoder == "embedded_messages" else source.decoder
    side = DECODERS[decoder](reader, source, "user")
    messages = side.messages if side is not None else ()
    return _kept([part["content"] for each in messages for part in each["parts"] if part["type"] == "text"])


def _kept(texts: list[str]) -> list[str]:
    return [text for text in texts if text and not is_redacted(text)]


def texts_of(value: Any, depth: int = 0) -> list[str]:
    """The texts in a text, a list of texts or of documents, or a request."""
    found = without_call(parsed(value))
    if isinstance(found, str):
        return _kept([found])
    if depth > DEPTH_MAX:
        return []
    if isinstance(found, list):
        return [text for each in found[:TEXTS_MAX] for text in _element(each, depth)]
    if isinstance(found, dict):
        for key in _INPUTS:
            if not is_empty(found.get(key)):
                return texts_of(found[key], depth + 1)
    return []


def _element(value: Any, depth: int) -> list[str]:
    found = parsed(value)
    if isinstance(found, dict):
        document = document_of(found)
        return _kept([document["content"]]) if "content" in document else texts_of(found, depth + 1)
    return texts_of(found, depth + 1) if isinstance(found, str) else []


def _measured(reader: SpanReader) -> tuple[int | None, int | None]:
    for source in reader.rows("embedding_vectors"):
        if source.decoder == "openinference_vectors":
            found = flattened.vectors(reader.spelled(source.attribute.removesuffix(".N")))
        else:
            found = reader.parsed(source.attribute)
        dimension, count = measure(found)
        if dimension:
            return dimension, count
    return None, None


def measure(value: Any, depth: int = 0) -> tuple[int | None, int]:
    """Length and number of the vectors in a value."""
    found = parsed(value)
    if depth > DEPTH_MAX + 2 or is_empty(found):
        return None, 0
    if isinstance(found, list):
        if _is_vector(found):
            return len(found), 1
        dimension, _ = measure(found[0], depth + 1)
        return dimension, len(found) if dimension else 0
    if isinstance(found, dict):
        for key in _VECTORS:
            dimension, count = measure(found.get(key), depth + 1)
            if dimension:
                return dimension, count
    if isinstance(found, str) and depth and len(found) > 32 and " " not in found:
        return _packed(found), 1
    return None, 0


def _is_vector(value: list[Any]) -> bool:
    return all(isinstance(each, (int, float)) and not isinstance(each, bool) for each in value[:8])


def _packed(text: str) -> int | None:
    """The number of 32-bit floats in base64, which is how OpenAI's client asks for vectors."""
    size = len(text.rstrip("=")) * 3 // 4
    return size // 4 if size % 4 == 0 else None
