"""Tags, metadata, session, user, state: on the trace, its children and other services; contexts that survive."""

from __future__ import annotations

import asyncio
import contextvars
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry import trace as otel

import spanhouse
from spanhouse import trace
from spanhouse.faults import FAULTS
from spanhouse.testing import Captured


def test_an_update_is_written_on_the_root(spans: Captured) -> None:
    with spanhouse.start_span("root"), spanhouse.start_span("child"):
        spanhouse.update_current_trace(
            tags={"env": "prod", "n": 1},
            metadata={"version": "2"},
            client_request_id="req-1",
            request_preview="asked",
            response_preview="answered",
            state="ERROR",
        )
    assert spans.find("root").attributes == {
        "spanhouse.trace.tag.env": "prod",
        "spanhouse.trace.tag.n": "1",
        "spanhouse.trace.metadata.version": "2",
        "spanhouse.trace.tag.mlflow.clientRequestId": "req-1",
        "spanhouse.trace.metadata.mlflow.traceInputs": "asked",
        "spanhouse.trace.metadata.mlflow.traceOutputs": "answered",
        "spanhouse.trace.state": "ERROR",
    }
    assert spans.find("child").attributes == {}


def test_session_and_user_reach_every_span_of_the_trace_and_those_of_others(spans: Captured) -> None:
    """Spans that were open already have them too; MLflow has them on the root alone."""
    with spanhouse.start_span("root"), spanhouse.start_span("open"), spanhouse.start_span("where"):
        spanhouse.update_current_trace(session_id="s1", user="u1")
        with otel.get_tracer("somebody else").start_as_current_span("theirs"):
            pass
    for span in spans.spans:
        assert (span.attributes["session.id"], span.attributes["user.id"]) == ("s1", "u1"), span.name
    with spanhouse.start_span("next trace"):
        pass
    assert spans.find("next trace").attributes == {}


def test_a_state_that_was_said_is_the_roots_status_whatever_comes_after(spans: Captured) -> None:
    with spanhouse.start_span("bad"):
        spanhouse.update_current_trace(state="ERROR")

    @trace
    def good() -> None:
        spanhouse.update_current_trace(state="OK")
        raise ValueError("late")

    with pytest.raises(ValueError, match="late"):
        good()
    assert (spans.find("bad").status, spans.find("good").status) == ("ERROR", "OK")


def test_mlflows_metadata_for_session_and_user_reaches_every_span(spans: Captured) -> None:
    given = {"mlflow.trace.session": "s1", "mlflow.trace.user": "u1"}
    with spanhouse.start_span("updated"):
        spanhouse.update_current_trace(metadata=given, model_id="m-1")
        with spanhouse.start_span("child"):
            pass
    with spanhouse.context(metadata=given), spanhouse.start_span("in context"):
        pass
    client = spanhouse.Client()
    root = client.start_trace("by hand", metadata=given, experiment_id="0")
    client.end_span(client.start_span("below", parent=root))
    client.end_trace(root)
    for span in spans.spans:
        assert (span.attributes["session.id"], span.attributes["user.id"]) == ("s1", "u1"), span.name
    assert len(spans.spans) == 5
    assert spans.find("updated").attributes["spanhouse.trace.metadata.mlflow.modelId"] == "m-1"


def test_an_update_without_a_trace_is_counted(spans: Captured) -> None:
    spanhouse.update_current_trace(tags={"a": 1})
    assert FAULTS.counts()["no_current_trace"] == 1


def test_a_context_is_for_all_traces_of_its_block(spans: Captured) -> None:
    @trace
    def work() -> None:
        with spanhouse.start_span("inner"):
            pass

    with spanhouse.context(session_id="s", user="u", tags={"t": "1"}, metadata={"m": "2"}):
        work()
        with spanhouse.context(user="other"):
            work()
    work()
    shown = [
        (span.name, span.attributes.get("session.id"), span.attributes.get("user.id"),
         span.attributes.get("spanhouse.trace.tag.t"), span.attributes.get("spanhouse.trace.metadata.m"))
        for span in spans.spans
    ]  # fmt: skip
    assert shown == [
        ("inner", "s", "u", None, None),
        ("work", "s", "u", "1", "2"),
        ("inner", "s", "other", None, None),
        ("work", "s", "other", "1", "2"),
        ("inner", None, None, None, None),
        ("work", None, None, None, None),
    ]


def test_a_context_inside_a_trace_tags_that_trace(spans: Captured) -> None:
    with (
        spanhouse.start_span("root"),
        spanhouse.context(tags={"t": "1"}, session_id="s"),
        spanhouse.start_span("child"),
    ):
        pass
    assert spans.find("root").attributes == {"spanhouse.trace.tag.t": "1"}
    assert spans.find("child").attributes == {"session.id": "s"}


def test_headers_carry_trace_session_and_user_to_another_service(spans: Captured) -> None:
    with spanhouse.start_span("client"):
        spanhouse.update_current_trace(session_id="s 1", user="jürgen")
        headers = spanhouse.get_tracing_context_headers_for_http_request()
    assert set(headers) == {"traceparent", "baggage"}
    shouted = {key.title(): value for key, value in headers.items()}

    def serve() -> None:
        with (
            spanhouse.set_tracing_context_from_http_request_headers(shouted),
            spanhouse.start_span("server"),
            spanhouse.start_span("deep"),
        ):
            pass

    contextvars.Context().run(serve)
    client, server, deep = spans.find("client"), spans.find("server"), spans.find("deep")
    assert (server.trace_id, server.parent_id) == (client.trace_id, client.span_id)
    for span in (server, deep):
        assert (span.attributes["session.id"], span.attributes["user.id"]) == ("s 1", "jürgen")


def test_an_update_in_the_other_service_is_written_on_its_own_entrance(spans: Captured) -> None:
    headers = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    with (
        spanhouse.set_tracing_context_from_http_request_headers(headers),
        spanhouse.start_span("entrance"),
        spanhouse.start_span("deep"),
    ):
        spanhouse.update_current_trace(tags={"a": "b"})
    assert spans.find("entrance").attributes == {"spanhouse.trace.tag.a": "b"}
    assert spans.find("entrance").trace_id == "0af7651916cd43dd8448eb211c80319c"


def test_headers_of_strangers_never_raise_and_an_unsampled_caller_is_followed(spans: Captured) -> None:
    with (
        spanhouse.set_tracing_context_from_http_request_headers({"traceparent": "nonsense", "baggage": "=;=,"}),
        spanhouse.start_span("own trace"),
    ):
        pass
    assert spans.find("own trace").parent_id is None
    unsampled = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}
    with spanhouse.set_tracing_context_from_http_request_headers(unsampled), spanhouse.start_span("orphan"):
        pass
    assert spans.names == ["own trace"]


def test_threads_of_a_pool_keep_the_context_with_a_helper(spans: Captured) -> None:
    """MLflow documents the loss; here there are two ways around it."""

    @trace
    def work(number: int) -> int:
        return number

    with spanhouse.start_span("root"):
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(spanhouse.copy_context(work), range(4))) == [0, 1, 2, 3]
        with spanhouse.TracedThreadPoolExecutor(2) as traced:
            assert list(traced.map(work, range(4, 8))) == [4, 5, 6, 7]
            assert traced.submit(work, 8).result() == 8
    assert len(spans.children(spans.find("root"))) == 9


def test_asyncio_tasks_and_threads_keep_the_context(spans: Captured) -> None:
    def blocking() -> None:
        with spanhouse.start_span("in thread"):
            pass

    async def task() -> None:
        with spanhouse.start_span("in task"):
            await asyncio.sleep(0)

    async def main() -> None:
        with spanhouse.start_span("root"):
            async with asyncio.TaskGroup() as group:
                group.create_task(task())
                group.create_task(task())
            await asyncio.to_thread(blocking)

    asyncio.run(main())
    names = sorted(span.name for span in spans.children(spans.find("root")))
    assert names == ["in task", "in task", "in thread"]


def test_roots_that_never_end_are_forgotten_in_time(spans: Captured) -> None:
    from spanhouse.active_traces import ActiveTraces

    traces = ActiveTraces()
    for _ in range(3):
        span = spanhouse.start_span_no_context("never ended")
        traces.span_started(span.otel_span, None)  # type: ignore[arg-type]
    import spanhouse.active_traces as module

    before, module.TRACES_MAX = module.TRACES_MAX, 2  # type: ignore[misc]
    try:
        traces.span_started(spanhouse.start_span_no_context("one more").otel_span, None)  # type: ignore[arg-type]
    finally:
        module.TRACES_MAX = before  # type: ignore[misc]
    assert len(traces._by_id) == 2
