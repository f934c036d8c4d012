"""`@trace` on every kind of callable."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

import spanhouse
from spanhouse import SpanType, trace
from spanhouse.testing import Captured


def test_a_bare_decorator_records_arguments_and_the_result(spans: Captured) -> None:
    @trace
    def add(x: int, y: int = 2) -> dict[str, int]:
        return {"sum": x + y}

    assert add(1) == {"sum": 3}
    found = spans.find("add")
    assert (found.inputs, found.outputs, found.status, found.parent_id) == ({"x": 1, "y": 2}, {"sum": 3}, "OK", None)
    assert found.attributes["input.mime_type"] == "application/json"


def test_arguments_of_the_decorator_are_written(spans: Captured) -> None:
    @trace(name="agent", span_type="AGENT", attributes={"key": "value", "number": 3}, description="an agent")
    def work() -> str:
        return "plain"

    work()
    found = spans.find("agent")
    assert found.span_type == SpanType.AGENT
    assert found.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert found.attributes["gen_ai.agent.name"] == "agent"
    assert (found.attributes["key"], found.attributes["number"]) == ("value", 3)
    assert found.attributes["spanhouse.description"] == "an agent"
    assert found.outputs == "plain"
    assert "output.mime_type" not in found.attributes


@pytest.mark.parametrize(("value", "stored"), [(3, 3), (2.5, 2.5), (True, True), ("text", "text"), ("[1", "[1")])
def test_scalar_results_keep_their_type_and_are_never_json(spans: Captured, value: Any, stored: Any) -> None:
    trace(lambda: value, name="scalar")()
    assert spans.find("scalar").attributes["output.value"] == stored
    assert type(spans.find("scalar").attributes["output.value"]) is type(stored)


def test_tools_keep_arguments_and_result_under_the_conventions_names(spans: Captured) -> None:
    @trace(span_type=SpanType.TOOL)
    def weather(city: str) -> dict[str, int]:
        return {"degrees": 20}

    weather("Rome")
    found = spans.find("weather")
    assert found.attributes["gen_ai.tool.call.arguments"] == '{"city":"Rome"}'
    assert found.attributes["gen_ai.tool.call.result"] == '{"degrees":20}'
    assert found.attributes["gen_ai.tool.name"] == "weather"
    assert "input.value" not in found.attributes


class Shop:
    @trace
    def method(self, x: int) -> int:
        return x

    @trace
    @classmethod
    def of_class(cls, x: int) -> str:
        return cls.__name__ + str(x)

    @classmethod
    @trace
    def of_class_inside(cls, x: int) -> str:
        return cls.__name__ + str(x)

    @trace
    @staticmethod
    def of_nobody(x: int) -> int:
        return x

    @property
    @trace
    def size(self) -> int:
        return 1

    def __call__(self, x: int) -> int:
        return x


def test_methods_leave_self_and_cls_out(spans: Captured) -> None:
    shop = Shop()
    assert (shop.method(1), Shop.of_class(2), Shop.of_class_inside(2), Shop.of_nobody(3)) == (1, "Shop2", "Shop2", 3)
    assert (shop.size, trace(shop.method)(4), trace(shop)(5)) == (1, 4, 5)
    assert [(span.name, span.inputs) for span in spans.spans] == [
        ("method", {"x": 1}),
        ("of_class", {"x": 2}),
        ("of_class_inside", {"x": 2}),
        ("of_nobody", {"x": 3}),
        ("size", {}),
        ("method", {"x": 4}),
        ("method", {"x": 4}),
        ("Shop", {"x": 5}),
    ]


def test_foreign_callables_are_wrapped(spans: Captured) -> None:
    def area(width: int, height: int) -> int:
        return width * height

    assert trace(max)(3, 5) == 5
    assert trace(len)([1]) == 1
    assert trace(functools.partial(area, 2))(3) == 6
    assert [span.inputs for span in spans.spans] == [{"args": [3, 5], "kwargs": {}}, {"obj": [1]}, {"height": 3}]
    assert spans.names == ["max", "len", "area"]


def test_any_signature_is_bound_by_name(spans: Captured) -> None:
    @trace
    def many(a: int, /, b: int, *rest: int, c: int = 3, **named: int) -> None:
        return None

    many(1, 2, 4, 5, d=6)
    assert spans.find("many").inputs == {"a": 1, "b": 2, "rest": [4, 5], "c": 3, "named": {"d": 6}}
    assert "output.value" not in spans.find("many").attributes


def test_a_call_that_does_not_fit_is_the_functions_own_error(spans: Captured) -> None:
    @trace
    def one(a: int) -> int:
        return a

    with pytest.raises(TypeError, match="takes 1 positional argument"):
        one(1, 2)  # type: ignore[call-arg]
    assert spans.find("one").status == "ERROR"


def test_signature_name_and_docs_stay(spans: Captured) -> None:
    def original(x: int, *, y: str = "a") -> bool:
        """Docs."""
        return bool(x) and bool(y)

    traced = trace(original)
    assert inspect.signature(traced) == inspect.signature(original)
    assert (traced.__name__, traced.__doc__, traced.__wrapped__) == ("original", "Docs.", original)  # type: ignore[attr-defined]


def test_the_kind_of_function_stays(spans: Captured) -> None:
    async def coroutine() -> None: ...

    def generator() -> Iterator[int]:
        yield 1

    async def async_generator() -> AsyncIterator[int]:
        yield 1

    assert inspect.iscoroutinefunction(trace(coroutine))
    assert inspect.isgeneratorfunction(trace(generator))
    assert inspect.isasyncgenfunction(trace(async_generator))


def test_exceptions_are_recorded_and_raised_untouched(spans: Captured) -> None:
    error = ValueError("wrong")

    @trace
    def fail() -> None:
        raise error

    with pytest.raises(ValueError, match="wrong") as caught:
        fail()
    assert caught.value is error
    found = spans.find("fail")
    assert (found.status, found.events, found.attributes["error.type"]) == ("ERROR", ["exception"], "ValueError")
    event = dict(found.otel.events[0].attributes or {})
    assert event["exception.message"] == "wrong"
    assert "raise error" in str(event["exception.stacktrace"])
    assert found.otel.status.description == "ValueError: wrong"


class GraphInterrupt(Exception):
    """Stands for LangGraph's."""


class Waits(GraphInterrupt):
    """A user's own kind of it."""


@pytest.mark.parametrize(
    "error",
    [GraphInterrupt("approve?"), Waits(), StopIteration(1), GeneratorExit(), SystemExit(), SystemExit(0),
     asyncio.CancelledError()],
    ids=lambda error: f"{error!r}",
)  # fmt: skip
def test_control_flow_is_no_error_and_passes(spans: Captured, error: BaseException) -> None:
    @trace
    def leave() -> None:
        raise error

    with pytest.raises(type(error)):
        leave()
    with pytest.raises(type(error)), spanhouse.start_span("block"):
        raise error
    for span in spans.spans:
        assert (span.status, span.events, span.attributes.get("error.type")) == ("UNSET", ["control_flow"], None)
    said = dict(spans.spans[0].otel.events[0].attributes or {})
    assert said == {"exception.type": said["exception.type"], "exception.message": str(error)}


def test_a_cancelled_task_is_no_error_and_an_exit_with_a_code_is(spans: Captured) -> None:
    @trace
    def leave() -> None:
        raise SystemExit(3)

    @trace
    async def wait() -> None:
        await asyncio.Event().wait()

    async def cancel() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(SystemExit):
        leave()
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    assert [(span.status, span.attributes.get("error.type")) for span in spans.spans] == [
        ("ERROR", "SystemExit"),
        ("UNSET", None),
    ]


def test_nested_calls_nest_and_coroutines_keep_their_own_context(spans: Captured) -> None:
    @trace
    async def leaf(number: int) -> int:
        await asyncio.sleep(0)
        return number

    @trace
    async def root() -> list[int]:
        return await asyncio.gather(*(leaf(number) for number in range(3)))

    assert asyncio.run(root()) == [0, 1, 2]
    assert {span.inputs["number"] for span in spans.children(spans.find("root"))} == {0, 1, 2}


def test_what_the_body_sets_wins(spans: Captured) -> None:
    @trace
    def own(x: int) -> int:
        span = spanhouse.get_current_active_span()
        assert span is not None
        span.set_inputs({"mine": 1})
        span.set_outputs("mine")
        return x

    own(5)
    assert (spans.find("own").inputs, spans.find("own").outputs) == ({"mine": 1}, "mine")


def test_capture_can_be_turned_off_for_each_side(spans: Captured) -> None:
    trace(lambda x: x, name="no inputs", capture_inputs=False)("a")
    trace(lambda x: x, name="no outputs", capture_outputs=False)("a")
    assert (spans.find("no inputs").inputs, spans.find("no inputs").outputs) == (None, "a")
    assert (spans.find("no outputs").inputs, spans.find("no outputs").outputs) == ({"x": "a"}, None)


def test_a_function_that_hands_out_a_coroutine_is_traced_to_its_end(spans: Captured) -> None:
    async def inner(x: int) -> int:
        with spanhouse.start_span("inside"):
            await asyncio.sleep(0)
        return x + 1

    def outer(x: int) -> Any:
        return inner(x)

    async def main() -> int:
        return int(await trace(outer)(1))

    assert asyncio.run(main()) == 2
    assert spans.find("outer").outputs == 2
    assert spans.find("inside").parent_id == spans.find("outer").span_id


def test_a_function_that_hands_out_a_generator_is_traced_to_its_end(spans: Captured) -> None:
    def numbers() -> Iterator[int]:
        yield from (1, 2)

    def hand_out() -> Iterator[int]:
        return numbers()

    assert list(trace(hand_out)()) == [1, 2]
    assert spans.find("hand_out").outputs == [1, 2]
    unused = trace(hand_out)()
    del unused
    assert spans.spans[-1].attributes["spanhouse.abandoned"] is True


def test_a_ratio_of_a_function_decides_for_its_traces_alone(spans: Captured) -> None:
    def child() -> str:
        return "child"

    @trace(sample_ratio=0.0)
    def never() -> str:
        return trace(child)()

    @trace(sampling_ratio_override=1.0)
    def always() -> str:
        return trace(child)()

    assert (never(), always()) == ("child", "child")
    assert spans.names == ["child", "always"]
    with spanhouse.start_span("root"):
        never()
    assert spans.names[2:] == ["child", "never", "root"]


def test_what_is_not_callable_is_refused_at_once() -> None:
    not_callable: Any = 3
    with pytest.raises(TypeError, match="wants a callable, not int"):
        trace(not_callable, name="x")


def test_disabled_tracing_leaves_functions_alone(spans: Captured) -> None:
    @trace
    def work(x: int) -> int:
        return x

    spanhouse.disable()
    try:
        assert work(1) == 1
        assert spanhouse.get_current_active_span() is None
        with spanhouse.start_span("silent") as span:
            span.set_inputs({"a": 1})
            assert (span.trace_id, span.inputs) == ("", None)
    finally:
        spanhouse.enable()
    work(2)
    assert [span.inputs for span in spans.spans] == [{"x": 2}]


def test_a_context_can_turn_tracing_off_and_on(spans: Captured) -> None:
    work: Callable[[], int] = trace(lambda: 1, name="work")
    with spanhouse.context(enabled=False):
        work()
        with spanhouse.context(enabled=True):
            work()
    assert spans.names == ["work"]
