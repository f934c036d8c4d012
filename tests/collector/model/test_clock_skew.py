"""Clocks that disagree are corrected between processes, and only there."""

from __future__ import annotations

from spanhouse_collector.model.trace_tree import build_tree
from spanhouse_collector.model.trace_tree_row import SpanRow
from tests.collector.model.rows import EPOCH_NS, MS, row


def shifts_ms(*spans: SpanRow) -> dict[str, float]:
    tree = build_tree(spans)
    return {span.span_id: shift / MS for span, shift in zip(tree.rows, tree.shifts_ns, strict=True)}


def test_a_child_of_another_process_is_centred_in_its_parent_and_takes_its_own_along() -> None:
    assert shifts_ms(
        row("client", start=0, end=100, resource_hash=1),
        row("server", "client", -5000, -4940, resource_hash=2),
        row("query", "server", -4990, -4980, resource_hash=2),
    ) == {"client": 0, "server": 5020, "query": 5020}


def test_a_shift_adds_up_over_processes() -> None:
    found = shifts_ms(
        row("a", start=0, end=100, resource_hash=1),
        row("b", "a", 1000, 1080, resource_hash=2),
        row("c", "b", 5000, 5060, resource_hash=3),
    )
    assert found == {"a": 0, "b": -990, "c": -4980}


def test_within_one_process_a_child_outside_its_parent_stays() -> None:
    assert shifts_ms(row("a", start=0, end=100), row("b", "a", 500, 600), row("c", "a", -50, 10)) == {
        "a": 0,
        "b": 0,
        "c": 0,
    }


def test_a_child_that_fits_stays() -> None:
    assert shifts_ms(row("a", start=0, end=100, resource_hash=1), row("b", "a", 0, 100, resource_hash=2)) == {
        "a": 0,
        "b": 0,
    }


def test_a_child_longer_than_its_parent_only_begins_no_earlier() -> None:
    parent = row("a", start=0, end=100, resource_hash=1)
    assert shifts_ms(parent, row("b", "a", -30, 500, resource_hash=2))["b"] == 30
    assert shifts_ms(parent, row("b", "a", 90, 500, resource_hash=2))["b"] == 0


def test_work_taken_from_a_queue_may_begin_after_its_sender_ended() -> None:
    sender = row("send", start=0, end=10, kind="PRODUCER", resource_hash=1)
    assert shifts_ms(sender, row("work", "send", 5000, 5001, kind="CONSUMER", resource_hash=2))["work"] == 0
    assert shifts_ms(sender, row("work", "send", -7, -6, kind="CONSUMER", resource_hash=2))["work"] == 7


def test_below_a_span_in_progress_children_are_only_kept_from_beginning_before_it() -> None:
    parent = row("a", start=0, end=None, resource_hash=1)
    assert shifts_ms(parent, row("b", "a", 400, 450, resource_hash=2))["b"] == 0


def test_siblings_are_ordered_by_corrected_times() -> None:
    spans = [
        row("root", start=0, end=100, resource_hash=1),
        row("own", "root", 10, 20, resource_hash=1),
        row("remote", "root", -9000, -8980, resource_hash=2),
    ]
    assert [span.span_id for span in build_tree(spans).rows] == ["root", "own", "remote"]
    raw = build_tree(spans, correct_clock_skew=False)
    assert [span.span_id for span in raw.rows] == ["root", "remote", "own"]
    assert list(raw.shifts_ns) == [0, 0, 0]


def test_times_as_sent_stay_in_the_rows() -> None:
    tree = build_tree([row("a", resource_hash=1), row("b", "a", 900, 910, resource_hash=2)])
    assert tree.rows[1].start_time_unix_nano == EPOCH_NS + 900 * MS
