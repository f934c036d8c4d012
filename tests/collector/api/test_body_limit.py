"""What a request of the API may carry."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import APIRouter, Body
from starlette.testclient import TestClient
from starlette.types import Message

from spanhouse_collector.api.app import api_app
from spanhouse_collector.api.body_limit import API_BODY_BYTES_MAX, BodyLimit


@pytest.fixture
def client() -> TestClient:
    router = APIRouter()

    @router.post("/length")
    def length(text: str = Body()) -> int:
        return len(text)

    return TestClient(BodyLimit(api_app("0", [router]), timeout_s=20), raise_server_exceptions=False)


def test_a_body_within_the_limit_is_read(client: TestClient) -> None:
    assert client.post("/length", json="x" * 1000).json() == 1000


def test_a_longer_body_is_refused_by_name(client: TestClient) -> None:
    reply = client.post("/length", json="x" * API_BODY_BYTES_MAX)
    assert reply.status_code == 413
    assert "API_BODY_BYTES_MAX" in reply.json()["error"]["hint"]


def _answered(chunks: list[bytes]) -> list[Message]:
    """What is sent to a client that declared more than these bytes and then stays silent."""
    sent: list[Message] = []
    coming = iter(chunks)

    async def receive() -> Message:
        chunk = next(coming, None)
        if chunk is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    router = APIRouter()

    @router.post("/length")
    def length(text: str = Body()) -> int:
        return len(text)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/length",
        "raw_path": b"/length",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 1),
        "client": ("127.0.0.1", 2),
        "root_path": "",
    }
    limited = BodyLimit(api_app("0", [router]), timeout_s=0.05)
    asyncio.run(asyncio.wait_for(limited(scope, receive, send), 20))
    return sent


@pytest.mark.parametrize("chunks", [[], [b'"'], [b'"', b"x"]], ids=len)
def test_a_body_that_does_not_arrive_is_refused_in_time_by_name(chunks: list[bytes]) -> None:
    start, body = _answered(chunks)
    assert (start["status"], dict(start["headers"])[b"connection"]) == (408, b"close")
    assert b"request_timeout=0.05 s" in body["body"]
