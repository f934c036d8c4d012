"""The traces that this process has open, and what their spans share.

Owns: `ActiveTraces`, by trace id: the local root span (the topmost span of the trace in this process, whoever made it)
and the session and user that its later spans inherit; and which trace ended last. Bounded: a root that never ends is
forgotten when too many are open.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from opentelemetry import baggage
from opentelemetry import context as context_api
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span
from opentelemetry.trace import TraceFlags

from spanhouse import semconv
from spanhouse.span_attributes import add_clean

TRACES_MAX: Final = 10_000
SHARED_KEY: Final = context_api.create_key("spanhouse-shared")
ROOT_KEY: Final = context_api.create_key("spanhouse-root")
BAGGAGE_KEY: Final[str | None] = getattr(baggage, "_BAGGAGE_KEY", None)  # where a context keeps its baggage
SHARED_NAMES: Final = (semconv.SESSION_ID, semconv.USER_ID)
_NOTHING: Final[Mapping[str, str]] = {}


class ActiveTrace:
    """One open trace of this process."""

    __slots__ = ("root", "shared")

    def __init__(self, root: Span, shared: Mapping[str, str]) -> None:
        self.root = root
        self.shared = shared  # replaced as a whole, never changed


class ActiveTraces:
    """All of them; called for every span that starts and ends, so every step is one look-up."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[int, ActiveTrace] = OrderedDict()  # a dict finds its oldest only by a walk
        self._local = threading.local()
        self.last_ended_id: int | None = None

    def find(self, trace_id: int) -> ActiveTrace | None:
        """The open trace of this id."""
        return self._by_id.get(trace_id)

    def span_started(self, span: Span, parent_context: Context | None) -> None:
        """Remember a local root; give the span what its context and its trace share."""
        parent = span.parent
        if parent_context is None:
            parent_context = context_api.get_current()
        if parent is None or parent.is_remote:
            self._root_started(span, span.context.trace_id, parent_context)
            return
        trace = self._by_id.get(parent.trace_id)
        in_context: Any = parent_context.get(SHARED_KEY)
        if in_context:
            add_clean(span, {**(trace.shared if trace else {}), **in_context})
        elif trace is not None and trace.shared:
            add_clean(span, trace.shared)

    def _root_started(self, span: Span, trace_id: int, parent_context: Context) -> None:
        known = self._by_id
        trace = ActiveTrace(span, _carried(parent_context) if parent_context else _NOTHING)
        if trace_id in known:  # a second entrance of the same remote trace: the first root stays
            trace = known[trace_id] if known[trace_id].root.is_recording() else trace
        while len(known) >= TRACES_MAX:
            self._forget_oldest()
        known[trace_id] = trace
        if parent_context:
            in_context: Any = parent_context.get(SHARED_KEY) or _NOTHING
            on_root: Any = parent_context.get(ROOT_KEY) or _NOTHING
            if trace.shared or in_context or on_root:
                add_clean(span, {**trace.shared, **in_context, **on_root})

    def _forget_oldest(self) -> None:
        with suppress(KeyError):  # another thread was faster
            self._by_id.popitem(last=False)

    def span_ended(self, span: ReadableSpan) -> ActiveTrace | None:
        """The trace of the span, which is forgotten when the span is its root."""
        context = span.context
        trace_id = context.trace_id
        trace = self._by_id.get(trace_id)
        if trace is not None and (trace.root._context is context or trace.root.context == context):  # noqa: SLF001
            if context.trace_flags & TraceFlags.SAMPLED:
                self.last_ended_id = self._local.last_ended_id = trace_id
            self._by_id.pop(trace_id, None)
        return trace

    def last_ended(self, *, in_this_thread: bool) -> int | None:
        """The id of the trace whose root ended last."""
        return getattr(self._local, "last_ended_id", None) if in_this_thread else self.last_ended_id


def _carried(context: Context) -> Mapping[str, str]:
    carried: Any = baggage.get_all(context) if BAGGAGE_KEY is None else context.get(BAGGAGE_KEY)
    if not carried:
        return _NOTHING
    return {name: str(carried[name]) for name in SHARED_NAMES if carried.get(name)}


ACTIVE: Final = ActiveTraces()
