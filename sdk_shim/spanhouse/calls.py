"""Opening and closing spans around code of the host.

Owns: the hot path. `open_span` starts a span; `begin` and `Call` put one around a call: the span current, the arguments
and the result written, exceptions recorded. Everything here keeps its own exceptions to itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from typing import Any, Final

from opentelemetry import context as context_api
from opentelemetry import trace as trace_api
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.trace.status import Status, StatusCode

from spanhouse import semconv
from spanhouse.arguments import Binder
from spanhouse.errors import record_error
from spanhouse.faults import FAULTS
from spanhouse.provider import STATE, Runtime, runtime
from spanhouse.sampling import will_keep, with_ratio
from spanhouse.span_attributes import add_below, fitting, held_attributes
from spanhouse.span_types import short_name
from spanhouse.values import with_content, write_value

OK: Final = Status(StatusCode.OK)
DISABLED_KEY: Final = context_api.create_key("spanhouse-disabled")


class CallPlan:
    """What is known of a traced function before it is called."""

    __slots__ = ("attributes", "binder", "captures_outputs", "input_key", "links", "name", "output_key", "ratio")

    def __init__(
        self,
        name: str,
        attributes: Mapping[str, Any],
        *,
        input_key: str = semconv.INPUT,
        output_key: str = semconv.OUTPUT,
        binder: Binder | None = None,
        captures_outputs: bool = True,
        ratio: float | None = None,
        links: Sequence[Link] = (),
    ) -> None:
        self.name = name
        self.attributes = attributes
        self.input_key = input_key
        self.output_key = output_key
        self.binder = binder
        self.captures_outputs = captures_outputs
        self.ratio = ratio
        self.links = links


def open_span(
    current: Runtime,
    name: str,
    context: Context,
    attributes: Mapping[str, Any] | None = None,
    links: Sequence[Link] = (),
    ratio: float | None = None,
    start_time_ns: int | None = None,
) -> Span:
    """Start a span; *ratio* decides alone whether a trace that starts here is kept."""
    tracer = current.tracer if ratio is None else with_ratio(current.tracer, ratio)
    if start_time_ns is None and current.clock is not None:
        start_time_ns = current.clock()
    if not attributes or not current.is_alone(tracer):
        if attributes:
            limits = getattr(tracer, "_span_limits", None)
            attributes = fitting(attributes, limits, length="max_span_attribute_length", count="max_span_attributes")
        return tracer.start_span(short_name(name), context, SpanKind.INTERNAL, attributes, links, start_time_ns)
    # Nobody else looks at what a span starts with, so it can have it right afterwards, which is cheaper.
    span = tracer.start_span(short_name(name), context, SpanKind.INTERNAL, None, links, start_time_ns)
    if span.is_recording():
        add_below(span, attributes)
    return span


def active_runtime(context: Context) -> Runtime | None:
    """The runtime, unless tracing is off, for the process or in this context."""
    current = STATE.runtime or runtime()
    if current is None or not current.is_enabled or DISABLED_KEY in context:
        return None
    return current


def leave(token: Token[Context]) -> None:
    """Make the context before *token* current again; in a foreign context (a generator closed elsewhere) do nothing."""
    try:
        token.var.reset(token)
    except (ValueError, RuntimeError):
        FAULTS.count("context_left_elsewhere")


def close_span(span: Span, end_time_ns: int | None = None, *, is_ok: bool = True) -> None:
    """End the span, OK unless it says otherwise, or UNSET where it was left by what is no error."""
    status = getattr(span, "_status", None)
    if is_ok and status is not None and status.status_code is StatusCode.UNSET:
        span._status = OK  # type: ignore[attr-defined]  # noqa: SLF001 - as set_status does, at a tenth of its cost
    current = STATE.runtime
    if end_time_ns is None and current is not None and current.clock is not None:
        end_time_ns = current.clock()
    span.end(end_time_ns)


class Call:
    """One traced call, between its start and its end."""

    __slots__ = ("_token", "context", "is_ended", "plan", "span")

    def __init__(self, plan: CallPlan, span: Span, context: Context) -> None:
        self.plan = plan
        self.span = span
        self.context = context
        self.is_ended = False
        self._token: Token[Context] | None = context_api.attach(context)

    def pause(self) -> ContextVar[Context] | None:
        """Make the span no longer current, without ending it; the variable that says what is current."""
        token, self._token = self._token, None
        if token is None:
            return None
        leave(token)
        return token.var

    def finish(self, result: Any) -> None:
        """The call returned *result*."""
        self.pause()
        if self.is_ended:
            return
        self.is_ended = True
        try:
            span, plan = self.span, self.plan
            if plan.captures_outputs and result is not None and plan.output_key not in held_attributes(span):
                write_value(span, plan.output_key, result)
            close_span(span)
        except Exception as error:  # noqa: BLE001 - called in the host's code
            FAULTS.swallowed("the end of a call", error)

    def fail(self, error: BaseException) -> None:
        """The call raised *error*."""
        self.pause()
        if self.is_ended:
            return
        self.is_ended = True
        try:
            close_span(self.span, is_ok=record_error(self.span, error))
        except Exception as own:  # noqa: BLE001 - called in the host's code
            FAULTS.swallowed("the end of a call", own)


def begin(plan: CallPlan, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Call | None:
    """Start the span of a call and make it current; None when nothing is to be traced."""
    try:
        context = context_api.get_current()
        current = active_runtime(context)
        if current is None:
            return None
        binder, attributes = plan.binder, plan.attributes
        if binder is not None and plan.ratio is None and will_keep(current.tracer, context):
            # Written down before the span starts, whose time is the function's.
            attributes = with_content(attributes, plan.input_key, binder.bind(args, kwargs), current.settings)
            binder = None
        span = open_span(current, plan.name, context, attributes, plan.links, plan.ratio)
        if binder is not None and span.is_recording():
            write_value(span, plan.input_key, binder.bind(args, kwargs))
        return Call(plan, span, trace_api.set_span_in_context(span, context))
    except Exception as error:  # noqa: BLE001 - called in the host's code
        FAULTS.swallowed("the start of a call", error)
        return None
