"""The client's explicit traces."""

from __future__ import annotations

import threading

import spanhouse
from spanhouse import Client
from spanhouse.faults import FAULTS
from spanhouse.testing import Captured


def test_a_trace_is_made_step_by_step_by_ids(spans: Captured) -> None:
    client = Client()
    root = client.start_trace("rag", inputs={"q": 1}, tags={"t": "1"}, metadata={"m": "2"}, attributes={"a": 1})
    child = client.start_span(
        "search", trace_id=root.trace_id, parent_id=root.span_id, inputs="q", span_type="RETRIEVER"
    )
    client.end_span(root.trace_id, child.span_id, outputs=["d"], attributes={"b": 2}, status="ERROR")
    Client().end_trace(root.trace_id, outputs={"answer": 1})
    found = spans.find("rag")
    assert (found.inputs, found.outputs, found.parent_id) == ({"q": 1}, {"answer": 1}, None)
    assert (found.attributes["spanhouse.trace.tag.t"], found.attributes["spanhouse.trace.metadata.m"]) == ("1", "2")
    search = spans.find("search")
    assert (search.parent_id, search.outputs, search.status) == (found.span_id, ["d"], "ERROR")


def test_nothing_is_ambient(spans: Captured) -> None:
    client = Client()
    with spanhouse.start_span("current"):
        root = client.start_trace("root")
        assert spanhouse.get_active_trace_id() != root.trace_id
        client.end_trace(root.trace_id)
    assert spans.find("root").parent_id is None


def test_parents_may_be_spans_and_times_are_explicit(spans: Captured) -> None:
    client = Client()
    root = client.start_trace("root", start_time_ns=1_000)
    child = client.start_span("child", parent=root, start_time_ns=2_000)
    client.end_span(child, end_time_ns=3_000)
    client.end_trace(root, end_time_ns=4_000)
    assert [(span.otel.start_time, span.otel.end_time) for span in spans.spans] == [(2_000, 3_000), (1_000, 4_000)]


def test_a_parent_of_another_process_is_joined_by_its_ids(spans: Captured) -> None:
    client = Client()
    span = client.start_span("late", "tr-0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331")
    client.end_span(span)
    assert (spans.find("late").trace_id, spans.find("late").parent_id) == (
        "0af7651916cd43dd8448eb211c80319c",
        "b7ad6b7169203331",
    )


def test_a_fluent_span_can_be_the_parent_by_its_ids(spans: Captured) -> None:
    """MLflow supports it for callbacks inside a traced function."""
    with spanhouse.start_span("root") as root:
        child = Client().start_span("child", request_id=root.request_id, parent_id=root.span_id)
        child.set_outputs(1)
        child.end()
        spanhouse.update_current_trace(tags={"still": "the root"})
    assert spans.find("child").parent_id == root.span_id
    assert spans.find("root").attributes == {"spanhouse.trace.tag.still": "the root"}
    parent = spans.find("child").otel.parent
    assert parent is not None
    assert not parent.is_remote


def test_many_threads_build_one_trace(spans: Captured) -> None:
    client = Client()
    root = client.start_trace("root")

    def work(number: int) -> None:
        span = client.start_span(f"w{number}", request_id=root.request_id, parent_id=root.span_id)
        client.end_span(request_id=root.request_id, span_id=span.span_id, outputs=number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.end_trace(request_id=root.request_id)
    assert len(spans.children(spans.find("root"))) == 8


def test_mistakes_are_counted_and_never_raised(spans: Captured) -> None:
    client = Client()
    client.end_span("0" * 32, "1" * 16)
    client.end_trace("nonsense")
    assert client.start_span("no parent").trace_id == ""
    counts = FAULTS.counts()
    assert (counts["unknown_span_ended"], counts["no_parent"]) == (2, 1)


def test_an_open_trace_is_updated_by_its_id(spans: Captured) -> None:
    client = Client()
    root = client.start_trace("root")
    client.update_trace(root.trace_id, session_id="s", tags={"a": "b"})
    child = client.start_span("child", parent=root)
    client.end_span(child)
    client.end_trace(root)
    assert spans.find("child").attributes == {"session.id": "s"}
    assert spans.find("root").attributes == {"session.id": "s", "spanhouse.trace.tag.a": "b"}
