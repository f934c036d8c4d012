"""What retrievers find, in one shape.

Owns: `documents_of`, from strings, dicts, and the documents of LangChain and LlamaIndex.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Final

from spanhouse.convert import fields_of

DOCUMENTS_MAX: Final = 10_000


def documents_of(documents: Iterable[Any]) -> list[dict[str, Any]]:
    """`[{"id", "content", "score", "metadata"}]`, each with what it has."""
    return [_document(item) for item in islice(documents, DOCUMENTS_MAX)]


def _document(item: Any) -> dict[str, Any]:
    if isinstance(item, str):
        return {"content": item}
    if isinstance(item, Mapping):
        made = fields_of(item) or {}
        if "page_content" in made:
            made["content"] = made.pop("page_content")
        return made
    node = getattr(item, "node", item)  # LlamaIndex wraps the node with its score
    content = getattr(node, "page_content", None) or getattr(node, "text", None)
    made = {
        "id": getattr(node, "id", None) or getattr(node, "node_id", None),
        "content": item if content is None else content,
        "score": getattr(item, "score", None),
        "metadata": getattr(node, "metadata", None),
    }
    return {key: value for key, value in made.items() if value is not None}
