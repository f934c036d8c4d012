"""Lists of traces against slow Python, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spanhouse_collector.errors import FilterInvalid, MalformedRequest
from spanhouse_collector.query import search_traces
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.search_first_window import newest_window
from spanhouse_collector.query.search_lists import ListAnswer, ListQuestion
from spanhouse_collector.query.search_traces import ENTRY_FIELDS, TraceSearch
from tests.collector.query.search.dataset import NOW_NS, SECOND_NS, Known, matching, recent_first

DAY_NS = 86400 * SECOND_NS


@pytest.fixture(scope="module")
def search(connections: Connections) -> TraceSearch:
    return TraceSearch(connections, clock=lambda: NOW_NS)


def ids(answer: ListAnswer) -> list[str]:
    assert not answer.is_partial
    return [entry["trace_id"] for entry in answer.entries]


def pages(search: TraceSearch, limit: int = 7, **fields: object) -> list[str]:
    """All pages, one after the other."""
    found: list[str] = []
    token = ""
    while True:
        answer = search.answer(ListQuestion(limit=limit, page_token=token, **fields))  # type: ignore[arg-type]
        found += ids(answer)
        if answer.next_page_token is None:
            return found
        assert len(answer.entries) == limit
        token = answer.next_page_token


def test_the_most_recent_come_first_whatever_the_order_of_arrival(search: TraceSearch, known: list[Known]) -> None:
    assert ids(search.answer(ListQuestion(limit=1000))) == recent_first(known)


def test_an_entry_has_the_fields_of_the_contract_and_sums_of_all_spans(search: TraceSearch, known: list[Known]) -> None:
    of_id = {trace.trace_id: trace for trace in known}
    for entry in search.answer(ListQuestion(limit=40)).entries:
        trace = of_id[entry["trace_id"]]
        assert set(entry) == {*ENTRY_FIELDS, "assessments", "metadata"}
        assert (entry["start_time_unix_nano"], entry["duration_ns"]) == (trace.start, trace.end - trace.start)
        assert (entry["span_count"], entry["error_count"]) == (len(trace.spans), trace.errors)
        assert (entry["input_tokens"], entry["cost_usd"]) == (trace.tokens, trace.cost)
        assert entry["models"] == sorted({span.model for span in trace.spans if span.model})


def test_pages_together_are_the_whole_list(search: TraceSearch, known: list[Known]) -> None:
    assert pages(search, 37, project="default") == recent_first(known)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("model = 'gpt'", lambda span: span.model == "gpt"),
        ("is_error = true AND span_type = 'LLM'", lambda span: span.is_error and span.span_type == "LLM"),
        ("name IN ('plan', 'chat') AND user_id = 'u1'", lambda s: s.name in ("plan", "chat") and s.user_id == "u1"),
        ("span_id = '17-0'", lambda span: span.span_id == "17-0"),
        ("model = 'nobody'", lambda span: False),
    ],
)
def test_a_filter_on_spans_finds_the_same_traces_as_python(
    search: TraceSearch, known: list[Known], text: str, condition: Callable[[object], bool]
) -> None:
    text = text.replace("name IN", "span.name IN").replace("user_id", "span.user_id")
    assert ids(search.answer(ListQuestion(filter=text, limit=1000))) == recent_first(matching(known, condition))


@pytest.mark.parametrize("rare_max", [0, 2000])
def test_common_and_rare_conditions_find_alike(
    search: TraceSearch, known: list[Known], monkeypatch: pytest.MonkeyPatch, rare_max: int
) -> None:
    monkeypatch.setattr("spanhouse_collector.query.search_traces.RARE_SPANS_MAX", rare_max)
    expected = recent_first(matching(known, lambda span: span.model == "claude" and span.service_name == "b"))
    text = "model = 'claude' AND span.service_name = 'b'"
    assert pages(search, 30, filter=text) == expected
    assert pages(search, 1000, filter=text, project="default") == expected
    assert pages(search, 5, filter=text, project="default") == expected
    implied = recent_first(trace for trace in known if any(span.service_name == "b" for span in trace.spans))
    found = pages(search, 5, filter="trace.service_name = 'b'", project="default")
    assert found == [trace_id for trace_id in implied if trace_id in set(found)]
    assert found == pages(search, 1000, filter="trace.service_name = 'b'")


def test_conditions_on_the_trace_look_at_all_its_spans(search: TraceSearch, known: list[Known]) -> None:
    expected = [trace for trace in known if trace.errors >= 2 and trace.tokens > 20]
    text = "trace.error_count >= 2 AND trace.input_tokens > 20"
    assert ids(search.answer(ListQuestion(filter=text, limit=1000))) == recent_first(expected)


def test_span_and_trace_joined_by_or(search: TraceSearch, known: list[Known]) -> None:
    expected = [t for t in known if t.errors >= 2 or any(span.model == "claude" for span in t.spans)]
    text = "trace.error_count >= 2 OR model = 'claude'"
    assert pages(search, 100, filter=text) == recent_first(expected)


def test_since_and_until_bound_the_start_of_the_trace(search: TraceSearch, known: list[Known]) -> None:
    since, until = NOW_NS - 10 * DAY_NS, NOW_NS - SECOND_NS * 600
    expected = recent_first(trace for trace in known if since <= trace.start < until)
    assert 20 < len(expected) < len(known)
    assert ids(search.answer(ListQuestion(since="10d", until=str(until), limit=1000))) == expected
    assert pages(search, 20, since="10d", until=str(until), project="default") == expected


def test_any_order_pages_like_the_whole(search: TraceSearch, known: list[Known]) -> None:
    def by_cost(trace: Known) -> tuple[bool, float, int, str]:
        return (trace.cost is not None, trace.cost or 0, trace.start, trace.trace_id)

    expected = [trace.trace_id for trace in sorted(known, key=by_cost, reverse=True)]
    assert pages(search, 50, order_by=("cost_usd desc",)) == expected


def test_ascending_and_several_fields_with_a_comma(search: TraceSearch, known: list[Known]) -> None:
    recent = sorted(known, key=lambda trace: (trace.start, trace.trace_id), reverse=True)
    expected = sorted(recent, key=lambda trace: (len(trace.spans), -trace.tokens))
    found = ids(search.answer(ListQuestion(order_by=("span_count, input_tokens DESC",), limit=1000)))
    assert found == [trace.trace_id for trace in expected]


def test_a_field_of_spans_orders_traces_by_the_span_that_comes_first(search: TraceSearch, known: list[Known]) -> None:
    def longest(trace: Known) -> tuple[int, int, str]:
        return (max(span.duration_ns for span in trace.spans), trace.start, trace.trace_id)

    expected = [trace.trace_id for trace in sorted(known, key=longest, reverse=True)]
    assert pages(search, 100, order_by=("span.duration_ns desc",), project="default") == expected


def test_latest_start_by_name_is_the_recent_first_list(search: TraceSearch, known: list[Known]) -> None:
    assert pages(search, 100, order_by=("timestamp_ms DESC",)) == recent_first(known)


def test_the_total_is_counted_on_request(search: TraceSearch, known: list[Known]) -> None:
    found = matching(known, lambda span: span.model == "gpt")
    answer = search.answer(ListQuestion(filter="model = 'gpt'", limit=1, count=True))
    assert (answer.total_count, len(answer.entries)) == (len(found), 1)
    assert search.answer(ListQuestion(limit=1, count=True)).total_count == len(known)
    assert search.answer(ListQuestion(limit=1)).total_count is None


def test_a_search_out_of_time_says_so_and_can_be_continued(
    connections: Connections, known: list[Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []

    def first_window(*arguments: Any) -> Any:
        looked.append(newest_window(*arguments))
        return looked[-1]

    monkeypatch.setattr(search_traces, "_SPANS", 1)  # the first window is far too small
    monkeypatch.setattr("spanhouse_collector.query.search_traces.newest_window", first_window)
    monkeypatch.setattr(
        "spanhouse_collector.query.search_lists.Budget.remaining_s", property(lambda self: 0.0 if looked else 60.0)
    )
    bounded = TraceSearch(connections, clock=lambda: NOW_NS)
    answer = bounded.answer(ListQuestion(limit=200))
    assert answer.is_partial
    complete = answer.complete_since_unix_nano
    assert complete is not None
    expected = recent_first(known)
    assert 0 < len(answer.entries) < 200
    newest = [trace_id for trace_id in expected if {t.trace_id: t.start for t in known}[trace_id] >= complete]
    assert [entry["trace_id"] for entry in answer.entries] == newest
    monkeypatch.undo()
    assert answer.next_page_token
    rest = bounded.answer(ListQuestion(limit=1000, page_token=answer.next_page_token))
    assert newest + ids(rest) == expected


@pytest.mark.parametrize("token", ["x", "AAAA", "W10", "é", "WzEsImEiXQ", "bnVsbA"])
def test_a_token_of_nobody_is_refused(search: TraceSearch, known: list[Known], token: str) -> None:
    with pytest.raises(MalformedRequest, match="page_token"):
        search.answer(ListQuestion(page_token=token))


def test_a_token_belongs_to_its_question(search: TraceSearch, known: list[Known]) -> None:
    token = search.answer(ListQuestion(limit=5)).next_page_token
    assert token
    with pytest.raises(MalformedRequest, match="another question"):
        search.answer(ListQuestion(limit=5, filter="model = 'gpt'", page_token=token))
    assert len(search.answer(ListQuestion(limit=3, page_token=token)).entries) == 3


@pytest.mark.parametrize(
    "wrong",
    [{"since": "yesterday"}, {"until": "99999999999999999999"}, {"limit": 0}, {"order_by": ("a", "b", "c", "d")}],
)
def test_parameters_that_cannot_be_read_are_refused(search: TraceSearch, wrong: dict[str, object]) -> None:
    with pytest.raises(MalformedRequest):
        search.answer(ListQuestion(**wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [{"filter": "modle = 'x'"}, {"order_by": ("no_such",)}])
def test_unknown_fields_are_refused(search: TraceSearch, wrong: dict[str, object]) -> None:
    with pytest.raises(FilterInvalid):
        search.answer(ListQuestion(**wrong))  # type: ignore[arg-type]
