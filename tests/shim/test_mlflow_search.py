"""MLflow's own arguments of `search_traces`, and its way to give assessments: by their JSON to the collector."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import pytest

import spanhouse
import spanhouse.search_arguments
from spanhouse import Client, Expectation, Feedback
from tests.shim import stored
from tests.shim.fake_collector import FakeCollector


@pytest.fixture
def client(collector: FakeCollector) -> Client:
    collector.answer("GET", "/api/v1/traces", (200, {"traces": [stored.info()]}))
    return Client(url=collector.url, project="shop")


def asked(collector: FakeCollector, client: Client, **arguments: Any) -> dict[str, str]:
    client.search_traces(include_spans=False, **arguments)
    return {name: values[0] for name, values in collector.requests[-1][2].items()}


def test_none_stands_for_the_default(collector: FakeCollector, client: Client) -> None:
    nothing = dict.fromkeys(spanhouse.search_arguments.SearchArguments.__annotations__)
    given = {**nothing, "max_results": None, "return_type": None, "order_by": None, "filter_string": None}
    assert asked(collector, client, **given) == {"project": "shop", "limit": "100"}


@pytest.mark.parametrize("argument", ["locations", "experiment_ids", "experiment_names"])
def test_the_name_of_one_place_is_the_project(collector: FakeCollector, client: Client, argument: str) -> None:
    assert asked(collector, client, **{argument: ["cafe"]})["project"] == "cafe"
    assert asked(collector, client, **{argument: "cafe"})["project"] == "cafe"


@pytest.mark.parametrize("places", [["a", "b"], ["0"], [object()], []])
def test_places_that_are_no_project_are_passed_over_with_one_warning(
    collector: FakeCollector, client: Client, places: list[Any]
) -> None:
    with pytest.warns(UserWarning, match="name one project with project=") as told:
        assert asked(collector, client, experiment_ids=places)["project"] == "shop"
    assert len(told) == 1
    assert told[0].filename == __file__


def test_everything_else_of_mlflows_gives_one_warning_and_the_traces(collector: FakeCollector, client: Client) -> None:
    with pytest.warns(UserWarning, match="sql_warehouse_id: .*; page_token: ") as told:
        asked(collector, client, sql_warehouse_id="w", page_token="t")
    assert len(told) == 1
    with pytest.warns(UserWarning, match="project="):
        assert asked(collector, client, project="cafe", locations=["other"])["project"] == "cafe"


def test_a_run_and_a_model_are_clauses_of_the_filter(collector: FakeCollector, client: Client) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = asked(collector, client, filter_string="name = 'a' OR name = 'b'", run_id="r'1", model_id="m-2")
        alone = asked(collector, client, run_id="r1")
    assert found["filter"] == (
        "(name = 'a' OR name = 'b') AND metadata.mlflow.sourceRun = 'r''1' AND metadata.mlflow.modelId = 'm-2'"
    )
    assert alone["filter"] == "metadata.mlflow.sourceRun = 'r1'"


def test_a_slip_of_the_pen_is_still_refused(client: Client) -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'max_result'"):
        client.search_traces(max_result=3)  # type: ignore[call-overload]


def test_every_argument_of_mlflows_search_is_known() -> None:
    """Those of mlflow-tracing 3.17.2, fluent and client."""
    theirs = {
        "experiment_ids", "filter_string", "max_results", "order_by", "extract_fields", "run_id", "return_type",
        "model_id", "sql_warehouse_id", "include_spans", "locations", "flush", "page_token",
    }  # fmt: skip
    ours = {*inspect.signature(spanhouse.search_traces).parameters}
    assert theirs <= ours | set(spanhouse.search_arguments.SearchArguments.__annotations__)


def test_assessments_that_were_made_before_are_logged_and_change_others(
    collector: FakeCollector, client: Client
) -> None:
    path = f"/api/v1/traces/{stored.TRACE_ID}/assessments"
    collector.answer("POST", path, (201, {"assessment_id": "a-1"}))
    collector.answer("PATCH", path + "/a-1", (200, {"assessment_id": "a-1"}))
    known = {"assessment_id": "a-1", "name": "good", "metadata": {"m": "0", "n": "kept"}}
    collector.answer("GET", path, (200, {"assessments": [known]}))
    judged = Feedback("good", True, rationale="it was", metadata={"m": 1}, span_id="b7ad6b7169203331")
    logged = client.log_assessment("tr-" + stored.TRACE_ID, judged)
    assert (logged.assessment_id, logged.trace_id, logged.value) == ("a-1", stored.TRACE_ID, True)
    assert client.log_assessment(stored.TRACE_ID, Feedback(error="judge is ill")).feedback is not None
    wanted = client.log_assessment(stored.TRACE_ID, Expectation("answer", {"a": [1]}))
    assert (wanted.kind, wanted.feedback) == ("expectation", None)
    client.update_assessment(stored.TRACE_ID, "a-1", assessment=Expectation("answer", 42))
    client.update_assessment(stored.TRACE_ID, "a-1", judged, value=False)
    code, human = ({"source_type": kind, "source_id": "default"} for kind in ("CODE", "HUMAN"))
    assert [(method, body) for method, _, _, body in collector.requests if method != "GET"] == [
        ("POST", {"name": "good", "kind": "feedback", "value": True, "source": code, "rationale": "it was",
                  "metadata": {"m": 1}, "span_id": "b7ad6b7169203331"}),
        ("POST", {"name": "feedback", "kind": "feedback", "source": code,
                  "error": {"error_code": "ASSESSMENT_ERROR", "error_message": "judge is ill"}}),
        ("POST", {"name": "answer", "kind": "expectation", "value": {"a": [1]}, "source": human}),
        ("PATCH", {"value": 42, "source": human}),
        ("PATCH", {"value": False, "rationale": "it was", "metadata": {"m": 1, "n": "kept"}, "source": code}),
    ]  # fmt: skip
