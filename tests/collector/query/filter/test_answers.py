"""SQL and the slow reference find the same spans and traces."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings

from spanhouse_collector.query.filter.nodes import Condition, Node
from spanhouse_collector.query.filter.parser import parse
from tests.collector.query.filter.answers import Answers
from tests.collector.query.filter.dataset import make_dataset
from tests.collector.query.filter.reference import Reference
from tests.collector.query.filter.strategies import all_conditions, conditions, trees

pytestmark = pytest.mark.timeout(120)
BATCH = 50
SETTINGS = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None
)


@cache
def expected_spans() -> list[tuple[Condition, set[str]]]:
    """Every condition and what the reference finds, the same for both engines."""
    reference = Reference(make_dataset(), "span")
    return [(condition, reference.spans(condition)) for condition in all_conditions()]


def test_every_operator_on_every_field_agrees_with_the_reference(answers: Answers) -> None:
    wrong = []
    for start in range(0, len(expected_spans()), BATCH):
        batch = expected_spans()[start : start + BATCH]
        texts = [str(condition) for condition, _ in batch]
        found = answers.numbers_of_spans(texts)
        wrong += [text for text, spans, (_, expected) in zip(texts, found, batch, strict=True) if spans != expected]
    assert wrong == []


def test_the_conditions_asked_tell_spans_apart() -> None:
    everything = len(make_dataset().spans)
    telling = [condition for condition, spans in expected_spans() if 0 < len(spans) < everything]
    assert len({(condition.name.text, condition.operator) for condition, _ in expected_spans()}) > 900
    assert len(telling) > 1_000


@SETTINGS
@given(node=trees(conditions()))
def test_random_trees_read_back_as_they_were_written(node: Node) -> None:
    assert parse(str(node)) == node


@SETTINGS
@given(node=trees(conditions()))
def test_random_trees_find_the_spans_of_the_reference(answers: Answers, node: Node) -> None:
    assert answers.spans(str(node)) == Reference(answers.data, "span").spans(node)


@SETTINGS
@given(node=trees(conditions()))
def test_random_trees_find_the_traces_of_the_reference(answers: Answers, node: Node) -> None:
    assert answers.traces(str(node)) == Reference(answers.data, "trace").traces(node)


def test_an_empty_filter_finds_everything(answers: Answers) -> None:
    assert len(answers.spans(" ")) == len(answers.data.spans)
    assert len(answers.traces("")) == len(answers.data.traces)
    assert parse("") is None
    assert isinstance(parse("is_error"), Condition)


LARGE = {
    "wide": " OR ".join(f"attributes.k{number} > {number}" for number in range(200)),
    "deep": "NOT (" * 23 + "is_error" + ")" * 23,
    "nested": "EXISTS (trace.span_count > 1 AND " * 4 + "is_error" + ")" * 4,
    "many": f"input_tokens IN ({', '.join(str(number) for number in range(1_000))})",
    "long": "name = '" + "x" * 16_000 + "'",
    "searches": " AND ".join(f"trace.text : 'word{number}'" for number in range(60)),
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_filters_at_the_limits_run(answers: Answers, text: str) -> None:
    assert answers.spans(text) <= answers.spans("")
    assert answers.traces(text) <= answers.traces("")
