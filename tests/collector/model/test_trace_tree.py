"""A tree comes out of whatever arrived of a trace."""

from __future__ import annotations

import random
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from spanhouse_collector.model.trace_tree import NO_PARENT, TraceTree, build_tree
from spanhouse_collector.model.trace_tree_row import SpanRow
from tests.collector.model.rows import EPOCH_NS, MS, row


def shape(tree: TraceTree) -> list[tuple[str, str, int]]:
    """(span, parent shown, depth) in the order of showing."""
    return [
        (span.span_id, "" if parent == NO_PARENT else tree.rows[parent].span_id, depth)
        for span, parent, depth in zip(tree.rows, tree.parents, tree.depths, strict=True)
    ]


def test_parents_stand_before_children_and_siblings_by_time_in_whatever_order_spans_arrive() -> None:
    spans = [row("root"), row("b", "root", 20), row("a", "root", 10), row("a1", "a", 12)]
    for arrival in permutations(spans):
        tree = build_tree(arrival)
        assert shape(tree) == [("root", "", 0), ("a", "root", 1), ("a1", "a", 2), ("b", "root", 1)]
        assert tree.rows[tree.root].span_id == "root"


def test_no_spans_make_an_empty_tree() -> None:
    assert build_tree([]).rows == []


def test_the_earliest_of_several_roots_stands_for_the_trace() -> None:
    tree = build_tree([row("late", start=50), row("early", start=10), row("child", "late", 0)])
    assert [(name, depth) for name, _, depth in shape(tree)] == [("early", 0), ("late", 0), ("child", 1)]
    assert tree.rows[tree.root].span_id == "early"


def test_orphans_stand_under_the_parent_they_name() -> None:
    tree = build_tree([row("root"), row("o2", "gone", 30, 40), row("o1", "gone", 20, 90), row("x", "other", 5)])
    assert sorted(shape(tree)) == [("o1", "", 1), ("o2", "", 1), ("root", "", 0), ("x", "", 1)]
    gone = next(parent for parent in tree.missing_parents if parent.span_id == "gone")
    assert gone.child_span_ids == ("o1", "o2")
    assert (gone.start_time_unix_nano, gone.end_time_unix_nano) == (EPOCH_NS + 20 * MS, EPOCH_NS + 90 * MS)
    assert [parent.span_id for parent in tree.missing_parents] == ["other", "gone"]
    assert [span.span_id for span, orphan in zip(tree.rows, tree.is_orphan, strict=True) if orphan] == ["x", "o1", "o2"]


def test_of_orphans_only_the_earliest_stands_for_the_trace() -> None:
    tree = build_tree([row("b", "gone", 20), row("a", "gone", 10)])
    assert tree.rows[tree.root].span_id == "a"


def test_a_cycle_is_cut_at_its_earliest_span_and_says_so() -> None:
    tree = build_tree([row("b", "a", 20), row("a", "c", 10), row("c", "b", 30), row("leaf", "c", 40)])
    assert shape(tree) == [("a", "", 0), ("b", "a", 1), ("c", "b", 2), ("leaf", "c", 3)]
    assert {tree.rows[position].span_id for position in tree.cut} == {"a"}
    assert tree.missing_parents == ()


def test_a_span_that_is_its_own_parent_is_cut_too() -> None:
    tree = build_tree([row("root"), row("self", "self", 10)])
    assert shape(tree) == [("root", "", 0), ("self", "", 0)]
    assert {tree.rows[position].span_id for position in tree.cut} == {"self"}


def test_a_finished_record_wins_over_one_in_progress_whichever_came_first() -> None:
    started = row("s", end=None, received_at_unix_nano=EPOCH_NS + 5)
    finished = row("s", received_at_unix_nano=EPOCH_NS)
    for arrival in ([started, finished], [finished, started]):
        (only,) = build_tree(arrival).rows
        assert not only.is_pending


def test_of_two_finished_records_the_last_received_counts() -> None:
    first, second = row("s", name="first"), row("s", name="second", received_at_unix_nano=EPOCH_NS + 1)
    assert [span.name for span in build_tree([second, first]).rows] == ["second"]


def announced(span_id: str, parent: str = "") -> SpanRow:
    """What Logfire sends when a span begins: a record with an id of its own, below the span it announces."""
    return row(f"p-{span_id}", span_id, pending_span_id=span_id, pending_parent_span_id=parent, is_pending=True)


def test_an_announced_span_shows_as_in_progress_under_its_own_id_until_it_comes() -> None:
    tree = build_tree([announced("root"), announced("child", "root"), row("done", "child", 10)])
    assert shape(tree) == [("root", "", 0), ("child", "root", 1), ("done", "child", 2)]
    assert [span.is_pending for span in tree.rows] == [True, True, False]
    tree = build_tree([announced("root"), row("root", name="real")])
    assert [(span.name, span.is_pending) for span in tree.rows] == [("real", False)]


def test_a_chain_of_fifty_thousand_spans_is_no_recursion() -> None:
    spans = [row(str(number), str(number - 1) if number else "", number) for number in range(50_000)]
    random.Random(7).shuffle(spans)
    tree = build_tree(spans)
    assert tree.depths[-1] == 49_999


@given(st.lists(st.tuples(st.integers(0, 9), st.one_of(st.just(""), st.integers(0, 11).map(str))), max_size=12))
def test_every_span_stands_in_the_tree_once_after_its_parent(links: list[tuple[int, str]]) -> None:
    spans = [row(str(number), parent, start) for number, (start, parent) in enumerate(links)]
    tree = build_tree(spans)
    assert sorted(span.span_id for span in tree.rows) == sorted(span.span_id for span in spans)
    for position, parent in enumerate(tree.parents):
        assert parent < position
        span = tree.rows[position]
        if parent != NO_PARENT:
            assert tree.rows[parent].span_id == span.parent_span_id
        else:
            missing = any(span.span_id in gone.child_span_ids for gone in tree.missing_parents)
            assert [not span.parent_span_id, position in tree.cut, missing].count(True) == 1
