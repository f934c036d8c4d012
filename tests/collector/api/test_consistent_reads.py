"""Reads that ask to see everything that was acknowledged before them."""

from __future__ import annotations

import pytest
from fastapi import APIRouter
from starlette.requests import Request
from starlette.testclient import TestClient

from spanhouse_collector.api.app import api_app
from spanhouse_collector.api.consistent_reads import ConsistentReads
from spanhouse_collector.telemetry import Telemetry

NOW = 1_767_225_600_000_000_000


class Log:
    """Stored once it was asked often enough; remembers for when."""

    def __init__(self, after: int) -> None:
        self.after = after
        self.asked: list[int] = []

    def has_stored(self, until_unix_nano: int) -> bool:
        self.asked.append(until_unix_nano)
        return len(self.asked) > self.after


def client_of(log: Log, telemetry: Telemetry) -> TestClient:
    router = APIRouter()

    @router.api_route("/query", methods=["GET", "POST"])
    def query(request: Request) -> str:
        return str(request.url.query)

    app = ConsistentReads(api_app("0", [router]), log.has_stored, telemetry, clock=lambda: NOW)
    return TestClient(app, raise_server_exceptions=False)


def test_a_consistent_read_waits_for_what_was_acknowledged_before_it() -> None:
    log = Log(after=3)
    reply = client_of(log, Telemetry()).get("/query?consistent=true&filter=a%20%3D%20'b'&x=")
    assert (reply.status_code, reply.json()) == (200, "filter=a+%3D+%27b%27&x=")
    assert log.asked == [NOW] * 4


def test_the_wait_ends_with_a_clear_answer_and_a_count() -> None:
    telemetry = Telemetry()
    reply = client_of(Log(after=10**9), telemetry).get("/query?consistent=1&consistent_wait_s=0.05")
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], reply.headers["retry-after"]) == (503, "not_stored_yet", "2")
    assert "after 0.05 s" in error["message"]
    assert "consistent_wait_s" in error["hint"]
    assert telemetry.registry.get_sample_value("spanhouse_inconsistent_reads_total") == 1


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_requests_do_not_wait(method: str) -> None:
    log = Log(after=10**9)
    query = "a=consistent" if method == "GET" else "consistent=true"
    client = client_of(log, Telemetry())
    assert client.request(method, f"/query?{query}").json() == query
    assert client.get("/query?consistent=false").json() == ""
    assert log.asked == []


@pytest.mark.parametrize(
    "query", ["consistent=yes", *(f"consistent=true&consistent_wait_s={seconds}" for seconds in ("x", 61, -1, "nan"))]
)
def test_impossible_words_are_refused_by_name(query: str) -> None:
    reply = client_of(Log(after=0), Telemetry()).get(f"/query?{query}")
    assert reply.status_code == 400
    assert "query parameter consistent" in reply.json()["error"]["message"]
