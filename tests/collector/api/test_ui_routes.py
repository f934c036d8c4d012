"""What the web UI asks of a real collector besides lists of traces: facets, vocabulary, media, logs, metrics."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.builders import make_span, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

TIMEOUT_S = 30


class Reply(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asker:
    def __init__(self, http: str) -> None:
        self.http = http

    def __call__(self, path: str, body: Any = None, method: str | None = None, **headers: str) -> Reply:
        data = None if body is None else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            sent.setdefault("content-type", "application/json")
        request = urllib.request.Request(self.http + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
                return Reply(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """With two traces of one call each; the first has a tag and feedback."""
    call = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    spans = [
        make_span("ask", number=1, trace_id=trace_id(1), attributes=call),
        make_span("ask", number=2, trace_id=trace_id(2), attributes={**call, "gen_ai.request.model": "o3"}),
    ]
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("ui") / "data")) as process:
        ask = Asker(process.http)
        send(process, "traces", traces(*spans, resource={"service.name": "shop"}))
        process.wait_stored("traces", len(spans))
        of_trace = f"/api/v1/traces/{trace_id(1).hex()}"
        assert ask(f"{of_trace}/tags", {"set": {"team": "search"}}, "PATCH").status == 200
        assert ask(f"{of_trace}/assessments", {"name": "good", "value": True}).status in (200, 201)
        yield process


def send(process: CollectorProcess, signal: str, message: Any) -> None:
    request = urllib.request.Request(
        f"{process.http}/v1/{signal}", message.SerializeToString(), {"content-type": "application/x-protobuf"}
    )
    urllib.request.urlopen(request, timeout=TIMEOUT_S).close()


@pytest.fixture
def ask(collector: CollectorProcess) -> Asker:
    return Asker(collector.http)


def test_facets_count_fields_tags_and_feedback_in_one_request(ask: Asker) -> None:
    asked = {"filter": "model = 'gpt-4o'", "fields": ["model", "service_name", "tags.team", "feedback.good"]}
    found = {facet["field"]: facet["values"] for facet in ask("/api/v1/facets", asked).json["facets"]}
    assert found == {
        "model": [
            {"value": "gpt-4o", "count": 1, "condition": "model = 'gpt-4o'"},
            {"value": "o3", "count": 1, "condition": "model = 'o3'"},
        ],
        "service_name": [{"value": "shop", "count": 1, "condition": "service_name = 'shop'"}],
        "tags.team": [{"value": "search", "count": 1, "condition": "tags.team = 'search'"}],
        "feedback.good": [{"value": "true", "count": 1, "condition": "feedback.good = 'true'"}],
    }
    for field, values in found.items():
        for value in values:
            filter_ = value["condition"] if field == "model" else f"{asked['filter']} AND {value['condition']}"
            listed = ask(f"/api/v1/traces?count=true&filter={urllib.parse.quote(filter_)}").json
            assert listed["total_count"] == value["count"]


def test_a_facet_of_no_field_is_refused_at_its_character(ask: Asker) -> None:
    reply = ask("/api/v1/facets", {"fields": ["modle"]})
    assert (reply.status, reply.json["error"]["code"], reply.json["error"]["position"]) == (400, "filter_invalid", 0)
    assert "model" in reply.json["error"]["hint"]


def test_the_settings_of_the_pages_tell_where_to_send_and_who_may_frame(
    ask: Asker, collector: CollectorProcess
) -> None:
    found = ask("/api/v1/ui").json
    assert found["endpoints"]["http"] == collector.http
    assert found["endpoints"]["grpc"].startswith("127.0.0.1:")
    assert (found["keys_exist"], found["embed_origins"], found["database"]) == (False, [], "embedded")


@pytest.mark.parametrize(("of", "field"), [("traces", "trace.state"), ("logs", "body"), ("metrics", "metric_name")])
def test_the_filter_language_comes_as_data(ask: Asker, of: str, field: str) -> None:
    found = ask(f"/api/v1/vocabulary?of={of}").json
    (described,) = [each for each in found["fields"] if each["name"] == field]
    assert "=" in described["operators"]
    assert {"operator": "BETWEEN", "takes": "two"} in found["operators"]
    assert [family["prefix"] for family in found["families"]][:1] == ["attributes"]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ("field=model", {"gpt-4o": 1, "o3": 1}),
        ("field=model&prefix=gp", {"gpt-4o": 1}),
        ("field=trace.service_name", {"shop": 2}),
        ("field=attributes.gen_ai.request.model&prefix=o", {"o3": 1}),
        ("of=tag", {"team": 1}),
        ("of=tag&key=team", {"search": 1}),
        ("of=feedback", {"good": 1}),
        ("of=feedback&key=good", {"true": 1}),
        ("of=resource&key=service.name", {"shop": 2}),
        ("of=log", {}),
    ],
)
def test_values_of_fields_and_names_of_tags_are_completed(ask: Asker, parameters: str, found: dict[str, int]) -> None:
    answer = ask(f"/api/v1/attributes?{parameters}").json["attributes"]
    assert {each.get("value", each.get("key")): each["span_count"] for each in answer} == found


@pytest.mark.parametrize("parameters", ["field=modle", "field=model&key=a", "field=duration", "of=tag&field=model"])
def test_what_cannot_be_completed_is_refused_with_a_hint(ask: Asker, parameters: str) -> None:
    reply = ask(f"/api/v1/attributes?{parameters}")
    assert (reply.status, bool(reply.json["error"]["hint"])) == (400, True)
