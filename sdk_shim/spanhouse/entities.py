"""MLflow's `mlflow.entities`: what is written on spans and what is read back, under its names.

Owns: the three shapes that only programs written for MLflow make by hand, `Document`, `SpanEvent` and `Link`, and the
words of `SpanLogLevel`. Everything else is the module's that makes it.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from spanhouse.assessments import Assessment, AssessmentSource, AssessmentSourceType, Expectation, Feedback
from spanhouse.live_span import LiveSpan
from spanhouse.span_status import SpanStatus, SpanStatusCode
from spanhouse.span_types import SpanType
from spanhouse.trace_data import Span, Trace, TraceData, TraceInfo, TraceState

__all__ = [
    "Assessment",
    "AssessmentSource",
    "AssessmentSourceType",
    "Document",
    "Expectation",
    "Feedback",
    "Link",
    "LiveSpan",
    "Span",
    "SpanEvent",
    "SpanLogLevel",
    "SpanStatus",
    "SpanStatusCode",
    "SpanType",
    "Trace",
    "TraceData",
    "TraceInfo",
    "TraceState",
]


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


@dataclass
class SpanEvent:
    """Something that happened at a moment, for `add_event`."""

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


@dataclass
class Link:
    """A span of another trace by its ids, for `add_link` and `links=`."""

    trace_id: str
    span_id: str
    attributes: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)
