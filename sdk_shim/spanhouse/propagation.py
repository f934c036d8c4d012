"""Carrying the current trace into threads, tasks and other services.

Owns: the HTTP headers in and out (W3C trace context and baggage) and the ways to run code in the current context
elsewhere. asyncio tasks and `asyncio.to_thread` copy the context by themselves; a process of multiprocessing is reached
with the headers, as another service is.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from opentelemetry import context as context_api
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from spanhouse.calls import leave
from spanhouse.faults import FAULTS, never_raises

P = ParamSpec("P")
R = TypeVar("R")
_W3C: Final = CompositePropagator([TraceContextTextMapPropagator(), W3CBaggagePropagator()])


@never_raises({})
def get_tracing_context_headers_for_http_request() -> dict[str, str]:
    """The headers that carry the current trace, its session and its user to another service; empty without a trace."""
    headers: dict[str, str] = {}
    _W3C.inject(headers)
    return headers


@contextmanager
def set_tracing_context_from_http_request_headers(headers: Mapping[str, str]) -> Iterator[None]:
    """For the block: spans are children of the caller's, with its session and user. Headers in any case of letters."""
    token = None
    try:
        carrier = {str(key).lower(): str(value) for key, value in headers.items()}
        token = context_api.attach(_W3C.extract(carrier, context_api.get_current()))
    except Exception as error:  # noqa: BLE001 - headers come from strangers
        FAULTS.swallowed("set_tracing_context_from_http_request_headers", error)
    try:
        yield
    finally:
        if token is not None:
            leave(token)


def copy_context(function: Callable[P, R]) -> Callable[P, R]:
    """*function*, to be run in the context of now, in whatever thread: `pool.submit(copy_context(work), item)`.

    It may be called many times and at the same time: `pool.map(copy_context(work), items)`.
    """
    captured = contextvars.copy_context()

    @wraps(function)
    def carried(*args: P.args, **kwargs: P.kwargs) -> R:
        return captured.copy().run(function, *args, **kwargs)

    return carried


class TracedThreadPoolExecutor(ThreadPoolExecutor):
    """A thread pool whose work runs in the context of whoever submitted it."""

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Schedule *fn*, in a copy of the current context."""
        captured: Any = contextvars.copy_context()
        return super().submit(captured.run, fn, *args, **kwargs)
