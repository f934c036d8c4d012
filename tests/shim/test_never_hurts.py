"""The host is never hurt: whatever it is given, and whatever the collector does."""

from __future__ import annotations

import threading
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import spanhouse
from spanhouse import trace
from spanhouse.content import encode
from spanhouse.faults import FAULTS, Faults
from spanhouse.testing import Captured, capture
from tests.shim.fake_collector import FakeCollector
from tests.shim.programs import run

MIB = 1 << 20


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("hostile")

    __str__ = __repr__

    def __len__(self) -> int:
        return 1 << 60

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("hostile")

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("hostile")


class LyingMapping(Mapping[str, int]):
    def __len__(self) -> int:
        return 1 << 60

    def __getitem__(self, key: str) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        number = 0
        while True:
            number += 1
            yield str(number)


class LyingDict(dict[str, Any]):
    def __len__(self) -> int:
        return 1 << 60

    def values(self) -> Any:
        raise RuntimeError("hostile")

    items = keys = values


class LyingList(list[Any]):
    def __len__(self) -> int:
        return 1 << 60

    def __iter__(self) -> Iterator[Any]:
        raise RuntimeError("hostile")


def cyclic() -> dict[str, Any]:
    made: dict[str, Any] = {}
    made["self"] = [made, made]
    return made


def billion_laughs() -> list[Any]:
    made: list[Any] = ["ha"]
    for _ in range(60):
        made = [made, made]
    return made


def deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(100_000):
        made = [made]
    return made


HOSTILE: dict[str, Any] = {
    "hostile": Hostile(),
    "hostile inside": {"a": [Hostile()]},
    "endless mapping": LyingMapping(),
    "lying dict": LyingDict(a=1),
    "lying list": LyingList([1, 2]),
    "cyclic": cyclic(),
    "billion laughs": billion_laughs(),
    "deep": deep(),
    "surrogate": {"text": "\ud800"},
    "plain surrogate": "\ud800 text",
    "nan": [float("nan"), float("inf")],
    "huge number": 10**4000,
    "huge number inside": [10**400],
    "keys": {1: 2, None: 3, (1, 2): 4, Hostile: 5},
    "bytes": b"\xff" * 100_000,
    "generator": (n for n in range(3)),
    "lock": threading.Lock(),
    "module": threading,
    "class": Hostile,
}


@pytest.fixture
def spans() -> Iterator[Captured]:
    """Unlike the shared fixture, this one forgives what was swallowed."""
    FAULTS.reset()
    with capture(fixed_ids=True) as captured:
        yield captured
    FAULTS.reset()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_cost_nothing_but_themselves(spans: Captured, name: str) -> None:
    value = HOSTILE[name]
    started = time.thread_time()
    assert trace(lambda x: x, name="call")(value) is value
    with spanhouse.start_span("span", attributes={"a": value}) as span:
        span.set_inputs(value)
        span.set_attribute("b", value)
        span.set_messages(value, value)
        span.set_documents([value])
        span.add_event("e", {"c": value})
    assert time.thread_time() - started < 2.0
    assert spans.names == ["call", "span"]
    assert spans.find("call").attributes["input.value"]
    assert max(len(str(item)) for item in spans.find("span").attributes.values()) < 20 * MIB
    for found in spans.spans:
        str(found.attributes).encode()


def test_a_hundred_megabytes_are_cut_before_they_are_copied() -> None:
    huge = "x" * (100 * MIB)
    for value in (huge, {"a": huge}, [huge, huge], {"deep": [{"er": (huge,)}]}):
        tracemalloc.start()
        started = time.thread_time()
        text, _, is_truncated = encode(value, MIB)
        seconds = time.thread_time() - started
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert is_truncated
        assert len(text) < 1.5 * MIB
        assert peak < 16 * MIB
        assert seconds < 0.5


def test_a_cut_value_is_valid_json_and_names_what_is_missing(spans: Captured) -> None:
    import orjson

    spanhouse.configure(max_attribute_bytes=2_000)
    try:
        trace(lambda text, items: None, name="call")("y" * 10_000, list(range(5_000)))
    finally:
        spanhouse.configure(max_attribute_bytes=16 * MIB)
    found = spans.find("call")
    decoded = orjson.loads(found.attributes["input.value"])
    assert decoded["text"].endswith("… [truncated, 10000 characters]")
    assert "more" in str(decoded["items"][-1])
    assert found.attributes["spanhouse.truncated"] == ["input.value"]
    assert len(found.attributes["input.value"]) < 4_000


def test_frames_arrays_and_models_are_small_and_readable(spans: Captured) -> None:
    """MLflow takes 0.7 s for a DataFrame."""
    import numpy
    import pandas
    from pydantic import BaseModel

    class Question(BaseModel):
        text: str
        tags: list[str] = []

    frame = pandas.DataFrame({"a": range(100_000), "b": ["x"] * 100_000})
    call = trace(lambda **given: None, name="call")
    call(frame=frame)
    started = time.thread_time()
    call(
        frame=frame,
        series=frame["a"],
        array=numpy.zeros((1000, 1000)),
        small=numpy.arange(3),
        model=Question(text="hi"),
    )
    assert time.thread_time() - started < 0.05
    given = spans.spans[-1].inputs["given"]
    assert (given["frame"]["shape"], given["frame"]["columns"]) == ([100_000, 2], ["a", "b"])
    assert given["frame"]["head"][0] == [0, "x"]
    assert (given["array"]["shape"], given["small"]) == ([1000, 1000], [0, 1, 2])
    assert given["model"] == {"text": "hi", "tags": []}
    assert len(spans.spans[-1].attributes["input.value"]) < 3_000


def test_an_exception_whose_text_raises_is_recorded_and_raised_on(spans: Captured) -> None:
    class Nasty(Exception):
        def __str__(self) -> str:
            raise RuntimeError("nasty")

        __repr__ = __str__

    @trace
    def fail() -> None:
        raise Nasty

    with pytest.raises(Nasty):
        fail()
    assert spans.find("fail").attributes["error.type"].endswith("Nasty")


def test_wrong_arguments_of_ours_are_swallowed_and_counted(spans: Captured) -> None:
    wrong: Any = object()
    with spanhouse.start_span("s", attributes=wrong) as span:
        span.set_attributes(wrong)
        span.set_usage(wrong)
        span.set_documents(wrong)
        span.add_link(wrong)
        span.set_status("NO SUCH STATUS")
    spanhouse.update_current_trace(tags=wrong)
    assert spanhouse.start_span_no_context("x", parent_span=wrong).trace_id == ""
    assert spanhouse.health()["internal_errors"] >= 3


def test_at_most_one_warning_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults()
    now = [1000.0]
    monkeypatch.setattr("spanhouse.faults.time.monotonic", lambda: now[0])
    for _ in range(100):
        faults.warn("trouble %d", 1)
    now[0] += 61
    faults.warn("more trouble")
    assert [record.getMessage().partition(" (")[0] for record in caplog.records] == ["trouble 1", "more trouble"]


BUSY = """
    import time, spanhouse, threading
    @spanhouse.trace
    def work(text): return text
    worst = 0.0
    text = "x" * 1000
    for _ in range(5000):
        started = time.thread_time()
        work(text)
        worst = max(worst, time.thread_time() - started)
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(worst < 0.1, int(peak.split()[1]) < 200_000)
    print(sorted(spanhouse.health()))
"""


@pytest.mark.parametrize("mode", ["down", "slow", "refuse", "garbage"])
def test_a_bad_collector_costs_spans_and_never_the_host(mode: str) -> None:
    environment = {
        "SPANHOUSE_EXIT_TIMEOUT_MS": "700",
        "SPANHOUSE_EXPORT_TIMEOUT_MS": "500",
        "SPANHOUSE_MAX_QUEUE_SPANS": "1000",
    }
    with FakeCollector("ok" if mode == "down" else mode) as collector:
        url = "http://127.0.0.1:9" if mode == "down" else collector.url
        ran = run(BUSY, SPANHOUSE_ENDPOINT=url, **environment)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "True True"
    assert ran.err.count("\n") <= 2
    if mode != "garbage":
        assert "dropped_queue_full" in lines[1]
        warned, told = ran.err.splitlines()
        assert warned.startswith("spanhouse drops spans")
        assert " spans were not sent: " in told
    assert "Traceback" not in ran.err
    assert ran.seconds < 8


def test_the_queue_is_bounded_by_bytes_and_batches_by_size(collector: FakeCollector) -> None:
    program = """
        import spanhouse
        spanhouse.configure(max_queue_bytes=3_000_000)
        @spanhouse.trace
        def work(text): return None
        for _ in range(10):
            work("x" * 1_000_000)
        print(spanhouse.health())
    """
    with FakeCollector("slow") as slow:
        ran = run(
            program, SPANHOUSE_ENDPOINT=slow.url, SPANHOUSE_EXIT_TIMEOUT_MS="300", OTEL_BSP_SCHEDULE_DELAY="60000"
        )
    assert "'dropped_queue_full': 8" in ran.out
    batches = """
        import spanhouse
        @spanhouse.trace
        def work(text): return None
        for _ in range(6):
            work("x" * 1_000_000)
    """
    run(batches, SPANHOUSE_ENDPOINT=collector.url, SPANHOUSE_MAX_BATCH_BYTES="2500000", OTEL_BSP_SCHEDULE_DELAY="60000")
    collector.wait_spans(6)
    assert len(collector.headers) == 3


def test_flush_keeps_its_time_limit() -> None:
    program = """
        import time, spanhouse
        with spanhouse.start_span("s"): pass
        started = time.monotonic()
        done = spanhouse.flush(300)
        print(done, time.monotonic() - started < 1.5)
    """
    with FakeCollector("slow") as slow:
        ran = run(program, SPANHOUSE_ENDPOINT=slow.url, SPANHOUSE_EXIT_TIMEOUT_MS="300")
    assert ran.out == "False True\n"
    assert ran.seconds < 8


def test_spans_that_end_while_the_interpreter_goes_down_do_no_harm(collector: FakeCollector) -> None:
    program = """
        import atexit, spanhouse
        def late():
            with spanhouse.start_span("late"): pass
        class Last:
            def __del__(self):
                with spanhouse.start_span("last"): pass
        with spanhouse.start_span("first"): pass
        atexit.register(late)
        keep = Last()
        open_to_the_end = spanhouse.start_span("never closed").__enter__()
    """
    ran = run(program, SPANHOUSE_ENDPOINT=collector.url)
    assert (ran.code, ran.err) == (0, "")
    assert {"first", "late"} <= set(collector.names)


def test_many_threads_at_once_lose_nothing(collector: FakeCollector) -> None:
    program = """
        import threading, spanhouse
        @spanhouse.trace
        def work(n):
            with spanhouse.start_span("inner"): return n
        def many():
            for n in range(200): work(n)
        threads = [threading.Thread(target=many) for _ in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    """
    ran = run(program, SPANHOUSE_ENDPOINT=collector.url)
    assert (ran.code, ran.err) == (0, "")
    assert len(collector.wait_spans(3200)) == 3200
    assert len({span.span_id for span in collector.spans}) == 3200


def test_a_generator_that_is_collected_while_the_queue_is_busy_blocks_nothing(collector: FakeCollector) -> None:
    """Its span ends in the middle of whatever the thread was doing, the queue's own critical section included."""
    program = """
        import gc, sys, threading, spanhouse
        from spanhouse.faults import FAULTS
        from spanhouse.provider import runtime
        @spanhouse.trace
        def numbers():
            yield 1
        queue = runtime().processor.queue
        with queue._lock, FAULTS._lock:
            for _ in range(3):
                started = numbers()
                next(started)
                cycle = [started]
                cycle.append(cycle)
                del started, cycle
            gc.collect()
        print(spanhouse.flush())
    """
    ran = run(program, SPANHOUSE_ENDPOINT=collector.url)
    assert (ran.out, ran.err) == ("True\n", "")
    assert collector.names == ["numbers"] * 3
