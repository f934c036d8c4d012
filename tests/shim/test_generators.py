"""Generators: current only while their body runs, ended however they end, stored once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest

import spanhouse
from spanhouse import trace
from spanhouse.testing import Captured


@trace
def count(number: int) -> Iterator[int]:
    for value in range(number):
        with spanhouse.start_span(f"step {value}"):
            pass
        yield value


@trace(name="count_async")
async def count_async(number: int) -> AsyncIterator[int]:
    for value in range(number):
        await asyncio.sleep(0)
        with spanhouse.start_span(f"step {value}"):
            pass
        yield value


def current_name() -> str | None:
    span = spanhouse.get_current_active_span()
    return span.name if span else None


def test_chunks_are_stored_once_as_the_output(spans: Captured) -> None:
    assert list(count(3)) == [0, 1, 2]
    found = spans.find("count")
    assert (found.outputs, found.inputs, found.events) == ([0, 1, 2], {"number": 3}, [])
    assert sum("0,1,2" in str(value) for value in found.attributes.values()) == 1


def test_a_reducer_makes_the_output(spans: Captured) -> None:
    @trace(output_reducer="".join)
    def words() -> Iterator[str]:
        yield from ("to", "ken")

    assert list(words()) == ["to", "ken"]
    assert spans.find("words").outputs == "token"


def test_the_span_is_current_only_while_the_body_runs(spans: Captured) -> None:
    with spanhouse.start_span("consumer"):
        for _ in count(2):
            assert current_name() == "consumer"
            with spanhouse.start_span("between"):
                pass
    consumer, generator = spans.find("consumer"), spans.find("count")
    assert generator.parent_id == consumer.span_id
    assert [span.name for span in spans.children(generator)] == ["step 0", "step 1"]
    assert [span.name for span in spans.children(consumer)] == ["between", "between", "count"]


def test_a_span_that_is_open_across_a_yield_stays_inside_the_generator(spans: Captured) -> None:
    @trace
    def holding() -> Iterator[int]:
        with spanhouse.start_span("held"):
            yield 1
            with spanhouse.start_span("in held"):
                pass
            yield 2

    for _ in holding():
        assert current_name() is None
    assert spans.find("in held").parent_id == spans.find("held").span_id
    assert spans.find("held").parent_id == spans.find("holding").span_id


def test_a_closed_generator_ends_its_span_as_abandoned(spans: Captured) -> None:
    """MLflow loses the whole trace of a generator that is not used up."""
    generator: Any = count(5)
    next(generator)
    generator.close()
    found = spans.find("count")
    assert (found.status, found.outputs, found.attributes["spanhouse.abandoned"]) == ("OK", [0], True)


def test_a_dropped_generator_ends_its_span(spans: Captured) -> None:
    for _ in count(5):
        break
    gc.collect()
    assert spans.find("count").attributes["spanhouse.abandoned"] is True
    assert current_name() is None


def test_a_generator_that_never_ran_leaves_no_span(spans: Captured) -> None:
    unused = count(5)
    del unused
    assert spans.names == []


def test_a_failing_generator_keeps_what_had_come(spans: Captured) -> None:
    @trace
    def failing() -> Iterator[int]:
        yield 1
        raise KeyError("late")

    with pytest.raises(KeyError):
        list(failing())
    found = spans.find("failing")
    assert (found.status, found.outputs, found.attributes["error.type"]) == ("ERROR", [1], "KeyError")


def test_send_throw_and_return_reach_the_body(spans: Captured) -> None:
    @trace
    def talk() -> Generator[str, str, str]:
        heard = yield "first"
        try:
            yield f"heard {heard}"
        except ValueError as error:
            yield f"caught {error}"
        return "result"

    def outer() -> Generator[str, str, str]:
        return (yield from talk())

    generator = outer()
    assert next(generator) == "first"
    assert generator.send("hello") == "heard hello"
    assert generator.throw(ValueError("x")) == "caught x"
    with pytest.raises(StopIteration) as stopped:
        next(generator)
    assert stopped.value.value == "result"
    assert spans.find("talk").outputs == ["first", "heard hello", "caught x"]


def test_a_broken_reducer_costs_the_reduction_only(spans: Captured) -> None:
    @trace(output_reducer=lambda chunks: chunks[99])
    def words() -> Iterator[str]:
        yield "a"

    assert list(words()) == ["a"]
    assert spans.find("words").outputs == ["a"]
    assert spanhouse.health()["internal_errors"] == 1
    from spanhouse.faults import FAULTS

    FAULTS.reset()


def test_generators_interleave_without_mixing_their_children(spans: Captured) -> None:
    for _ in zip(count(2), count(2), strict=True):
        pass
    first, second = (span for span in spans.spans if span.name == "count")
    assert [span.name for span in spans.children(first)] == ["step 0", "step 1"]
    assert [span.name for span in spans.children(second)] == ["step 0", "step 1"]


def test_async_generators_do_the_same(spans: Captured) -> None:
    async def main() -> list[int]:
        with spanhouse.start_span("consumer"):
            found = []
            async for value in count_async(2):
                assert current_name() == "consumer"
                found.append(value)
        return found

    assert asyncio.run(main()) == [0, 1]
    generator = spans.find("count_async")
    assert generator.outputs == [0, 1]
    assert [span.name for span in spans.children(generator)] == ["step 0", "step 1"]


def test_an_async_generator_that_is_left_early_ends_its_span(spans: Captured) -> None:
    async def leave() -> None:
        async for _ in count_async(5):
            break

    async def close() -> None:
        generator: Any = count_async(5)
        await anext(generator)
        await generator.aclose()

    asyncio.run(leave())
    asyncio.run(close())
    ended = [span for span in spans.spans if span.name == "count_async"]
    assert [(span.status, span.outputs, span.attributes.get("spanhouse.abandoned")) for span in ended] == [
        ("OK", [0], True)
    ] * 2


def test_async_send_and_throw_reach_the_body(spans: Captured) -> None:
    @trace
    async def talk() -> Any:
        heard = yield "first"
        try:
            yield f"heard {heard}"
        except ValueError as error:
            yield f"caught {error}"

    async def main() -> list[str]:
        generator = talk()
        return [
            await anext(generator),
            await generator.asend("hello"),
            await generator.athrow(ValueError("x")),
            *[value async for value in generator],
        ]

    assert asyncio.run(main()) == ["first", "heard hello", "caught x"]
    assert spans.find("talk").status == "OK"


def test_disabled_tracing_leaves_generators_alone(spans: Captured) -> None:
    async def main() -> list[int]:
        return [value async for value in count_async(2)]

    with spanhouse.context(enabled=False):
        assert list(count(2)) == [0, 1]
        assert asyncio.run(main()) == [0, 1]
    assert spans.names == []


def test_a_huge_stream_is_cut_and_says_so(spans: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spanhouse.streams.CHUNKS_MAX", 10)
    assert len(list(count(100))) == 100
    found = spans.find("count")
    assert (found.outputs, found.attributes["spanhouse.truncated"]) == (list(range(10)), ["output.value"])
