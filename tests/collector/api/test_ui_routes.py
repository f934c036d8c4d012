"""What the web UI asks of a real collector besides lists of traces: facets, vocabulary, media, logs, metrics."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AggregationTemporality,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
)

from tests.builders import START_UNIX_NANO, any_value, attributes, logs, make_span, metrics, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

TIMEOUT_S = 30
DELTA = AggregationTemporality.Value("AGGREGATION_TEMPORALITY_DELTA")
# Five at one time and alike in everything: no place in a list tells them apart.
LOGS = [
    *(
        LogRecord(
            time_unix_nano=START_UNIX_NANO + number,
            severity_number=SeverityNumber.Value("SEVERITY_NUMBER_ERROR" if number % 2 else "SEVERITY_NUMBER_INFO"),
            body=any_value({"step": number} if number == 3 else f"step {number} refund"),
            trace_id=trace_id(1),
            attributes=attributes({"n": number, "large": 2**60}),
        )
        for number in range(6)
    ),
    *(LogRecord(time_unix_nano=START_UNIX_NANO - 1, body=any_value("same")) for _ in range(5)),
]
METRICS = [
    Metric(
        name="tokens",
        unit="{token}",
        sum=Sum(
            data_points=[NumberDataPoint(time_unix_nano=START_UNIX_NANO, as_int=2**53 + 1)],
            aggregation_temporality=DELTA,
        ),
    ),
    Metric(
        name="took",
        histogram=Histogram(
            data_points=[
                HistogramDataPoint(
                    time_unix_nano=START_UNIX_NANO + 1, count=3, sum=0.5, bucket_counts=[1, 2], explicit_bounds=[0.1]
                )
            ],
            aggregation_temporality=DELTA,
        ),
    ),
]


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
        send(process, "logs", logs(*LOGS, resource={"service.name": "shop"}))
        send(process, "metrics", metrics(*METRICS, resource={"service.name": "shop"}))
        process.wait_stored("logs", len(LOGS))
        process.wait_stored("metrics", 2)
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
        ("of=log", {"large": 6, "n": 6}),
        ("of=metric&field=metric_name", {"tokens": 1, "took": 1}),
    ],
)
def test_values_of_fields_and_names_of_tags_are_completed(ask: Asker, parameters: str, found: dict[str, int]) -> None:
    answer = ask(f"/api/v1/attributes?{parameters}").json["attributes"]
    assert {each.get("value", each.get("key")): each["span_count"] for each in answer} == found


@pytest.mark.parametrize("parameters", ["field=modle", "field=model&key=a", "field=duration", "of=tag&field=model"])
def test_what_cannot_be_completed_is_refused_with_a_hint(ask: Asker, parameters: str) -> None:
    reply = ask(f"/api/v1/attributes?{parameters}")
    assert (reply.status, bool(reply.json["error"]["hint"])) == (400, True)


def test_log_records_are_listed_filtered_and_typed(ask: Asker) -> None:
    page = ask("/api/v1/logs?count=true&filter=" + urllib.parse.quote("body : 'refund' AND severity_number >= 17")).json
    assert [entry["body"] for entry in page["logs"]] == ["step 5 refund", "step 1 refund"]
    assert page["total_count"] == 2
    (entry,) = ask(f"/api/v1/logs?filter={urllib.parse.quote('attributes.n = 3')}").json["logs"]
    assert (entry["body"], entry["attributes"]) == ({"step": 3}, {"n": 3, "large": 2**60})
    assert (entry["trace_id"], entry["service_name"]) == (trace_id(1).hex(), "shop")
    quoted = ask("/api/v1/logs?limit=1", accept="application/json; integers=text").json["logs"][0]
    assert (quoted["time_unix_nano"], quoted["attributes"]) == (str(START_UNIX_NANO + 5), {"n": 5, "large": str(2**60)})


def test_pages_of_log_records_have_each_once_also_those_that_are_alike(ask: Asker) -> None:
    bodies, token = [], ""
    while True:
        page = ask(f"/api/v1/logs?limit=2&page_token={token}").json
        bodies += [entry["body"] for entry in page["logs"]]
        token = page["next_page_token"]
        if token is None:
            break
    expected = [{"step": 3} if number == 3 else f"step {number} refund" for number in reversed(range(6))]
    assert bodies == [*expected, *["same"] * 5]


def test_data_points_are_listed_with_exact_values_and_in_any_order(ask: Asker) -> None:
    found = ask("/api/v1/metrics?order_by=metric_name").json["metrics"]
    assert [(each["metric_name"], each["metric_kind"]) for each in found] == [("tokens", "sum"), ("took", "histogram")]
    assert (found[0]["value"], found[0]["aggregation_temporality"]) == (2**53 + 1, "DELTA")
    assert (found[1]["count"], found[1]["sum"], found[1]["bucket_counts"], found[1]["value"]) == (3, 0.5, [1, 2], None)
    histograms = urllib.parse.quote("metric_kind = 'histogram'")
    assert [each["metric_name"] for each in ask(f"/api/v1/metrics?filter={histograms}").json["metrics"]] == ["took"]


def test_lists_of_records_are_live_too(ask: Asker) -> None:
    token = ask("/api/v1/logs?live=true&limit=1").json["newest_token"]
    assert ask(f"/api/v1/logs?newer_than={token}").json["logs"] == []


@pytest.mark.parametrize(
    ("path", "filter_"), [("logs", "modle = 'x'"), ("logs", "EXISTS (body = 'x')"), ("metrics", "trace.state = 'OK'")]
)
def test_a_filter_that_records_do_not_know_is_refused_at_its_character(ask: Asker, path: str, filter_: str) -> None:
    reply = ask(f"/api/v1/{path}?filter={urllib.parse.quote(filter_)}")
    assert (reply.status, reply.json["error"]["position"], bool(reply.json["error"]["hint"])) == (400, 0, True)
