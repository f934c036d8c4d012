"""What no schema says of requests and replies: bodies that are no JSON, numbers of any length, times."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Body
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from spanhouse_collector.api.app import api_app
from spanhouse_collector.api.reply import json_reply
from spanhouse_collector.api.times import IsoTime
from tests.collector.api.test_feedback_routes import Asker
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

LONG = 123_456_789_012_345_678_901_234_567_890
TRACE = "/traces/0af7651916cd43dd8448eb211c80319c"


class Entry(BaseModel):
    value: Any = None
    since: IsoTime | None = None


@pytest.fixture(scope="module")
def client() -> TestClient:
    router = APIRouter()

    @router.post("/echo")
    def echo(request: Request, entry: Annotated[Entry, Body()]) -> Response:
        since = None if entry.since is None else entry.since.isoformat()
        return json_reply(request, {"value": entry.value, "since": since})

    return TestClient(api_app("0", [router]), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("bodies") / "data")) as process:
        yield Asker(process.http)


@pytest.mark.parametrize("value", [LONG, -LONG, [LONG, 1.5], {"a": {"b": LONG, "c": None}}, 2**64 - 1, -(2**63)])
def test_integers_of_any_length_are_answered_digit_by_digit(client: TestClient, value: Any) -> None:
    assert client.post("/echo", json={"value": value}).json()["value"] == value


def test_a_body_that_is_no_json_is_refused_with_the_place(client: TestClient) -> None:
    reply = client.post("/echo", content=b'{"value": oops}', headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "the body is no JSON: Expecting value, at character 11"


def test_a_body_that_is_nested_too_deeply_is_refused(client: TestClient) -> None:
    reply = client.post("/echo", content=b"[" * 200_000, headers={"content-type": "application/json"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_argument")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_media_type_is_refused_by_its_name(client: TestClient, media: str) -> None:
    reply = client.post("/echo", content=b"{}", headers={"content-type": media})
    assert reply.status_code == 415
    assert reply.json()["error"]["message"] == f"the body is {media}"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00+00:00"),
        ("2026-11-20T10:00:00", "2026-11-20T10:00:00+00:00"),
        ("2026-11-20T10:00:00+02:00", "2026-11-20T10:00:00+02:00"),
    ],
)
def test_a_time_without_zone_is_in_utc(client: TestClient, written: str, read: str) -> None:
    assert client.post("/echo", json={"since": written}).json()["since"] == read


@pytest.mark.parametrize("written", [0.5, 1_700_000_000, "1700000000", "0135-03-16T19:44:21Z", "2262-01-01T00:00:00Z"])
def test_a_number_and_a_year_that_is_not_stored_are_no_times(client: TestClient, written: Any) -> None:
    assert client.post("/echo", json={"since": written}).status_code == 400


def test_a_value_that_was_accepted_can_be_read_back(ask: Asker) -> None:
    for value in (LONG, {"n": [LONG]}, "\x00", {"\x00": 1.5}):
        made = ask("POST", f"{TRACE}/assessments", {"name": "exact", "value": value})
        assert (made.status, made.json["value"]) == (201, value)
        assert ask("GET", f"{TRACE}/assessments").json["assessments"][0]["value"] == value
        assert ask("DELETE", f"{TRACE}/assessments/{made.json['assessment_id']}").status == 200


def test_a_value_that_is_nested_too_deeply_is_refused_by_the_limit(ask: Asker) -> None:
    def nested(depth: int) -> bytes:
        return b'{"name": "deep", "value": ' + b"[" * depth + b"]" * depth + b"}"

    assert ask("POST", f"{TRACE}/assessments", nested(99)).status == 201
    refused = ask("POST", f"{TRACE}/assessments", nested(101))
    assert refused.status == 400
    assert "value_depth_max=100" in refused.json["error"]["message"]


def test_half_a_surrogate_pair_is_refused_wherever_it_stands(ask: Asker) -> None:
    half = rb'"\ud800"'
    sent = {
        ("POST", "/sql"): [
            b'{"query": "SELECT {a:String}", "params": {"a": %s}}',
            b'{"query": "SELECT 1", "params": {%s: 1}}',
        ],
        ("POST", f"{TRACE}/assessments"): [b'{"name": %s, "value": 1}', b'{"value": %s}', b'{"value": {%s: 1}}'],
        ("PATCH", f"{TRACE}/tags"): [b'{"set": {%s: "x"}}', b'{"set": {"x": %s}}', b'{"delete": [%s]}'],
        ("POST", "/aggregate"): [b'{"filter": %s}', b'{"group_by": [%s]}'],
        ("DELETE", "/traces"): [b'{"project": "p", "filter": %s}'],
        ("PUT", "/prices"): [b'{"model": %s, "request_usd": 1}'],
        ("POST", "/quarantine/replay"): [b'{"ids": [%s]}'],
    }
    statuses = {(*route, body): ask(*route, body % half).status for route, bodies in sent.items() for body in bodies}
    assert statuses == dict.fromkeys(statuses, 400)
