"""What is read back has MLflow's shapes: one for events, links and assessments, live, stored or written by MLflow."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from typing import Any

import pytest

import spanhouse
from spanhouse import (
    Assessment,
    AssessmentSource,
    Client,
    Expectation,
    Feedback,
    InvalidArgument,
    Span,
    Trace,
    entities,
)
from spanhouse.entities import AssessmentError, ExpectationValue, FeedbackValue, Link, SpanEvent
from spanhouse.testing import Captured
from tests.shim import stored
from tests.shim.fake_collector import FakeCollector

MODULES = {
    "client": ["MlflowClient"],
    "entities": ["Document", "NoOpSpan", "Session", "Span", "SpanType", "TraceLocation", "TraceLocationType"],
    "entities.assessment": ["Assessment", "AssessmentError", "Expectation", "Feedback", "FeedbackValue"],
    "entities.assessment_error": ["AssessmentError"],
    "entities.assessment_source": ["AssessmentSource", "AssessmentSourceType"],
    "entities.document": ["Document"],
    "entities.link": ["Link"],
    "entities.span": ["LiveSpan", "NoOpSpan", "Span", "SpanType"],
    "entities.span_event": ["SpanEvent"],
    "entities.span_status": ["SpanStatus", "SpanStatusCode"],
    "entities.trace": ["Trace"],
    "entities.trace_data": ["TraceData"],
    "entities.trace_info": ["TraceInfo"],
    "entities.trace_location": ["MlflowExperimentLocation", "TraceLocation", "TraceLocationType"],
    "entities.trace_state": ["TraceState"],
    "exceptions": ["MlflowException"],
    "tracing": ["context", "enable", "set_destination"],
    "tracing.assessment": ["log_feedback"],
    "tracing.client": ["MlflowClient"],
    "tracing.constant": ["SpanAttributeKey", "TokenUsageKey", "TraceMetadataKey", "TraceTagKey"],
    "tracing.destination": ["MlflowExperiment"],
    "tracing.distributed": ["set_tracing_context_from_http_request_headers"],
    "tracing.fluent": ["add_trace", "get_active_trace_id", "start_span", "trace"],
    "tracing.provider": ["disable", "enable"],
    "tracking": ["MlflowClient", "get_tracking_uri", "set_tracking_uri"],
    "tracking.client": ["MlflowClient"],
    "tracking.fluent": ["set_experiment"],
}


@pytest.mark.parametrize("name", MODULES)
def test_submodules_can_be_imported_by_mlflows_names(name: str) -> None:
    module = import_module(f"spanhouse.{name}")
    for member in MODULES[name]:
        assert getattr(module, member).__doc__


def test_events_and_links_have_one_shape_live_and_stored(spans: Captured) -> None:
    with spanhouse.start_span("other") as other, spanhouse.start_span("s") as live:
        live.add_event(event=SpanEvent("step", 7, {"n": 1}))
        live.add_link(other)
        expected = ([SpanEvent("step", 7, {"n": 1})], [Link(other.trace_id, other.span_id, {})])
        assert (live.events, live.links) == expected
    read = live.to_immutable_span()
    assert isinstance(read, Span)
    assert (read.events, read.links) == expected
    assert spanhouse.LiveSpan.from_dict(live.to_dict()) == read
    assert read.events[0].json() == {"name": "step", "timestamp": 7, "attributes": '{"n":1}'}
    assert Link.from_dict(read.links[0].to_dict()) == read.links[0]


def test_what_there_is_not_is_none() -> None:
    root = Span.from_dict(stored.span(1, None, "root"))
    assert (root.to_dict()["parent_span_id"], root.parent_id, root.inputs, root.model_name) == (None, None, None, None)
    info = Trace.from_dict({"info": stored.info(input_preview="", output_preview=""), "spans": []}).info
    assert (info.request_preview, info.response_preview, info.client_request_id) == (None, None, None)
    bare = Assessment.from_dict({"name": "a", "span_id": "", "rationale": "", "overrides": "", "metadata": {}})
    assert (bare.span_id, bare.rationale, bare.overrides, bare.metadata, bare.error) == (None, None, None, None, None)


def test_a_trace_says_its_metadata_and_experiment_under_mlflows_old_names() -> None:
    info = Trace.from_dict({"info": stored.info(metadata={"k": "v"}, project="shop"), "spans": []}).info
    assert (info.request_metadata, info.experiment_id) == ({"k": "v"}, "shop")
    assert info.trace_location.mlflow_experiment == entities.MlflowExperimentLocation("shop")


def test_entities_are_plain_and_can_be_written() -> None:
    feedback = Feedback("good", 1, source=AssessmentSource("human", "ann"))
    feedback.name, feedback.value, feedback.metadata = "better", 2, {"m": "1"}
    assert (feedback.value, feedback.feedback, feedback.source.source_type) == (2, FeedbackValue(2), "HUMAN")
    trace = Trace.from_dict(stored.trace())
    trace.info.tags["new"] = "tag"
    trace.info.trace_metadata = {"a": "b"}
    assert dataclasses.is_dataclass(trace.info)
    assert [field.name for field in dataclasses.fields(feedback)][:3] == ["name", "source", "trace_id"]


def test_assessments_are_read_back_as_what_they_are(collector: FakeCollector) -> None:
    client = Client(url=collector.url)
    listed = [{"name": "good", "kind": "feedback", "value": True, "error": None, "create_time_unix_nano": 7_000_000},
              {"name": "answer", "kind": "expectation", "value": [1]}]  # fmt: skip
    made = stored.trace()
    made["info"]["assessments"] = listed
    collector.answer("GET", "*", (200, made))
    collector.answer("POST", "*", (201, {"assessment_id": "a-1"}))
    trace = client.get_trace(stored.TRACE_ID)
    assert trace is not None
    good, answer = trace.info.assessments
    assert isinstance(good, Feedback)
    assert isinstance(answer, Expectation)
    assert (good.feedback, good.expectation, good.create_time_ms) == (FeedbackValue(True), None, 7)
    assert (answer.expectation, answer.feedback, answer.trace_id) == (ExpectationValue([1]), None, stored.TRACE_ID)
    assert isinstance(client.log_feedback(trace_id=stored.TRACE_ID, value=1), Feedback)
    assert isinstance(client.log_expectation(trace_id=stored.TRACE_ID, name="a", value=1), Expectation)


def test_an_error_keeps_its_code_message_and_stack() -> None:
    def judge() -> None:
        raise ValueError("judge failed")

    try:
        judge()
    except ValueError as error:
        failed = Feedback("good", error=error)
    assert (failed.error_code, failed.error_message) == ("ValueError", "judge failed")
    assert failed.error is not None
    assert "in judge" in (failed.error.stack_trace or "")
    assert failed.feedback == FeedbackValue(None, failed.error)
    assert Feedback(error="ill").error == AssessmentError("ASSESSMENT_ERROR", "ill")
    assert Feedback(error=AssessmentError("E")).error == AssessmentError("E", None, None)
    assert Assessment.from_dict(failed.to_dict()) == failed
    with pytest.raises(InvalidArgument, match="an exception, an AssessmentError"):
        Feedback(error=42)


def test_assessments_have_their_inner_values_and_their_dictionaries() -> None:
    feedback = Assessment("good", AssessmentSource("CODE"), feedback=FeedbackValue("yes"), run_id="r", trace_id="t")
    assert (feedback.value, feedback.kind, feedback.run_id) == ("yes", "feedback", "r")
    expectation = Assessment(name="answer", expectation=ExpectationValue({"a": [1]}), create_time_ms=1_767_225_600_500)
    assert expectation.to_dictionary() == {
        "assessment_name": "answer",
        "source": {"source_type": "HUMAN", "source_id": "default"},
        "create_time": "2026-01-01T00:00:00.500Z",
        "expectation": {"serialized_value": {"value": '{"a":[1]}', "serialization_format": "JSON_FORMAT"}},
        "valid": True,
    }
    for made in (feedback, expectation):
        read = Assessment.from_dictionary(made.to_dictionary())
        assert {**vars(read)} == {**vars(made)}
    with pytest.raises(InvalidArgument, match="a feedback or an expectation"):
        Assessment("both", feedback=FeedbackValue(1), expectation=ExpectationValue(1))
    source = AssessmentSource("llm_judge", "m")
    assert AssessmentSource.from_dictionary(source.to_dictionary()) == source


def test_words_of_sources_and_states_are_checked_but_not_of_stored_ones() -> None:
    with pytest.raises(InvalidArgument, match="HUMAN, LLM_JUDGE, CODE"):
        AssessmentSource("NOPE")
    with pytest.warns(FutureWarning, match="LLM_JUDGE"):
        assert AssessmentSource(spanhouse.AssessmentSourceType.AI_JUDGE).source_type == "LLM_JUDGE"
    assert Assessment.from_dict({"name": "x", "source": {"source_type": "ROBOT"}}).source.source_type == "ROBOT"
    with pytest.raises(InvalidArgument, match="UNSET, OK or ERROR"):
        entities.SpanStatus("NOPE")
    assert entities.SpanStatus("ERROR", "why").to_otel_status().description == "why"


def test_errors_have_mlflows_codes(collector: FakeCollector) -> None:
    from spanhouse.exceptions import MlflowException

    with pytest.raises(MlflowException) as refused:
        Client(url=collector.url).search_traces()
    assert (refused.value.error_code, "GET" in refused.value.message) == ("RESOURCE_DOES_NOT_EXIST", True)
    with pytest.raises(MlflowException) as wrong:
        AssessmentSource("NOPE")
    assert wrong.value.error_code == "INVALID_PARAMETER_VALUE"


def test_documents_of_libraries_are_taken() -> None:
    class Page:
        page_content, metadata, id = "Rome", {"page": 1}, "d1"

    class Node:
        metadata, node_id = {"page": 2}, "n1"
        get_content, get_score = staticmethod(lambda: "Paris"), staticmethod(lambda: 0.5)

    assert entities.Document.from_langchain_document(Page()) == entities.Document("Rome", {"page": 1}, "d1")
    found: Any = entities.Document.from_llama_index_node_with_score(Node())
    assert found == entities.Document("Paris", {"score": 0.5, "page": 2}, "n1")


def test_data_of_a_trace_survive_a_dict_and_say_what_came_between() -> None:
    data = Trace.from_dict(stored.trace()).data
    assert entities.TraceData.from_dict(data.to_dict()) == data
    assert data.intermediate_outputs == {"tool": "plain"}
    row = Trace.from_dict(stored.trace()).to_pandas_dataframe_row()
    assert tuple(row) == Trace.pandas_dataframe_columns
    assert (row["trace_id"], row["request"]) == (stored.TRACE_ID, {"q": 1})
