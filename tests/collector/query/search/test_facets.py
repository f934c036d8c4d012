"""Facets against lists: a count is what the list finds when the value's condition is added, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from spanhouse_collector.errors import FilterInvalid, MalformedRequest
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.facets import FIELDS_MAX, FacetQuestion, Facets
from spanhouse_collector.query.search_lists import ListQuestion
from spanhouse_collector.query.search_spans import SpanSearch
from spanhouse_collector.query.search_traces import TraceSearch
from tests.collector.query.search.dataset import NOW_NS, Known

FIELDS = ("model", "span_type", "trace.state", "service_name", "session_id", "is_error", "trace.models", "user_id")


@pytest.fixture(scope="module")
def facets(connections: Connections) -> Facets:
    return Facets(connections, clock=lambda: NOW_NS, seconds_max=60)


def ask(facets: Facets, **fields: Any) -> dict[str, list[dict[str, Any]]]:
    answer = facets.answer(FacetQuestion(**fields)).facets
    assert not any(facet["partial"] for facet in answer)
    return {facet["field"]: facet["values"] for facet in answer}


@pytest.mark.parametrize(
    ("filter_", "rests"),
    [
        ("", {}),
        ("model = 'gpt'", {"model": ""}),
        (
            "model IN ('gpt', 'claude') AND is_error = true AND trace.state = 'ERROR'",
            {
                "model": "is_error AND trace.state = 'ERROR'",
                "is_error": "model IN ('gpt', 'claude') AND trace.state = 'ERROR'",
                "trace.state": "model IN ('gpt', 'claude') AND is_error",
            },
        ),
        ("(model = 'gpt' OR model = 'claude') AND NOT span_type = 'TOOL'", {"model": "NOT span_type = 'TOOL'"}),
        ("model = 'gpt' OR span_type = 'TOOL'", {}),
    ],
)
@pytest.mark.usefixtures("known")
def test_a_count_is_what_the_list_finds_when_the_value_is_added(
    facets: Facets, connections: Connections, filter_: str, rests: dict[str, str]
) -> None:
    found = ask(facets, filter=filter_, fields=FIELDS, since="10d")
    search = TraceSearch(connections, clock=lambda: NOW_NS, seconds_max=60)
    for field in ("model", "trace.state", "is_error"):
        rest = rests.get(field, filter_)
        assert found[field]
        for value in found[field]:
            added = f"({rest}) AND {value['condition']}" if rest else value["condition"]
            answer = search.answer(ListQuestion(filter=added, since="10d", limit=1, count=True))
            assert answer.total_count == value["count"], (field, value)


@pytest.mark.usefixtures("known")
def test_spans_are_counted_as_their_list_counts_them(facets: Facets, connections: Connections) -> None:
    found = ask(facets, of="spans", filter="span_type = 'LLM' AND trace.span_count > 1", fields=("span_type", "model"))
    search = SpanSearch(connections, clock=lambda: NOW_NS, seconds_max=60)
    for field, rest in (("span_type", "trace.span_count > 1"), ("model", "span_type = 'LLM' AND trace.span_count > 1")):
        for value in found[field]:
            question = ListQuestion(filter=f"{rest} AND {value['condition']}", limit=1, count=True)
            assert search.answer(question).total_count == value["count"]


def test_the_most_frequent_values_come_first_and_more_are_told(facets: Facets, known: list[Known]) -> None:
    (facet,) = facets.answer(FacetQuestion(fields=("name",), limit=2)).facets
    counts = {
        name: sum(any(s.name == name for s in trace.spans) for trace in known) for name in ("chat", "search", "plan")
    }
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert [(value["value"], value["count"]) for value in facet["values"]] == expected[:2]
    assert facet["truncated"]


@pytest.mark.usefixtures("known")
def test_values_are_searched_by_a_part_of_them_in_any_case(facets: Facets) -> None:
    assert [value["value"] for value in ask(facets, fields=("name",), search="HAT")["name"]] == ["chat"]


@pytest.mark.usefixtures("known")
def test_what_has_no_value_is_counted_too(facets: Facets) -> None:
    assert {value["value"] for value in ask(facets, fields=("user_id",))["user_id"]} == {"u1", None}


@pytest.mark.parametrize(
    ("question", "error", "named"),
    [
        ({"fields": ()}, MalformedRequest, "fields"),
        ({"fields": ("model",) * (FIELDS_MAX + 1)}, MalformedRequest, str(FIELDS_MAX)),
        ({"fields": ("modle",)}, FilterInvalid, "modle"),
        ({"fields": ("text",)}, FilterInvalid, "text"),
        ({"fields": ("start_time",)}, MalformedRequest, "start_time"),
        ({"fields": ("trace.state",), "of": "spans"}, MalformedRequest, "traces"),
        ({"fields": ("model",), "filter": "modle = 'x'"}, FilterInvalid, "modle"),
        ({"fields": ("model",), "limit": 0}, MalformedRequest, "limit"),
    ],
)
def test_a_question_that_means_nothing_is_refused(
    facets: Facets, question: dict[str, Any], error: type[Exception], named: str
) -> None:
    with pytest.raises(error, match=named):
        facets.answer(FacetQuestion(**question))
