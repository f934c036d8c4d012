"""Programs written for MLflow: where traces go, sessions, traces of elsewhere, columns, the client's words."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

import spanhouse
from spanhouse import Client, InvalidArgument, Trace
from spanhouse.destination import project_of
from spanhouse.entities import Session
from spanhouse.faults import FAULTS
from spanhouse.provider import runtime
from spanhouse.settings import Settings
from spanhouse.testing import Captured
from spanhouse.tracing.destination import MlflowExperiment
from tests.shim import stored
from tests.shim.fake_collector import FakeCollector
from tests.shim.programs import run
from tests.shim.test_mlflow_written import CALL, ROOT, version_3


@pytest.fixture
def settings() -> Iterator[Any]:
    current = runtime()
    assert current is not None
    before = current.settings
    FAULTS.reset()
    yield lambda: current.settings
    current.settings = before
    FAULTS.reset()


def test_the_first_lines_of_a_program_of_mlflows_say_where_spans_go(collector: FakeCollector) -> None:
    ran = run(
        f"""
        import spanhouse as mlflow
        mlflow.set_tracking_uri({collector.url!r} + "/")
        experiment = mlflow.set_experiment("/Users/ann@example.org/My app")
        with mlflow.start_span("s"): pass
        mlflow.flush()
        print(mlflow.get_tracking_uri() == {collector.url!r}, experiment.name, experiment.experiment_id)
        """
    )
    assert (ran.out, ran.err) == (
        "True /Users/ann@example.org/My app Users-ann-example.org-My-app\n",
        "",
    )
    assert collector.resources[0]["spanhouse.project"] == "Users-ann-example.org-My-app"
    assert collector.headers[-1]["x-spanhouse-project"] == "Users-ann-example.org-My-app"


def test_a_name_of_an_experiment_becomes_one_of_a_project() -> None:
    names = ["shop", "/a/b c", "..x", "é", "", "a" * 200, "x/"]
    assert [project_of(name) for name in names] == ["shop", "a-b-c", "x", "default", "default", "a" * 128, "x"]


def test_an_experiment_is_a_name_and_no_number(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    spanhouse.set_experiment("shop")
    assert spanhouse.set_experiment(experiment_id="12").experiment_id == "shop"
    assert "there are no numbers of experiments here" in caplog.text
    assert spanhouse.set_experiment(experiment_id="cafe").name == "cafe"
    spanhouse.tracing.set_destination(MlflowExperiment("bar"))
    assert settings().project == "bar"
    with pytest.raises(InvalidArgument, match="the name of an experiment"):
        spanhouse.set_experiment()


@pytest.mark.parametrize("uri", ["databricks", "sqlite:///mlflow.db", "file:///tmp/mlruns", "mlruns", "", None])
def test_a_place_of_mlflows_is_refused_as_tracking_uri(settings: Any, uri: Any) -> None:
    with pytest.raises(InvalidArgument, match="sends to a collector, such as http"):
        spanhouse.set_tracking_uri(uri)


class _Mlflow(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"3.18.0")

    def log_message(self, format: str, *args: Any) -> None:
        return


def test_a_server_of_mlflows_is_refused_by_name_and_anything_else_taken(
    settings: Any, collector: FakeCollector
) -> None:
    with HTTPServer(("127.0.0.1", 0), _Mlflow) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(InvalidArgument, match=r"a server of MLflow \(version 3\.18\.0\)"):
            spanhouse.set_tracking_uri(f"http://127.0.0.1:{server.server_port}")
        thread.join(5)
    before: Settings = settings()
    assert before.endpoint != collector.url
    for url in (collector.url, "http://127.0.0.1:9"):
        spanhouse.set_tracking_uri(url)
        assert (settings().endpoint, spanhouse.get_tracking_uri()) == (url, url)


def test_sessions_are_found_with_their_traces(collector: FakeCollector) -> None:
    sessions = [{"session_id": "it's", "project": "shop"}, {"session_id": "s-2", "project": "shop"}]
    collector.answer("GET", "/api/v1/sessions", (200, {"sessions": sessions, "next_page_token": None}))
    traces = [stored.info(trace_id=f"{number:032x}", session_id="it's") for number in range(2)]
    collector.answer("GET", "/api/v1/traces", (200, {"traces": traces}))
    client = Client(url=collector.url, project="shop")
    found = client.search_sessions(max_results=2, model_id="m-1", include_spans=False)
    assert [type(session) for session in found] == [Session, Session]
    first = found[0]
    assert (first.id, len(first), first[0].info.name, [trace.trace_id for trace in first]) == (
        "it's", 2, "root", [f"{number:032x}" for number in range(2)],
    )  # fmt: skip
    asked = [(path, {name: value[0] for name, value in query.items()}) for _, path, query, _ in collector.requests]
    assert asked[0] == (
        "/api/v1/sessions", {"project": "shop", "filter": "metadata.mlflow.modelId = 'm-1'", "limit": "2"}
    )  # fmt: skip
    chosen = {"project": "shop", "filter": "session_id = 'it''s'", "order_by": "start_time", "limit": "100"}
    assert asked[1] == ("/api/v1/traces", chosen)
    assert spanhouse.entities.Session().id is None


def test_extracted_fields_are_columns(collector: FakeCollector) -> None:
    collector.answer("GET", "/api/v1/traces", (200, {"traces": [stored.info()]}))
    collector.answer("GET", "*", (200, stored.trace()))
    client = Client(url=collector.url)
    fields = ["root.inputs", "root.inputs.q", "`chat gpt-5`.outputs", "root.outputs", "none.inputs", "root.inputs.x"]
    frame: Any = client.search_traces(extract_fields=fields)
    assert [frame.loc[0, field] for field in fields] == [{"q": 1}, 1, None, 42, None, None]
    with pytest.raises(InvalidArgument, match="columns of a table"):
        client.search_traces(extract_fields=fields, return_type="list")
    with pytest.raises(InvalidArgument, match="'root' is not"):
        client.search_traces(extract_fields=["root"])


def test_a_trace_of_elsewhere_is_grafted_below_the_current_span(spans: Captured) -> None:
    with spanhouse.start_span("here") as here:
        spanhouse.add_trace(version_3())
    root, call = spans.find("root"), spans.find("chat")
    assert (root.trace_id, root.parent_id, call.parent_id) == (here.trace_id, here.span_id, root.span_id)
    assert {root.span_id, call.span_id}.isdisjoint({ROOT, CALL})
    assert (root.inputs, root.outputs, root.status, call.status) == ({"q": 1}, 2, "OK", "ERROR")
    assert (call.events, call.attributes["gen_ai.usage.input_tokens"], call.attributes["my.key"]) == (
        ["exception"], 3, [1],
    )  # fmt: skip
    assert root.otel.start_time == Trace.from_dict(version_3()).spans[0].start_time_ns


def test_a_trace_of_elsewhere_may_be_one_of_its_own_or_below_a_given_span(spans: Captured) -> None:
    spanhouse.add_trace(Trace.from_dict(stored.trace()))
    alone = spans.find("root")
    assert (alone.parent_id, spans.find("tool").parent_id) == (None, alone.span_id)
    with spanhouse.start_span("outer"), spanhouse.start_span("target") as target, spanhouse.start_span("inner"):
        spanhouse.add_trace(version_3(), target=target)
    assert spans.find("chat").trace_id == target.trace_id
    below = [span for span in spans.spans if span.name == "root" and span.parent_id == target.span_id]
    assert len(below) == 1
    before = len(spans.spans)
    spanhouse.add_trace({"info": {}, "data": {}})
    spanhouse.add_trace(42)  # type: ignore[arg-type]
    assert (len(spans.spans), FAULTS.counts()["internal_errors"]) == (before, 1)
    FAULTS.reset()


def test_a_trace_of_one_span_is_logged(spans: Captured) -> None:
    trace_id = spanhouse.log_trace(
        "task", {"q": 1}, "answer", {"step": [1]}, {"k": "v"}, {"env": "dev"}, 1_767_225_600_000, 250
    )
    span = spans.find("task")
    assert (span.trace_id, span.inputs, span.outputs, span.attributes["k"]) == (trace_id, {"q": 1}, "answer", "v")
    assert span.attributes["spanhouse.trace.tag.env"] == "dev"
    assert span.attributes["mlflow.trace.intermediate_outputs"] == '{"step":[1]}'
    assert (span.otel.start_time, span.otel.end_time) == (1_767_225_600_000_000_000, 1_767_225_600_250_000_000)


def test_the_clients_arguments_of_mlflow_are_taken(spans: Captured, collector: FakeCollector) -> None:
    client = Client(url=collector.url)
    with spanhouse.start_span("other") as other:
        pass
    root = client.start_trace("root", run_id="r-1", links=[other])
    client.end_span(client.start_span("child", parent=root, links=[other]))
    client.end_trace(root)
    assert spans.find("root").attributes["spanhouse.trace.metadata.mlflow.sourceRun"] == "r-1"
    assert [len(spans.find(name).otel.links) for name in ("root", "child")] == [1, 1]
    collector.answer("GET", "*", (200, stored.trace()))
    collector.answer("PATCH", "*", (200, {}))
    collector.answer("DELETE", "*", (200, {"deleted": 1}))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert client.get_trace(stored.TRACE_ID, display=False) is not None
    client.set_trace_tag(request_id=stored.TRACE_ID, key="k", value="v")
    client.delete_trace_tag(request_id=stored.TRACE_ID, key="k")
    assert client.delete_traces(trace_ids=["a" * 32, "b" * 32], max_traces=1) == 1
    assert [body for method, _, _, body in collector.requests if method != "GET"] == [
        {"set": {"k": "v"}}, {"delete": ["k"]}, {"trace_ids": ["a" * 32]},
    ]  # fmt: skip


def test_a_moment_as_attribute_is_its_text(spans: Captured) -> None:
    from datetime import UTC, datetime

    with spanhouse.start_span("s") as span:
        span.set_attribute("when", datetime(2026, 1, 1, 12, tzinfo=UTC))
    assert spans.find("s").attributes["when"] == "2026-01-01 12:00:00+00:00"
