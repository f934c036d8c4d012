"""Lists of spans against slow Python, on both engines."""

from __future__ import annotations

import pytest

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.search_lists import ListQuestion
from spanhouse_collector.query.search_spans import ENTRY_FIELDS, SpanSearch
from tests.collector.query.search.dataset import NOW_NS, Known, all_spans


@pytest.fixture(scope="module")
def search(connections: Connections) -> SpanSearch:
    return SpanSearch(connections, clock=lambda: NOW_NS)


def pages(search: SpanSearch, limit: int, **fields: object) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    token: str | None = ""
    while token is not None:
        answer = search.answer(ListQuestion(limit=limit, page_token=token, **fields))  # type: ignore[arg-type]
        found += [(entry["trace_id"], entry["span_id"]) for entry in answer.entries]
        token = answer.next_page_token
    return found


def recent_first(spans: list[tuple[str, SpanRow]]) -> list[tuple[str, str]]:
    ordered = sorted(spans, key=lambda each: (each[1].start_time_unix_nano, each[0], each[1].span_id), reverse=True)
    return [(trace_id, span.span_id) for trace_id, span in ordered]


def test_the_most_recent_come_first_page_by_page(search: SpanSearch, known: list[Known]) -> None:
    assert pages(search, 130) == recent_first(all_spans(known))


def test_an_entry_tells_the_span(search: SpanSearch, known: list[Known]) -> None:
    spans = {(trace_id, span.span_id): span for trace_id, span in all_spans(known)}
    for entry in search.answer(ListQuestion(limit=30)).entries:
        span = spans[entry["trace_id"], entry["span_id"]]
        assert set(entry) == set(ENTRY_FIELDS)
        for name in ("name", "duration_ns", "start_time_unix_nano", "model", "input_tokens", "cost_usd", "is_error"):
            assert entry[name] == getattr(span, name), name


@pytest.mark.parametrize("rare_max", [0, 1000])
def test_a_filter_finds_what_python_finds(
    search: SpanSearch, known: list[Known], monkeypatch: pytest.MonkeyPatch, rare_max: int
) -> None:
    monkeypatch.setattr("spanhouse_collector.query.search_spans.RARE_SPANS_MAX", rare_max)
    expected = [each for each in all_spans(known) if each[1].model == "gpt" and each[1].input_tokens]
    text = "model = 'gpt' AND input_tokens > 0"
    assert pages(search, 40, filter=text, project="default") == recent_first(expected)


def test_conditions_on_the_trace_are_asked_of_the_spans_trace(search: SpanSearch, known: list[Known]) -> None:
    failing = {trace.trace_id for trace in known if trace.errors >= 2}
    expected = [each for each in all_spans(known) if each[0] in failing and each[1].span_type == "LLM"]
    assert pages(search, 1000, filter="trace.error_count >= 2 AND span_type = 'LLM'") == recent_first(expected)


def test_any_order_and_the_total(search: SpanSearch, known: list[Known]) -> None:
    spans = {(trace_id, span.span_id): span for trace_id, span in all_spans(known)}
    recent = [(key, spans[key]) for key in recent_first(all_spans(known))]
    expected = [key for key, span in sorted(recent, key=lambda each: -(each[1].cost_usd or -1))]
    assert pages(search, 200, order_by=("cost_usd desc",)) == expected
    assert search.answer(ListQuestion(limit=1, count=True, since="1d")).total_count == sum(
        span.start_time_unix_nano >= NOW_NS - 86400 * 10**9 for span in spans.values()
    )


def test_a_field_of_traces_orders_no_spans(search: SpanSearch, known: list[Known]) -> None:
    with pytest.raises(MalformedRequest, match="field of traces"):
        search.answer(ListQuestion(order_by=("trace.cost_usd",)))
