"""What is written past the SDK's checks is what the SDK would have written, and is seen by whom it concerns."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Span, SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, DEFAULT_ON, Decision, Sampler, SamplingResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState, set_span_in_context

import spanhouse
from spanhouse.calls import open_span
from spanhouse.processor import SpanhouseProcessor, sees_no_start
from spanhouse.provider import STATE, Runtime
from spanhouse.sampling import QuickDefault, quicken
from spanhouse.settings import Settings
from spanhouse.span_attributes import add_clean
from spanhouse.testing import Captured


class Starts(SpanProcessor):
    """Remembers what spans start with."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        self.seen.append(dict(span.attributes or {}))


class OnlyMarked(Sampler):
    """Keeps what is marked by an attribute."""

    def should_sample(self, *args: Any, **kwargs: Any) -> SamplingResult:
        attributes = args[4] if len(args) > 4 else kwargs.get("attributes")
        return SamplingResult(Decision.RECORD_AND_SAMPLE if (attributes or {}).get("keep") else Decision.DROP)

    def get_description(self) -> str:
        return "only marked"


def runtime_of(provider: TracerProvider) -> Runtime:
    processor = SpanhouseProcessor(None, 1)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("spanhouse")
    quicken(tracer)
    return Runtime(Settings(), provider, tracer, processor, is_enabled=True)


@pytest.fixture
def alone() -> Runtime:
    return runtime_of(TracerProvider(shutdown_on_exit=False))


def test_another_processor_sees_what_a_span_starts_with() -> None:
    provider, starts = TracerProvider(shutdown_on_exit=False), Starts()
    runtime = runtime_of(provider)
    assert runtime.is_alone(runtime.tracer)
    provider.add_span_processor(starts)
    assert not runtime.is_alone(runtime.tracer)
    open_span(runtime, "one", Context(), {"keep": True}).end()
    assert starts.seen == [{"keep": True}]


def test_processors_that_do_nothing_at_a_start_see_the_whole_span_at_its_end() -> None:
    provider, exporter = TracerProvider(shutdown_on_exit=False), InMemorySpanExporter()
    runtime = runtime_of(provider)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.add_span_processor(BatchSpanProcessor(InMemorySpanExporter()))
    assert runtime.is_alone(runtime.tracer)
    open_span(runtime, "one", Context(), {"keep": True}).end()
    provider.shutdown()
    assert [dict(span.attributes or {}) for span in exporter.get_finished_spans()] == [{"keep": True}]


def test_a_processor_whose_start_is_of_its_own_is_asked() -> None:
    class Sends(BatchSpanProcessor):
        def on_start(self, span: Span, parent_context: Context | None = None) -> None:
            span.set_attribute("seen", bool((span.attributes or {}).get("keep")))

    provider = TracerProvider(shutdown_on_exit=False)
    runtime = runtime_of(provider)
    provider.add_span_processor(Sends(InMemorySpanExporter()))
    span: Any = open_span(runtime, "one", Context(), {"keep": True})
    assert span.attributes["seen"] is True
    plain = SpanProcessor()
    assert sees_no_start(plain)
    vars(plain)["on_start"] = lambda span, parent_context=None: None
    assert not sees_no_start(plain)
    provider.shutdown()


def test_a_sampler_that_looks_at_attributes_gets_them() -> None:
    runtime = runtime_of(TracerProvider(sampler=OnlyMarked(), shutdown_on_exit=False))
    assert open_span(runtime, "one", Context(), {"keep": True}).is_recording()
    assert not open_span(runtime, "two", Context(), {"keep": False}).is_recording()


@pytest.mark.parametrize("attributes", [{"session.id": "own", "mine": 1}])
def test_what_a_trace_shares_wins_over_what_a_span_starts_with_alone_or_not(
    spans: Captured, attributes: dict[str, Any]
) -> None:
    current = STATE.runtime
    assert current is not None
    provider: Any = current.provider
    multi, starts = provider._active_span_processor, Starts()
    with spanhouse.context(session_id="shared"), spanhouse.start_span("one", attributes=attributes):
        pass
    before = multi._span_processors
    multi._span_processors = (*before, starts)
    try:
        with spanhouse.context(session_id="shared"), spanhouse.start_span("two", attributes=attributes):
            pass
    finally:
        multi._span_processors = before
    assert len(starts.seen) == 1
    assert spans.find("one").attributes == spans.find("two").attributes == {"session.id": "shared", "mine": 1}


@pytest.mark.parametrize("limits", [SpanLimits(max_span_attributes=3), SpanLimits(max_span_attribute_length=2)])
def test_the_hosts_limits_hold_in_silence(limits: SpanLimits, caplog: pytest.LogCaptureFixture) -> None:
    given = {"a": "long text", "b": "long text", "c": ("long", "text"), "d": 4}
    expected: Any = TracerProvider(span_limits=limits, shutdown_on_exit=False).get_tracer("x").start_span("x")
    expected.set_attributes(given)
    caplog.clear()
    runtime = runtime_of(TracerProvider(span_limits=limits, shutdown_on_exit=False))
    span: Any = open_span(runtime, "one", Context(), given)
    assert dict(span.attributes) == dict(expected.attributes)
    assert span.dropped_attributes == expected.dropped_attributes
    assert caplog.records == []


def test_limits_of_events_and_of_spans_that_others_see_hold_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    limits = SpanLimits(max_span_attributes=3, max_attribute_length=4, max_event_attributes=2)
    provider, starts = TracerProvider(span_limits=limits, shutdown_on_exit=False), Starts()
    runtime = runtime_of(provider)
    provider.add_span_processor(starts)
    given = {"a": "long text", "b": ("long", "text"), "c": 1, "d": "long text"}
    span: Any = open_span(runtime, "one", Context(), given)
    live = spanhouse.LiveSpan(span)
    live.add_event("e", given)
    live.record_exception(ValueError("long text"))
    assert starts.seen == [{"b": ("long", "text"), "c": 1, "d": "long"}]
    said, failed = span.events
    assert dict(said.attributes) == {"c": 1, "d": "long"}
    assert failed.attributes["exception.message"] == "long"
    assert caplog.records == []


def test_a_span_that_has_ended_stays_as_it_is_in_silence(alone: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    span: Any = open_span(alone, "one", Context(), {"a": 1})
    span.end()
    with caplog.at_level(logging.DEBUG):
        add_clean(span, {"a": 2, "b": 3})
    assert dict(span.attributes) == {"a": 1}
    assert caplog.records == []


def test_a_list_of_the_host_can_change_afterwards(spans: Captured) -> None:
    mine = ["a", "b"]
    with spanhouse.start_span("one", attributes={"first": mine}) as span:
        span.set_attribute("second", mine)
        mine.append("c")
    otel = spans.find("one").otel.attributes
    assert otel is not None
    assert (otel["first"], otel["second"]) == (("a", "b"), ("a", "b"))


def test_spans_of_another_make_are_written_their_own_way() -> None:
    class Foreign(NonRecordingSpan):
        def __init__(self) -> None:
            super().__init__(SpanContext(1, 1, is_remote=False))
            self.written: dict[str, Any] = {}

        def is_recording(self) -> bool:
            return True

        def set_attributes(self, attributes: Any) -> None:
            self.written.update(attributes)

    foreign = Foreign()
    add_clean(foreign, {"a": 1})
    assert foreign.written == {"a": 1}
    add_clean(NonRecordingSpan(SpanContext(1, 1, is_remote=False)), {"a": 1})


def contexts() -> Iterator[Context | None]:
    yield None
    yield Context()
    states = (TraceState(), TraceState([("vendor", "x")]))
    for is_remote, flags, state in itertools.product((False, True), (0, 1), states):
        parent = SpanContext(7, 7, is_remote=is_remote, trace_flags=TraceFlags(flags), trace_state=state)
        yield set_span_in_context(NonRecordingSpan(parent), Context())


@pytest.mark.parametrize("attributes", [None, {}, {"a": 1}])
def test_the_quick_sampler_decides_as_the_default_does(attributes: dict[str, Any] | None) -> None:
    for context in contexts():
        quick, slow = (
            sampler.should_sample(context, 7, "one", None, attributes, ()) for sampler in (QuickDefault(), DEFAULT_ON)
        )
        assert quick.decision is slow.decision
        assert dict(quick.attributes) == dict(slow.attributes)
        assert (quick.trace_state or TraceState()) == (slow.trace_state or TraceState())


def test_only_the_default_is_decided_quickly() -> None:
    provider = TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False)
    tracer: Any = provider.get_tracer("x")
    quicken(tracer)
    assert tracer.sampler is ALWAYS_ON
