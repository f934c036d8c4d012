"""Reading back over the collector's API, by its contract."""

from __future__ import annotations

import re
from typing import Any

import pytest

import spanhouse
from spanhouse import AssessmentSource, Client, CollectorUnreachable, RequestRefused, Trace, TraceNotFound
from spanhouse.entities import FeedbackValue
from spanhouse.faults import FAULTS
from tests.shim import stored
from tests.shim.fake_collector import FakeCollector
from tests.shim.programs import run

TRACE_PATH = f"/api/v1/traces/{stored.TRACE_ID}"


@pytest.fixture
def client(collector: FakeCollector) -> Client:
    return Client(url=collector.url, project="shop", api_key="secret")


def test_a_search_pages_until_it_has_enough(collector: FakeCollector, client: Client) -> None:
    pages = [
        (200, {"traces": [stored.info(trace_id=f"{number:032x}")], "next_page_token": f"t{number}"})
        for number in range(3)
    ]
    collector.answer("GET", "/api/v1/traces", *pages)
    found = client.search_traces(
        "trace.total_tokens > 10 AND name = 'ä b'",
        order_by=["timestamp_ms DESC", "name"],
        max_results=2,
        include_spans=False,
        since="1h",
    )
    assert [trace.info.trace_id for trace in found] == [f"{number:032x}" for number in range(2)]
    asked = [query for _, _, query, _ in collector.requests]
    assert asked == [
        {"project": ["shop"], "filter": ["trace.total_tokens > 10 AND name = 'ä b'"], "since": ["1h"],
         "order_by": ["timestamp_ms DESC,name"], "limit": ["2"]},
        {"project": ["shop"], "filter": ["trace.total_tokens > 10 AND name = 'ä b'"], "since": ["1h"],
         "order_by": ["timestamp_ms DESC,name"], "limit": ["1"], "page_token": ["t0"]},
    ]  # fmt: skip
    assert collector.headers[0]["authorization"] == "Bearer secret"
    assert collector.headers[0]["x-spanhouse-project"] == "shop"


def test_a_search_stops_at_the_last_page_and_fetches_spans_when_wanted(
    collector: FakeCollector, client: Client
) -> None:
    collector.answer("GET", "/api/v1/traces", (200, {"traces": [stored.info()], "next_page_token": ""}))
    collector.answer("GET", TRACE_PATH, (200, stored.trace()))
    (found,) = client.search_traces()
    assert [span.name for span in found.spans] == ["root", "tool", "chat gpt-5"]


def test_a_search_may_be_a_frame_or_an_arrow_table(collector: FakeCollector, client: Client) -> None:
    collector.answer("GET", "/api/v1/traces", (200, {"traces": [stored.info()], "next_page_token": None}))
    collector.answer("GET", TRACE_PATH, (200, stored.trace()))
    frame = client.search_traces(return_type="pandas")
    assert frame.loc[0, "trace_id"] == stored.TRACE_ID
    assert frame.loc[0, "request"] == {"q": 1}
    assert frame.loc[0, "execution_duration"] == 50
    assert len(frame.loc[0, "spans"]) == 3
    table = client.search_traces(return_type="arrow", include_spans=False)
    assert table.column("total_tokens").to_pylist() == [15]
    assert table.column("request").to_pylist() == ['"asked"']
    collector.answer("GET", "/api/v1/traces", (200, {"traces": []}))
    assert list(client.search_traces(return_type="pandas").columns)[:3] == ["trace_id", "trace", "client_request_id"]
    assert client.search_traces(return_type="arrow").num_rows == 0
    with pytest.raises(ValueError, match="list, pandas or arrow"):
        client.search_traces(return_type="polars")  # type: ignore[call-overload]


def test_a_trace_has_info_usage_cost_and_assessments(collector: FakeCollector, client: Client) -> None:
    collector.answer("GET", TRACE_PATH, (200, stored.trace()))
    trace = client.get_trace("tr-" + stored.TRACE_ID)
    assert trace is not None
    info = trace.info
    assert (info.state, info.status, info.request_time, info.execution_duration) == ("OK", "OK", 1_767_225_600_000, 50)
    assert info.token_usage == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    assert (info.cost, info.tags, info.models) == ({"total_cost": 0.25}, {"env": "prod"}, ("gpt-5",))
    assert (info.request_preview, info.response_preview) == ("asked", "answered")
    assert [(item.name, item.value, item.assessment_id) for item in info.assessments] == [("good", True, "a1")]
    assert trace.search_assessments("good", type="feedback") == list(info.assessments)
    assert info.extra["settling"] is True


def test_spans_decode_what_the_shim_wrote(collector: FakeCollector, client: Client) -> None:
    collector.answer("GET", TRACE_PATH, (200, stored.trace()))
    trace = client.get_trace(stored.TRACE_ID)
    assert trace is not None
    root, tool, llm = trace.spans
    assert (root.inputs, root.outputs, root.parent_id) == ({"q": 1}, 42, None)
    assert (tool.inputs, tool.outputs, tool.status) == ({"a": 1}, "plain", ("ERROR", "it broke"))
    assert (llm.model_name, llm.token_usage, llm.llm_cost) == ("gpt-5", {"input_tokens": 10, "output_tokens": 5}, 0.25)
    assert llm.messages["output"][0]["role"] == "assistant"
    assert (llm.duration_ns, llm.start_time_ns) == (5_000_000, stored.START + 30_000_000)
    assert trace.search_spans(span_type="TOOL") == trace.search_spans(name=re.compile("^to")) == [tool]
    assert trace.search_spans(span_id=llm.span_id) == trace.search_spans(name="chat gpt-5") == [llm]
    assert (trace.data.request, trace.data.response) == ({"q": 1}, 42)


def test_a_trace_survives_dict_json_and_pandas(collector: FakeCollector, client: Client) -> None:
    trace = Trace.from_dict(stored.trace())
    assert Trace.from_dict(trace.to_dict()) == trace
    assert Trace.from_json(trace.to_json()) == trace
    assert list(trace.to_pandas()["name"]) == ["root", "tool", "chat gpt-5"]


def test_what_was_said_of_a_trace_and_mlflows_words_are_found_in_it() -> None:
    made = stored.trace()
    made["info"]["tags"] = {"mlflow.clientRequestId": "req-7"}
    said = {"state": "ERROR", "metadata.mlflow.traceInputs": "RP", "metadata.mlflow.traceOutputs": "SP"}
    made["spans"][-1]["attributes"] = {f"spanhouse.trace.{key}": value for key, value in said.items()}
    made["info"]["assessments"] = [{"name": "x", "value": 1, "valid": False}, {"name": "x", "value": 2}]
    trace = Trace.from_dict(made)
    info = trace.info
    assert (info.client_request_id, info.request_preview, info.response_preview) == ("req-7", "RP", "SP")
    assert (info.state, info.state.value, f"{info.state}") == (spanhouse.TraceState.ERROR, "ERROR", "ERROR")
    assert trace.trace_id == stored.TRACE_ID
    assert [span.name for span in trace.search_spans(span_type=spanhouse.SpanType.CHAT_MODEL)] == ["chat gpt-5"]
    assert trace.search_spans(name="tool")[0].status.status_code == "ERROR"
    assert len(trace.to_dict()["data"]["spans"]) == 3
    assert Trace.from_json(trace.to_json()) == trace
    (found,) = trace.search_assessments("x")
    assert found.feedback == FeedbackValue(2)
    assert (found.value, found.expectation, found.create_time_ms, found.last_update_time_ms) == (2, None, None, None)
    assert [item.value for item in trace.search_assessments("x", all=True)] == [1, 2]


def test_a_tree_with_a_cycle_and_orphans_shows_every_span_once() -> None:
    spans = [stored.span(1, 2, "a"), stored.span(2, 1, "b"), stored.span(3, 99, "orphan"), stored.span(4, 3, "child")]
    trace = Trace.from_dict({"info": stored.info(), "spans": spans})
    assert [span.name for span in trace.spans] == ["orphan", "child", "a", "b"]
    assert "orphan" in str(trace)


def test_waiting_for_a_trace_asks_until_it_is_there(collector: FakeCollector, client: Client) -> None:
    missing = (404, {"error": {"code": "not_found", "message": "no", "hint": ""}})
    collector.answer("GET", TRACE_PATH, missing, missing, (200, stored.trace()))
    assert client.get_trace(stored.TRACE_ID, wait=5) is not None
    assert client.get_trace("f" * 32, wait=0, silent=True) is None
    assert client.get_trace("f" * 32, wait=0.01) is None
    assert client.get_trace("not_found") is None
    with pytest.raises(TraceNotFound):
        client.get_trace("f" * 32, wait=0)


OWN = """
    import spanhouse
    with spanhouse.start_span("root") as root:
        for _ in range(2):
            with spanhouse.start_span("child"): pass
"""


def test_a_trace_of_this_process_is_waited_for_until_all_of_its_spans_are_there(collector: FakeCollector) -> None:
    """Its children may be stored a second before its root."""
    part = {**stored.trace(), "spans": stored.trace()["spans"][:1]}
    collector.answer("GET", "*", (200, part), (200, part), (200, stored.trace()))
    ran = run(
        OWN + "    print(len(spanhouse.get_trace(root.trace_id, wait=9).spans))", SPANHOUSE_ENDPOINT=collector.url
    )
    assert (ran.out, ran.err) == ("3\n", "")


def test_a_search_finds_what_this_process_traced_before_and_waits_for_it_once(collector: FakeCollector) -> None:
    collector.answer("GET", "/api/v1/traces", (200, {"traces": [stored.info()]}))
    collector.answer("GET", "*", (404, {}), (200, stored.trace()))
    program = OWN + "    for _ in range(2): spanhouse.search_traces(include_spans=False)"
    assert run(program, SPANHOUSE_ENDPOINT=collector.url).err == ""
    asked = [path.removeprefix("/api/v1/traces") for _, path, _, _ in collector.requests]
    assert [len(path) for path in asked] == [33, 33, 0, 0]
    waited = [query for _, _, query, _ in collector.requests if "consistent" in query]
    assert waited == [{"consistent": ["true"], "consistent_wait_s": ["25.0"]}]


def test_a_collector_that_lags_too_long_is_read_as_it_is(collector: FakeCollector) -> None:
    late = {"error": {"code": "not_stored_yet", "message": "not all is stored", "hint": ""}}
    collector.answer("GET", "*", (503, late), (200, stored.trace()))
    ran = run(OWN + "    print(spanhouse.get_trace(root.trace_id).info.name)", SPANHOUSE_ENDPOINT=collector.url)
    assert (ran.out, ran.err) == ("root\n", "")


def test_tags_are_set_and_deleted(collector: FakeCollector, client: Client) -> None:
    collector.answer("PATCH", TRACE_PATH + "/tags", (200, {}))
    client.set_trace_tag(stored.TRACE_ID, "n", 1)
    client.delete_trace_tag(stored.TRACE_ID, "n")
    assert [body for _, _, _, body in collector.requests] == [{"set": {"n": "1"}}, {"delete": ["n"]}]


def test_feedback_and_expectations_are_logged_changed_and_deleted(collector: FakeCollector, client: Client) -> None:
    path = TRACE_PATH + "/assessments"
    collector.answer("POST", path, (201, {"assessment_id": "a-1", "create_time_unix_nano": 7}))
    collector.answer("PATCH", path + "/a-1", (200, {"assessment_id": "a-1", "name": "good", "value": False}))
    collector.answer("DELETE", path + "/a-1", (204, b""))
    human = AssessmentSource("HUMAN", "ann")
    made = client.log_feedback(
        trace_id=stored.TRACE_ID, name="good", value=True, source=human, rationale="why", metadata={"m": 1}
    )
    assert (made.assessment_id, made.name, made.value, made.source, made.trace_id) == (
        "a-1", "good", True, human, stored.TRACE_ID,
    )  # fmt: skip
    client.log_feedback(trace_id=stored.TRACE_ID, error=ValueError("judge failed"))
    client.log_expectation(trace_id=stored.TRACE_ID, name="answer", value={"a": [1]}, span_id="b7ad6b7169203331")
    changed = client.update_assessment(stored.TRACE_ID, "a-1", value=False, rationale="changed my mind")
    assert changed.value is False
    client.delete_assessment(stored.TRACE_ID, "a-1")
    source = {"source_type": "HUMAN", "source_id": "ann"}
    assert "ValueError: judge failed" in collector.requests[1][3]["error"].pop("stack_trace")
    assert [(method, body) for method, _, _, body in collector.requests] == [
        ("POST", {"name": "good", "kind": "feedback", "value": True, "source": source, "rationale": "why",
                  "metadata": {"m": 1}}),
        ("POST", {"name": "feedback", "kind": "feedback", "source": {"source_type": "CODE", "source_id": "default"},
                  "error": {"error_code": "ValueError", "error_message": "judge failed"}}),
        ("POST", {"name": "answer", "kind": "expectation", "value": {"a": [1]}, "span_id": "b7ad6b7169203331",
                  "source": {"source_type": "HUMAN", "source_id": "default"}}),
        ("PATCH", {"value": False, "rationale": "changed my mind"}),
        ("DELETE", None),
    ]  # fmt: skip
    client.log_feedback(trace_id=stored.TRACE_ID)
    assert "value" not in collector.requests[-1][3]


def test_deletes_name_what_they_delete(collector: FakeCollector, client: Client) -> None:
    collector.answer("DELETE", "/api/v1/traces", (200, {"deleted": 2}))
    assert client.delete_traces(["tr-" + stored.TRACE_ID, "f" * 32]) == 2
    assert client.delete_traces(filter_string="name = 'x'") == 2
    bodies: list[Any] = [body for _, _, _, body in collector.requests]
    assert bodies[0] == {"project": "shop", "trace_ids": [stored.TRACE_ID, "f" * 32]}
    assert bodies[1] == {"project": "shop", "filter": "name = 'x'"}
    with pytest.raises(ValueError, match="never deletes everything"):
        client.delete_traces([])


def test_mlflows_words_delete_too(collector: FakeCollector, client: Client) -> None:
    collector.answer("DELETE", "/api/v1/traces", (200, {"deleted": 3}))
    FAULTS.reset()
    assert client.delete_traces(experiment_id="0", max_timestamp_millis=1_767_225_600_000) == 3
    assert collector.requests[-1][3]["until"] == 1_767_225_600_001_000_000
    assert FAULTS.counts()["settings_ignored"] == 1
    FAULTS.reset()


def test_refusals_say_what_the_collector_said(collector: FakeCollector, client: Client) -> None:
    error = {"error": {"code": "bad_filter", "message": "no such field: nme", "hint": "did you mean name?"}}
    collector.answer("GET", "/api/v1/traces", (400, error))
    with pytest.raises(RequestRefused, match="no such field: nme") as refused:
        client.search_traces("nme = 1")
    assert (refused.value.status, refused.value.code, refused.value.hint) == (400, "bad_filter", "did you mean name?")
    collector.answer("GET", "/api/v1/traces", (200, b"<html>"))
    with pytest.raises(RequestRefused, match="<html>"):
        client.search_traces()
    with pytest.raises(CollectorUnreachable, match="no answer from"):
        Client(url="http://127.0.0.1:9").search_traces()


def test_module_functions_read_where_the_spans_go(collector: FakeCollector, monkeypatch: pytest.MonkeyPatch) -> None:

    from spanhouse.provider import runtime

    collector.answer("GET", "/api/v1/traces", (200, {"traces": [stored.info()]}))
    current = runtime()
    assert current is not None
    monkeypatch.setattr(current, "settings", current.settings.replaced(api_url=collector.url, project="p"))
    (found,) = spanhouse.search_traces(include_spans=False)
    assert found.info.name == "root"
    assert collector.requests[0][2]["project"] == ["p"]


def test_a_trace_shows_itself_as_text_and_html() -> None:
    trace = Trace.from_dict(stored.trace())
    text = str(trace).splitlines()
    assert text[0] == f"Trace {stored.TRACE_ID}  root  OK  50.0 ms  15 tokens  $0.2500"
    assert text[1:] == [
        "└ root [UNKNOWN] 5.0 ms",
        "  └ tool [TOOL] 5.0 ms ✗ it broke",
        "    └ chat gpt-5 [LLM] 5.0 ms",
    ]
    html = trace._repr_html_()
    assert "input.mime_type" not in html
    assert html.count("plain</pre>") == 1
    assert "&lt;b&gt;hi&lt;/b&gt;" in html
    assert "<b>hi</b>" not in html
    assert html.count("<details") == html.count("</details>") == 3
    assert "<script" not in html
