"""Tags and metadata of traces: from spans, then as users change them, on both engines."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.query import tags as tags_module
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.filter import Row, Source, Sources, compile_filter
from spanhouse_collector.query.tags import TagBook, TraceLabels, labels_of
from tests.builders import SECOND_NS, START_UNIX_NANO, make_span, trace_id, traces
from tests.tables import Sent, Store

_traces = itertools.count(0x7A65 << 64)


@pytest.fixture
def trace() -> str:
    """A trace of this test's own: tags of others stay where they are."""
    return trace_id(next(_traces)).hex()


@pytest.fixture
def book(store: Store) -> Iterator[TagBook]:
    connections = Connections(store.engine, reads_max=4)
    ticks = itertools.count(START_UNIX_NANO)
    yield TagBook(connections, clock=lambda: next(ticks))
    assert connections.close()


def send(store: Store, trace: str, attributes: dict[str, object], *, ends_s: int = 1, token: str | None = None) -> None:
    """A span of the trace with these attributes, the way spans come."""
    span = make_span(
        trace_id=bytes.fromhex(trace), attributes=attributes, end_time_unix_nano=START_UNIX_NANO + ends_s * SECOND_NS
    )
    store.insert(TRACES, Sent(traces(span), project="default"), token=token)


def found_by(store: Store, condition: str) -> set[str]:
    compiled = compile_filter(condition, unit="trace")
    sources = Sources(Source("spans"), Source("traces"), Source("trace_tags"), Source("assessments"))
    statement = f"SELECT DISTINCT trace_id FROM spans WHERE {compiled.where(Row.SPAN, sources)}"
    return {str(found) for (found,) in store.connection.query(statement, compiled.parameters).rows}


def test_tags_and_metadata_begin_as_attributes_of_spans(store: Store, book: TagBook, trace: str) -> None:
    attributes = {
        "spanhouse.trace.tag.team": "search",
        "spanhouse.trace.tag.a.b 'c'": 5,
        "spanhouse.trace.tag.": "nameless",
        "spanhouse.trace.tags": "other",
        "mlflow.traceTag.env": '"prod"',
        "mlflow.traceTag.plain": "not JSON",
        "spanhouse.trace.metadata.run": "42",
        "team": "other",
    }
    send(store, trace, attributes)
    assert book.labels(trace) == TraceLabels(
        {"a.b 'c'": "5", "env": "prod", "plain": "not JSON", "team": "search"}, {"run": "42"}
    )
    assert labels_of(store.connection, [trace, "f" * 32]) == {("default", trace): book.labels(trace)}


def test_spans_add_up_and_the_one_that_ends_last_wins(store: Store, book: TagBook, trace: str) -> None:
    send(store, trace, {"spanhouse.trace.tag.step": "second", "spanhouse.trace.tag.a": "1"}, ends_s=2)
    send(store, trace, {"spanhouse.trace.tag.step": "first", "spanhouse.trace.tag.b": "2"}, ends_s=1)
    assert book.labels(trace).tags == {"a": "1", "b": "2", "step": "second"}


def test_a_replayed_segment_says_it_once(store: Store, trace: str) -> None:
    for _ in range(2):
        send(store, trace, {"spanhouse.trace.tag.a": "1"}, token=f"token-{trace}")
    assert store.value(f"SELECT count() FROM trace_tag_changes WHERE trace_id = '{trace}'") == 1


def test_a_users_word_counts_whatever_spans_come_later(store: Store, book: TagBook, trace: str) -> None:
    send(store, trace, {"spanhouse.trace.tag.env": "prod", "spanhouse.trace.tag.team": "a"})
    assert book.change(trace, {"env": "staging", "new": "é\n'\\"}, ["team"]) == {"env": "staging", "new": "é\n'\\"}
    send(store, trace, {"spanhouse.trace.tag.env": "late", "spanhouse.trace.tag.team": "late"}, ends_s=10**6)
    assert book.labels(trace).tags == {"env": "staging", "new": "é\n'\\"}


def test_what_was_deleted_can_be_set_again(book: TagBook, trace: str) -> None:
    for _ in range(3):
        assert book.change(trace, {"k": "v"}, []) == {"k": "v"}
        assert book.change(trace, {}, ["k", "was never there"]) == {}
    assert book.labels(trace) == TraceLabels()


def test_a_clock_that_goes_back_does_not_bring_an_old_tag_back(store: Store, trace: str) -> None:
    connections = Connections(store.engine, reads_max=1)
    ticks = iter([START_UNIX_NANO, START_UNIX_NANO - 10**9])
    book = TagBook(connections, clock=lambda: next(ticks))
    book.change(trace, {"k": "old"}, [])
    book.change(trace, {"k": "new"}, [])
    assert book.labels(trace).tags == {"k": "new"}
    assert connections.close()


def test_the_filter_finds_what_holds_and_nothing_else(store: Store, book: TagBook, trace: str) -> None:
    send(store, trace, {"spanhouse.trace.tag.env": "prod", "spanhouse.trace.metadata.run": "7"})
    book.change(trace, {"env": "staging"}, [])
    assert found_by(store, "tags.env = 'staging'") == {trace}
    assert found_by(store, "tags.env = 'prod'") == set()
    assert found_by(store, "metadata.run > 6") == {trace}
    book.change(trace, {}, ["env"])
    assert found_by(store, "tags.env IS NOT NULL") == set()
    assert found_by(store, "tags.env IS NULL") == {trace}


def test_tags_of_one_project_are_not_those_of_another(book: TagBook, trace: str) -> None:
    book.change(trace, {"k": "mine"}, [], project="mine")
    assert book.labels(trace, project="yours") == TraceLabels()
    assert book.change(trace, {"k": "yours"}, [], project="yours") == {"k": "yours"}
    assert book.labels(trace, project="mine").tags == {"k": "mine"}


def test_two_changes_at_once_both_count(book: TagBook, trace: str) -> None:
    threads = [threading.Thread(target=book.change, args=(trace, {f"k{number}": "v"}, [])) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(book.labels(trace).tags) == {"k0", "k1", "k2", "k3"}


@pytest.mark.parametrize(
    ("to_set", "to_delete", "told"),
    [
        ({}, [], "1 to changes_max=100"),
        ({str(key): "" for key in range(60)}, [f"d{key}" for key in range(41)], "101 tags to change"),
        ({"k": "v"}, ["k"], "to be set and to be deleted"),
        ({"": "v"}, [], "key_chars_max=250"),
        ({}, ["k" * 251], "key_chars_max=250"),
        ({"k": "v" * 8001}, [], "value_chars_max is 8000"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_its_name(
    book: TagBook, trace: str, to_set: dict[str, str], to_delete: list[str], told: str
) -> None:
    with pytest.raises(MalformedRequest, match=told):
        book.change(trace, to_set, to_delete)
    assert book.labels(trace) == TraceLabels()


def test_a_trace_is_full_at_some_time(book: TagBook, trace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tags_module, "TAGS_MAX", 2)
    book.change(trace, {"a": "1", "b": "1"}, [])
    with pytest.raises(MalformedRequest, match="tags_max is 2"):
        book.change(trace, {"c": "1"}, [])
    assert book.change(trace, {"c": "1"}, ["a"]) == {"b": "1", "c": "1"}
