"""Judges over a model on loopback: structured answers, retries, cache, cost as spans, traces read by tools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from spanhouse import genai
from spanhouse.errors import InvalidArgument
from spanhouse.genai.judges import JudgeModel, JudgeUnavailable, make_judge
from spanhouse.genai.judges import model as models
from spanhouse.genai.scorers import (
    Correctness,
    Equivalence,
    Guidelines,
    PIIDetection,
    RegexMatch,
    RelevanceToQuery,
    ResponseLength,
    RetrievalGroundedness,
    RetrievalRelevance,
    Safety,
)
from spanhouse.testing import Captured, spans
from spanhouse.trace_data import Trace
from tests.shim.genai.mock_model import MockModel, mock_model

__all__ = ["spans"]


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockModel]:
    models.CACHE.clear()
    models._WITHOUT_FORMAT.clear()
    monkeypatch.setattr(models, "BACKOFF_S", 0.001)
    with mock_model() as running:
        monkeypatch.setenv("SPANHOUSE_JUDGE_BASE_URL", running.url)
        monkeypatch.setenv("OPENAI_API_KEY", "a-key")
        yield running


def polite(value_type: Any = None, **options: Any) -> Any:
    return make_judge("polite", "Is {{ outputs }} polite?", feedback_value_type=value_type, **options)


def test_a_judge_answers_with_value_and_rationale(model: MockModel, spans: Captured) -> None:
    model.replies = [{"result": True, "rationale": "it says please"}]
    feedback = polite(bool)(outputs="please")
    assert (feedback.name, feedback.value, feedback.rationale) == ("polite", True, "it says please")
    assert (feedback.source.source_type, feedback.source.source_id) == ("LLM_JUDGE", "openai:/gpt-4.1-mini")
    asked = model.asked[0]
    schema = asked["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["result"] == {"type": "boolean"}
    assert "Is {{ outputs }} polite?" in asked["messages"][0]["content"]
    assert asked["messages"][1]["content"] == "outputs: please"
    assert model.headers[0]["authorization"] == "Bearer a-key"


def test_what_judging_costs_is_spans_of_its_own(model: MockModel, spans: Captured) -> None:
    polite()(outputs="please")
    judge, call = spans.find("judge polite"), spans.find("chat gpt-4.1-mini")
    assert (judge.span_type, call.span_type, call.parent_id) == ("EVALUATOR", "LLM", judge.span_id)
    assert call.attributes["gen_ai.usage.input_tokens"] == 100
    assert call.attributes["gen_ai.usage.output_tokens"] == 10


def test_the_same_question_is_asked_once(model: MockModel, spans: Captured) -> None:
    for _ in range(3):
        polite()(outputs="please")
    polite()(outputs="now")
    assert len(model.asked) == 2


def test_a_busy_model_is_asked_again(model: MockModel, spans: Captured) -> None:
    model.replies = [429, 503, {"result": "yes", "rationale": ""}]
    assert polite()(outputs="please").value == "yes"
    assert len(model.asked) == 3


def test_a_refused_key_is_not_tried_again(model: MockModel, spans: Captured) -> None:
    model.replies = [401]
    with pytest.raises(JudgeUnavailable, match="401"):
        polite()(outputs="please")
    assert len(model.asked) == 1


def test_a_model_that_never_answers_is_given_up(model: MockModel, spans: Captured) -> None:
    model.replies = [500]
    with pytest.raises(JudgeUnavailable, match="500"):
        polite()(outputs="please")
    assert len(model.asked) == models.RETRIES_MAX + 1


def test_an_endpoint_without_structured_answers_is_asked_in_words(model: MockModel, spans: Captured) -> None:
    model.replies = [400, 'Sure!\n```json\n{"result": "no", "rationale": "rude"}\n```']
    assert polite()(outputs="now").value == "no"
    assert "response_format" not in model.asked[1]
    polite()(outputs="other")
    assert "response_format" not in model.asked[2]


@pytest.mark.parametrize("text", ["I think yes", "{}", '{"result": 1', "[]"])
def test_an_answer_that_is_not_the_form_is_an_error(model: MockModel, spans: Captured, text: str) -> None:
    model.replies = [text]
    with pytest.raises(JudgeUnavailable, match="not the form"):
        polite()(outputs="please")


@pytest.mark.parametrize(
    ("value_type", "result", "value"),
    [(int, "3", 3), (float, 2, 2.0), (bool, "yes", True), (Literal["good", "bad"], "Good", "good"),
     (list[str], ["a"], ["a"]), (dict[str, int], {"a": 1}, {"a": 1})],
)  # fmt: skip
def test_the_value_has_the_type_that_was_asked_for(
    model: MockModel, spans: Captured, value_type: Any, result: Any, value: Any
) -> None:
    model.replies = [{"result": result, "rationale": ""}]
    judged = polite(value_type)(outputs="x").value
    assert judged == value
    assert type(judged) is type(value)


@pytest.mark.parametrize(("value_type", "result"), [(int, "many"), (Literal["good"], "bad"), (str, 1)])
def test_a_value_of_another_type_is_an_error(model: MockModel, spans: Captured, value_type: Any, result: Any) -> None:
    model.replies = [{"result": result, "rationale": ""}]
    with pytest.raises(JudgeUnavailable):
        polite(value_type)(outputs="x")


@pytest.mark.parametrize(
    ("instructions", "words"),
    [("Be nice.", "nothing to judge"), ("{{ answer }}", "answer"), ("{{ session }}", "session")],
)
def test_instructions_that_name_nothing_known_are_refused(instructions: str, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        make_judge("j", instructions)


@pytest.mark.parametrize("uri", ["gpt-4", "openai:/", ":/x", "nobody:/model"])
def test_a_model_that_cannot_be_reached_is_refused_at_once(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in models.URL_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(InvalidArgument, match=r"provider|where"):
        JudgeModel(uri)


def test_a_judge_reads_a_trace_with_tools(model: MockModel, spans: Captured) -> None:
    trace = Trace.from_dict(
        {
            "info": {"trace_id": "1" * 32},
            "spans": [
                {"name": "root", "span_id": "a" * 16, "input": "hi", "output": "bye"},
                {"name": "search", "span_id": "b" * 16, "parent_span_id": "a" * 16, "span_type": "TOOL",
                 "output": "needle in the haystack"},
            ],
        }
    )  # fmt: skip

    def call(name: str, **arguments: Any) -> dict[str, Any]:
        function = {"name": name, "arguments": json.dumps(arguments)}
        return {"tool_calls": [{"id": name, "type": "function", "function": function}]}

    model.replies = [
        call("list_spans", page=0),
        call("get_span", span_id="b" * 16),
        call("search_trace", text="NEEDLE"),
        call("erase", all=True),
        {"result": "yes", "rationale": "found"},
    ]
    judge = make_judge("reads", "Does {{ trace }} use its tools well?")
    feedback = judge(trace=trace)
    assert feedback.value == "yes"
    assert feedback.metadata is not None
    assert feedback.metadata["mlflow.assessment.judgeInputTokens"] == "500"
    answers = [message["content"] for message in model.asked[-1]["messages"] if message["role"] == "tool"]
    assert '"span_count": 2' in answers[0]
    assert "needle in the haystack" in answers[1]
    assert "needle" in answers[2]
    assert answers[3] == "there is no tool 'erase'"


def test_a_judge_that_never_stops_reading_is_stopped(model: MockModel, spans: Captured) -> None:
    function = {"name": "list_spans", "arguments": "{}"}
    model.replies = [{"tool_calls": [{"id": "1", "type": "function", "function": function}]}]
    trace = Trace.from_dict({"info": {"trace_id": "1" * 32}, "spans": [{"name": "root", "span_id": "a" * 16}]})
    with pytest.raises(JudgeUnavailable, match="15 times"):
        make_judge("reads", "{{ trace }}")(trace=trace)


def test_a_judge_in_an_evaluation_is_a_result_even_when_it_fails(model: MockModel, spans: Captured) -> None:
    model.replies = [401]
    result = genai.evaluate([{"inputs": {"q": "x"}, "outputs": "y"}], [polite()], log_results=False)
    assert result.rows[0].feedbacks[0].error_code == "SCORER_ERROR"


YES = {"result": "yes", "rationale": ""}


def test_built_in_scorers_show_the_model_what_they_need(model: MockModel, spans: Captured) -> None:
    model.replies = [YES]
    row: dict[str, Any] = {"inputs": {"question": "why?"}, "outputs": "because"}
    facts = {"expected_facts": ["sky is blue"]}
    shown = {
        "be brief": Guidelines("be brief")(**row),
        "why?": RelevanceToQuery()(**row),
        "because": Safety()(outputs="because"),
        "sky is blue": Correctness()(**row, expectations=facts),
        "expected_response": Equivalence()(outputs="a", expectations={"expected_response": "b"}),
    }
    assert [feedback.value for feedback in shown.values()] == ["yes"] * len(shown)
    for words, asked in zip(shown, model.asked, strict=True):
        assert words in asked["messages"][1]["content"]


def test_equal_numbers_need_no_model(model: MockModel, spans: Captured) -> None:
    assert Equivalence()(outputs="2.50", expectations={"expected_response": 2.5}).value == "yes"
    assert model.asked == []


def test_correctness_wants_facts_or_a_response() -> None:
    for expectations in ({}, {"expected_facts": [], "expected_response": ""}):
        with pytest.raises(InvalidArgument, match="one of them"):
            Correctness()(outputs="x", expectations=expectations)


RETRIEVAL = Trace.from_dict(
    {
        "info": {"trace_id": "1" * 32},
        "spans": [
            {"name": "root", "span_id": "a" * 16, "input": "why?", "output": "because"},
            {"name": "outer", "span_id": "b" * 16, "parent_span_id": "a" * 16, "span_type": "RETRIEVER",
             "attributes": {"output.value": '[{"page_content": "one"}, {"text": "two"}]'}},
            {"name": "inner", "span_id": "c" * 16, "parent_span_id": "b" * 16, "span_type": "RETRIEVER"},
        ],
    }
)  # fmt: skip


def test_retrieval_is_judged_on_the_topmost_retriever(model: MockModel, spans: Captured) -> None:
    model.replies = [YES]
    grounded = RetrievalGroundedness()(outputs="because", trace=RETRIEVAL)
    assert [(each.value, each.span_id) for each in grounded] == [("yes", "b" * 16)]
    model.replies = [YES, {"result": "no", "rationale": ""}]
    relevant = RetrievalRelevance()(trace=RETRIEVAL)
    assert [each.value for each in relevant] == ["yes", "no", 0.5]
    assert relevant[-1].name == "retrieval_relevance/precision"


@pytest.mark.parametrize(
    ("judge", "outputs", "value"),
    [(RegexMatch("^a.c$"), "abc", "yes"), (RegexMatch("b", "fullmatch"), "abc", "no"),
     (RegexMatch("ABC", case_insensitive=True), {"choices": [{"message": {"content": "abc"}}]}, "yes"),
     (ResponseLength(max_length=2, unit="words"), "one two three", "no"), (ResponseLength(3, 5), "four", "yes"),
     (PIIDetection(), "write to somebody@example.org", "no"), (PIIDetection(), "version 1.2.3 of 2026", "yes"),
     (PIIDetection(["credit_card"]), "4111 1111 1111 1111", "no"),
     (PIIDetection(["credit_card"]), "4111 1111 1111 1112", "yes")],
)  # fmt: skip
def test_scorers_without_a_model(judge: Any, outputs: Any, value: str) -> None:
    assert judge(outputs=outputs).value == value


def test_what_is_personal_is_never_repeated() -> None:
    assert "example.org" not in (PIIDetection()(outputs="somebody@example.org").rationale or "")
