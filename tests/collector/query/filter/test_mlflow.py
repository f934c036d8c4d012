"""Filters as MLflow's users write them, and what MLflow gets wrong."""

from __future__ import annotations

import pytest

from spanhouse_collector.query.filter import compile_filter
from tests.collector.query.filter.answers import Answers
from tests.collector.query.filter.dataset import Dataset, Row, dataset_of, plain_span

MS = 1_000_000
SPANS = [
    plain_span(1, name="predict", span_type="AGENT", input="authentication error", status_code="OK"),
    plain_span(2, 1, name="llm_call", span_type="LLM", attributes={"model": "gpt-4", "temperature": "0.7"}),
    plain_span(3, name="inference_12", output="tell me a story", status_code="ERROR"),
    plain_span(
        4, 3, name="embedding run", span_type="EMBEDDING", attributes={"model": "gpt-3.5", "note": "gpt-4 here"}
    ),
    plain_span(5, name="Inference", attributes={"temperature": "0.25", "model_version": "v2.1"}),
]
TRACES: dict[int, Row] = {
    1: {"name": "predict", "state": "OK", "duration_ns": 500 * MS, "start_time": 1_700_000_000_000 * MS},
    3: {"name": "inference_12", "state": "ERROR", "duration_ns": 1_200 * MS, "start_time": 1_700_000_100_000 * MS},
    5: {"name": "Inference", "state": "IN_PROGRESS", "duration_ns": 0, "start_time": 1_700_000_200_000 * MS},
}


def assessment(trace: int, kind: str, name: str, text: str, number: float | None = None) -> Row:
    ids = {"project": "p1", "trace_id": f"{trace:032x}", "span_id": "", "kind": kind, "name": name}
    return {**ids, "value_kind": "text", "value_text": text, "value_number": number, "value_bool": None}


def make_data() -> Dataset:
    data = dataset_of(SPANS, TRACES)
    data.traces[0] |= {"session_id": "s-1", "user_id": "alice", "end_time": 1_700_000_000_500 * MS}
    for trace, key, value in (
        (1, "environment", "Production"),
        (1, "model_name", "gpt-4"),
        (3, "environment", "staging"),
        (3, "version", "v1.2"),
        (3, "mlflow.sourceRun", "run_1"),
        (5, "a b", "x"),
    ):
        data.trace_tags.append({"project": "p1", "trace_id": f"{trace:032x}", "key": key, "value": value})
    data.assessments = [
        assessment(1, "feedback", "rating", "positive"),
        assessment(1, "feedback", "score", "0.9", 0.9),
        assessment(3, "feedback", "rating", "negative"),
        assessment(3, "feedback", "score", "0.1", 0.1),
        assessment(1, "expectation", "accuracy", "high"),
    ]
    return data


DATA = make_data()

FILTERS = {
    "trace.text LIKE '%authentication error%'": {1},
    'trace.text LIKE "%tell me a story"': {3},
    "trace.text LIKE '%embedding run%'": {3},
    "trace.text ILIKE '%GPT-4 HERE%'": {3},
    "trace.text LIKE '%v2.1%'": {5},
    "trace.text RLIKE '^predict$'": {1},
    "trace.text NOT LIKE '%gpt%'": {5},
    "span.content LIKE '%story%'": {3},
    "trace.name = 'predict'": {1},
    "attributes.name = 'predict'": {1},
    "name = 'predict'": {1},
    "trace.name LIKE '%inference%'": {3},
    "trace.name ILIKE '%INFERENCE%'": {3, 5},
    "trace.name RLIKE '^(predict|inference)_[0-9]+'": {3},
    "trace.status = 'OK'": {1},
    "attributes.status = 'OK'": {1},
    "attribute.status = 'ok'": {1},
    "status = 'ERROR'": {3},
    "status IN ('ERROR', 'IN_PROGRESS')": {3, 5},
    "trace.status != 'OK'": {3, 5},
    "trace.execution_time_ms > 1000": {3},
    "execution_time >= 200 AND execution_time_ms <= 800": {1},
    "attributes.execution_time_ms = 500": {1},
    "timestamp_ms > 1700000000000": {3, 5},
    "trace.timestamp_ms = 1700000000000": {1},
    "attributes.timestamp >= 1700000100000 AND timestamp < 1700000200000": {3},
    "trace.end_time_ms = 1700000000500": {1},
    "attributes.end_time = 1700000000500": {1},
    "tag.model_name = 'gpt-4'": {1},
    "tag.model_name LIKE 'gpt-%'": {1},
    "tags.environment ILIKE '%prod%'": {1},
    "tag.environment != 'staging'": {1},
    "tag.environment IN ('staging', 'x')": {3},
    r"tag.version RLIKE '^v[0-9]+\.[0-9]+'": {3},
    "tag.`a b` = 'x'": {5},
    'tag."a b" = "x"': {5},
    "tag.environment IS NULL": {5},
    "tag.environment IS NOT NULL": {1, 3},
    "tag.`mlflow.traceName` = 'predict'": {1},
    "trace.run_id = 'run_1'": {3},
    "run_id = 'run_1'": {3},
    "request_metadata.`mlflow.sourceRun` = 'run_1'": {3},
    "metadata.`mlflow.trace.session` = 's-1'": {1},
    'metadata."mlflow.trace.user" = "alice"': {1},
    f"request_id = 'tr-{3:032x}'": {3},
    f"trace.request_id IN ('{1:032x}', 'tr-{5:032X}')": {1, 5},
    "span.name = 'llm_call'": {1},
    "span.name LIKE '%embedding%'": {3},
    "span.type = 'LLM'": {1},
    "span.type RLIKE '^LLM'": {1},
    "span.type = 'CHAT_MODEL'": {1},
    "span.status = 'ERROR'": {3},
    "span.name NOT IN ('predict', 'llm_call', 'Inference')": {3},
    "span.attributes.model_version ILIKE '%V2%'": {5},
    "feedback.rating = 'positive'": {1},
    "feedback.rating LIKE '%tive'": {1, 3},
    "feedback.score > 0.5": {1},
    "feedback.score IS NULL": {5},
    "expectation.accuracy = 'high'": {1},
    "assessment.accuracy IS NOT NULL": {1},
    "trace.status = 'OK' AND tag.environment = 'Production'": {1},
    "\n   span.name LIKE '%llm%'\n   AND feedback.rating = 'positive'\n   AND trace.execution_time_ms < 1000\n": {1},
    # Several conditions on spans hold on the same span.
    "span.name = 'llm_call' AND span.type = 'LLM'": {1},
    "span.name = 'predict' AND span.type = 'LLM'": set(),
}
# What MLflow answers to these: nothing; everything; an error; another attribute's text; an error.
RIGHTED = {
    "span.attributes.model = 'gpt-4'": {1},
    "span.attributes.model != 'gpt-4'": {3},
    "span.attributes.model IN ('gpt-4', 'gpt-3.5')": {1, 3},
    "span.attributes.model NOT IN ('gpt-4')": {3},
    "span.attributes.model LIKE '%here%'": set(),
    "span.attributes.temperature > 0.5": {1},
    "span.attributes.temperature = 0.70": {1},
    "span.attributes.temperature LIKE '%0.7%'": {1},
    "tag.environment IN ('Production')": {1},
    "trace.status = 'OK' OR (NOT trace.status = 'ERROR' AND span.attributes.temperature BETWEEN 0 AND 1)": {1, 5},
}


@pytest.mark.parametrize("text", FILTERS)
def test_a_filter_of_mlflow_finds_its_traces(small: Answers, text: str) -> None:
    assert small.trace_numbers(text) == FILTERS[text]


@pytest.mark.parametrize("text", RIGHTED)
def test_what_mlflow_gets_wrong_is_right(small: Answers, text: str) -> None:
    assert small.trace_numbers(text) == RIGHTED[text]


def test_the_documented_prompt_filter_is_read() -> None:
    assert dict(compile_filter('prompt = "qa-agent-system-prompt/4"', unit="trace").parameters) == {
        "f0": "qa-agent-system-prompt/4"
    }


def test_an_attribute_with_the_name_of_a_property_is_reached_by_a_quoted_key() -> None:
    compiled = compile_filter("attributes.\"status\" = 'OK' AND span.attributes.status = 'OK'", unit="trace")
    assert set(compiled.parameters.values()) == {"status", "OK"}
    assert compiled.trace_part is None
