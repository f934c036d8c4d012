"""Faults of MLflow that no other test of the shim's is about: we do not have them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

import spanhouse
from spanhouse.testing import Captured
from tests.shim.fake_collector import FakeCollector
from tests.shim.programs import run


def test_setting_up_again_makes_no_threads_and_does_not_switch_on_what_was_off(collector: FakeCollector) -> None:
    """mlflow 24209."""
    ran = run(
        """
        import threading, spanhouse
        with spanhouse.start_span("a"): pass
        spanhouse.flush()
        before = threading.active_count()
        for number in range(20): spanhouse.configure(project=f"p{number}", span_processors=[])
        with spanhouse.start_span("b"): pass
        spanhouse.flush()
        print(threading.active_count() - before)
        spanhouse.disable()
        spanhouse.configure(project="q")
        with spanhouse.start_span("c") as span: print(repr(span.trace_id))
        """,
        SPANHOUSE_ENDPOINT=collector.url,
    )
    assert (ran.out, ran.err) == ("0\n''\n", "")
    assert collector.names == ["a", "b"]


def test_threads_and_tasks_at_once_keep_their_own_sessions(spans: Captured) -> None:
    """mlflow 15511: there the run is the process's, and traces of one thread go to another's."""
    together = Barrier(4)

    def in_a_thread(name: str) -> None:
        with spanhouse.context(session_id=name, tags={"of": name}):
            together.wait(10)
            with spanhouse.start_span(name), spanhouse.start_span(f"{name} child"):
                together.wait(10)

    async def in_a_task(name: str) -> None:
        with spanhouse.start_span(name):
            spanhouse.update_current_trace(session_id=name)
            await asyncio.sleep(0)
            with spanhouse.start_span(f"{name} child"):
                await asyncio.sleep(0)

    async def tasks() -> None:
        await asyncio.gather(*(in_a_task(f"task {number}") for number in range(4)))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(in_a_thread, [f"thread {number}" for number in range(4)]))
    asyncio.run(tasks())
    assert len(spans.spans) == 16
    for span in spans.spans:
        assert span.attributes["session.id"] == span.name.removesuffix(" child")
        assert span.attributes.get("spanhouse.trace.tag.of", span.attributes["session.id"]) in span.name


@pytest.mark.parametrize(
    ("sampler", "is_kept"), [("always_off", False), ("parentbased_always_off", False), ("always_on", True)]
)
def test_otels_sampler_counts_and_leaves_no_orphans(collector: FakeCollector, sampler: str, is_kept: bool) -> None:
    """mlflow 21524, and its own provider that ignores the variable."""
    ran = run(
        """
        import spanhouse
        @spanhouse.trace(sampling_ratio_override=1.0)
        def child(): pass
        with spanhouse.start_span("root"): child()
        """,
        SPANHOUSE_ENDPOINT=collector.url,
        OTEL_TRACES_SAMPLER=sampler,
    )
    assert (ran.code, ran.err) == (0, "")
    assert collector.names == (["child", "root"] if is_kept else [])
