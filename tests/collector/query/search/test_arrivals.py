"""Lists while data arrives: pages do not move, late spans are found, and the text of log records is their span's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from spanhouse_collector.otlp.signals import LOGS
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.search_lists import ListAnswer, ListQuestion
from spanhouse_collector.query.search_spans import SpanSearch
from spanhouse_collector.query.search_traces import TraceSearch
from tests.builders import any_value, attributes, logs
from tests.collector.model.rows import llm, row
from tests.collector.query.search.dataset import NOW_NS, make_traces, recent_first, store_traces
from tests.collector.storage.trace_cases import put
from tests.tables import Store

HOUR_MS = 3_600_000


@pytest.fixture
def connections(store: Store) -> Iterator[Connections]:
    connections = Connections(store.engine, reads_max=2)
    yield connections
    assert connections.close()


@pytest.fixture
def search(connections: Connections) -> TraceSearch:
    return TraceSearch(connections, clock=lambda: NOW_NS)


def ids(answer: ListAnswer) -> list[str]:
    return [entry["trace_id"] for entry in answer.entries]


def test_pages_neither_repeat_nor_miss_while_newer_traces_arrive(store: Store, search: TraceSearch) -> None:
    traces = make_traces(90, spread_s=3 * 86400)
    store_traces(store, traces)
    found: list[str] = []
    token: str | None = ""
    number = 2
    while token is not None:
        answer = search.answer(ListQuestion(limit=20, page_token=token))
        found += ids(answer)
        token = answer.next_page_token
        store_traces(store, make_traces(5, seed=number, spread_s=1))
        number += 1
    assert found == recent_first(traces)


def test_a_span_that_matches_hours_later_finds_its_trace(store: Store, search: TraceSearch) -> None:
    put(store, row("root", start=-30 * HOUR_MS, end=0), trace="a" * 32)
    put(store, row("last", "root", start=-HOUR_MS, end=0, model="late"), trace="a" * 32)
    assert ids(search.answer(ListQuestion(filter="model = 'late'", since="31h"))) == ["a" * 32]
    assert ids(search.answer(ListQuestion(filter="model = 'late'", since="29h"))) == []


def test_a_root_that_arrives_late_moves_its_trace_to_its_own_time(store: Store, search: TraceSearch) -> None:
    put(store, row("child", "root", start=-1000, end=0), trace="a" * 32)
    put(store, row("other", start=-HOUR_MS, end=0), trace="b" * 32)
    assert ids(search.answer(ListQuestion())) == ["a" * 32, "b" * 32]
    put(store, row("root", start=-5 * HOUR_MS, end=0), trace="a" * 32)
    answer = search.answer(ListQuestion())
    assert ids(answer) == ["b" * 32, "a" * 32]
    assert [entry["span_count"] for entry in answer.entries] == [1, 2]


def test_one_id_in_two_projects_is_two_traces(store: Store, search: TraceSearch) -> None:
    put(store, row("one", start=-2000, end=0, project="p1", model="gpt"), trace="a" * 32)
    put(store, row("two", start=-1000, end=0, project="p2", is_error=True), trace="a" * 32)
    for text, expected in (("", ["p2", "p1"]), ("model = 'gpt'", ["p1"]), ("model = 'gpt' AND is_error = true", [])):
        found = search.answer(ListQuestion(filter=text)).entries
        assert [entry["project"] for entry in found] == expected, text
        assert {entry["span_count"] for entry in found} <= {1}
    assert ids(search.answer(ListQuestion(filter="is_error = true", project="p1"))) == []


def test_replaced_records_do_not_count(store: Store, search: TraceSearch) -> None:
    put(store, row("span", start=-1000, end=-500, model="gone"), trace="a" * 32, is_superseded="1")
    put(store, row("span", start=-1000, end=-500, model="gpt"), trace="a" * 32)
    (entry,) = search.answer(ListQuestion(limit=1)).entries
    assert (entry["span_count"], entry["models"]) == (1, ["gpt"])
    assert ids(search.answer(ListQuestion(filter="model = 'gone'"))) == []


def test_a_span_before_its_trace_by_minutes_is_found(store: Store, search: TraceSearch) -> None:
    put(store, row("root", start=-1000, end=0), trace="a" * 32)
    put(store, row("fast clock", "root", start=-50 * 60_000, end=0, model="skewed"), trace="a" * 32)
    assert ids(search.answer(ListQuestion(filter="model = 'skewed'", since="1m"))) == ["a" * 32]


def test_highlights_show_where_the_words_stand(store: Store, search: TraceSearch, connections: Connections) -> None:
    long = "x " * 300 + "The Quick brown fox; quicksilver is not quick."
    put(store, llm("call", start=-1000, end=0), trace="a" * 32, input=long, output="slow")
    answer = search.answer(ListQuestion(filter="""text : 'quick' AND text : '"brown fox"'"""))
    (shown,) = answer.highlights["a" * 32]
    assert (shown["span_id"], shown["field"]) == ("call", "input")
    assert [shown["snippet"][start:end] for start, end in shown["offsets"]] == ["Quick", "brown fox", "quick"]
    assert long[shown["snippet_start"] :].startswith(shown["snippet"])
    spans = SpanSearch(connections, clock=lambda: NOW_NS).answer(ListQuestion(filter="output LIKE '%lo%'"))
    ((shown,),) = spans.highlights.values()
    assert (shown["field"], shown["snippet"], shown["offsets"]) == ("output", "slow", [[1, 3]])


def test_content_that_came_as_log_records_is_its_spans(
    store: Store, search: TraceSearch, connections: Connections
) -> None:
    trace, span = "ab" * 16, "cd" * 8
    put(store, llm(span, start=-1000, end=0, model="gpt"), trace=trace, input="nothing of interest")
    record = LogRecord(
        event_name="gen_ai.user.message",
        time_unix_nano=NOW_NS,
        trace_id=bytes.fromhex(trace),
        span_id=bytes.fromhex(span),
        body=any_value({"content": "a zebra in the attic"}),
        attributes=attributes({"gen_ai.system": "openai"}),
    )
    store.insert(LOGS, logs(record))
    for text in ("text : 'zebra'", "text : 'zebra interest' AND model = 'gpt'", "trace.text LIKE '%attic%'"):
        assert ids(search.answer(ListQuestion(filter=text))) == [trace], text
    answer = search.answer(ListQuestion(filter="text : 'zebra'"))
    assert [shown["snippet"][slice(*shown["offsets"][0])] for shown in answer.highlights[trace]] == ["zebra"]
    assert ids(search.answer(ListQuestion(filter="text : 'zebra' AND model = 'claude'"))) == []
    spans = SpanSearch(connections, clock=lambda: NOW_NS).answer(ListQuestion(filter="text : 'zebra'", count=True))
    assert [entry["span_id"] for entry in spans.entries] == [span]
    assert spans.total_count == 1
