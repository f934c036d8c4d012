"""The description at `/api/openapi.json` is true: schemathesis sends what it allows and what it forbids.

The same examples in every run. What a string may hold (a filter, SQL, a time) no schema says, so that a refusal with a
reason is an answer to any request that the schema allows.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from requests import Session
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.builders import make_span, span_id, trace_id, traces
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

EXAMPLES = {GenerationMode.POSITIVE: 5, GenerationMode.NEGATIVE: 4}  # of each operation
ANY = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance"]
CHECKED = {
    GenerationMode.POSITIVE: [*ANY, "response_schema_conformance"],
    GenerationMode.NEGATIVE: [*ANY, "response_schema_conformance", "negative_data_rejection"],
}
TIMEOUT_S = 60
REFUSALS = ["400", "404", "415", "431"]


@dataclass(frozen=True)
class Described:
    """A collector with a trace and an assessment, and what it says of itself."""

    http: str
    schema: Any
    known: dict[str, str]  # path parameters that name something

    def operations(self) -> list[APIOperation[Any, Any, Any, Any]]:
        return [found.ok() for found in self.schema.get_all_operations()]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Described]:
    load_all_checks()
    with CollectorProcess(prepare_embedded(tmp_path_factory.mktemp("openapi") / "data")) as process:
        body = traces(make_span("root", attributes={"gen_ai.request.model": "gpt-4o", "input.value": "hello"}))
        headers = {"content-type": "application/x-protobuf"}
        _post(process.http + "/v1/traces", body.SerializeToString(), headers)
        process.wait_stored("traces", 1)
        of_trace = f"{process.http}/api/v1/traces/{trace_id(1).hex()}"
        assessment = _post(f"{of_trace}/assessments", b'{"name": "good", "value": 1}')
        known = {"trace_id": trace_id(1).hex(), "span_id": span_id(1).hex(), "key_id": "0" * 12}
        schema = schemathesis.openapi.from_url(f"{process.http}/api/openapi.json", timeout=TIMEOUT_S)
        schema.config.checks.negative_data_rejection.expected_statuses = REFUSALS
        yield Described(process.http, schema, {**known, "assessment_id": json.loads(assessment)["assessment_id"]})


def _post(url: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    request = urllib.request.Request(url, body, headers or {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
        answer: bytes = reply.read()
    return answer


def _problems(described: Described, mode: GenerationMode) -> dict[str, str]:
    """What the checks say of each operation, by its name."""
    checks: list[Any] = [CHECKS.get_one(name) for name in CHECKED[mode]]
    found = {}
    with Session() as session:
        for operation in described.operations():

            @settings(
                max_examples=EXAMPLES[mode],
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode), is_known=st.booleans())
            def ask(case: Case[Any], is_known: bool) -> None:
                if is_known and mode is GenerationMode.POSITIVE:
                    case.path_parameters.update({name: described.known[name] for name in case.path_parameters})
                case.call_and_validate(session=session, checks=checks, timeout=TIMEOUT_S)

            try:
                ask()
            except Unsatisfiable:  # it takes nothing, of which nothing is forbidden
                assert mode is GenerationMode.NEGATIVE
            except (Exception, ExceptionGroup) as problem:  # noqa: BLE001 - of any operation; all are told
                found[operation.label] = str(problem)
    return found


def test_what_the_description_allows_is_answered_as_described(described: Described) -> None:
    assert _problems(described, GenerationMode.POSITIVE) == {}


def test_what_the_description_forbids_is_refused_as_described(described: Described) -> None:
    assert _problems(described, GenerationMode.NEGATIVE) == {}


def test_another_method_is_refused_with_those_there_are(described: Described) -> None:
    """Each path's, not only those of the route that routing happened to look at last."""
    spec = json.loads(urllib.request.urlopen(f"{described.http}/api/openapi.json", timeout=TIMEOUT_S).read())
    told, meant = {}, {}
    for path, operations in spec["paths"].items():
        request = urllib.request.Request(described.http + path.format(**described.known), method="PROPFIND")
        with pytest.raises(urllib.error.HTTPError, match="405") as refused:
            urllib.request.urlopen(request, timeout=TIMEOUT_S)
        with refused.value:
            told[path] = set(refused.value.headers["allow"].split(", "))
        meant[path] = {method.upper() for method in operations}
        if path in ("/healthz", "/readyz", "/metrics"):  # HEAD is no operation of its own
            meant[path].add("HEAD")
    assert told == meant
