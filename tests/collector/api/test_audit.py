"""Who changed what is on record before it is changed, and in SQL for whoever sees all projects."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from spanhouse_collector.api.audit import AUDITED, AuditTrail, action_of
from spanhouse_collector.errors import WalUnavailable
from spanhouse_collector.otlp.project import AUDIT
from tests.builders import make_span, trace_id, traces
from tests.collector.api.test_key_guard import PROTOBUF, Guarded, guarded

__all__ = ["guarded"]  # the fixture: a collector with keys and two projects


def rows(guarded: Guarded, query: str, key: str = "operator", *, at_least: int = 1) -> list[list[Any]]:
    deadline = time.monotonic() + 60
    while True:
        status, text, _ = guarded.ask("POST", "/api/v1/sql", {"query": query}, guarded.keys[key])
        assert status == 200, text
        found: list[list[Any]] = json.loads(text)["rows"]
        if len(found) >= at_least:
            return found
        assert time.monotonic() < deadline, f"{query}: {found}"


def test_keys_deletes_and_prices_are_on_record_with_who_and_how(guarded: Guarded) -> None:
    operator = guarded.keys["operator"]
    made = json.loads(guarded.ask("POST", "/api/v1/keys", {"project": "shop", "scopes": ["admin"]}, operator)[1])
    gone = trace_id(99).hex()
    assert guarded.ask("DELETE", "/api/v1/traces", {"trace_ids": [gone]}, made["key"])[0] == 200
    price = {"model": "own-model", "input_usd_per_million_tokens": 1.5}
    assert guarded.ask("PUT", "/api/v1/prices", price, operator)[0] == 200
    assert guarded.ask("DELETE", f"/api/v1/keys/{made['id']}", None, operator)[0] == 200
    found = rows(
        guarded,
        "SELECT action, key_id, project, status, path, body FROM audit WHERE status IS NOT NULL AND "
        f"(key_id = '{made['id']}' OR action = 'price.set' OR path LIKE '%{made['id']}') ORDER BY time",
        at_least=3,
    )
    assert [row[0] for row in found] == ["traces.delete", "price.set", "key.revoke"]
    assert found[0][1:4] == [made["id"], "shop", 200]
    assert gone in found[0][5]
    assert json.loads(found[1][5]) == price
    text = json.dumps(rows(guarded, "SELECT * FROM audit"))
    assert made["key"].rpartition("_")[2] not in text


def test_a_refused_change_is_on_record_too(guarded: Guarded) -> None:
    assert guarded.ask("DELETE", "/api/v1/keys/000000000000", None, guarded.keys["operator"])[0] == 404
    found = rows(guarded, "SELECT action, status FROM audit WHERE path LIKE '%000000000000' AND status IS NOT NULL")
    assert found == [["key.revoke", 404]]


def test_a_tenant_reads_nothing_of_the_audit(guarded: Guarded) -> None:
    rows(guarded, "SELECT * FROM audit")
    assert rows(guarded, "SELECT count() FROM audit", "mint admin") == [[0]]
    assert rows(guarded, f"SELECT count() FROM logs WHERE project = '{AUDIT}'", "mint admin") == [[0]]


@pytest.mark.parametrize("place", ["header", "resource"])
def test_no_request_writes_into_the_audit(guarded: Guarded, place: str) -> None:
    span = traces(make_span("forged"), resource={"spanhouse.project": AUDIT} if place == "resource" else None)
    headers = {"x_spanhouse_project": AUDIT} if place == "header" else {}
    status, text, _ = guarded.ask(
        "POST", "/v1/traces", span.SerializeToString(), guarded.keys["operator"], content_type=PROTOBUF, **headers
    )
    assert status == 400 or "not" in text, (status, text)
    assert rows(guarded, f"SELECT count() FROM spans WHERE project = '{AUDIT}'") == [[0]]


def test_nothing_is_changed_when_the_audit_cannot_be_written() -> None:
    reached: list[str] = []
    sent: list[dict[str, Any]] = []

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        reached.append("app")

    async def append(_request: bytes) -> None:
        raise WalUnavailable("the log is full")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "DELETE", "path": "/api/v1/traces", "query_string": b"", "headers": []}
    asyncio.run(AuditTrail(app, append)(scope, receive, send))
    assert reached == []
    assert sent[0]["status"] == 503
    assert b"nothing was changed" in sent[1]["body"]


def test_every_audited_route_exists(guarded: Guarded) -> None:
    routes = {(method, path) for method, path, _ in guarded.routes}
    for methods, path, action in AUDITED:
        wanted = path.replace("{}", "x")
        assert action_of(methods, wanted) == action
        assert any(method == methods and len(known.split("/")) == len(path.split("/")) for method, known in routes)
