"""Entries put together in Python say what the view `traces` says, and lists may be made either way."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.search_lists import ListQuestion
from spanhouse_collector.query.search_traces import _ENTRY_COLUMNS, ENTRY_FIELDS, TraceSearch
from spanhouse_collector.query.trace_entries import entries_of, parts_of
from tests.collector.model.rows import llm, row
from tests.collector.query.search.dataset import NOW_NS, Known, matching, recent_first
from tests.collector.storage.trace_cases import put, put_all, random_trace
from tests.tables import Store

VIEW = f"SELECT {_ENTRY_COLUMNS} FROM traces"


def assert_alike(store: Store) -> int:
    """Compare all traces stored; returns how many these are."""
    summed = {(entry["project"], entry["trace_id"]): entry for entry in store.connection.query(VIEW).dicts()}
    put_together = entries_of(store.connection.query(parts_of("1")).rows)
    assert put_together.keys() == summed.keys()
    for key, entry in put_together.items():
        cost, expected = entry["cost_usd"], summed[key]["cost_usd"]
        assert cost == (None if expected is None else pytest.approx(expected)), key
        assert {**entry, "cost_usd": expected} == summed[key]
        assert tuple(summed[key]) == ENTRY_FIELDS
    return len(summed)


def test_entries_say_of_every_random_trace_what_the_view_says(store: Store) -> None:
    choose = random.Random(11)
    spans = [(f"{trace:04}", span) for trace in range(250) for span in random_trace(choose)]
    choose.shuffle(spans)
    put_all(store, spans)
    assert assert_alike(store) == 250


def test_previews_tags_and_spans_in_progress_are_the_views(store: Store) -> None:
    put(store, row("root"), trace="a", input="asked", output="é" * 2000)
    put(store, llm("call", "root", start=1), trace="a", input="inner", output="inner")
    put(store, row("root", tags="b\x1fa"), trace="b")
    put(store, row("tool", "root", tags="c"), trace="b", input="tool", output="tool")
    put(store, llm("first", "root", start=1, end=5), trace="b", input="first", output="first")
    put(store, llm("last", "root", start=2, end=9), trace="b", input="last", output="last")
    put(store, row("pending", "gone", pending_span_id="announced", is_pending=True), trace="c")
    put(store, row("child", "announced", is_error=True, session_id="s", user_id="u"), trace="c")
    put(store, row("root", project="other"), trace="a")
    assert assert_alike(store) == 4


CONDITIONS: tuple[tuple[str, Callable[[Known], bool]], ...] = (
    ("trace.state = 'ERROR'", lambda trace: state(trace) == "ERROR"),
    ("trace.state != 'ERROR'", lambda trace: state(trace) != "ERROR"),
    ("trace.name = 'plan'", lambda trace: root(trace).name == "plan"),
    ("trace.name != 'plan' AND model = 'gpt'", lambda trace: root(trace).name != "plan" and has_model(trace, "gpt")),
    ("trace.service_name = 'a' AND trace.state = 'OK'", lambda t: root(t).service_name == "a" and state(t) == "OK"),
    ("model = 'gpt'", lambda trace: has_model(trace, "gpt")),
    ("", lambda trace: True),
)


def root(trace: Known) -> SpanRow:
    return min(trace.tops or trace.spans, key=lambda span: (span.start_time_unix_nano, span.span_id))


def state(trace: Known) -> str:
    errors = [root(trace)] if trace.tops else trace.spans
    return "ERROR" if any(span.is_error for span in errors) else "OK"


def has_model(trace: Known, model: str) -> bool:
    return any(span.model == model for span in trace.spans)


@pytest.mark.parametrize(("rows_max", "looked_up_max"), [(0, 5_000), (0, 0), (10_000, 5_000), (10_000, 0)])
@pytest.mark.parametrize(("text", "condition"), CONDITIONS)
def test_lists_are_the_same_in_one_step_and_in_two(
    connections: Connections,
    known: list[Known],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    condition: Callable[[Known], bool],
    rows_max: int,
    looked_up_max: int,
) -> None:
    # 0: every answer is too long to be put together
    monkeypatch.setattr("spanhouse_collector.query.search_traces.ROWS_MAX", rows_max)
    monkeypatch.setattr("spanhouse_collector.query.search_first_window.ROWS_MAX", rows_max)
    # 0: the ids of no window are looked up, those of every one compared
    monkeypatch.setattr("spanhouse_collector.query.search_windows.LOOKED_UP_MAX", looked_up_max)
    monkeypatch.setattr("spanhouse_collector.query.search_traces.RARE_SPANS_MAX", 0)
    search = TraceSearch(connections, clock=lambda: NOW_NS)
    expected = recent_first(trace for trace in known if condition(trace))
    assert expected
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        answer = search.answer(ListQuestion(filter=text, limit=90, project="default", page_token=token))
        found += [entry["trace_id"] for entry in answer.entries]
        token = answer.next_page_token
    assert found == expected


def test_of_one_id_in_two_projects_only_the_trace_that_satisfies_the_filter_is_found(
    store: Store,
) -> None:
    put(store, row("root", project="first", model="gpt"), row("other", project="second", model="claude"), trace="a")
    connections = Connections(store.engine)
    search = TraceSearch(connections)
    answer = search.answer(ListQuestion(filter="model = 'gpt'"))
    assert [(entry["project"], entry["models"]) for entry in answer.entries] == [("first", ["gpt"])]
    assert connections.close()


def test_a_filter_that_no_span_satisfies_reads_no_traces(
    connections: Connections, known: list[Known], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not matching(known, lambda span: span.model == "nobody")
    for name in ("whole_window", "newest_window", "_ids"):
        monkeypatch.setattr(f"spanhouse_collector.query.search_traces.{name}", None)
    search = TraceSearch(connections, clock=lambda: NOW_NS)
    assert search.answer(ListQuestion(filter="model = 'nobody'")).entries == []


@pytest.mark.parametrize("limit", [1, 2, 3, 9])
def test_pages_of_the_newest_lose_none_of_those_that_start_together(
    store: Store, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr("spanhouse_collector.query.search_traces._SPANS", 1)  # the limit falls among equals
    for trace in range(9):
        put(store, row("root", start=trace // 4), row("late", "root", start=50), trace=f"{trace}")
    connections = Connections(store.engine)
    search = TraceSearch(connections, clock=lambda: NOW_NS + 1_000_000)
    found: list[str] = []
    token: str | None = ""
    while token is not None:
        answer = search.answer(ListQuestion(limit=limit, page_token=token))
        found += [entry["trace_id"] for entry in answer.entries]
        token = answer.next_page_token
    assert found == ["8", "7", "6", "5", "4", "3", "2", "1", "0"]
    assert connections.close()
