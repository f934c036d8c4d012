"""Feedback, tags and deletes over HTTP, from a real collector: contract, refusals, and that what was answered lasts."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.builders import START_UNIX_NANO, make_span, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.crash.obligations import until
from tests.prepared import prepare_embedded

TRACE = trace_id(0xFEED).hex()
NOBODY = f"a-{'0' * 32}"


class Reply(NamedTuple):
    status: int
    json: Any


class Asker:
    def __init__(self, http: str) -> None:
        self.http = http

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        named = {"content-type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
        request = urllib.request.Request(f"{self.http}/api/v1{path}", raw, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return Reply(reply.status, json.loads(reply.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, json.loads(error.read()))

    def count(self, table: str, trace: str) -> int:
        query = f"SELECT count() FROM {table} WHERE trace_id = '{trace}'"
        return int(self("POST", "/sql", {"query": query}).json["rows"][0][0])


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("feedback") / "data")) as process:
        yield process


@pytest.fixture
def ask(collector: CollectorProcess) -> Asker:
    return Asker(collector.http)


def send(collector: CollectorProcess, *numbers: int, **attributes: str) -> None:
    spans = [make_span(trace_id=trace_id(number), attributes=attributes) for number in numbers]
    headers = {"content-type": "application/x-protobuf"}
    request = urllib.request.Request(f"{collector.http}/v1/traces", traces(*spans).SerializeToString(), headers)
    urllib.request.urlopen(request, timeout=30).close()


def test_what_the_client_sends_is_taken_and_what_it_reads_is_there(ask: Asker) -> None:
    """The bodies of the Python client, one after the other."""
    path = f"/traces/tr-{TRACE.upper()}/assessments"
    source = {"source_type": "LLM_JUDGE", "source_id": "gpt-4o"}
    body = {"name": "good", "kind": "feedback", "value": 0.5, "source": source, "metadata": {"cost": 0.1}}
    made = ask("POST", path, body)
    assert (made.status, made.json["value"], made.json["source"]) == (201, 0.5, source)
    assert (made.json["trace_id"], made.json["metadata"], made.json["valid"]) == (TRACE, {"cost": "0.1"}, True)
    one = f"{path}/{made.json['assessment_id']}"
    changed = ask("PATCH", one, {"value": "bad", "rationale": "because"})
    assert (changed.status, changed.json["value"], changed.json["rationale"]) == (200, "bad", "because")
    expected = ask("POST", path, {"name": "facts", "kind": "expectation", "value": {"moon": ["far"]}})
    assert expected.json["source"] == {"source_type": "HUMAN", "source_id": "default"}
    failed = ask("POST", path, {"name": "bad", "error": {"error_code": "E", "error_message": "m"}})
    assert failed.json["error"] == {"error_code": "E", "error_message": "m", "stack_trace": ""}
    assert ask("GET", path).json == {"assessments": [changed.json, expected.json, failed.json]}
    assert ask("GET", f"{path}?kind=expectation").json == {"assessments": [expected.json]}
    assert ask("GET", f"{one}/history").json == {"versions": [changed.json, made.json]}
    over = ask("POST", path, {"name": "good", "value": True, "overrides": made.json["assessment_id"]})
    assert [each["valid"] for each in ask("GET", f"{path}?name=good").json["assessments"]] == [False, True]
    assert ask("GET", f"{path}?name=good&valid_only=true").json == {"assessments": [over.json]}
    assert ask("DELETE", one) == (200, {"deleted": True})
    assert ask("DELETE", one).status == 404


def test_a_null_takes_away_what_may_be_missing(ask: Asker) -> None:
    path = f"/traces/{trace_id(0xFEEE).hex()}/assessments"
    body = {"value": 1, "rationale": "r", "metadata": {"k": "v"}, "value_kind": None, "error": None, "span_id": None}
    made = ask("POST", path, body).json
    one = f"{path}/{made['assessment_id']}"
    changes = {"rationale": None, "metadata": None, "error": None, "name": None, "source": None}
    changed = ask("PATCH", one, changes).json
    assert (changed["rationale"], changed["metadata"], changed["error"], changed["value"]) == ("", {}, None, 1)
    assert (changed["name"], changed["source"]) == (made["name"], made["source"])
    assert ask("PATCH", one, {"value": None}).json["value"] is None
    expected = ask("POST", path, {"kind": "expectation", "name": "answer", "value": 1}).json
    assert ask("PATCH", f"{path}/{expected['assessment_id']}", {"value": None}).status == 400


def test_tags_change_and_the_header_names_the_project(ask: Asker) -> None:
    path = f"/traces/{TRACE}/tags"
    mine = {"x_spanhouse_project": "mine"}
    assert ask("PATCH", path, {"set": {"a": "1", "b": "2"}}, **mine) == (200, {"tags": {"a": "1", "b": "2"}})
    assert ask("PATCH", path, {"delete": ["a"]}, **mine) == (200, {"tags": {"b": "2"}})
    assert ask("GET", path, **mine) == (200, {"tags": {"b": "2"}, "metadata": {}})
    assert ask("GET", f"{path}?project=mine").json["tags"] == {"b": "2"}
    assert ask("GET", f"{path}?project=yours").json["tags"] == {}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("POST", f"/traces/{TRACE}/assessments", {"name": ""}, 400, "name"),
        ("POST", f"/traces/{TRACE}/assessments", {"name": "n" * 251, "value": 1}, 400, "250"),
        ("POST", f"/traces/{TRACE}/assessments", {"name": "\ud800", "value": 1}, 400, "name"),
        ("POST", f"/traces/{TRACE}/assessments", {"value": "x" * 70_000}, 400, "value_bytes_max is 65536"),
        ("POST", f"/traces/{TRACE}/assessments", {"value": 1, "kind": "issue"}, 400, "kind"),
        ("POST", f"/traces/{TRACE}/assessments", {"value": 1, "valeu": 2}, 400, "valeu"),
        ("POST", f"/traces/{TRACE}/assessments", {"value": 1, "source": {"source_type": "AI"}}, 400, "HUMAN"),
        ("POST", f"/traces/{TRACE}/assessments", {"value": 1, "span_id": "xyz"}, 400, "span_id"),
        ("POST", f"/traces/{TRACE}/assessments", b'{"value": NaN}', 400, "JSON"),
        ("POST", f"/traces/{TRACE}/assessments", b'{"value": ' + b"[" * 100_000, 400, ""),
        ("POST", f"/traces/{TRACE}/assessments", b"{", 400, ""),
        ("POST", "/traces/xyz/assessments", {"value": 1}, 400, "trace_id"),
        ("POST", f"/traces/{TRACE}/assessments?project=a%20b", {"value": 1}, 400, "project"),
        ("PATCH", f"/traces/{TRACE}/assessments/{NOBODY}", {"value": 1}, 404, NOBODY),
        ("PATCH", f"/traces/{TRACE}/assessments/xyz", {"value": 1}, 400, "assessment_id"),
        ("PATCH", f"/traces/{TRACE}/tags", {}, 400, "changes_max=100"),
        ("PATCH", f"/traces/{TRACE}/tags", {"set": {"k": 5}}, 400, "set"),
        ("PATCH", f"/traces/{TRACE}/tags", {"set": {"k": "v" * 8001}}, 400, "8000"),
        ("DELETE", "/traces", {}, 400, "project"),
        ("DELETE", "/traces", {"project": "p"}, 400, "nothing says which"),
        ("DELETE", "/traces", {"trace_ids": []}, 400, "trace_ids"),
        ("DELETE", "/traces", {"trace_ids": ["xyz"]}, 400, "trace_ids"),
        ("DELETE", "/traces", {"trace_ids": [TRACE], "until": 5}, 400, "until"),
        ("DELETE", "/traces", {"project": "p", "filter": "nme = 'x'"}, 400, "nme"),
        ("DELETE", "/traces", {"project": "p", "until": "soon"}, 400, "until"),
        ("DELETE", "/traces", {"project": "p", "until": 5, "limit": 10_001}, 400, "10000"),
    ],
)
def test_a_refusal_says_what_is_wrong_in_one_shape(
    ask: Asker, method: str, path: str, body: Any, status: int, named: str
) -> None:
    reply = ask(method, path, body)
    assert reply.status == status
    assert set(reply.json) == {"error"}
    place = {"position", "excerpt"} if reply.json["error"]["code"] == "filter_invalid" else set()
    assert set(reply.json["error"]) == {"code", "message", "hint"} | place
    assert named in reply.json["error"]["message"]


def test_a_delete_right_after_the_answer_deletes_what_is_still_in_the_log(
    collector: CollectorProcess, ask: Asker
) -> None:
    kept, *gone = range(0xDE00, 0xDE05)
    send(collector, kept, *gone)
    ids = [trace_id(number).hex() for number in gone]
    assert ask("DELETE", "/traces", {"project": "default", "trace_ids": ids}).json == {
        "deleted": 4,
        "may_be_more": False,
    }
    assert [ask.count(name, each) for name in ("spans", "traces") for each in ids] == [0] * 8
    assert ask.count("spans", trace_id(kept).hex()) == 1
    assert ask("GET", f"/traces/{ids[0]}").status == 404


def test_by_filter_and_time_over_http(collector: CollectorProcess, ask: Asker) -> None:
    send(collector, 0xDE10, 0xDE11, model="m1")
    send(collector, 0xDE12, model="m2")
    body = {"project": "default", "filter": "attributes.model = 'm1'"}
    assert ask("DELETE", "/traces", {**body, "until": START_UNIX_NANO}).json == {"deleted": 0, "may_be_more": False}
    assert ask("DELETE", "/traces", {**body, "until": str(START_UNIX_NANO + 1)}).json == {
        "deleted": 2,
        "may_be_more": False,
    }
    assert ask.count("spans", trace_id(0xDE12).hex()) == 1


def test_a_trace_and_its_line_in_a_list_show_what_was_said_of_it(collector: CollectorProcess, ask: Asker) -> None:
    trace = trace_id(0xDE30).hex()
    made = ask("POST", f"/traces/{trace}/assessments", {"value": True}).json  # before the trace
    labels = {"spanhouse.trace.tag.env": "prod", "spanhouse.trace.metadata.run": "42", "tag.tags": '["beta"]'}
    send(collector, 0xDE30, **labels)
    until(lambda: ask("GET", f"/traces/{trace}").status == 200, "the trace to be stored", 20)
    info = ask("GET", f"/traces/{trace}").json["info"]
    assert (info["metadata"], info["assessments"]) == ({"run": "42"}, [made])
    assert info["tags"] == {"env": "prod", "beta": ""}
    (line,) = ask("GET", "/traces?filter=feedback.feedback%3Dtrue%20AND%20tags.env%3D%27prod%27").json["traces"]
    assert [line[name] for name in ("trace_id", "tags", "assessments")] == [trace, info["tags"], [made]]
    ask("PATCH", f"/traces/{trace}/tags", {"set": {"env": "test"}})
    assert ask("GET", f"/traces/{trace}").json["info"]["tags"]["env"] == "test"


def test_the_description_names_all_of_it(collector: CollectorProcess) -> None:
    described = json.loads(collector.get("/api/openapi.json"))["paths"]
    one = "/api/v1/traces/{trace_id}/assessments/{assessment_id}"
    assert {"get", "post"} <= set(described["/api/v1/traces/{trace_id}/assessments"])
    assert {"patch", "delete"} <= set(described[one])
    assert "get" in described[f"{one}/history"]
    assert {"get", "patch"} <= set(described["/api/v1/traces/{trace_id}/tags"])
    assert "delete" in described["/api/v1/traces"]


def test_what_was_answered_survives_a_kill(tmp_path_factory: pytest.TempPathFactory) -> None:
    process = CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("killed") / "data"))
    with process:
        ask = Asker(process.http)
        send(process, 0xDE20)
        made = ask("POST", f"/traces/{TRACE}/assessments", {"value": 1}).json
        ask("PATCH", f"/traces/{TRACE}/tags", {"set": {"k": "v"}})
        deleted = trace_id(0xDE20).hex()
        ask("DELETE", "/traces", {"trace_ids": [deleted]})
        process.kill()
        process.start()
        ask = Asker(process.http)
        assert ask("GET", f"/traces/{TRACE}/assessments").json == {"assessments": [made]}
        assert ask("GET", f"/traces/{TRACE}/tags").json["tags"] == {"k": "v"}
        send(process, 0xDE21)
        process.wait_stored("traces", 1)
        assert ask.count("spans", deleted) == 0
