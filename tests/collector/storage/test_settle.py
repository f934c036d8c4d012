"""What a row was presumed to be becomes what its whole trace says, in plain SQL, on both engines."""

from __future__ import annotations

import random
from typing import Any

import pytest

from spanhouse_collector.model.trace_tree import build_tree
from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.model.usage_owner import usage_scopes
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage.settle import SECOND_NS, Settled, Settlement, Window
from tests.builders import START_UNIX_NANO, make_span, trace_id, traces
from tests.collector.model.rows import EPOCH_NS, llm, row
from tests.collector.storage.trace_cases import at, put, put_all, random_trace
from tests.tables import Store

OWNED = "SELECT ifNull(sum(input_tokens), 0) FROM spans WHERE usage_scope = 'own'"


def settle(store: Store, second: int = 0, last: int | None = None) -> Settled:
    """Settle what was received from one second to another."""
    settlement = Settlement(store.engine)
    try:
        first_ns, last_ns = (EPOCH_NS + (second if each is None else each) * SECOND_NS for each in (second, last))
        return settlement.settle(Window(first_ns, last_ns + SECOND_NS - 1))
    finally:
        settlement.close()


def receive(store: Store, *spans: SpanRow, after_s: int = 0) -> None:
    """Store and settle spans as they come in one request."""
    put(store, *(at(span, after_s) for span in spans))
    settle(store, after_s)


def agent(span_id: str, parent: str = "", tokens: int = 10) -> SpanRow:
    return llm(span_id, parent, tokens, span_type="AGENT")


def scopes(store: Store) -> dict[str, Any]:
    rows = store.connection.query("SELECT span_id, usage_scope FROM spans WHERE NOT is_superseded").rows
    return {str(span_id): scope for span_id, scope in rows}


def test_the_deepest_call_owns_and_plain_sums_count_it_once(store: Store) -> None:
    receive(store, llm("outer"), llm("inner", "outer", 25))
    assert scopes(store) == {"outer": "duplicate", "inner": "own"}
    assert store.value(OWNED) == 25


def test_a_span_between_two_calls_hides_nothing(store: Store) -> None:
    receive(store, llm("a"), row("b", "a"), row("c", "b"), llm("d", "c"))
    assert scopes(store) == {"a": "duplicate", "b": "none", "c": "none", "d": "own"}


@pytest.mark.parametrize("apart_s", [1, 2 * 3600, 40 * 24 * 3600])
def test_a_parent_that_arrives_long_after_its_child_is_still_its_duplicate(store: Store, apart_s: int) -> None:
    receive(store, llm("inner", "outer"))
    assert scopes(store) == {"inner": "own"}
    receive(store, llm("outer"), after_s=apart_s)
    assert scopes(store) == {"outer": "duplicate", "inner": "own"}


def test_a_child_that_arrives_after_its_parent_takes_its_place(store: Store) -> None:
    receive(store, llm("outer"))
    receive(store, llm("inner", "outer"), after_s=5)
    assert scopes(store) == {"outer": "duplicate", "inner": "own"}


def test_an_agent_owns_its_sum_until_a_call_below_it_arrives(store: Store) -> None:
    receive(store, agent("agent"))
    assert scopes(store) == {"agent": "own"}
    receive(store, llm("call", "agent"), after_s=5)
    assert scopes(store) == {"agent": "aggregate", "call": "own"}


def test_one_response_told_by_two_libraries_counts_once(store: Store) -> None:
    receive(store, row("root"), llm("a", "root", response_id="m"), llm("b", "root", response_id="m"))
    assert sorted(scopes(store).values()) == ["duplicate", "none", "own"]


def test_of_a_span_sent_twice_one_row_counts(store: Store) -> None:
    receive(store, llm("a"))
    receive(store, llm("a"), after_s=5)
    assert store.value("SELECT count() FROM spans WHERE NOT is_superseded") == 1
    assert store.value(OWNED) == 10


def test_a_finished_record_replaces_one_in_progress(store: Store) -> None:
    receive(store, row("a", end=None))
    assert store.value("SELECT count() FROM spans WHERE is_pending AND NOT is_superseded") == 1
    receive(store, llm("a"), after_s=5)
    found = store.connection.query("SELECT is_pending, is_superseded FROM spans ORDER BY is_pending").rows
    assert [tuple(flags) for flags in found] == [(False, False), (True, True)]
    assert store.value(OWNED) == 10


def test_an_announcement_is_superseded_by_what_it_announced(store: Store) -> None:
    receive(store, row("p", "a", pending_span_id="a", is_pending=True))
    assert scopes(store) == {"p": "none"}
    receive(store, llm("a"), after_s=1)
    assert scopes(store) == {"a": "own"}


def test_what_needs_no_correction_is_not_even_looked_at(store: Store) -> None:
    usual = [agent("1"), llm("2", "1"), row("3", "2", name="POST"), row("4", "1"), llm("5", "1")]
    put_all(store, [*(("a", span) for span in usual), ("b", llm("6")), ("c", row("7"))])
    assert settle(store) == Settled(candidates=0, corrections=0)


def test_settling_again_changes_nothing(store: Store) -> None:
    receive(store, llm("a"), llm("b", "a"))
    assert settle(store).corrections == 0


def test_the_same_trace_id_in_two_projects_is_two_traces(store: Store) -> None:
    put(store, llm("outer", project="a"), llm("inner", "outer", project="b"))
    assert settle(store).corrections == 0


def test_a_search_for_words_finds_rows_that_were_just_corrected(store: Store) -> None:
    put(store, llm("outer"), llm("inner", "outer"), input="to the fjord")
    settle(store)
    found = store.connection.query("SELECT usage_scope FROM spans WHERE hasToken(input, 'fjord')").rows
    assert sorted(scope for (scope,) in found) == ["duplicate", "own"]


def test_a_segment_inserted_again_after_its_spans_were_settled_is_stored_once(store: Store) -> None:
    usage = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 10}
    outer = make_span("outer", number=1, attributes=usage)
    inner = make_span("inner", number=2, trace_id=trace_id(1), parent_span_id=outer.span_id, attributes=usage)
    token = store.insert(TRACES, traces(outer, inner))
    settlement = Settlement(store.engine)
    assert settlement.settle(Window(START_UNIX_NANO, START_UNIX_NANO)) == Settled(1, 1)
    settlement.close()
    store.insert(TRACES, traces(outer, inner), token=token)
    assert scopes(store) == {outer.span_id.hex(): "duplicate", inner.span_id.hex(): "own"}
    assert store.count("spans") == 2


def test_every_random_trace_ends_as_the_model_says_in_whatever_pieces_it_arrives(store: Store) -> None:
    choose = random.Random(20261120)
    whole = {str(trace): random_trace(choose) for trace in range(250)}
    spans = [(trace, span) for trace, rows in whole.items() for span in rows]
    choose.shuffle(spans)
    received: dict[str, list[SpanRow]] = {}
    for second, first in enumerate(range(0, len(spans), 300)):
        piece = [(trace, at(span, second)) for trace, span in spans[first : first + 300]]
        put_all(store, piece)
        settle(store, second)
        for trace, span in piece:
            received.setdefault(trace, []).append(span)
    stored: dict[str, dict[str, str]] = {}
    counting = "SELECT trace_id, if(pending_span_id = '', span_id, pending_span_id), usage_scope FROM spans"
    for trace, span_id, scope in store.connection.query(f"{counting} WHERE NOT is_superseded").rows:
        assert span_id not in stored.setdefault(trace, {}), f"two rows of span {span_id} of trace {trace} count"
        stored[trace][span_id] = scope
    for trace, rows in received.items():
        tree = build_tree(rows)
        ids = [span.span_id for span in tree.rows]
        assert stored[trace] == dict(zip(ids, usage_scopes(tree.rows, tree.parents), strict=True)), rows
    assert sum(scope == "duplicate" for trace in stored.values() for scope in trace.values()) > 100


def test_a_large_trace_is_settled_without_comparing_all_with_all(store: Store) -> None:
    receive(store, *(llm(str(number), str(number - 1) if number % 2 else "") for number in range(1200)))
    assert store.value("SELECT countIf(usage_scope = 'own') FROM spans") == 600
    assert store.value("SELECT countIf(usage_scope = 'duplicate' AND toUInt32(span_id) % 2 = 0) FROM spans") == 600
