"""`evaluate`: rows in, scored rows out; no failure of the application, a scorer or the collector ends it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import spanhouse as mlflow
from spanhouse import genai
from spanhouse.assessments import Expectation, Feedback
from spanhouse.errors import InvalidArgument
from spanhouse.genai import evaluation
from spanhouse.genai.scorers import Scorer, scorer
from spanhouse.reading import Reader
from spanhouse.testing import Captured, capture, spans
from spanhouse.trace_data import Trace

__all__ = ["spans"]

DATA = [
    {"inputs": {"question": "one"}, "expectations": {"expected": "ONE"}},
    {"inputs": {"question": "two"}, "expectations": {"expected": "2"}},
]


def shout(question: str) -> str:
    return question.upper()


@scorer
def exact(outputs: Any, expectations: dict[str, Any]) -> bool:
    return bool(outputs == expectations["expected"])


@scorer(aggregations=["min", "max", "mean", "p90"], pass_if=lambda value: value <= 3)
def length(outputs: Any) -> int:
    return len(outputs)


def evaluate(*arguments: Any, **options: Any) -> genai.EvaluationResult:
    return genai.evaluate(*arguments, log_results=False, **options)


def test_rows_are_asked_and_scored_in_the_order_of_the_data(spans: Captured) -> None:
    result = evaluate(DATA, [exact, length], shout)
    assert [row.outputs for row in result.rows] == ["ONE", "TWO"]
    assert [row.value("exact") for row in result.rows] == [True, False]
    assert result.metrics == {"exact/mean": 0.5, "length/min": 3, "length/max": 3, "length/mean": 3, "length/p90": 3}


def test_each_row_is_one_trace_that_names_the_evaluation(spans: Captured) -> None:
    result = evaluate(DATA, [exact], shout)
    assert len({row.trace_id for row in result.rows}) == 2
    roots = [span for span in spans.spans if span.parent_id is None]
    assert [root.name for root in roots] == ["shout", "shout"]
    assert {root.trace_id for root in roots} == {row.trace_id for row in result.rows}
    assert all(result.run_id in str(root.attributes) for root in roots)


def test_an_application_that_raises_is_a_result(spans: Captured) -> None:
    def fragile(question: str) -> str:
        if question == "one":
            raise RuntimeError("no")
        return "2"

    result = evaluate(DATA, [exact], fragile)
    assert [row.error for row in result.rows] == ["RuntimeError: no", None]
    assert [row.value("exact") for row in result.rows] == [False, True]
    assert sorted(span.status for span in spans.spans) == ["ERROR", "OK"]


def test_a_scorer_that_raises_is_an_error_with_a_stack(spans: Captured, caplog: pytest.LogCaptureFixture) -> None:
    @scorer
    def broken(outputs: Any) -> bool:
        raise KeyError("missing")

    result = evaluate(DATA, [broken, exact], shout)
    feedback = result.rows[0].feedbacks[0]
    assert feedback.error is not None
    assert feedback.error.error_code == "SCORER_ERROR"
    assert "KeyError" in (feedback.error.stack_trace or "")
    assert result.rows[0].value("exact") is True
    assert "'broken': 2/2" in caplog.text
    assert not result.passed


def test_a_scorer_that_hangs_is_left_behind(spans: Captured) -> None:
    release = threading.Event()

    @scorer(timeout=0.05)
    def slow(outputs: Any) -> bool:
        return release.wait(30)

    feedback = evaluate(DATA[:1], [slow], shout).rows[0].feedbacks[0]
    release.set()
    assert "no result within 0.05 s" in (feedback.error_message or "")


def test_static_outputs_are_scored_in_traces_of_their_own(spans: Captured) -> None:
    result = evaluate([{**row, "outputs": "ONE"} for row in DATA], [exact])
    assert result.metrics["exact/mean"] == 0.5
    assert [span.name for span in spans.spans] == ["root_span", "root_span"]


def test_an_answer_of_none_is_an_answer(spans: Captured) -> None:
    @scorer
    def is_none(outputs: Any) -> bool:
        return outputs is None

    assert evaluate([{"inputs": {"q": "x"}, "outputs": None}], [is_none]).metrics == {"is_none/mean": 1.0}


def test_a_scorer_sees_the_trace_of_its_row(spans: Captured) -> None:
    @mlflow.trace(span_type="TOOL")
    def look_up(word: str) -> str:
        return word * 2

    def app(question: str) -> str:
        return look_up(question)

    @scorer
    def tool_calls(trace: Trace) -> int:
        return len(trace.search_spans(span_type="TOOL"))

    @scorer
    def tool_output(trace: Trace) -> str:
        return str(trace.search_spans(name="look_up")[0].outputs)

    result = evaluate(DATA, [tool_calls, tool_output], app)
    assert [row.value("tool_calls") for row in result.rows] == [1, 1]
    assert [row.value("tool_output") for row in result.rows] == ["oneone", "twotwo"]


def test_stored_traces_are_scored_without_asking_anything(spans: Captured) -> None:
    stored = Trace.from_dict(
        {
            "info": {"trace_id": "1" * 32, "assessments": [Expectation("expected", "ONE").to_dict()]},
            "spans": [{"name": "root", "span_id": "2" * 16, "input": "one", "output": "ONE"}],
        }
    )
    result = evaluate([stored], [exact])
    assert (result.rows[0].trace_id, result.rows[0].value("exact")) == ("1" * 32, True)
    assert spans.spans == []


def test_coroutines_are_run_to_their_end(spans: Captured) -> None:
    async def answer(question: str) -> str:
        return question.upper()

    assert [row.outputs for row in evaluate(DATA, [], answer).rows] == ["ONE", "TWO"]


def test_no_more_rows_than_workers_are_under_way(spans: Captured) -> None:
    both = threading.Barrier(2)
    running: list[int] = []
    most: list[int] = []

    def app(number: int) -> int:
        running.append(number)
        most.append(len(running))
        both.wait(10)
        running.remove(number)
        return number

    result = evaluate([{"inputs": {"number": n}} for n in range(6)], [], app, max_workers=2)
    assert [row.outputs for row in result.rows] == list(range(6))
    assert max(most) <= 2


def test_an_evaluation_goes_on_where_it_was_killed(spans: Captured, tmp_path: Path) -> None:
    asked: list[str] = []
    journal = tmp_path / "evaluation.jsonl"

    def app(question: str) -> str:
        asked.append(question)
        if question == "two" and asked.count("two") == 1:
            raise RuntimeError("the first time")
        return question.upper()

    first = evaluate(DATA, [exact], app, journal=journal, max_workers=1)
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"row": 1, "outp')  # a kill in the middle of a line
    second = evaluate(DATA, [exact], app, journal=journal, max_workers=1)
    assert asked == ["one", "two", "two"]
    assert second.run_id == first.run_id
    assert [row.outputs for row in second.rows] == ["ONE", "TWO"]
    assert [row.value("exact") for row in second.rows] == [True, False]
    third = evaluate(DATA, [exact], app, journal=journal)
    assert asked == ["one", "two", "two"]
    assert third.metrics == second.metrics


def test_a_journal_of_other_data_is_refused(spans: Captured, tmp_path: Path) -> None:
    journal = tmp_path / "evaluation.jsonl"
    evaluate(DATA, [exact], shout, journal=journal)
    with pytest.raises(InvalidArgument, match="other data"):
        evaluate(DATA[:1], [exact], shout, journal=journal)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InvalidArgument, match="no journal"):
        evaluate(DATA, [exact], shout, journal=tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("data", "words"),
    [([], "empty"), (["x"], "row 0 is str"), ([{}], "neither inputs nor trace"), ([{"inputs": 1}], "inputs is int"),
     ([{"inputs": {}, "expectations": 1}], "expectations is int"), ([{"inputs": {}, "tags": {1: "x"}}], "key of tags"),
     (5, "data is int"), ([{"inputs": {"a": 1}}, {"inputs": {"b": 1}, "outputs": 1}], "row 1 has its answer")],
)  # fmt: skip
def test_data_that_cannot_be_is_refused_by_row(data: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        evaluate(data, [exact], shout)


@pytest.mark.parametrize(
    ("scorers", "words"),
    [([genai.scorers.PIIDetection], "is a class"), ([[exact]], "holds a list"), ([shout], "is no scorer"),
     ([exact, exact], "two scorers are named")],
)  # fmt: skip
def test_scorers_that_cannot_be_are_refused_with_the_way_out(scorers: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        evaluate(DATA, scorers, shout)


def test_rows_without_an_answer_need_a_function() -> None:
    with pytest.raises(InvalidArgument, match="row 0 has no outputs"):
        evaluate(DATA, [exact])


@pytest.mark.parametrize("workers", [0, 501])
def test_workers_have_a_limit(workers: int) -> None:
    with pytest.raises(InvalidArgument, match="max_workers"):
        evaluate(DATA, [exact], shout, max_workers=workers)


def test_passed_says_why_not(spans: Captured) -> None:
    result = evaluate(DATA, [exact, length], shout)
    assert not result.passed
    assert result.reason == "exact: False"
    assert evaluate(DATA, [length], shout).passed


def test_numbers_without_pass_if_do_not_pass(spans: Captured) -> None:
    @scorer
    def plain(outputs: Any) -> float:
        return 0.7

    assert "pass_if" in evaluate(DATA, [plain], shout).reason


def test_the_table_has_a_row_a_row_and_columns_a_scorer(spans: Captured) -> None:
    table = evaluate(DATA, [exact], shout).result_df
    assert list(table["exact/value"]) == [True, False]
    assert list(table.columns[:4]) == ["trace_id", "exact/value", "exact/rationale", "exact/error_message"]


def test_a_dataframe_is_data(spans: Captured) -> None:
    import pandas

    frame = pandas.DataFrame(DATA)
    assert evaluate(frame, [exact], shout).metrics == {"exact/mean": 0.5}


@pytest.mark.parametrize(
    ("value", "stored"),
    [(True, True), (2, 2), (0.5, 0.5), ("good", "good"), (Feedback(value=3), 3), (None, None)],
)
def test_what_a_scorer_may_return(value: Any, stored: Any, spans: Captured) -> None:
    @scorer
    def any_value(outputs: Any) -> Any:
        return value

    row = evaluate(DATA[:1], [any_value], shout).rows[0]
    assert row.value("any_value") == stored
    assert len(row.feedbacks) == (value is not None)


def test_a_list_of_feedbacks_keeps_its_names(spans: Captured) -> None:
    @scorer
    def several(outputs: Any) -> list[Feedback]:
        return [Feedback("a", 1), Feedback(value=2)]

    result = evaluate(DATA[:1], [several], shout)
    assert result.metrics == {"a/mean": 1, "several/mean": 2}


def test_a_class_may_be_a_scorer(spans: Captured) -> None:
    class Shorter(Scorer):
        name = "shorter"

        def __init__(self, most: int) -> None:
            super().__init__()
            self.most = most

        def __call__(self, *, outputs: Any) -> bool:
            return len(outputs) <= self.most

    assert evaluate(DATA, [Shorter(3)], shout).passed


def test_an_awaited_scorer_is_refused_where_it_is_written() -> None:
    with pytest.raises(TypeError, match="coroutine"):

        class Awaited(Scorer):
            name = "awaited"

            async def __call__(self, *, outputs: Any) -> bool:
                return True


def test_a_scorer_of_an_unknown_argument_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="takes 'answer'"):

        @scorer
        def wrong(answer: str) -> bool:
            return True


@pytest.mark.parametrize("timeout", [-1, float("inf"), True, "1"])
def test_a_timeout_that_cannot_be_is_refused(timeout: Any) -> None:
    with pytest.raises(InvalidArgument, match="timeout"):
        scorer(timeout=timeout)(lambda outputs: True)


def test_a_collector_that_is_away_costs_a_warning(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "READER", Reader("http://127.0.0.1:9"))
    with capture():
        result = genai.evaluate(DATA, [exact], shout)
    assert result.metrics == {"exact/mean": 0.5}
    assert "results of 2 of 2 rows were not logged" in caplog.text
