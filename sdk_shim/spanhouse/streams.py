"""Spans around generators, async generators and coroutines that a call handed out.

Owns: `drive`, `async_generator`, `drive_coroutine`. The span is current only while the body runs, so what happens
between two chunks in the consumer is not its child. It ends when the body ends, fails, is closed, or is dropped without
a word; in the last two cases it is marked as abandoned, and holds what had come so far. Chunks are kept once, up to a
bound.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Any, Final

from opentelemetry import context as context_api

from spanhouse import semconv
from spanhouse.calls import Call, leave
from spanhouse.faults import FAULTS

CHUNKS_MAX: Final = 100_000
CHUNK_BYTES_MAX: Final = 64 << 20


class Stream:
    """A call whose result comes in pieces."""

    def __init__(self, call: Call, reducer: Callable[[list[Any]], Any] | None) -> None:
        self.call = call
        self._reducer = reducer
        self._chunks: list[Any] = []
        self._left_bytes = CHUNK_BYTES_MAX
        self._is_cut = False
        # Set and read at each step, without OpenTelemetry's way to it.
        self.current: Any = call.pause()

    def __del__(self) -> None:
        if not self.call.is_ended:
            self.abandon()

    def add(self, chunk: Any) -> None:
        """Keep one chunk."""
        chunks = self._chunks
        if self._left_bytes <= 0 or len(chunks) >= CHUNKS_MAX:
            self._is_cut = True
            return
        self._left_bytes -= len(chunk) if type(chunk) is str else 64
        chunks.append(chunk)

    def finish(self) -> None:
        """The body came to its end."""
        if self._is_cut:
            self._mark({semconv.TRUNCATED: [self.call.plan.output_key]})
        self.call.finish(self._reduced())

    def fail(self, error: BaseException) -> None:
        """The body raised; what had come is kept."""
        self._keep_partial()
        self.call.fail(error)

    def abandon(self) -> None:
        """Nobody wanted the rest."""
        self._mark({semconv.ABANDONED: True})
        self.call.finish(self._reduced())

    def _keep_partial(self) -> None:
        if self._chunks and self.call.plan.captures_outputs:
            from spanhouse.values import write_value

            try:
                write_value(self.call.span, self.call.plan.output_key, self._reduced())
            except Exception as error:  # noqa: BLE001 - called in the host's code
                FAULTS.swallowed("a stream", error)

    def _mark(self, attributes: dict[str, Any]) -> None:
        if self.call.span.is_recording():
            self.call.span.set_attributes(attributes)

    def _reduced(self) -> Any:
        if self._reducer is None:
            return self._chunks
        try:
            return self._reducer(self._chunks)
        except Exception as error:  # noqa: BLE001 - the user's reducer; the chunks are still worth keeping
            FAULTS.swallowed("output_reducer", error)
            return self._chunks


def drive(stream: Stream, body: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run *body* for its consumer, in the span's context at each step."""
    call, current, add = stream.call, stream.current, stream.add
    sent: Any = None
    thrown: BaseException | None = None
    while True:
        token = current.set(call.context)
        try:
            chunk = body.send(sent) if thrown is None else body.throw(thrown)
        except StopIteration as stop:
            stream.finish()
            return stop.value
        except BaseException as error:
            stream.fail(error)
            raise
        finally:
            call.context = current.get()
            leave(token)
        add(chunk)
        sent = thrown = None
        try:
            sent = yield chunk
        except GeneratorExit:
            _close(stream, body)
            raise
        except BaseException as error:  # noqa: BLE001 - the consumer threw it; the body gets it
            thrown = error


def _close(stream: Stream, body: Generator[Any, Any, Any]) -> None:
    token = context_api.attach(stream.call.context)
    try:
        body.close()
    except BaseException as error:
        stream.fail(error)
        raise
    finally:
        leave(token)
    stream.abandon()


class AsyncSteps:
    """An async generator that is run step by step, each in the span's context; without *stream*, just run."""

    def __init__(self, stream: Stream | None, body: AsyncGenerator[Any, Any]) -> None:
        self._stream = stream
        self._body = body

    async def next(self, sent: Any, thrown: BaseException | None) -> Any:
        """The next chunk; raises StopAsyncIteration at the end."""
        body, stream = self._body, self._stream
        if stream is None:
            return await (body.asend(sent) if thrown is None else body.athrow(thrown))
        token = stream.current.set(stream.call.context)
        try:
            chunk = await (body.asend(sent) if thrown is None else body.athrow(thrown))
        except StopAsyncIteration:
            stream.finish()
            raise
        except BaseException as error:
            if error is thrown and type(error).__name__ == "CancelledError":  # a loop that ends throws it at each yield
                stream.abandon()
            else:
                stream.fail(error)
            raise
        finally:
            stream.call.context = stream.current.get()
            leave(token)
        stream.add(chunk)
        return chunk

    async def close(self) -> None:
        """The consumer wants no more."""
        stream = self._stream
        if stream is None:
            await self._body.aclose()
            return
        token = context_api.attach(stream.call.context)
        try:
            await self._body.aclose()
        except Exception as error:
            stream.fail(error)
            raise
        except BaseException:  # the loop is ending
            stream.abandon()
            raise
        finally:
            leave(token)
        stream.abandon()


def async_generator(start: Callable[..., AsyncSteps]) -> Callable[..., AsyncGenerator[Any, Any]]:
    """An async generator function whose steps *start* makes from the arguments of each call."""

    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        steps = start(*args, **kwargs)
        sent: Any = None
        thrown: BaseException | None = None
        while True:
            try:
                chunk = await steps.next(sent, thrown)
            except StopAsyncIteration:
                return
            sent = thrown = None
            try:
                sent = yield chunk
            except GeneratorExit:
                await steps.close()
                raise
            except BaseException as error:  # noqa: BLE001 - the consumer threw it; the body gets it
                thrown = error

    return wrapper


async def drive_coroutine(stream: Stream, body: Coroutine[Any, Any, Any]) -> Any:
    """Await *body* in the span's context."""
    token = context_api.attach(stream.call.context)
    try:
        result = await body
    except BaseException as error:
        leave(token)
        stream.call.fail(error)
        raise
    leave(token)
    stream.call.finish(result)
    return result
