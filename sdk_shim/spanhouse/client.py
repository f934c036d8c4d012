"""`Client`: traces made step by step, for callbacks and threads.

Owns: starting and ending by ids, with explicit parents and times and without anything ambient. Open spans are kept in
one bounded table, so that a span can be ended where only its ids are known. Reading back is `reading`'s; the client
offers it too.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from spanhouse.active_traces import ACTIVE
from spanhouse.faults import FAULTS, never_raises
from spanhouse.links import span_context
from spanhouse.live_span import NO_SPAN, LiveSpan, NoOpSpan
from spanhouse.reading import Reader
from spanhouse.spans import make_span, shared_attributes, trace_attributes
from spanhouse.trace_level import write_on_trace

OPEN_SPANS_MAX: Final = 50_000


class _OpenSpans:
    """Open spans by their ids; the oldest is forgotten when there are too many. Every step is atomic by itself."""

    def __init__(self) -> None:
        self._spans: OrderedDict[tuple[int, int], LiveSpan] = OrderedDict()
        self._roots: OrderedDict[int, LiveSpan] = OrderedDict()

    def add(self, span: LiveSpan, *, is_root: bool) -> None:
        if isinstance(span, NoOpSpan):
            return
        context = span.context
        with suppress(KeyError):  # another thread was faster
            if is_root:
                self._roots[context.trace_id] = span
                while len(self._roots) > OPEN_SPANS_MAX:
                    self._roots.popitem(last=False)
                    FAULTS.count("open_spans_forgotten")
            else:
                self._spans[context.trace_id, context.span_id] = span
                while len(self._spans) > OPEN_SPANS_MAX:
                    self._spans.popitem(last=False)
                    FAULTS.count("open_spans_forgotten")

    def find(self, trace_id: str, span_id: str) -> LiveSpan | None:
        number, span_number = _number(trace_id), _number(span_id)
        found = self._spans.get((number, span_number))
        if found is None and (root := self._roots.get(number)) is not None and root.context.span_id == span_number:
            return root
        return found

    def root(self, trace_id: str) -> LiveSpan | None:
        return self._roots.get(_number(trace_id))

    def remove(self, span: LiveSpan) -> None:
        context = span.context
        if self._roots.get(context.trace_id) is span:
            self._roots.pop(context.trace_id, None)
        elif self._spans:
            self._spans.pop((context.trace_id, context.span_id), None)


_OPEN: Final = _OpenSpans()


class Client(Reader):
    """Explicit tracing and reading back. Thread-safe; all clients of a process see the same open spans."""

    @never_raises(NO_SPAN)
    def start_trace(
        self,
        name: str,
        span_type: str = "UNKNOWN",
        inputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        start_time_ns: int | None = None,
        *,
        links: Sequence[Any] | None = None,
        run_id: str | None = None,
        experiment_id: str | None = None,
    ) -> LiveSpan:
        """Start a trace, whatever is current, and hand out its root span. *run_id* becomes metadata; there are no
        experiments: projects are set with `configure`.
        """
        metadata = metadata if run_id is None else {**(metadata or {}), "mlflow.sourceRun": run_id}
        root = make_span(name, span_type, None, inputs, attributes, tags, metadata, start_time_ns, links=links)
        _OPEN.add(root, is_root=True)
        return root

    @never_raises(NO_SPAN)
    def start_span(
        self,
        name: str,
        trace_id: str | None = None,
        parent_id: str | None = None,
        span_type: str = "UNKNOWN",
        inputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        start_time_ns: int | None = None,
        *,
        parent: LiveSpan | None = None,
        links: Sequence[Any] | None = None,
        request_id: str | None = None,
    ) -> LiveSpan:
        """Start a child of *parent*, or of the span with these ids (of this process or of another)."""
        trace_id = request_id if trace_id is None else trace_id
        above: Any = parent
        if above is None and trace_id and parent_id:
            is_here = ACTIVE.find(int(_hex(trace_id), 16)) is not None
            above = _OPEN.find(_hex(trace_id), parent_id) or span_context(trace_id, parent_id, is_remote=not is_here)
        if above is None and trace_id:
            above = _OPEN.root(_hex(trace_id))
        if above is None and trace_id == "":
            return NO_SPAN  # of a trace that is not kept
        if above is None:
            FAULTS.count("no_parent")
            FAULTS.warn("Client.start_span(%r) wants a parent, or trace_id and parent_id", name)
            return NO_SPAN
        span = make_span(name, span_type, above, inputs, attributes, start_time_ns=start_time_ns, links=links)
        _OPEN.add(span, is_root=False)
        return span

    @never_raises(None)
    def end_span(
        self,
        trace_id: str | LiveSpan | None = None,
        span_id: str | None = None,
        outputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        status: Any = None,
        end_time_ns: int | None = None,
        *,
        request_id: str | None = None,
    ) -> None:
        """End a span, given itself or by its ids."""
        trace_id = request_id if trace_id is None else trace_id
        if isinstance(trace_id, LiveSpan):
            span: LiveSpan | None = trace_id
        else:
            span = _OPEN.find(_hex(trace_id or ""), span_id or "")
        if span is None:
            _count_unknown(trace_id)
            return
        span.finish(outputs, attributes, status, end_time_ns)
        _OPEN.remove(span)

    @never_raises(None)
    def end_trace(
        self,
        trace_id: str | LiveSpan | None = None,
        outputs: Any = None,
        attributes: Mapping[str, Any] | None = None,
        status: Any = None,
        end_time_ns: int | None = None,
        *,
        request_id: str | None = None,
    ) -> None:
        """End the root span of a trace, and with it the trace."""
        trace_id = request_id if trace_id is None else trace_id
        root = trace_id if isinstance(trace_id, LiveSpan) else _OPEN.root(_hex(trace_id or ""))
        if root is None:
            _count_unknown(trace_id)
            return
        root.finish(outputs, attributes, status, end_time_ns)
        _OPEN.remove(root)

    @never_raises(None)
    def update_trace(
        self,
        trace_id: str,
        *,
        session_id: str | None = None,
        user: str | None = None,
        tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Write on a trace that is open in this process."""
        trace = ACTIVE.find(_number(_hex(trace_id or "")))
        if trace is None:
            FAULTS.count("no_current_trace")
            return
        shared = shared_attributes(session_id, user, metadata)
        write_on_trace(trace.root, {**trace_attributes(tags, metadata), **shared}, shared)


MlflowClient = Client
"""So that `from mlflow.client import MlflowClient` needs one word changed."""


def _count_unknown(trace_id: object) -> None:
    if trace_id != "":  # that is the id of a trace that is not kept
        FAULTS.count("unknown_span_ended")


def _number(hex_id: str) -> int:
    """The id; what is none is the id of nothing."""
    try:
        return int(hex_id, 16)
    except ValueError:
        return 0


def _hex(trace_id: str) -> str:
    return trace_id.removeprefix("tr-")
