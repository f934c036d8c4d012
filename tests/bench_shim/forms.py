"""Forms of call beside the plain one: each by hand with the bare SDK and orjson, and with the shim.

`python -m tests.bench_shim.forms` prints them. Owns the pairs; `measure` times them by turns. By hand means what the
shim does too: the same attributes, a stream's span current only while its body runs, session and user on every span.
"""

# mypy: disable-error-code=untyped-decorator

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Iterator
from typing import Any

PAYLOAD = "x" * 1_000
CHUNKS = 5
Pair = tuple[Callable[[], Any], Callable[[], Any]]


def forms(bare_tracer: Any) -> dict[str, Pair]:
    """Name → by hand, with the shim."""
    import spanhouse as shim

    return {
        "coroutine": (bare_coroutine(bare_tracer), shim_coroutine(shim)),
        "generator": (bare_generator(bare_tracer), shim_generator(shim)),
        "start_span": (bare_block(bare_tracer), shim_block(shim)),
        "start_span_no_context": (bare_manual(bare_tracer), shim_manual(shim)),
        "Client": (bare_manual(bare_tracer), shim_client(shim)),
        "context(session)": (bare_session(bare_tracer), shim_session(shim)),
        "mask": (bare_mask(bare_tracer), shim_mask(shim)),
    }


def write(span: Any, payload: Any, result: Any) -> None:
    """What the shim writes of a call."""
    import orjson

    span.set_attribute("spanhouse.span_type", "CHAIN")
    span.set_attribute("input.value", orjson.dumps({"payload": payload}).decode())
    span.set_attribute("input.mime_type", "application/json")
    span.set_attribute("output.value", orjson.dumps(result).decode())
    span.set_attribute("output.mime_type", "application/json")


def bare_coroutine(tracer: Any) -> Callable[[], Any]:
    async def work(payload: str) -> dict[str, int]:
        with tracer.start_as_current_span("work") as span:
            result = {"length": len(payload)}
            write(span, payload, result)
        return result

    return lambda: run(work(PAYLOAD))


def shim_coroutine(shim: Any) -> Callable[[], Any]:
    @shim.trace(name="work", span_type="CHAIN")
    async def work(payload: str) -> dict[str, int]:
        return {"length": len(payload)}

    return lambda: run(work(PAYLOAD))


def run(coroutine: Any) -> Any:
    """Step through a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise asyncio.InvalidStateError


def bare_generator(tracer: Any) -> Callable[[], Any]:
    from opentelemetry import context as context_api
    from opentelemetry import trace as trace_api

    def body(payload: str) -> Iterator[str]:
        yield from [payload] * CHUNKS

    def work(payload: str) -> Iterator[str]:
        span = tracer.start_span("work")
        context = trace_api.set_span_in_context(span)
        steps, chunks = body(payload), []
        while True:
            token = context_api.attach(context)
            try:
                chunk = next(steps)
            except StopIteration:
                break
            finally:
                context_api.detach(token)
            chunks.append(chunk)
            yield chunk
        write(span, payload, chunks)
        span.end()

    return lambda: list(work(PAYLOAD))


def shim_generator(shim: Any) -> Callable[[], Any]:
    @shim.trace(name="work", span_type="CHAIN")
    def work(payload: str) -> Iterator[str]:
        yield from [payload] * CHUNKS

    return lambda: list(work(PAYLOAD))


def bare_block(tracer: Any) -> Callable[[], Any]:
    def work() -> None:
        with tracer.start_as_current_span("work") as span:
            write(span, PAYLOAD, {"length": 1})

    return work


def shim_block(shim: Any) -> Callable[[], Any]:
    def work() -> None:
        with shim.start_span("work", span_type="CHAIN") as span:
            span.set_inputs({"payload": PAYLOAD})
            span.set_outputs({"length": 1})

    return work


def bare_manual(tracer: Any) -> Callable[[], Any]:
    def work() -> None:
        span = tracer.start_span("work")
        write(span, PAYLOAD, {"length": 1})
        span.end()

    return work


def shim_manual(shim: Any) -> Callable[[], Any]:
    def work() -> None:
        span = shim.start_span_no_context("work", span_type="CHAIN", inputs={"payload": PAYLOAD})
        span.end({"length": 1})

    return work


def shim_client(shim: Any) -> Callable[[], Any]:
    client = shim.Client()

    def work() -> None:
        root = client.start_trace("work", span_type="CHAIN", inputs={"payload": PAYLOAD})
        client.end_trace(root.trace_id, outputs={"length": 1})

    return work


def bare_session(tracer: Any) -> Callable[[], Any]:
    from opentelemetry import baggage
    from opentelemetry import context as context_api

    def work() -> None:
        context = baggage.set_baggage("user.id", "ann", baggage.set_baggage("session.id", "s-1"))
        token = context_api.attach(context)
        try:
            with tracer.start_as_current_span("work") as span:
                span.set_attribute("session.id", "s-1")
                span.set_attribute("user.id", "ann")
                write(span, PAYLOAD, {"length": 1})
        finally:
            context_api.detach(token)

    return work


def shim_session(shim: Any) -> Callable[[], Any]:
    @shim.trace(name="work", span_type="CHAIN")
    def work(payload: str) -> dict[str, int]:
        return {"length": 1}

    def inside() -> None:
        with shim.context(session_id="s-1", user="ann"):
            work(PAYLOAD)

    return inside


def bare_mask(tracer: Any) -> Callable[[], Any]:
    import orjson

    def masked(value: Any) -> str:
        return orjson.dumps(value).decode().replace("secret", "***")

    def work() -> None:
        with tracer.start_as_current_span("work") as span:
            span.set_attribute("spanhouse.span_type", "CHAIN")
            span.set_attribute("input.value", masked({"payload": PAYLOAD}))
            span.set_attribute("input.mime_type", "application/json")
            span.set_attribute("output.value", masked({"length": 1}))
            span.set_attribute("output.mime_type", "application/json")

    return work


def shim_mask(shim: Any) -> Callable[[], Any]:
    @shim.trace(name="work", span_type="CHAIN")
    def work(payload: str) -> dict[str, int]:
        return {"length": 1}

    def hide(span: Any) -> None:
        for key in ("input.value", "output.value"):
            span.attributes[key] = span.attributes[key].replace("secret", "***")

    def with_mask() -> None:
        work(PAYLOAD)

    def switched() -> None:
        """The mask is the process's: it is there for this form alone."""
        from spanhouse.provider import STATE

        processor = STATE.runtime.processor  # type: ignore[union-attr]
        processor.masks, before = (hide,), processor.masks
        try:
            with_mask()
        finally:
            processor.masks = before

    return switched


def main() -> None:
    """Print each form: by hand, with the shim, and the median of the ratios of neighbouring batches."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from tests.bench_shim import measure

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(measure.null_exporter()))
    sides = (measure.Contender(len, int, provider.force_flush), measure.spanhouse())
    print("| form | by hand | spanhouse |\n|---|--:|--:|")
    for name, pair in forms(provider.get_tracer("bare")).items():
        found = measure.by_turns(list(pair), sides, measure.CALLS[1_000], rounds)
        print(f"| {name} | {found['bare_us']:.1f} µs | {found['us']:.1f} µs (× {found['ratio']:.2f}) |")


if __name__ == "__main__":
    main()
