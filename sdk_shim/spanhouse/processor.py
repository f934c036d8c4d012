"""The shim's span processor: the one thing it adds to the global TracerProvider.

Owns: what happens to every span, ours and others', at its start (inheriting session and user) and at its end (masking,
queueing). Leaves to others: the queue, the masks, the traces. Nothing raised here reaches the host.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import TraceFlags

from spanhouse.active_traces import ACTIVE, ActiveTrace
from spanhouse.export_queue import ExportQueue
from spanhouse.faults import FAULTS, WARNING_INTERVAL_S
from spanhouse.masking import Mask, mask

if TYPE_CHECKING:
    from spanhouse.duplicates import Duplicates


UNPROVEN_EXIT_TIMEOUT_MS: Final = 2_000


class SpanSink(Protocol):
    """Where ended spans go."""

    def put(self, span: ReadableSpan) -> None:
        """Take one."""

    def discard(self, span: ReadableSpan) -> None:
        """Give one back, if it is still there."""


class SpanhouseProcessor(SpanProcessor):
    """Inherits, masks and queues; `is_enabled` turns it off without taking it out."""

    def __init__(self, queue: ExportQueue | None, flush_timeout_ms: int) -> None:
        self.queue = queue
        self.flush_timeout_ms = flush_timeout_ms
        self.masks: tuple[Mask, ...] = ()
        self.is_enabled = True
        self.on_root_end: Callable[[int], object] | None = None
        self.sink: SpanSink | None = None  # of `spanhouse.testing`: instead of the queue
        self.duplicates: Duplicates | None = None
        self.synchronous_ms: int | None = None  # how long the end of a trace waits until it is sent
        self._waits_again_at = 0.0

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Give the span what its trace and its context share."""
        try:
            ACTIVE.span_started(span, parent_context)
        except Exception as error:  # noqa: BLE001 - called in the host's threads
            FAULTS.swallowed("on_start", error)

    def on_end(self, span: ReadableSpan) -> None:
        """Mask and queue the span."""
        try:
            trace = ACTIVE.span_ended(span)
            if not self.is_enabled or not span.context.trace_flags & TraceFlags.SAMPLED:
                return
            if trace is not None and trace.shared:
                _complete(span, trace)
            if self.masks:
                mask(span, self.masks)
            sink = self.sink or self.queue
            if sink is not None:
                for duplicate in () if self.duplicates is None else self.duplicates.of(span):
                    sink.discard(duplicate)
                sink.put(span)
            if (self.synchronous_ms or self.on_root_end) and (span.parent is None or span.parent.is_remote):
                self._root_ended(span.context.trace_id)
        except Exception as error:  # noqa: BLE001 - called in the host's threads
            FAULTS.swallowed("on_end", error)

    def _root_ended(self, trace_id: int) -> None:
        queue = self.queue
        if self.synchronous_ms and queue is not None and self.sink is None and time.monotonic() >= self._waits_again_at:
            sent = FAULTS.counts().get("exported", 0)
            if not queue.flush(self.synchronous_ms) or FAULTS.counts().get("exported", 0) == sent:
                # One call waits in vain, not every one of the next minute.
                self._waits_again_at = time.monotonic() + WARNING_INTERVAL_S
        if self.on_root_end is not None:
            self.on_root_end(trace_id)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self.queue is None or self.queue.flush(min(timeout_millis, self.flush_timeout_ms))

    def shutdown(self) -> None:
        """Send what waits, within the time that the settings allow, and stop."""
        if self.queue is not None:
            # While nobody has ever answered and an attempt has failed, a script must not hang for long at its end.
            self.queue.shutdown(self.flush_timeout_ms, UNPROVEN_EXIT_TIMEOUT_MS)


def sees_no_start(processor: SpanProcessor) -> bool:
    """Whether *processor* does nothing when a span starts, or is ours, which looks at no attribute then."""
    export = sys.modules.get("opentelemetry.sdk.trace.export")  # where its classes come from, if there are any
    idle = [getattr(export, name, SpanProcessor) for name in ("SimpleSpanProcessor", "BatchSpanProcessor")]
    known = [kind.on_start for kind in (SpanhouseProcessor, SpanProcessor, *idle)]
    return "on_start" not in getattr(processor, "__dict__", ()) and getattr(type(processor), "on_start", None) in known


def _complete(span: ReadableSpan, trace: ActiveTrace) -> None:
    """Session and user that were set after the span's start."""
    present: Any = span.attributes or {}
    missing = {key: value for key, value in trace.shared.items() if key not in present}
    if missing:
        span._attributes = BoundedAttributes(None, {**present, **missing}, immutable=False)  # noqa: SLF001
