"""Nothing is read or written without a key that may do it: every route, protocol and alias of a real collector."""

from __future__ import annotations

import base64
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
import pytest

from spanhouse_collector.api.key_guard import ALL_ONLY, OPERATOR, RULES, is_guarded, rule_of
from spanhouse_collector.otlp.signals import SIGNALS
from spanhouse_collector.receiver.http_otlp import BY_PATH
from tests.builders import make_span, span_id, trace_id, traces
from tests.collector.receiver.samples import good
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

JSON: Final = "application/json"
PROTOBUF: Final = "application/x-protobuf"
OPEN: Final = {("GET", "/healthz"), ("GET", "/readyz")}
WORD: Final = "zirconium"  # only spans of project `mint` have it


@dataclass
class Guarded:
    """A collector with keys, two projects and a trace in each; the routes that it describes."""

    process: CollectorProcess
    keys: dict[str, str]
    routes: list[tuple[str, str, Any]] = field(default_factory=list)

    def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> tuple[int, str, dict[str, str]]:
        """(status, body, headers)."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"content-type": JSON} if data is not None else {}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            given["authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.process.http + path, data, given, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read().decode(errors="replace"), dict(reply.headers)
        except urllib.error.HTTPError as refusal:
            return (
                refusal.code,
                refusal.read().decode(errors="replace"),
                {name.lower(): value for name, value in refusal.headers.items()},
            )

    def get(self, path: str, key: str) -> Any:
        status, body, _ = self.ask("GET", path, key=self.keys[key])
        assert status == 200, body
        return json.loads(body)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("guarded") / "data")) as process:
        guarded = Guarded(process, {})
        for name, project, scopes in (
            ("operator", "*", ["admin"]),
            ("mint ingest", "mint", ["ingest"]),
            ("mint read", "mint", ["read"]),
            ("mint admin", "mint", ["admin"]),
            ("shop ingest", "shop", ["ingest"]),
            ("drain ingest", "drain", ["ingest"]),
            ("shop read", "shop", ["read"]),
            ("shop admin", "shop", ["admin"]),
            ("all read", "*", ["read"]),
        ):
            status, body, _ = guarded.ask(
                "POST", "/api/v1/keys", {"project": project, "scopes": scopes}, guarded.keys.get("operator")
            )
            assert status == 201, body
            guarded.keys[name] = json.loads(body)["key"]
        for number, project, text in ((1, "mint", WORD), (2, "shop", "ordinary")):
            span = make_span(
                f"call {text}",
                number=number,
                attributes={"input.value": text, "session.id": f"session-{project}", "user.id": f"user-{project}"},
            )
            status, body, _ = guarded.ask(
                "POST",
                "/v1/traces",
                traces(span).SerializeToString(),
                guarded.keys[f"{project} ingest"],
                content_type=PROTOBUF,
            )
            assert status == 200, body
        _wait_stored(guarded, 2)
        _, body, _ = guarded.ask("GET", "/api/openapi.json", key=guarded.keys["operator"])
        guarded.routes = [
            (method.upper(), path, operation)
            for path, operations in json.loads(body)["paths"].items()
            for method, operation in operations.items()
        ]
        yield guarded


def _wait_stored(guarded: Guarded, spans: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        status, body, _ = guarded.ask(
            "POST", "/api/v1/sql", {"query": "SELECT count() FROM spans"}, guarded.keys["operator"]
        )
        if status == 200 and int(json.loads(body)["rows"][0][0]) >= spans:
            return
        assert time.monotonic() < deadline, body
        time.sleep(0.05)


def _concrete(path: str) -> str:
    values = {"trace_id": trace_id(1).hex(), "span_id": span_id(1).hex()}
    return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], "0" * 12), path)


def test_no_route_answers_without_a_key_or_with_a_wrong_one(guarded: Guarded) -> None:
    tried = 0
    wrong = "spanhouse_" + "0" * 12 + "_" + "0" * 64
    for method, path, _ in guarded.routes:
        if (method, path) in OPEN:
            continue
        for headers in (
            {},
            {"authorization": f"Bearer {wrong}"},
            {"x_api_key": wrong},
            {"authorization": "Basic e30="},
        ):
            body: Any = {} if method != "GET" else None
            status, text, answered = guarded.ask(method, _concrete(path), body, **headers)
            assert (status, answered.get("www-authenticate")) == (401, 'Bearer realm="spanhouse"'), (method, path, text)
            assert WORD not in text
            tried += 1
    assert tried > 100


def test_probes_need_no_key(guarded: Guarded) -> None:
    for method, path in OPEN:
        assert guarded.ask(method, path)[0] == 200


@pytest.mark.parametrize("path", sorted(BY_PATH))
def test_no_otlp_path_takes_anything_without_a_key(guarded: Guarded, path: str) -> None:
    body = good(BY_PATH[path]).SerializeToString()
    for key, status in ((None, 401), ("mint read", 403), ("drain ingest", 200)):
        answer = guarded.ask("POST", path, body, guarded.keys[key] if key else None, content_type=PROTOBUF)
        assert answer[0] == status, answer


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_no_grpc_service_takes_anything_without_a_key(guarded: Guarded, signal: Any) -> None:
    def export(metadata: tuple[tuple[str, str], ...]) -> grpc.StatusCode:
        with grpc.insecure_channel(guarded.process.grpc) as channel:
            call = channel.unary_unary(f"/{signal.grpc_service}/Export")
            try:
                call(good(signal).SerializeToString(), timeout=30, metadata=metadata, wait_for_ready=True)
            except grpc.RpcError as refusal:
                return refusal.code()
        return grpc.StatusCode.OK

    assert export(()) is grpc.StatusCode.UNAUTHENTICATED
    assert export((("authorization", "Bearer x"),)) is grpc.StatusCode.UNAUTHENTICATED
    assert export((("x-api-key", guarded.keys["mint read"]),)) is grpc.StatusCode.PERMISSION_DENIED
    assert export((("authorization", f"Bearer {guarded.keys['drain ingest']}"),)) is grpc.StatusCode.OK


def test_clickhouse_takes_the_key_as_a_password(guarded: Guarded) -> None:
    query = "/clickhouse/?" + urllib.parse.urlencode(
        {"query": "SELECT count() FROM spans WHERE name LIKE '%zirconium%'"}
    )
    basic = base64.b64encode(f"default:{guarded.keys['mint read']}".encode()).decode()
    for path, headers in (
        (query, {"authorization": f"Basic {basic}"}),
        (query, {"x_clickhouse_user": "default", "x_clickhouse_key": guarded.keys["mint read"]}),
        (f"{query}&user=default&password={guarded.keys['mint read']}", {}),
    ):
        status, body, _ = guarded.ask("GET", path, **headers)
        assert (status, body.strip()) == (200, "1"), body
    status, body, headers = guarded.ask("GET", query)
    assert (status, headers["x-clickhouse-exception-code"]) == (401, "516"), body
    assert "AUTHENTICATION_FAILED" in body
    assert guarded.ask("GET", query, key=guarded.keys["mint ingest"])[0] == 403


def test_every_route_has_a_rule_or_is_the_operators_alone(guarded: Guarded) -> None:
    """A path that no rule names is for the operator: those are listed here, so that a new route is a decision."""
    operators = {
        (method, path)
        for method, path, _ in guarded.routes
        if is_guarded(path) and rule_of(method, _concrete(path)) is OPERATOR
    }
    assert operators == {
        ("GET", "/api/v1/keys"),
        ("POST", "/api/v1/keys"),
        ("DELETE", "/api/v1/keys/{key_id}"),
        ("POST", "/api/v1/keys/{key_id}/rotate"),
        ("GET", "/api/v1/quarantine"),
        ("POST", "/api/v1/quarantine/replay"),
        ("PUT", "/api/v1/prices"),
        ("DELETE", "/api/v1/prices"),
        ("POST", "/api/v1/prices/reprice"),
        ("GET", "/api/v1/prices/reprice"),
        ("GET", "/api/v1/remap"),
        ("POST", "/api/v1/remap"),
    }


def test_every_rule_names_a_route(guarded: Guarded) -> None:
    known = {(method, _concrete(path)) for method, path, _ in guarded.routes}
    known |= {
        (method, path) for method in ("GET", "POST") for path in ("/clickhouse", "/clickhouse/", "/clickhouse/ping")
    }
    known.add(("GET", "/api/openapi.json"))
    for rule in RULES:
        for method in rule.methods.split():
            assert any(rule_of(method, path) is rule for named, path in known if named == method), rule


def test_a_key_of_one_project_does_not_reach_what_is_for_all(guarded: Guarded) -> None:
    for method, path, _ in guarded.routes:
        if (method, path) in OPEN or rule_of(method, _concrete(path)).binding != ALL_ONLY:
            continue
        status, _, _ = guarded.ask(method, _concrete(path), {} if method != "GET" else None, guarded.keys["mint admin"])
        assert status == 403, (method, path)


def test_a_reader_changes_nothing(guarded: Guarded) -> None:
    trace = trace_id(1).hex()
    for method, path, body in (
        ("POST", f"/api/v1/traces/{trace}/assessments", {"name": "good", "value": 1}),
        ("PATCH", f"/api/v1/traces/{trace}/tags", {"set": {"a": "b"}}),
        ("DELETE", "/api/v1/traces", {"trace_ids": [trace]}),
        ("POST", "/api/v1/keys", {"project": "mint", "scopes": ["admin"]}),
    ):
        assert guarded.ask(method, path, body, guarded.keys["mint read"])[0] == 403, path


READS: Final = (
    "/api/v1/traces",
    "/api/v1/traces?filter=" + urllib.parse.quote(f"text : '{WORD}'"),
    "/api/v1/spans",
    "/api/v1/sessions",
    "/api/v1/users",
    "/api/v1/projects",
    "/api/v1/attributes",
    "/api/v1/attributes?key=input.value",
    "/api/v1/prices/unknown",
)


@pytest.mark.parametrize("path", READS)
def test_a_tenant_reads_nothing_of_another(guarded: Guarded, path: str) -> None:
    own = json.dumps(guarded.get(path, "mint read"))
    other = json.dumps(guarded.get(path, "shop read"))
    assert not re.search(rf"{WORD}|-mint|\"mint\"|{trace_id(1).hex()}", other)
    assert not re.search(rf"ordinary|-shop|\"shop\"|{trace_id(2).hex()}", own)


@pytest.mark.parametrize("path", READS)
def test_a_tenant_cannot_name_another_project(guarded: Guarded, path: str) -> None:
    joint = "&" if "?" in path else "?"
    for naming in ("project=mint", "project=shop&project=mint", "project=mint&project=shop", "%70roject=mint"):
        status, body, _ = guarded.ask("GET", f"{path}{joint}{naming}", key=guarded.keys["shop read"])
        assert status == 403, (naming, body)
    header = guarded.ask("GET", path, key=guarded.keys["shop read"], x_spanhouse_project="mint")
    assert WORD not in header[1]


def test_a_tenant_sees_no_trace_tag_or_assessment_of_another(guarded: Guarded) -> None:
    trace = f"/api/v1/traces/{trace_id(1).hex()}"
    made = guarded.ask("POST", f"{trace}/assessments", {"name": "good", "value": 1}, guarded.keys["mint ingest"])
    assert made[0] == 201, made[1]
    assessment = json.loads(made[1])["assessment_id"]
    shop = guarded.keys["shop admin"]
    attempts = [
        ("GET", trace, None),
        ("GET", f"{trace}?payload=false", None),
        ("GET", f"{trace}/assessments/{assessment}/history", None),
        ("PATCH", f"{trace}/assessments/{assessment}", {"value": 0}),
        ("DELETE", f"{trace}/assessments/{assessment}", None),
    ]
    for method, path, body in attempts:
        status, text, _ = guarded.ask(method, path, body, shop)
        assert status in (400, 404), (method, path, status, text)
        assert WORD not in text
    # Both may be written before their trace comes; they are of the writer's own project.
    assert guarded.ask("POST", f"{trace}/assessments", {"name": "bad", "value": 0}, shop)[0] == 201
    assert guarded.ask("PATCH", f"{trace}/tags", {"set": {"a": "b"}}, shop)[0] == 200
    assert guarded.get(f"{trace}/tags", "mint read")["tags"] == {}
    assert [each["name"] for each in guarded.get(f"{trace}/assessments", "mint read")["assessments"]] == ["good"]


def test_a_tenant_deletes_nothing_of_another(guarded: Guarded) -> None:
    for body in ({"trace_ids": [trace_id(1).hex()]}, {"filter": f"text : '{WORD}'"}):
        status, text, _ = guarded.ask("DELETE", "/api/v1/traces", body, guarded.keys["shop admin"])
        assert (status, json.loads(text).get("deleted")) == (200, 0), text
    status, _, _ = guarded.ask(
        "DELETE", "/api/v1/traces", {"project": "mint", "filter": "span_type = 'LLM'"}, guarded.keys["shop admin"]
    )
    assert status == 403
    assert guarded.get("/api/v1/traces", "mint read")["traces"]


@pytest.mark.parametrize("query", ["SELECT count() FROM spans WHERE input LIKE '%zirconium%'",
                                   "SELECT count() FROM traces WHERE project = 'mint'",
                                   "SELECT count() FROM otel_traces WHERE SpanName LIKE '%zirconium%'",
                                   "SELECT count() FROM projects WHERE project = 'mint'"])  # fmt: skip
def test_a_tenant_counts_nothing_of_another_in_sql(guarded: Guarded, query: str) -> None:
    for key, expected in (("mint read", 1), ("shop read", 0), ("all read", 1)):
        status, text, _ = guarded.ask("POST", "/api/v1/sql", {"query": query}, guarded.keys[key])
        assert status == 200, text
        assert [int(row[0]) for row in json.loads(text)["rows"]] == [expected], (key, text)


def test_a_tenant_aggregates_nothing_of_another(guarded: Guarded) -> None:
    body = {
        "group_by": ["project"],
        "metrics": ["count"],
        "filter": "span_type = 'UNKNOWN' OR NOT span_type = 'UNKNOWN'",
    }
    status, text, _ = guarded.ask("POST", "/api/v1/aggregate", body, guarded.keys["shop read"])
    assert (status, [row["project"] for row in json.loads(text)["rows"]]) == (200, ["shop"]), text
    assert guarded.ask("POST", "/api/v1/aggregate", {**body, "project": "mint"}, guarded.keys["shop read"])[0] == 403


def test_a_tenant_counts_no_values_of_another(guarded: Guarded) -> None:
    body = {"fields": ["name", "session_id", "project"]}
    status, text, _ = guarded.ask("POST", "/api/v1/facets", body, guarded.keys["shop read"])
    assert (status, WORD in text, "mint" in text) == (200, False, False), text
    assert guarded.ask("POST", "/api/v1/facets", {**body, "project": "mint"}, guarded.keys["shop read"])[0] == 403


def test_the_keys_project_counts_before_header_and_resource(guarded: Guarded) -> None:
    request = traces(make_span("stray", number=7), resource={"spanhouse.project": "mint"})
    status, _, _ = guarded.ask(
        "POST",
        "/v1/traces",
        request.SerializeToString(),
        guarded.keys["shop ingest"],
        content_type=PROTOBUF,
        x_spanhouse_project="mint",
    )
    assert status == 200
    query = f"SELECT project FROM spans WHERE trace_id = '{trace_id(7).hex()}'"
    for _ in range(600):
        _, text, _ = guarded.ask("POST", "/api/v1/sql", {"query": query}, guarded.keys["operator"])
        if rows := json.loads(text)["rows"]:
            assert rows == [["shop"]]
            return
    pytest.fail("the span was not stored")


def test_whoami_says_what_the_key_may_do(guarded: Guarded) -> None:
    told = guarded.get("/api/v1/whoami", "shop ingest")
    assert (told["keys_exist"], told["project"], told["scopes"]) == (True, "shop", ["ingest"])


def test_a_key_is_listed_without_its_secret_and_revoked_at_once(guarded: Guarded) -> None:
    operator = guarded.keys["operator"]
    made = json.loads(guarded.ask("POST", "/api/v1/keys", {"project": "shop", "scopes": ["read"]}, operator)[1])
    assert guarded.ask("GET", "/api/v1/traces", key=made["key"])[0] == 200
    listed = json.loads(guarded.ask("GET", "/api/v1/keys", key=operator)[1])["keys"]
    assert made["id"] in {key["id"] for key in listed}
    assert made["key"].rpartition("_")[2] not in json.dumps(listed)
    assert "sha256" not in json.dumps(listed)
    assert guarded.ask("DELETE", f"/api/v1/keys/{made['id']}", key=operator)[0] == 200
    assert guarded.ask("GET", "/api/v1/traces", key=made["key"])[0] == 401
