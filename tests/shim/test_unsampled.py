"""A trace that is not kept has no id, and whoever asks for it is not hurt."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace as trace_api
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

import spanhouse
from spanhouse import Client, entities
from spanhouse.faults import FAULTS
from spanhouse.live_span import LiveSpan
from spanhouse.testing import Captured


def test_inside_a_trace_that_is_not_kept_there_is_no_id_and_no_span(spans: Captured) -> None:
    seen: list[Any] = []

    @spanhouse.trace(sample_ratio=0.0)
    def work() -> None:
        seen.append((spanhouse.get_active_trace_id(), spanhouse.get_current_active_span()))
        with spanhouse.start_span("inner") as inner:
            seen.append((inner.trace_id, inner.span_id, isinstance(inner, entities.NoOpSpan)))

    before = spanhouse.get_last_active_trace_id()
    work()
    assert seen == [(None, None), ("", "", True)]
    assert spanhouse.get_last_active_trace_id() == before
    assert spans.spans == []


def test_a_trace_of_elsewhere_alone_is_no_span_of_ours(spans: Captured) -> None:
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    with spanhouse.set_tracing_context_from_http_request_headers(headers):
        assert spanhouse.get_current_active_span() is None
        assert spanhouse.get_active_trace_id() is None
        with spanhouse.start_span("here") as span:
            assert spanhouse.get_active_trace_id() == span.trace_id == "0af7651916cd43dd8448eb211c80319c"


def test_a_span_that_is_only_recorded_has_no_id_either() -> None:
    unsampled = NonRecordingSpan(SpanContext(1, 2, is_remote=False, trace_flags=TraceFlags(0)))
    assert (LiveSpan(unsampled).trace_id, LiveSpan(unsampled).span_id) == ("", "")
    with trace_api.use_span(unsampled):
        assert spanhouse.get_active_trace_id() is None


def test_the_client_takes_the_id_of_nothing_without_a_word(spans: Captured, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    spanhouse.disable()
    root = client.start_trace("root")
    spanhouse.enable()
    assert isinstance(client.start_span("child", trace_id=root.trace_id, parent_id=root.span_id), entities.NoOpSpan)
    client.end_span(root.trace_id, root.span_id)
    client.end_trace(root.trace_id)
    assert (caplog.text, FAULTS.counts(), spans.spans) == ("", {}, [])


@pytest.mark.parametrize("trace_id", [None, ""])
def test_saying_something_of_no_trace_does_nothing_and_never_raises(trace_id: Any) -> None:
    FAULTS.reset()
    client = Client(url="http://127.0.0.1:9")
    feedback = client.log_feedback(trace_id=trace_id, name="good", value=True)
    assert (feedback.name, feedback.value, feedback.trace_id, feedback.assessment_id) == ("good", True, None, None)
    assert client.log_expectation(trace_id=trace_id, name="answer", value=1).value == 1
    assert client.log_assessment(trace_id, feedback) is feedback
    assert client.update_assessment(trace_id, "a-1", value=2).value == 2
    assert client.override_feedback(trace_id=trace_id, assessment_id="a-1", value=3).value == 3
    client.delete_assessment(trace_id, "a-1")
    client.set_trace_tag(trace_id, "k", "v")
    client.delete_trace_tag(trace_id, "k")
    client.update_trace(trace_id, tags={"a": "b"})
    assert client.get_trace(trace_id) is None
    assert FAULTS.counts() == {"no_current_trace": 9}
    FAULTS.reset()
