"""Reading traces over HTTP from a real collector: contract, errors, caching, compression, and usage settled in SQL."""

from __future__ import annotations

import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import Any, NamedTuple

import pytest

from tests.builders import make_span, span_id, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.crash.obligations import until
from tests.prepared import prepare_embedded

TRACE = trace_id(1).hex()
INFO = {
    *("trace_id", "project", "name", "start_time_unix_nano", "duration_ns", "state", "service_name", "session_id"),
    *("user_id", "span_count", "error_count", "input_tokens", "output_tokens", "total_tokens", "cost_usd", "models"),
    *("input_preview", "output_preview", "tags", "metadata", "assessments"),
}


class Reply(NamedTuple):
    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Asker:
    def __init__(self, http: str) -> None:
        self.http = http

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.http + path, headers=named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return Reply(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, error.headers, error.read())


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """With one trace: two calls of which the inner owns, and an orphan."""
    usage = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 5}
    spans = [
        make_span("outer", number=1, trace_id=trace_id(1), attributes=usage),
        make_span("inner", number=2, trace_id=trace_id(1), parent_span_id=span_id(1), attributes=usage),
        make_span(
            "orphan", number=3, trace_id=trace_id(1), parent_span_id=span_id(99), attributes={"text": "x" * 2000}
        ),
    ]
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("api") / "data")) as process:
        body = traces(*spans).SerializeToString()
        headers = {"content-type": "application/x-protobuf"}
        urllib.request.urlopen(urllib.request.Request(process.http + "/v1/traces", body, headers)).close()
        process.wait_stored("traces", len(spans))
        yield process


@pytest.fixture
def ask(collector: CollectorProcess) -> Asker:
    return Asker(collector.http)


def test_a_trace_has_its_summary_and_spans_and_counts_tokens_once(ask: Asker) -> None:
    reply = ask(f"/api/v1/traces/{TRACE}")
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert set(reply.json["info"]) == INFO
    assert reply.json["info"]["input_tokens"] == 5
    assert [(span["name"], span["usage_scope"]) for span in reply.json["spans"]] == [
        ("outer", "duplicate"),
        ("inner", "own"),
        ("orphan", "none"),
    ]
    assert [missing["span_id"] for missing in reply.json["missing_parents"]] == [span_id(99).hex()]


def test_the_settler_corrects_the_table_within_seconds(collector: CollectorProcess) -> None:
    until(lambda: collector.metric("spanhouse_corrected_spans_total") == 1, "the outer call to be corrected", 20)


def test_spellings_of_the_id_lead_to_the_same_trace(ask: Asker) -> None:
    found = {ask(f"/api/v1/traces/{spelt}?payload=false").body for spelt in (TRACE, TRACE.upper(), f"tr-{TRACE}")}
    assert len(found) == 1


def test_what_the_client_has_is_not_sent_again(ask: Asker) -> None:
    first = ask(f"/api/v1/traces/{TRACE}")
    tag = first.headers["etag"]
    again = ask(f"/api/v1/traces/{TRACE}", if_none_match=f'"other", {tag}', accept_encoding="gzip")
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert ask(f"/api/v1/traces/{TRACE}?payload=false", if_none_match=tag).status == 200


def test_replies_are_compressed_for_those_who_take_it(ask: Asker) -> None:
    plain = ask(f"/api/v1/traces/{TRACE}")
    assert plain.headers["content-encoding"] is None
    packed = ask(f"/api/v1/traces/{TRACE}", accept_encoding="br, gzip;q=0.5")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert ask(f"/api/v1/traces/{TRACE}", accept_encoding="gzip;q=0").headers["content-encoding"] is None


def test_a_skeleton_comes_as_columns_to_those_who_ask(ask: Asker) -> None:
    found = ask(f"/api/v1/traces/{TRACE}?payload=false&format=columns").json
    columns = found["columns"]
    assert columns["span_id"] == "".join(span_id(number).hex() for number in (1, 2, 3))
    assert (columns["parent"], columns["orphans"], columns["orphan_parent_ids"]) == (
        [-1, 0, -1],
        [2],
        [span_id(99).hex()],
    )
    assert columns["usage_scope"]["values"][columns["usage_scope"]["indexes"][1]] == "own"
    assert found["origin_unix_nano"] == str(found["info"]["start_time_unix_nano"])


def test_columns_with_payload_are_refused_with_a_hint(ask: Asker) -> None:
    reply = ask(f"/api/v1/traces/{TRACE}?format=columns")
    assert (reply.status, "payload=false" in reply.json["error"]["hint"]) == (400, True)


def test_integers_that_javascript_cannot_hold_are_text_for_those_who_ask(ask: Asker) -> None:
    path = f"/api/v1/traces/{TRACE}"
    plain, quoted = ask(path).json, ask(path, accept="application/json; integers=text").json
    started = plain["info"]["start_time_unix_nano"]
    assert isinstance(started, int)
    assert quoted["info"]["start_time_unix_nano"] == str(started)
    assert quoted["info"]["duration_ns"] == plain["info"]["duration_ns"]


def test_one_span_is_read_alone(ask: Asker) -> None:
    span = ask(f"/api/v1/traces/{TRACE}/spans/{span_id(3).hex()}").json
    assert (span["name"], span["attributes"]["text"]) == ("orphan", "x" * 2000)


@pytest.mark.parametrize(
    ("path", "status", "code", "named"),
    [
        ("/nothing", 404, "not_found", "/nothing"),
        ("/api/v1/nothing", 404, "not_found", "/api/v1/nothing"),
        (f"/api/v1/traces/{TRACE}/", 404, "not_found", TRACE),
        ("/healthz/", 404, "not_found", "/healthz/"),
        ("/api/v1/traces/xyz", 400, "invalid_argument", "trace_id"),
        (f"/api/v1/traces/{TRACE}?payload=perhaps", 400, "invalid_argument", "payload"),
        (f"/api/v1/traces/{TRACE}?clock_skew=no", 400, "invalid_argument", "clock_skew"),
        (f"/api/v1/traces/{TRACE}?project=a%20b", 400, "invalid_argument", "project"),
        (f"/api/v1/traces/{TRACE}?paylod=false", 400, "invalid_argument", "paylod"),
        (f"/api/v1/traces/{'f' * 32}", 404, "not_found", "f" * 32),
        (f"/api/v1/traces/{TRACE}/spans/{'f' * 16}", 404, "not_found", "f" * 16),
    ],
)
def test_an_error_says_what_is_wrong_in_one_shape(ask: Asker, path: str, status: int, code: str, named: str) -> None:
    reply = ask(path)
    assert (reply.status, reply.headers["content-type"]) == (status, "application/json")
    assert set(reply.json) == {"error"}
    assert set(reply.json["error"]) == {"code", "message", "hint"}
    assert reply.json["error"]["code"] == code
    assert named in reply.json["error"]["message"]


def test_a_method_that_a_path_does_not_have_is_named_with_those_it_has(ask: Asker) -> None:
    reply = ask(f"/api/v1/traces/{TRACE}", "PUT")
    assert (reply.status, reply.json["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in reply.headers["allow"]
    assert ask("/healthz", "POST").status == 405


def test_the_description_names_every_route_and_no_shape_of_error_but_ours(ask: Asker) -> None:
    described = ask("/api/openapi.json").json
    assert {"/api/v1/traces/{trace_id}", "/api/v1/traces/{trace_id}/spans/{span_id}"} <= set(described["paths"])
    assert "HTTPValidationError" not in described["components"]["schemas"]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert "422" not in operation["responses"], (path, method)
