"""`start_span`, spans without context, and what their methods write."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import numpy
import pytest
from opentelemetry import trace as otel
from opentelemetry.trace.status import StatusCode

import spanhouse
from spanhouse import LiveSpan, SpanType
from spanhouse.faults import FAULTS
from spanhouse.testing import FIRST_TIME_NS, Captured, TickingClock, capture


class Color(Enum):
    RED = "red"


def written(spans: Captured, name: str = "s") -> dict[str, Any]:
    return spans.find(name).attributes


def test_a_block_is_a_span_with_inputs_outputs_and_attributes(spans: Captured) -> None:
    with spanhouse.start_span("s", span_type="CHAIN", attributes={"a": 1}) as span:
        span.set_inputs({"x": 1})
        span.set_outputs([1, 2])
        span.set_attribute("key", "value")
    found = spans.find("s")
    assert (found.inputs, found.outputs, found.status, found.span_type) == ({"x": 1}, [1, 2], "OK", "CHAIN")
    assert (found.attributes["a"], found.attributes["key"]) == (1, "value")


def test_a_block_that_raises_is_an_error_and_raises_on(spans: Captured) -> None:
    with pytest.raises(ZeroDivisionError), spanhouse.start_span("s"):
        raise ZeroDivisionError("no")
    assert (spans.find("s").status, written(spans)["error.type"]) == ("ERROR", "ZeroDivisionError")


def test_start_span_is_a_decorator_and_an_async_block_too(spans: Captured) -> None:
    @spanhouse.start_span("decorated", span_type="TOOL")
    def work(x: int) -> int:
        return x

    async def main() -> None:
        async with spanhouse.start_span("async block"):
            work(1)

    asyncio.run(main())
    assert spans.find("decorated").inputs == {"x": 1}
    assert spans.find("decorated").parent_id == spans.find("async block").span_id


def test_attributes_keep_their_types(spans: Captured) -> None:
    with spanhouse.start_span("s") as span:
        span.set_attributes({"b": True, "i": 3, "d": 0.5, "s": "text", "l": ["a", "b"], "n": [1, 2], "m": {"a": 1}})
        span.set_attributes({"np": numpy.float64(2.5), "big": 1 << 70, "mixed": [1, "a"], "none": None})
        span.set_attributes({"time": datetime(2026, 1, 2, tzinfo=UTC), "enum": Color.RED, "path": Path("a/b")})
    found = written(spans)
    assert (found["b"], found["i"], found["d"], found["s"]) == (True, 3, 0.5, "text")
    assert (found["l"], found["n"], found["m"], found["mixed"]) == (["a", "b"], [1, 2], '{"a":1}', '[1,"a"]')
    assert (found["np"], found["big"]) == (2.5, str(1 << 70))
    assert (found["time"], found["enum"], found["path"]) == ("2026-01-02 00:00:00+00:00", "red", "a/b")
    assert "none" not in found


def test_models_usage_and_prompts_are_written_in_the_conventions_names(spans: Captured) -> None:
    with spanhouse.start_span("s", span_type=SpanType.LLM) as span:
        span.set_model("gpt-5", provider="openai", response_model="gpt-5-1", response_id="r1", temperature=0.5,
                       stop_sequences=["x"], max_tokens=10)  # fmt: skip
        span.set_usage(10, 5, 15, cache_read_input_tokens=4, reasoning_output_tokens=2, cost_usd=1)
        span.set_prompt("greeting", 3)
    assert written(spans) == {
        "spanhouse.span_type": "LLM",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "gpt-5-1",
        "gen_ai.response.id": "r1",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.stop_sequences": ["x"],
        "gen_ai.request.max_tokens": 10,
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.reasoning.output_tokens": 2,
        "llm.cost.total": 1.0,
        "gen_ai.prompt.name": "greeting",
        "gen_ai.prompt.version": "3",
    }
    assert type(written(spans)["llm.cost.total"]) is float


def test_a_total_that_is_no_sum_is_kept(spans: Captured) -> None:
    with spanhouse.start_span("s") as span:
        span.set_usage(10, 5, 20)
    assert written(spans)["gen_ai.usage.total_tokens"] == 20


def test_messages_become_the_conventions_parts(spans: Captured) -> None:
    import orjson

    openai = [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": [{"type": "text", "text": "hi"},
                                     {"type": "image_url", "image_url": {"url": "http://i"}}]},
        {"role": "assistant", "content": None,
         "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": '{"a":1}'}}]},
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
    ]  # fmt: skip
    anthropic = [{"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "g", "input": {"b": 2}}]}]
    with spanhouse.start_span("s") as span:
        span.set_messages(openai, anthropic, system="be brief", tools=[{"name": "f"}], finish_reasons=["stop"])
    found = written(spans)
    inputs = orjson.loads(found["gen_ai.input.messages"])
    assert inputs[0] == {"role": "system", "parts": [{"type": "text", "content": "be kind"}]}
    assert inputs[1]["parts"][1] == {"type": "uri", "modality": "image", "uri": "http://i"}
    assert inputs[2]["parts"] == [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}]
    assert inputs[3]["parts"] == [{"type": "tool_call_response", "id": "c1", "response": "42"}]
    outputs = orjson.loads(found["gen_ai.output.messages"])
    assert outputs[0]["parts"] == [{"type": "tool_call", "id": "t", "name": "g", "arguments": {"b": 2}}]
    assert orjson.loads(found["gen_ai.system_instructions"]) == [{"type": "text", "content": "be brief"}]
    assert found["gen_ai.response.finish_reasons"] == ["stop"]


def test_a_plain_string_is_one_message(spans: Captured) -> None:
    import orjson

    with spanhouse.start_span("s") as span:
        span.set_messages("question", "answer")
    assert orjson.loads(written(spans)["gen_ai.input.messages"])[0]["role"] == "user"
    assert orjson.loads(written(spans)["gen_ai.output.messages"])[0]["role"] == "assistant"


def test_documents_of_several_libraries_have_one_shape(spans: Captured) -> None:
    import orjson
    from langchain_core.documents import Document

    with spanhouse.start_span("s", span_type=SpanType.RETRIEVER) as span:
        found: list[Any] = ["plain", {"page_content": "dict", "id": "1"}, Document("lang", metadata={"a": 1})]
        span.set_documents(found, query="what", top_k=3)
    assert orjson.loads(written(spans)["gen_ai.retrieval.documents"]) == [
        {"content": "plain"},
        {"id": "1", "content": "dict"},
        {"content": "lang", "metadata": {"a": 1}},
    ]
    assert written(spans)["gen_ai.retrieval.query.text"] == "what"
    assert written(spans)["gen_ai.retrieval.top_k"] == 3
    assert written(spans)["gen_ai.operation.name"] == "retrieval"


def test_tools_status_events_links_and_names(spans: Captured) -> None:
    with spanhouse.start_span("other") as other:
        pass
    with spanhouse.start_span("old") as span:
        span.update_name("s")
        span.set_span_type("TOOL")
        span.set_tool("search", call_id="c", tool_type="function", description="d", arguments={"q": 1}, result=[1])
        span.add_event("happened", {"n": 1})
        span.add_link(other)
        span.set_log_level("WARNING")
        span.set_status("ERROR", "went wrong")
    found = spans.find("s")
    assert (found.inputs, found.outputs, found.status, found.events) == ({"q": 1}, [1], "ERROR", ["happened"])
    assert found.attributes["gen_ai.tool.name"] == "search"
    assert found.otel.status.description == "went wrong"
    assert found.otel.links[0].context.span_id == int(other.span_id, 16)
    assert found.attributes["spanhouse.log_level"] == "WARNING"


@pytest.mark.parametrize("status", ["OK", StatusCode.OK, spanhouse.SpanStatus("OK")])
def test_a_status_may_be_said_in_many_ways(spans: Captured, status: Any) -> None:
    with spanhouse.start_span("s") as span:
        span.set_status(status)
        assert span.status.status_code == "OK"


def test_record_exception_makes_an_error(spans: Captured) -> None:
    with spanhouse.start_span("s") as span:
        span.record_exception(RuntimeError("kept"))
    assert (spans.find("s").status, spans.find("s").events) == ("ERROR", ["exception"])


def test_ids_are_hex_and_the_current_span_is_found(spans: Captured) -> None:
    assert (spanhouse.get_current_active_span(), spanhouse.get_active_trace_id()) == (None, None)
    with spanhouse.start_span("s") as span:
        current = spanhouse.get_current_active_span()
        assert current is not None
        assert current.span_id == span.span_id == "0000000000000001"
        assert spanhouse.get_active_trace_id() == span.trace_id == span.request_id == "0" * 31 + "1"
        assert span.parent_id is None
    assert spanhouse.get_last_active_trace_id() == span.trace_id


def test_the_last_trace_of_a_thread_is_its_own(spans: Captured) -> None:
    with spanhouse.start_span("here"):
        pass
    here = spanhouse.get_last_active_trace_id(thread_local=True)
    found: list[str | None] = []

    def work() -> None:
        found.append(spanhouse.get_last_active_trace_id(thread_local=True))
        with spanhouse.start_span("there"):
            pass
        found.append(spanhouse.get_last_active_trace_id(thread_local=True))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0] is None
    assert spanhouse.get_last_active_trace_id(thread_local=True) == here
    assert spanhouse.get_last_active_trace_id() == found[1] != here


def test_spans_of_other_instrumentations_nest_and_can_be_written(spans: Captured) -> None:
    tracer = otel.get_tracer("somebody else")
    with spanhouse.start_span("ours") as ours, tracer.start_as_current_span("theirs"):
        current = spanhouse.get_current_active_span()
        assert current is not None
        current.set_inputs("seen")
        with spanhouse.start_span("inner"):
            pass
    assert spans.find("theirs").parent_id == ours.span_id
    assert spans.find("inner").parent_id == spans.find("theirs").span_id
    assert spans.find("theirs").inputs == "seen"


def test_spans_without_context_are_ended_by_hand_with_times_of_their_own(spans: Captured) -> None:
    with spanhouse.start_span("current"):
        root = spanhouse.start_span_no_context("root", "AGENT", inputs={"a": 1}, tags={"t": 1}, start_time_ns=1_000)
        child = spanhouse.start_span_no_context("child", parent_span=root)
        inner = spanhouse.get_current_active_span()
        assert inner is not None
        assert inner.name == "current"
    thread = threading.Thread(target=lambda: child.end(outputs="done", attributes={"x": 1}))
    thread.start()
    thread.join()
    root.end(status="ERROR", end_time_ns=5_000)
    found = spans.find("root")
    assert (found.parent_id, found.status, found.otel.start_time, found.otel.end_time) == (None, "ERROR", 1_000, 5_000)
    assert found.attributes["spanhouse.trace.tag.t"] == "1"
    assert (spans.find("child").parent_id, spans.find("child").outputs) == (root.span_id, "done")


def test_a_second_end_and_writing_after_the_end_do_nothing(spans: Captured, caplog: pytest.LogCaptureFixture) -> None:
    span = spanhouse.start_span_no_context("s")
    span.end()
    span.end()
    span.set_inputs("late")
    span.set_attribute("late", 1)
    assert spans.names == ["s"]
    assert spans.find("s").inputs is None
    assert caplog.text == ""


def test_reading_a_live_span_gives_what_was_written(spans: Captured) -> None:
    with spanhouse.start_span("s", span_type="TOOL") as span:
        span.set_inputs({"a": [1, {"b": None}]})
        span.set_outputs("text")
        assert (span.inputs, span.outputs, span.span_type) == ({"a": [1, {"b": None}]}, "text", "TOOL")
        assert span.get_attribute("gen_ai.tool.name") == "s"
        assert isinstance(span, LiveSpan)


def test_a_fixed_clock_gives_the_times() -> None:
    with capture(clock=TickingClock()) as captured, spanhouse.start_span("outer"), spanhouse.start_span("inner"):
        pass
    inner, outer = captured.spans
    assert (outer.otel.start_time, inner.otel.start_time) == (FIRST_TIME_NS, FIRST_TIME_NS + 1_000_000)
    assert (inner.otel.end_time, outer.otel.end_time) == (FIRST_TIME_NS + 2_000_000, FIRST_TIME_NS + 3_000_000)
    with capture(clock=TickingClock()) as captured:
        spanhouse.start_span_no_context("by hand").end()
        spanhouse.start_span_no_context("explicit").end(end_time_ns=FIRST_TIME_NS + 7)
    by_hand, explicit = captured.spans
    assert (by_hand.otel.start_time, by_hand.otel.end_time) == (FIRST_TIME_NS, FIRST_TIME_NS + 1_000_000)
    assert explicit.otel.end_time == FIRST_TIME_NS + 7


def test_more_attributes_than_a_span_takes_are_dropped_with_a_count_and_no_noise(
    spans: Captured, caplog: pytest.LogCaptureFixture
) -> None:
    with spanhouse.start_span("s", attributes={f"a{number}": 1 for number in range(5_000)}) as span:
        span.set_attributes({f"b{number}": 1 for number in range(5_000)})
        span.set_attribute("", 1)
        span.add_event("e", {f"c{number}": 1 for number in range(5_000)})
    span.set_status("OK")
    span.update_name("late")
    span.add_event("late")
    span.add_link(span)
    span.set_span_type("TOOL")
    assert caplog.text == ""
    assert len(spans.find("s").attributes) <= 1024
    assert FAULTS.counts()["dropped_attributes"] > 10_000
