"""The way of ended spans to an exporter: a bounded queue and one worker thread.

Owns: the bounds (spans and bytes), drops with a counter, batches by count and by size, flush with a time limit, the end
of the process and what it tells then, fork, and how many spans of recent traces the collector has taken.
OpenTelemetry's own batch processor bounds only the number of spans (2,048 spans of 10 MB are 20 GB), ignores the time
limit of a flush, and sends a batch of any size.

The worker starts with the first span of a process, so a forked child gets its own, with an exporter of its own: sockets
and gRPC channels do not survive a fork. What the parent had queued is the parent's to send. Before a fork the worker
goes, and comes back: a process that forks with one thread takes no lock of another thread with it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from opentelemetry import context as context_api
from opentelemetry.sdk.trace import ReadableSpan

from spanhouse.exporter_logs import COMPLAINT, THREAD_NAME, silence_exporter_loggers
from spanhouse.faults import FAULTS, never_raises
from spanhouse.settings import Settings
from spanhouse.span_attributes import held_attributes

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

SPAN_OVERHEAD_BYTES: Final = 500
REST_TIMEOUT_S: Final = 0.5
ACKNOWLEDGED_TRACES_MAX: Final = 1_000
LOST: Final = ("dropped_export_failed", "dropped_at_exit", "dropped_queue_full", "dropped_after_shutdown")
"""The counters of spans that never arrived."""


def size_of(span: ReadableSpan) -> int:
    """About how many bytes the span holds: its texts, and an overhead."""
    size = SPAN_OVERHEAD_BYTES + len(span.name)
    for value in held_attributes(span).values():
        if type(value) is str or type(value) is bytes:
            size += len(value)
        elif type(value) is tuple:
            size += 8 * len(value) + sum(len(item) for item in value if type(item) is str)
    events = getattr(span, "_events", ())
    if getattr(events, "_dq", events):  # the deque inside, whose length costs nothing to ask
        for event in span.events:
            size += len(event.name) + sum(
                len(value) for value in (event.attributes or {}).values() if isinstance(value, str)
            )
    return size


class ExportQueue:
    """Spans that wait, and the thread that sends them."""

    def __init__(self, make_exporter: Callable[[Settings], SpanExporter], settings: Settings) -> None:
        self._make_exporter = make_exporter
        self._settings = settings
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._rest, after_in_parent=self._resume, after_in_child=self._reset)

    def _reset(self) -> None:
        self._spans: deque[tuple[ReadableSpan, int]] = deque()
        self._queued_bytes = 0
        # Re-entrant: the garbage collector may end a generator's span, which comes here, while this thread is here.
        self._lock = threading.RLock()
        self._wanted = threading.Condition(self._lock)
        self._idle = threading.Condition(self._lock)
        self._is_wanted = False
        self._taken = 0
        self._done = 0
        self._is_shut_down = False
        self._is_resting = False
        self._is_exporting = False
        self._worker: threading.Thread | None = None
        self._exporter: SpanExporter | None = None
        self._is_exporter_stale = False
        self._acknowledged: OrderedDict[int, int] = OrderedDict()
        self._last_acknowledged: int | None = None
        self._told = 0
        COMPLAINT.clear()

    def reconfigure(self, settings: Settings) -> None:
        """Use other settings from the next batch on."""
        with self._lock:
            self._settings = settings
            self._is_exporter_stale = True

    def put(self, span: ReadableSpan) -> None:
        """Queue one ended span, or drop it with a count when there is no room."""
        size = size_of(span)
        settings = self._settings
        with self._lock:
            if self._is_shut_down:
                FAULTS.count("dropped_after_shutdown")
                return
            waiting = len(self._spans)
            if waiting >= settings.max_queue_spans or self._queued_bytes + size > settings.max_queue_bytes:
                is_full = True
            else:
                is_full = False
                self._spans.append((span, size))
                self._queued_bytes += size
                if waiting + 1 >= settings.max_batch_spans or self._queued_bytes >= settings.max_batch_bytes:
                    self._wake()
            if self._worker is None:
                self._start_worker()
        if is_full:
            FAULTS.count("dropped_queue_full")
            FAULTS.warn("spanhouse drops spans: the queue is full (%d spans wait)", waiting)

    def _wake(self) -> None:
        if not self._is_wanted:
            self._is_wanted = True
            self._wanted.notify_all()

    def discard(self, span: ReadableSpan) -> None:
        """Take a span back, if it still waits."""
        with self._lock:
            for item in self._spans:
                if item[0] is span:
                    self._spans.remove(item)
                    self._queued_bytes -= item[1]
                    self._taken += 1
                    self._done += 1
                    return

    def _start_worker(self) -> None:
        silence_exporter_loggers()
        self._worker = threading.Thread(target=self._work, name=THREAD_NAME, daemon=True)
        try:
            self._worker.start()
        except RuntimeError:  # the interpreter is shutting down; what waits is counted at its end
            self._worker = None
            return
        _flush_when_a_child_process_ends(self)

    def flush(self, timeout_ms: int, doubtful_ms: int | None = None) -> bool:
        """Send what waits; False when *timeout_ms* passed before everything was sent or given up.

        *doubtful_ms* is a shorter limit for as long as nobody has ever taken a span and an attempt has failed.
        """
        now = time.monotonic()
        deadline = now + timeout_ms / 1000
        doubtful = deadline if doubtful_ms is None else now + doubtful_ms / 1000
        with self._lock:
            if self._worker is None and self._spans and not self._is_shut_down:
                self._start_worker()
            if self._worker is None or self._worker is threading.current_thread():
                return not self._spans
            target = self._taken + len(self._spans)
            self._wake()
            while self._done < target:
                is_doubtful = COMPLAINT.text is not None and not FAULTS.counts().get("exported")
                remaining = (min(deadline, doubtful) if is_doubtful else deadline) - time.monotonic()
                if remaining <= 0 or not self._worker.is_alive():
                    return False
                self._idle.wait(min(remaining, 0.2 if is_doubtful or doubtful < deadline else 0.5))
        return True

    def shutdown(self, timeout_ms: int, doubtful_ms: int | None = None) -> bool:
        """Flush, then take nothing more, let the worker go, and tell what was lost. Never longer than *timeout_ms*."""
        if self._is_shut_down:
            return True
        done = self.flush(timeout_ms, doubtful_ms)
        with self._lock:
            self._is_shut_down = True
            left = len(self._spans) + self._taken - self._done
            self._spans.clear()
            exporter = self._exporter
            self._wake()
        if left:
            FAULTS.count("dropped_at_exit", left)
        self.tell_lost(f"no answer from {self._settings.sent_to} within {timeout_ms} ms", is_last=True)
        if exporter is not None:
            exporter.shutdown()
        return done

    def tell_lost(self, otherwise: str, *, is_last: bool = False) -> None:
        """Say how many spans were lost, if there are more than was said; at the end whenever the last warning was."""
        counts = FAULTS.counts()
        lost = sum(counts.get(reason, 0) for reason in LOST)
        if lost <= self._told:
            return
        reason = COMPLAINT.said_of(self._settings.sent_to) or otherwise
        line = "spanhouse: %d %s not sent: %s"
        if FAULTS.warn(line, lost, "span was" if lost == 1 else "spans were", reason, is_last=is_last):
            self._told = lost

    @never_raises(None)
    def _rest(self) -> None:
        """Let the worker go before a fork, unless it is sending: a process forks best with a single thread."""
        worker = self._worker
        if worker is None or worker is threading.current_thread():
            return
        with self._lock:
            if self._is_exporting:
                return
            self._is_resting = True
            self._wake()
        worker.join(REST_TIMEOUT_S)
        with self._lock:
            if not worker.is_alive():
                self._worker = None

    @never_raises(None)
    def _resume(self) -> None:
        """After a fork the parent goes on; its worker comes back when there is something to send."""
        with self._lock:
            self._is_resting = False
            if self._worker is None and self._spans:
                self._start_worker()

    def _work(self) -> None:
        # Detaching is never needed: the context is this thread's own and dies with it.
        context_api.attach(context_api.set_value(context_api._SUPPRESS_INSTRUMENTATION_KEY, True))  # noqa: SLF001
        while not self._is_shut_down:
            with self._lock:
                if not self._is_wanted:
                    self._wanted.wait(self._settings.schedule_delay_ms / 1000)
                self._is_wanted = False
            while not self._is_resting and (batch := self._take()):
                is_sent = False
                try:
                    is_sent = self._export(batch)
                finally:
                    self._settle(batch, is_sent=is_sent)
            if self._is_resting:
                return

    def _take(self) -> list[ReadableSpan]:
        settings = self._settings
        batch: list[ReadableSpan] = []
        size = 0
        with self._lock:
            while self._spans and len(batch) < settings.max_batch_spans:
                span, span_size = self._spans[0]
                if batch and size + span_size > settings.max_batch_bytes:
                    break
                self._spans.popleft()
                batch.append(span)
                size += span_size
            self._queued_bytes -= size
            self._taken += len(batch)
            self._is_exporting = bool(batch)
        return batch

    def acknowledged(self, trace_id: int) -> int:
        """How many spans of this trace the collector has; 0 for one that was long ago or of another process."""
        with self._lock:
            return self._acknowledged.get(trace_id, 0)

    def take_last_acknowledged(self) -> int | None:
        """The trace of the span that was taken last; None when nothing was since the last time this was asked."""
        with self._lock:
            last, self._last_acknowledged = self._last_acknowledged, None
        return last

    def _acknowledge(self, trace_ids: Iterable[int]) -> None:
        known = self._acknowledged
        with self._lock:
            for trace_id in trace_ids:
                known[trace_id] = known.pop(trace_id, 0) + 1
                self._last_acknowledged = trace_id
            while len(known) > ACKNOWLEDGED_TRACES_MAX:
                known.popitem(last=False)

    def _export(self, batch: list[ReadableSpan]) -> bool:
        try:
            if self._is_exporter_stale and self._exporter is not None:
                self._exporter.shutdown()
                self._exporter = None
            self._is_exporter_stale = False
            if self._exporter is None:
                self._exporter = self._make_exporter(self._settings)
            return self._exporter.export(batch).name == "SUCCESS"
        except Exception as error:  # noqa: BLE001 - an exporter's fault must not end the worker
            FAULTS.swallowed("export", error)
            COMPLAINT.take_error(error)
            return False

    def _settle(self, batch: list[ReadableSpan], *, is_sent: bool) -> None:
        """Count a batch and say what was lost; whoever waits for it goes on after both."""
        number = len(batch)
        with self._lock:
            self._is_exporting = False
            is_given_up = self._is_shut_down  # counted by then as lost at the end
            if is_sent:
                COMPLAINT.clear()
                FAULTS.count("exported", number)
                self._acknowledge(span.context.trace_id for span in batch)
        if is_sent and is_given_up:
            FAULTS.count("dropped_at_exit", -number)
        elif not is_sent and not is_given_up:
            FAULTS.count("dropped_export_failed", number)
            # Without the lock, for which threads of the host wait: their log may take its time.
            self.tell_lost(f"{self._settings.sent_to} did not take them")
        with self._lock:
            if self._is_shut_down and not is_given_up:  # meanwhile, and counted this batch with the rest
                FAULTS.count("dropped_at_exit", -number)
            self._done += number
            self._idle.notify_all()


def _flush_when_a_child_process_ends(queue: ExportQueue) -> None:
    """Children of multiprocessing leave through `os._exit` and run no atexit functions, only multiprocessing's own."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None and process.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, queue.shutdown, args=(queue._settings.exit_timeout_ms,), exitpriority=100)  # noqa: SLF001
