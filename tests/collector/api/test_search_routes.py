"""Lists, aggregates, groups and names over HTTP from a real collector: contract, refusals, description."""

from __future__ import annotations

import gzip
import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.builders import START_UNIX_NANO, make_span, span_id, trace_id, traces
from tests.collector.api.test_trace_routes import INFO, Asker
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "Where is the zebra?"}]}]',
    "session.id": "s1",
    "user.id": "u1",
    "app.colour": "red",
}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """Three traces: a root and a call each."""
    spans = []
    for number in (1, 2, 3):
        spans.append(make_span("root", number=number, trace_id=trace_id(number)))
        spans.append(
            make_span(
                "call",
                number=number + 10,
                trace_id=trace_id(number),
                parent_span_id=span_id(number),
                attributes=CHAT if number < 3 else {"app.colour": "blue"},
            )
        )
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("search") / "data")) as process:
        body = traces(*spans).SerializeToString()
        headers = {"content-type": "application/x-protobuf"}
        urllib.request.urlopen(urllib.request.Request(process.http + "/v1/traces", body, headers)).close()
        process.wait_stored("traces", len(spans))
        yield process


class Api:
    """Every answer is checked against the description of its route."""

    def __init__(self, http: str) -> None:
        self.ask = Asker(http)
        self.openapi = self.ask("/api/openapi.json").json

    def get(self, path: str, **parameters: Any) -> Any:
        reply = self.ask(f"{path}?{urllib.parse.urlencode(parameters, doseq=True)}")
        self.check(path, "get", reply.status, reply.json)
        assert reply.status == 200, reply.body
        return reply.json

    def post(self, path: str, **body: Any) -> Any:
        sent = urllib.request.Request(
            self.ask.http + path, json.dumps(body).encode(), {"content-type": "application/json"}
        )
        with urllib.request.urlopen(sent) as reply:
            answer = json.load(reply)
        self.check(path, "post", 200, answer)
        return answer

    def refused(self, path: str, **parameters: Any) -> dict[str, str]:
        reply = self.ask(f"{path}?{urllib.parse.urlencode(parameters, doseq=True)}")
        assert reply.status == 400, reply.body
        self.check(path, "get", reply.status, reply.json)
        error: dict[str, str] = reply.json["error"]
        return error

    def check(self, path: str, method: str, status: int, answer: Any) -> None:
        responses = self.openapi["paths"][path][method]["responses"]
        schema = responses.get(str(status), responses["default"])["content"]["application/json"]["schema"]
        jsonschema.validate(answer, {**schema, "components": self.openapi["components"]})


@pytest.fixture(scope="module")
def api(collector: CollectorProcess) -> Api:
    return Api(collector.http)


def test_a_list_of_traces_has_the_entries_of_the_contract(api: Api) -> None:
    page = api.get("/api/v1/traces", count="true")
    assert [set(entry) for entry in page["traces"]] == [INFO] * 3
    assert (page["total_count"], page["next_page_token"], page["partial"]) == (3, None, False)
    (entry,) = api.get("/api/v1/traces", filter=f"trace_id = '{trace_id(1).hex()}'")["traces"]
    assert (entry["start_time_unix_nano"], entry["span_count"], entry["total_tokens"]) == (START_UNIX_NANO, 2, 100)
    assert (entry["session_id"], entry["user_id"], entry["models"]) == ("s1", "u1", ["gpt-4o"])
    assert "zebra" in entry["input_preview"]


def test_an_entry_says_what_the_trace_itself_says(api: Api) -> None:
    for entry in api.get("/api/v1/traces")["traces"]:
        info = api.ask(f"/api/v1/traces/{entry['trace_id']}?payload=false").json["info"]
        assert {name: info[name] for name in INFO} == entry


def test_pages_and_filters_over_http(api: Api) -> None:
    found = []
    token: str | None = ""
    while token is not None:
        page = api.get("/api/v1/traces", filter="attributes.\"app.colour\" = 'red'", limit=1, page_token=token)
        found += [entry["trace_id"] for entry in page["traces"]]
        token = page["next_page_token"]
    assert found == [trace_id(2).hex(), trace_id(1).hex()]


def test_words_are_highlighted(api: Api) -> None:
    page = api.get("/api/v1/traces", filter="text : 'zebra'")
    assert len(page["traces"]) == 2
    for shown in page["highlights"].values():
        assert [each["snippet"][slice(*each["offsets"][0])] for each in shown] == ["zebra"]


def test_a_list_of_spans(api: Api) -> None:
    page = api.get("/api/v1/spans", filter="span_type = 'LLM'", order_by="span_id desc", count="true")
    assert [entry["span_id"] for entry in page["spans"]] == [span_id(12).hex(), span_id(11).hex()]
    assert page["total_count"] == 2


def test_aggregates(api: Api) -> None:
    rows = api.post("/api/v1/aggregate", group_by=["model"], metrics=["count", "input_tokens", "p95"], interval="1h")
    start = START_UNIX_NANO // (3600 * 10**9) * 3600 * 10**9
    assert rows["rows"] == [
        {"bucket_start_unix_nano": start, "model": "", "count": 4, "input_tokens": 0, "p95": 1e9},
        {"bucket_start_unix_nano": start, "model": "gpt-4o", "count": 2, "input_tokens": 200, "p95": 1e9},
    ]


def test_sessions_users_and_projects(api: Api) -> None:
    (session,) = api.get("/api/v1/sessions")["sessions"]
    assert (session["session_id"], session["trace_count"], session["user_ids"]) == ("s1", 2, ["u1"])
    (user,) = api.get("/api/v1/users", filter="model = 'gpt-4o'")["users"]
    assert (user["user_id"], user["session_count"], user["input_tokens"]) == ("u1", 1, 200)
    (project,) = api.get("/api/v1/projects")["projects"]
    assert (project["project"], project["trace_count"], project["span_count"]) == ("default", 3, 6)


def test_attributes_are_completed_by_key_and_by_value(api: Api) -> None:
    keys = api.get("/api/v1/attributes", prefix="app.")["attributes"]
    assert keys == [{"key": "app.colour", "span_count": 3}]
    values = api.get("/api/v1/attributes", key="app.colour")["attributes"]
    assert [(each["value"], each["span_count"]) for each in values] == [("red", 2), ("blue", 1)]
    resource = api.get("/api/v1/attributes", of="resource", key="service.name")["attributes"]
    assert [each["value"] for each in resource] == ["test-app"]


@pytest.mark.parametrize(
    ("path", "parameters", "words"),
    [
        ("/api/v1/traces", {"filter": "modle = 'x'"}, "model"),
        ("/api/v1/traces", {"filter": "name ="}, "at character"),
        ("/api/v1/traces", {"filter": "input MATCHES '('"}, "regular expression"),
        ("/api/v1/traces", {"order_by": "nothing"}, "nothing"),
        ("/api/v1/traces", {"limit": "0"}, "limit"),
        ("/api/v1/traces", {"limits": "3"}, "limits"),
        ("/api/v1/traces", {"page_token": "x"}, "page_token"),
        ("/api/v1/spans", {"since": "now"}, "since"),
        ("/api/v1/spans", {"project": "no spaces"}, "project"),
        ("/api/v1/sessions", {"order_by": "modle"}, "modle"),
        ("/api/v1/projects", {"filter": "model = 'x'"}, "filter"),
        ("/api/v1/attributes", {"of": "link"}, "of"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(api: Api, path: str, parameters: dict[str, str], words: str) -> None:
    error = api.refused(path, **parameters)
    assert words in error["message"] + error["hint"]


def test_long_lists_are_compressed_for_those_who_take_it(api: Api) -> None:
    reply = api.ask("/api/v1/traces", accept_encoding="gzip")
    assert reply.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(reply.body))["traces"]) == 3
