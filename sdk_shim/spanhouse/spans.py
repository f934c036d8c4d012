"""Spans around blocks of code, and spans that nobody makes current.

Owns: `start_span`, `start_span_no_context`, and what is current.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import Token
from itertools import islice
from types import TracebackType
from typing import Any, Final, ParamSpec, TypeVar

from opentelemetry import context as context_api
from opentelemetry import trace as trace_api
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext

from spanhouse import semconv
from spanhouse.active_traces import ACTIVE
from spanhouse.calls import active_runtime, close_span, leave, open_span
from spanhouse.decorator import trace
from spanhouse.errors import record_error
from spanhouse.faults import FAULTS, never_raises, pass_over
from spanhouse.links import link_of, span_context
from spanhouse.live_span import NO_SPAN, LiveSpan, NoOpSpan
from spanhouse.sampling import will_keep
from spanhouse.span_types import NAME_CHARACTERS_MAX, input_key, short_name
from spanhouse.values import fixed_attributes, text_of, with_content

P = ParamSpec("P")
R = TypeVar("R")
TRACE_LABELS_MAX: Final = 200  # tags, and as many of metadata
NO_CONTEXT: Final = Context()  # where a trace starts; never changed


class SpanScope:
    """A span for a `with` block, for an `async with` block, or, as a decorator, for every call of a function."""

    def __init__(self, name: str, span_type: str, attributes: Mapping[str, Any] | None, options: dict[str, Any]):
        self._name = name
        self._span_type = span_type
        self._attributes = attributes
        self._options = options
        self._open: list[tuple[Span, Token[Context]] | None] = []

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """As a decorator."""
        return trace(function, self._name, self._span_type, self._attributes, **self._options)

    def __enter__(self) -> LiveSpan:
        try:
            context = context_api.get_current()
            current = active_runtime(context)
            if current is not None:
                options = self._options
                fixed = fixed_attributes(self._name, self._span_type, self._attributes, options)
                given = options["links"]
                links = [link_of(link) for link in given] if given else ()
                span = open_span(current, self._name, context, fixed, links, options.get("sample_ratio"))
                self._open.append((span, context_api.attach(trace_api.set_span_in_context(span, context))))
                return NoOpSpan(span) if type(span) is NonRecordingSpan else LiveSpan(span)
        except Exception as error:  # noqa: BLE001 - called in the host's code
            FAULTS.swallowed("start_span", error)
        self._open.append(None)
        return NO_SPAN

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        opened = self._open.pop() if self._open else None
        if opened is None:
            return
        span, token = opened
        leave(token)
        try:
            is_ok = error is None or record_error(span, error)
            if span.is_recording():
                close_span(span, is_ok=is_ok)
        except Exception as own:  # noqa: BLE001 - called in the host's code
            FAULTS.swallowed("the end of a span", own)

    async def __aenter__(self) -> LiveSpan:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, stack)


def start_span(
    name: str = "span",
    span_type: str = "UNKNOWN",
    attributes: Mapping[str, Any] | None = None,
    *,
    sample_ratio: float | None = None,
    log_level: str | None = None,
    links: Sequence[Any] | None = None,
    description: str | None = None,
    run_id: str | None = None,
    trace_destination: Any = None,
) -> SpanScope:
    """A span for a block of code: `with spanhouse.start_span("search") as span:`. Also a decorator.

    Of MLflow's arguments, *run_id* becomes metadata of the trace; *trace_destination* is passed over with a warning.
    """
    pass_over(trace_destination, "trace_destination")
    if run_id is not None:
        attributes = _with_run(attributes, run_id) or attributes
    options = {"sample_ratio": sample_ratio, "log_level": log_level, "links": links, "description": description}
    return SpanScope(name, span_type, attributes, options)


@never_raises(None)
def _with_run(attributes: Mapping[str, Any] | None, run_id: str) -> dict[str, Any]:
    return {**(attributes or {}), **trace_attributes(None, {"mlflow.sourceRun": run_id})}


@never_raises(NO_SPAN)
def start_span_no_context(
    name: str,
    span_type: str = "UNKNOWN",
    parent_span: LiveSpan | Span | SpanContext | Any = None,
    inputs: Any = None,
    attributes: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    start_time_ns: int | None = None,
    *,
    log_level: str | None = None,
    links: Sequence[Any] | None = None,
    description: str | None = None,
    experiment_id: str | None = None,
) -> LiveSpan:
    """A span that is not made current and that you end yourself: `span.end()`, in any thread.

    Without *parent_span* it starts a trace of its own, whatever is current. *experiment_id* is MLflow's and says
    nothing here: the project is the process's.
    """
    return make_span(
        name, span_type, parent_span, inputs, attributes, tags, metadata, start_time_ns, log_level, links, description
    )


def make_span(
    name: str,
    span_type: str,
    parent_span: Any,
    inputs: Any = None,
    attributes: Mapping[str, Any] | None = None,
    tags: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    start_time_ns: int | None = None,
    log_level: str | None = None,
    links: Sequence[Any] | None = None,
    description: str | None = None,
) -> LiveSpan:
    """What `start_span_no_context` answers, for callers that keep exceptions to themselves."""
    current = active_runtime(context_api.get_current())
    if current is None:
        return NO_SPAN
    context = NO_CONTEXT if parent_span is None else parent_context(parent_span)
    fixed = fixed_attributes(name, span_type, attributes, {"log_level": log_level, "description": description})
    shared: Mapping[str, str] = {}
    if tags or metadata:
        shared = shared_attributes(None, None, metadata)
        fixed.update(trace_attributes(tags, metadata))
        fixed.update(shared)
    if inputs is not None and will_keep(current.tracer, context):
        fixed = with_content(fixed, input_key(span_type), inputs, current.settings)
        inputs = None
    linked = [link_of(link) for link in links] if links else ()
    span = open_span(current, name, context, fixed, linked, start_time_ns=start_time_ns)
    if type(span) is NonRecordingSpan:
        return NoOpSpan(span)
    live = LiveSpan(span)
    trace_here = ACTIVE.find(live.context.trace_id) if shared else None
    if trace_here is not None:
        trace_here.shared = {**trace_here.shared, **shared}
    if inputs is not None:
        live.set_inputs(inputs)
    return live


def parent_context(parent: Any) -> Context:
    """The context of a child of *parent*; an empty one, where a trace starts, without a parent."""
    if parent is None:
        return Context()
    if isinstance(parent, LiveSpan):
        return trace_api.set_span_in_context(parent.otel_span, Context())
    if isinstance(parent, SpanContext):
        return trace_api.set_span_in_context(trace_api.NonRecordingSpan(parent), Context())
    if isinstance(parent, Span):
        return trace_api.set_span_in_context(parent, Context())
    remote = span_context(parent.trace_id, parent.span_id)
    return trace_api.set_span_in_context(trace_api.NonRecordingSpan(remote), Context())


def shared_attributes(
    session_id: str | None, user: str | None, metadata: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """What all spans of a trace share, said as such or under MLflow's keys of the metadata."""
    given: Mapping[str, Any] = metadata or {}
    shared = {name: text_of(given[key]) for key, name in semconv.SHARED_OF_METADATA.items() if key in given}
    if session_id is not None:
        shared[semconv.SESSION_ID] = text_of(session_id)
    if user is not None:
        shared[semconv.USER_ID] = text_of(user)
    return {name: text[:NAME_CHARACTERS_MAX] for name, text in shared.items()}  # they go onto every span and header


def trace_attributes(tags: Mapping[str, Any] | None, metadata: Mapping[str, Any] | None) -> dict[str, str]:
    """Tags and metadata of a trace as attributes of its root."""
    made: dict[str, str] = {}
    for prefix, given in ((semconv.TRACE_TAG, tags or {}), (semconv.TRACE_METADATA, metadata or {})):
        for key, value in islice(given.items(), TRACE_LABELS_MAX):
            made[prefix + short_name(key)] = text_of(value)
        if len(given) > TRACE_LABELS_MAX:
            FAULTS.count("dropped_attributes", len(given) - TRACE_LABELS_MAX)
    return made


@never_raises(None)
def get_current_active_span() -> LiveSpan | None:
    """The span that is current here, whoever started it; None when there is none, or its trace is not kept."""
    span = trace_api.get_current_span()
    return None if isinstance(span, NonRecordingSpan) else LiveSpan(span)


@never_raises(None)
def get_active_trace_id() -> str | None:
    """The id of the current trace, in hex; None when there is none, or it is not kept: an id of nothing."""
    span = get_current_active_span()
    return (span.trace_id or None) if span is not None else None


@never_raises(None)
def get_last_active_trace_id(thread_local: bool = False) -> str | None:
    """The id of the trace that ended last in this process, or in this thread."""
    last = ACTIVE.last_ended(in_this_thread=thread_local)
    return f"{last:032x}" if last is not None else None
