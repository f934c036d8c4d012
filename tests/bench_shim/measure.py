"""One contender beside the bare SDK, in one process: started by `tests.bench_shim` with the contender's own Python.

Owns the loops and the clock: CPU time of the calling thread, which is what tracing costs its host and what other work
on the machine disturbs least. Nothing is sent: every contender ends in an exporter that throws spans away. Prints JSON.
It imports nothing of the repository, so that it runs in any environment.
"""

from __future__ import annotations

import gc
import json
import logging
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

SIZES = (0, 1_000, 10_000, 1_000_000, 10_000_000)
CALLS = {0: 200, 1_000: 200, 10_000: 200, 1_000_000: 8, 10_000_000: 1}
"""Calls of one batch: few enough to fit into every queue."""
ROUNDS = {0: 60, 1_000: 60, 10_000: 60, 1_000_000: 30, 10_000_000: 15}
TREE_SPANS = 100


class Contender:
    """A traced function of a payload, a traced tree of 100 spans, and a way to empty the queue."""

    def __init__(self, call: Callable[[Any], Any], tree: Callable[[], int], flush: Callable[[], Any]) -> None:
        self.call, self.tree, self.flush = call, tree, flush


def bare() -> Contender:
    """By hand: the SDK, orjson, and the attributes that the shim writes."""
    import orjson
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(null_exporter()))
    tracer = provider.get_tracer("bare")

    def call(payload: Any) -> dict[str, int]:
        with tracer.start_as_current_span("work") as span:
            span.set_attribute("spanhouse.span_type", "CHAIN")
            span.set_attribute("input.value", orjson.dumps({"payload": payload}).decode())
            span.set_attribute("input.mime_type", "application/json")
            result = {"length": len(payload)}
            span.set_attribute("output.value", orjson.dumps(result).decode())
            span.set_attribute("output.mime_type", "application/json")
        return result

    def tree() -> int:
        with tracer.start_as_current_span("root"):
            return sum(len(call("x")) for _ in range(TREE_SPANS - 1))

    return Contender(call, tree, provider.force_flush)


def null_exporter() -> Any:
    """An exporter that throws away."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Null(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            return SpanExportResult.SUCCESS

        def shutdown(self) -> None:
            return None

    return Null()


def spanhouse() -> Contender:
    import spanhouse as shim
    from spanhouse import provider

    provider._make_exporter = lambda settings: null_exporter()
    shim.configure()
    return decorated(lambda function, name: shim.trace(function, name=name, span_type="CHAIN"), shim.flush)


def mlflow() -> Contender:
    """MLflow with a server that swallows everything: what is left is its work on the caller's thread."""
    import os

    os.environ["MLFLOW_TRACKING_URI"] = "http://127.0.0.1:9"
    import mlflow as shim
    from mlflow.tracing import provider as tracing
    from mlflow.tracking import fluent

    fluent._active_experiment_id = "0"  # otherwise it asks the server
    contender = decorated(lambda function, name: shim.trace(function, name=name, span_type="CHAIN"), lambda: None)
    contender.call("x")  # makes the provider
    for processor in tracing.provider.get()._active_span_processor._span_processors:
        processor.span_exporter._client = Swallowing()
    if shim.get_last_active_trace_id() is None:
        raise RuntimeError("mlflow traces nothing here")
    return contender


class Swallowing:
    """A client of MLflow's server that does nothing, for any method."""

    tracking_uri = "http://127.0.0.1:9"

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: None


def langfuse() -> Contender:
    import os

    os.environ.update(LANGFUSE_PUBLIC_KEY="pk-lf-x", LANGFUSE_SECRET_KEY="sk-lf-x", LANGFUSE_HOST="http://127.0.0.1:9")
    from langfuse import Langfuse, observe
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import SpanExportResult

    OTLPSpanExporter.export = lambda self, spans: SpanExportResult.SUCCESS  # type: ignore[method-assign]
    client = Langfuse()
    return decorated(lambda function, name: observe(function, name=name), client.flush)


def logfire() -> Contender:
    import logfire as shim
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    processor = BatchSpanProcessor(null_exporter())
    shim.configure(send_to_logfire=False, console=False, additional_span_processors=[processor], metrics=False)

    def wrap(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        wrapped: Callable[..., Any] = shim.instrument(name, record_return=True)(function)
        return wrapped

    return decorated(wrap, processor.force_flush)


def decorated(wrap: Callable[[Callable[..., Any], str], Callable[..., Any]], flush: Callable[[], Any]) -> Contender:
    """A contender whose way is a decorator."""

    def work(payload: Any) -> dict[str, int]:
        return {"length": len(payload)}

    call = wrap(work, "work")

    def root() -> int:
        return sum(len(call("x")) for _ in range(TREE_SPANS - 1))

    return Contender(call, wrap(root, "root"), flush)


def batch_us(run: Callable[[], Any], calls: int) -> float:
    """CPU microseconds of this thread per call."""
    started = time.thread_time_ns()
    for _ in range(calls):
        run()
    return (time.thread_time_ns() - started) / calls / 1000


def compare(name: str, scale: float) -> dict[str, dict[str, float]]:
    """Both sides by turns, medians and the median of the ratios of neighbours."""
    sides = (bare(), CONTENDERS[name]())
    found = {}
    for size in SIZES:
        runs = [partial(side.call, "x" * size) for side in sides]
        found[str(size)] = by_turns(runs, sides, CALLS[size], max(3, int(ROUNDS[size] * scale)))
    conversations = [partial(side.call, MESSAGES) for side in sides]
    found["messages"] = by_turns(conversations, sides, 100, max(3, int(40 * scale)))
    found["tree"] = by_turns([side.tree for side in sides], sides, 2, max(3, int(40 * scale)))
    return found


MESSAGES = [{"role": "user" if number % 2 else "assistant", "content": "hello world " * 40} for number in range(20)]


def by_turns(
    runs: Sequence[Callable[[], Any]], sides: tuple[Contender, ...], calls: int, rounds: int
) -> dict[str, float]:
    """Batches of the two sides in turn, the garbage collector aside."""
    times: list[list[float]] = [[], []]
    for _ in range(rounds + 1):
        for which in (0, 1):
            gc.collect()
            gc.disable()
            times[which].append(batch_us(runs[which], calls))
            gc.enable()
            sides[which].flush()
    base, own = times[0][1:], times[1][1:]  # the first round warms up
    ratios = [mine / theirs for mine, theirs in zip(own, base, strict=True)]
    return {
        "bare_us": statistics.median(base),
        "us": statistics.median(own),
        "best_us": min(own),
        "ratio": statistics.median(ratios),
    }


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "spanhouse": spanhouse,
    "mlflow": mlflow,
    "langfuse": langfuse,
    "logfire": logfire,
}

if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    print(json.dumps(compare(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 1.0)))
