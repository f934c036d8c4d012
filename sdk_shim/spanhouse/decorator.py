"""`@trace`: a span around every call of a function.

Owns: which wrapper a callable gets (function, coroutine function, generator, async generator, method kinds) and that
the wrapper has the callable's signature and type. Leaves to others: the span (`calls`), the pieces (`streams`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any, Final, ParamSpec, TypeVar, overload

from spanhouse.arguments import Binder
from spanhouse.calls import Call, CallPlan, begin
from spanhouse.faults import FAULTS, pass_over
from spanhouse.links import link_of
from spanhouse.span_types import input_key, output_key
from spanhouse.streams import AsyncSteps, Stream, async_generator, drive, drive_coroutine
from spanhouse.values import fixed_attributes

P = ParamSpec("P")
R = TypeVar("R")
Reducer = Callable[[list[Any]], Any]
_DEFERRED: Final = frozenset({GeneratorType, AsyncGeneratorType, CoroutineType})


@overload
def trace(func: Callable[P, R], /) -> Callable[P, R]: ...


@overload
def trace(
    func: None = None,
    name: str | None = None,
    span_type: str = "UNKNOWN",
    attributes: Mapping[str, Any] | None = None,
    output_reducer: Reducer | None = None,
    *,
    capture_inputs: bool = True,
    capture_outputs: bool = True,
    sample_ratio: float | None = None,
    sampling_ratio_override: float | None = None,
    log_level: str | None = None,
    links: Sequence[Any] | None = None,
    description: str | None = None,
    trace_destination: Any = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


@overload
def trace(
    func: Callable[P, R],
    name: str | None = None,
    span_type: str = "UNKNOWN",
    attributes: Mapping[str, Any] | None = None,
    output_reducer: Reducer | None = None,
    *,
    capture_inputs: bool = True,
    capture_outputs: bool = True,
    sample_ratio: float | None = None,
    sampling_ratio_override: float | None = None,
    log_level: str | None = None,
    links: Sequence[Any] | None = None,
    description: str | None = None,
    trace_destination: Any = None,
) -> Callable[P, R]: ...


def trace(
    func: Callable[..., Any] | str | None = None,
    name: str | None = None,
    span_type: str = "UNKNOWN",
    attributes: Mapping[str, Any] | None = None,
    output_reducer: Reducer | None = None,
    *,
    capture_inputs: bool = True,
    capture_outputs: bool = True,
    sample_ratio: float | None = None,
    sampling_ratio_override: float | None = None,
    log_level: str | None = None,
    links: Sequence[Any] | None = None,
    description: str | None = None,
    trace_destination: Any = None,
) -> Callable[..., Any]:
    """Trace a callable: as decorator, with or without arguments, or as a function over somebody else's.

    The span has the arguments as inputs (without `self`) and the returned value as outputs; an exception is recorded
    and raised on. A generator's span lasts until the generator is used up, closed or dropped; *output_reducer* makes
    its output out of the list of chunks. *sample_ratio* (0 to 1; MLflow's word is *sampling_ratio_override*) decides
    for the traces that start with this function. *trace_destination* is MLflow's, and passed over with a warning.
    """
    pass_over(trace_destination, "trace_destination")
    options: dict[str, Any] = {
        "name": func if isinstance(func, str) else name,
        "span_type": span_type,
        "attributes": attributes,
        "output_reducer": output_reducer,
        "capture_inputs": capture_inputs,
        "capture_outputs": capture_outputs,
        "ratio": sampling_ratio_override if sample_ratio is None else sample_ratio,
        "log_level": log_level,
        "links": links,
        "description": description,
    }
    if func is None or isinstance(func, str):
        return lambda function: _traced(function, options)
    wrapped: Callable[..., Any] = _traced(func, options)
    return wrapped


def _traced(function: Any, options: Mapping[str, Any]) -> Any:
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_traced(function.__func__, options))
    if not callable(function):
        raise TypeError(f"trace() wants a callable, not {type(function).__qualname__}")
    try:
        wrapper = _wrapper(function, _plan(function, options), options["output_reducer"])
        return functools.wraps(function)(wrapper)
    except Exception as error:  # noqa: BLE001 - a callable of an odd kind stays as it is, untraced
        FAULTS.swallowed("trace", error)
        return function


def _plan(function: Callable[..., Any], options: Mapping[str, Any]) -> CallPlan:
    shown, span_type = options["name"] or _name_of(function), options["span_type"]
    return CallPlan(
        name=shown,
        attributes=fixed_attributes(shown, span_type, options["attributes"], options),
        input_key=input_key(span_type),
        output_key=output_key(span_type),
        binder=Binder(function) if options["capture_inputs"] else None,
        captures_outputs=options["capture_outputs"],
        ratio=options["ratio"],
        links=tuple(link_of(link) for link in options["links"] or ()),
    )


def _name_of(function: Any) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", None) or type(function).__name__)


def _wrapper(function: Callable[..., Any], plan: CallPlan, reducer: Reducer | None) -> Callable[..., Any]:
    body: Any = function
    while isinstance(body, functools.partial):
        body = body.func
    if not inspect.isroutine(body) and not inspect.isclass(body):
        body = type(body).__call__  # an object that can be called
    if inspect.iscoroutinefunction(body):
        return _coroutine_wrapper(function, plan)
    if inspect.isasyncgenfunction(body):
        return _async_generator_wrapper(function, plan, reducer)
    if inspect.isgeneratorfunction(body):
        return _generator_wrapper(function, plan, reducer)
    return _function_wrapper(function, plan, reducer)


def _function_wrapper(function: Callable[..., Any], plan: CallPlan, reducer: Reducer | None) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = begin(plan, args, kwargs)
        if call is None:
            return function(*args, **kwargs)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            call.fail(error)
            raise
        if type(result) in _DEFERRED and not any(result is given for given in args):
            return _deferred(call, result, reducer)
        call.finish(result)
        return result

    return wrapper


def _deferred(call: Call, result: Any, reducer: Reducer | None) -> Any:
    """A plain function that hands out a coroutine or a generator: the span lasts as long as that does."""
    stream = Stream(call, reducer)
    if isinstance(result, GeneratorType):
        return drive(stream, result)
    if isinstance(result, AsyncGeneratorType):
        return async_generator(lambda: AsyncSteps(stream, result))()
    return drive_coroutine(stream, result)


def _coroutine_wrapper(function: Callable[..., Any], plan: CallPlan) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = begin(plan, args, kwargs)
        if call is None:
            return await function(*args, **kwargs)
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            call.fail(error)
            raise
        call.finish(result)
        return result

    return wrapper


def _generator_wrapper(function: Callable[..., Any], plan: CallPlan, reducer: Reducer | None) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        call = begin(plan, args, kwargs)
        if call is None:
            return (yield from function(*args, **kwargs))
        return (yield from drive(Stream(call, reducer), function(*args, **kwargs)))

    return wrapper


def _async_generator_wrapper(
    function: Callable[..., Any], plan: CallPlan, reducer: Reducer | None
) -> Callable[..., Any]:
    def start(*args: Any, **kwargs: Any) -> AsyncSteps:
        call = begin(plan, args, kwargs)
        return AsyncSteps(None if call is None else Stream(call, reducer), function(*args, **kwargs))

    return async_generator(start)
