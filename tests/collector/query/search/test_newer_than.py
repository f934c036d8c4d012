"""Live lists: what arrived after an answer is told once it is asked for by the answer's token, on both engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.query import arrivals, search_traces
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.search_lists import ListAnswer, ListQuestion
from spanhouse_collector.query.search_spans import SpanSearch
from spanhouse_collector.query.search_traces import TraceSearch
from tests.collector.model.rows import EPOCH_NS, llm, row
from tests.collector.storage.trace_cases import put_all
from tests.tables import Store

OLD, NEW, OTHER = "a" * 32, "b" * 32, "c" * 32
LATER = EPOCH_NS + 3600 * 10**9


@pytest.fixture
def searches(store: Store) -> Iterator[tuple[TraceSearch, SpanSearch]]:
    connections = Connections(store.engine, reads_max=2)
    yield TraceSearch(connections, seconds_max=60), SpanSearch(connections, seconds_max=60)
    assert connections.close()


def ids(answer: ListAnswer) -> list[str]:
    return [entry["trace_id"] for entry in answer.entries]


def token(answer: ListAnswer) -> str:
    assert answer.newest_token is not None
    return answer.newest_token


def test_new_and_changed_traces_are_told_and_nothing_else(
    store: Store, searches: tuple[TraceSearch, SpanSearch]
) -> None:
    search, spans = searches
    put_all(store, [(OTHER, row("2", service_name="a", received_at_unix_nano=EPOCH_NS - 2 * arrivals.OVERLAP_NS))])
    put_all(store, [(OLD, row("1", service_name="a"))])
    first = search.answer(ListQuestion(live=True))
    assert (len(first.entries), first.total_count) == (2, None)
    of_spans = spans.answer(ListQuestion(live=True))
    again = search.answer(ListQuestion(newer_than=token(first)))
    assert (again.entries, again.newest_token) == ([], first.newest_token)
    # A span of a trace that is there, received later and started earlier; and a trace of its own.
    late = row("3", "1", -9000, -8000, received_at_unix_nano=LATER, service_name="a")
    put_all(store, [(OLD, late), (NEW, llm("4", received_at_unix_nano=LATER, service_name="b"))])
    found = search.answer(ListQuestion(newer_than=token(first), count=True))
    assert (set(ids(found)), found.total_count) == ({OLD, NEW}, 2)
    assert {entry["span_count"] for entry in found.entries if entry["trace_id"] == OLD} == {2}
    assert ids(search.answer(ListQuestion(newer_than=token(first), filter="span_type = 'LLM'"))) == [NEW]
    assert ids(search.answer(ListQuestion(newer_than=token(first), filter="trace.span_count = 2"))) == [OLD]
    assert ids(search.answer(ListQuestion(newer_than=token(first), order_by=("span_count desc",), limit=1))) == [OLD]
    told = spans.answer(ListQuestion(newer_than=token(of_spans)))
    assert {entry["span_id"] for entry in told.entries} == {"1", "3", "4"}  # the first within the overlap
    assert search.answer(ListQuestion(newer_than=token(found))).entries == []


def test_what_becomes_visible_a_moment_late_is_told(store: Store, searches: tuple[TraceSearch, SpanSearch]) -> None:
    search, _spans = searches
    put_all(store, [(OLD, row("1", received_at_unix_nano=LATER))])
    first = search.answer(ListQuestion(live=True))
    put_all(store, [(NEW, row("2", received_at_unix_nano=LATER - arrivals.OVERLAP_NS // 2))])
    assert NEW in ids(search.answer(ListQuestion(newer_than=token(first))))


def test_a_token_that_is_too_old_or_none_is_refused(
    store: Store, searches: tuple[TraceSearch, SpanSearch], monkeypatch: pytest.MonkeyPatch
) -> None:
    search, _spans = searches
    put_all(store, [(OLD, row("1"))])
    first = search.answer(ListQuestion(live=True))
    put_all(store, [(NEW, row("2", received_at_unix_nano=LATER)), (OTHER, row("3", received_at_unix_nano=LATER))])
    monkeypatch.setattr(search_traces, "ARRIVED_MAX", 1)
    with pytest.raises(MalformedRequest, match="more than 1 traces") as refused:
        search.answer(ListQuestion(newer_than=token(first)))
    assert "live=true" in refused.value.hint
    with pytest.raises(MalformedRequest, match="newer_than is not one"):
        search.answer(ListQuestion(newer_than="x"))
