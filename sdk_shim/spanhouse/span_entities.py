"""Parts of spans, live or stored, under MLflow's names.

Owns: `SpanEvent`, `Link`, `Document` and the words of `SpanLogLevel`.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

import orjson


class SpanLogLevel(StrEnum):
    """What `set_log_level` takes."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


@dataclass
class Document:
    """What a retriever found, for `set_documents` or as a result."""

    page_content: str
    metadata: dict[str, Any] = field(default_factory=dict)
    id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def from_langchain_document(cls, document: Any) -> Self:
        """From LangChain's."""
        return cls(document.page_content, dict(document.metadata or {}), getattr(document, "id", None))

    @classmethod
    def from_llama_index_node_with_score(cls, node: Any) -> Self:
        """From LlamaIndex's, the score among the metadata."""
        return cls(node.get_content(), {"score": node.get_score(), **(node.metadata or {})}, node.node_id)


@dataclass
class SpanEvent:
    """Something that happened at a moment, in nanoseconds of Unix time."""

    name: str
    timestamp: int = field(default_factory=time.time_ns)
    attributes: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_exception(cls, exception: BaseException) -> Self:
        """The event `exception`, with the stack; it leaves the span's status alone."""
        said = {
            "exception.type": type(exception).__qualname__,
            "exception.message": str(exception),
            "exception.stacktrace": "".join(traceback.format_exception(exception)),
        }
        return cls("exception", attributes=said)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From JSON, the API's or MLflow's."""
        moment = made.get("time_unix_nano", made.get("timestamp"))
        return cls(str(made.get("name", "")), int(moment or 0), dict(made.get("attributes") or {}))

    def to_dict(self) -> dict[str, Any]:
        """As the API has it."""
        return {"name": self.name, "time_unix_nano": self.timestamp, "attributes": dict(self.attributes)}

    def json(self) -> dict[str, Any]:
        """As MLflow has it: attributes as JSON text."""
        written = orjson.dumps(self.attributes, str, orjson.OPT_NON_STR_KEYS).decode() if self.attributes else None
        return {"name": self.name, "timestamp": self.timestamp, "attributes": written}


@dataclass
class Link:
    """A span of another trace by its ids, for `add_link` and `links=`."""

    trace_id: str
    span_id: str
    attributes: dict[str, Any] | None = None

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From JSON."""
        attributes = made.get("attributes")
        return cls(str(made["trace_id"]), str(made["span_id"]), None if attributes is None else dict(attributes))

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)
