"""The spans of an evaluation's own traces, kept in memory until its scorers have seen them.

Owns: a span processor that keeps spans while an evaluation asks it to. Reading each trace back from the collector would
cost a row a second; what a scorer sees here is what the application sent.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from opentelemetry import trace as trace_api
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from spanhouse import semconv
from spanhouse.trace_data import Trace

SPANS_MAX: Final = 100_000  # of all traces that are kept at once; the oldest trace goes then


class KeptTraces(SpanProcessor):
    """Spans by trace id."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: dict[int, list[ReadableSpan]] = {}
        self._count = 0
        self._users = 0
        self._provider: Any = None

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep what ends in the block."""
        provider: Any = trace_api.get_tracer_provider()
        with self._lock:
            if self._provider is not provider and hasattr(provider, "add_span_processor"):
                self._provider = provider
                provider.add_span_processor(self)
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users:
                    self._spans.clear()
                    self._count = 0

    @contextmanager
    def idle(self) -> Iterator[None]:
        """Keep nothing."""
        yield

    def on_end(self, span: ReadableSpan) -> None:
        """Keep the span, if anybody asks for it."""
        if not self._users:
            return
        with self._lock:
            self._spans.setdefault(span.context.trace_id, []).append(span)
            self._count += 1
            while self._count > SPANS_MAX:
                self._count -= len(self._spans.pop(next(iter(self._spans))))

    def take(self, trace_id: str) -> Trace | None:
        """The trace of this id, which is forgotten; None where nothing was kept."""
        with self._lock:
            spans = self._spans.pop(int(trace_id, 16), [])
            self._count -= len(spans)
        if not spans:
            return None
        return Trace.from_dict({"info": {"trace_id": trace_id}, "spans": [_columns(span) for span in spans]})


def _columns(span: ReadableSpan) -> dict[str, Any]:
    attributes = {key: list(item) if isinstance(item, tuple) else item for key, item in (span.attributes or {}).items()}
    return {
        "name": span.name,
        "trace_id": f"{span.context.trace_id:032x}",
        "span_id": f"{span.context.span_id:016x}",
        "parent_span_id": "" if span.parent is None else f"{span.parent.span_id:016x}",
        "span_type": str(attributes.get(semconv.SPAN_TYPE) or attributes.get("openinference.span.kind") or "UNKNOWN"),
        "start_time_unix_nano": span.start_time or 0,
        "end_time_unix_nano": span.end_time or 0,
        "status_code": span.status.status_code.name,
        "status_message": span.status.description or "",
        "attributes": attributes,
    }


KEPT: Final = KeptTraces()
