"""What a request of the API may carry."""

from __future__ import annotations

import pytest
from fastapi import APIRouter, Body
from starlette.testclient import TestClient

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
