"""Deleted traces are gone from every read at once, and stay so, on both engines."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from spanhouse_collector.errors import FilterInvalid, MalformedRequest, NotFound
from spanhouse_collector.otlp.signals import LOGS, TRACES
from spanhouse_collector.query.assessment_record import Source
from spanhouse_collector.query.assessments import AssessmentBook, Draft
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.deletes import Deleted, Selection, TraceDeleter
from spanhouse_collector.query.tags import TagBook
from spanhouse_collector.query.traces import TraceReader
from spanhouse_collector.storage.deleted_traces import TABLES, DeletedTracesSweep
from spanhouse_collector.storage.settle import Settlement, Window
from tests.builders import SECOND_NS, START_UNIX_NANO, any_value, logs, make_span, span_id, trace_id, traces
from tests.collector.model.rows import EPOCH_NS, MS, llm, row
from tests.collector.storage.trace_cases import put
from tests.tables import Sent, Store

LATER = START_UNIX_NANO + 1000 * SECOND_NS
VIEWS = ("traces", "assessments", "trace_tags", "otel_logs", "otel_traces", "otel_traces_trace_id_ts")
_numbers = itertools.count(0xDE1E << 64)


@pytest.fixture(autouse=True)
def nothing_is_deleted(store: Store) -> None:
    for table in ("deleted_traces", "assessment_versions", "trace_tag_changes"):
        store.connection.execute(f"TRUNCATE TABLE {table} SYNC")


@pytest.fixture
def connections(store: Store) -> Iterator[Connections]:
    connections = Connections(store.engine, reads_max=4)
    yield connections
    assert connections.close()


@pytest.fixture
def deleter(connections: Connections) -> TraceDeleter:
    return TraceDeleter(connections, lambda until: True, clock=lambda: LATER)


@pytest.fixture
def sweep(store: Store) -> Iterator[DeletedTracesSweep]:
    sweep = DeletedTracesSweep(store.engine)
    yield sweep
    sweep.close()


def new_trace() -> bytes:
    return trace_id(next(_numbers))


def send(store: Store, *trace_ids: bytes) -> None:
    """A span with a tag and its log record for each of these traces, as they come."""
    attributes = {"spanhouse.trace.tag.k": "v", "session.id": "s", "user.id": "u"}
    spans = [make_span("work", number=1, trace_id=trace, attributes=attributes) for trace in trace_ids]
    said: dict[str, Any] = {"body": any_value("said"), "time_unix_nano": START_UNIX_NANO, "span_id": span_id(1)}
    store.insert(TRACES, Sent(traces(*spans), "p"))
    store.insert(LOGS, Sent(logs(*(LogRecord(trace_id=trace, **said) for trace in trace_ids)), "p"))


def store_span(store: Store, trace: bytes, name: str = "work", *, project: str = "p", received: int = EPOCH_NS) -> None:
    """A span alone, straight into the table."""
    put(store, row(name, project=project, received_at_unix_nano=received), trace=trace.hex())


def counts(store: Store, *traces: bytes) -> dict[str, int]:
    """How many rows of these traces each table and view has."""
    ids = ", ".join(f"'{trace.hex()}'" for trace in traces)
    columns = {name: "TraceId" if name.startswith("otel_") else "trace_id" for name in (*TABLES, *VIEWS)}
    return {
        name: int(store.value(f"SELECT count() FROM {name} WHERE {column} IN ({ids})"))
        for name, column in columns.items()
    }


def test_a_deleted_trace_is_gone_from_every_read_and_its_sibling_is_whole(
    store: Store, connections: Connections, deleter: TraceDeleter
) -> None:
    gone, kept = new_trace(), new_trace()
    send(store, gone, kept)
    for trace in (gone, kept):
        draft = Draft(name="f", kind="feedback", source=Source("CODE", "c"), value=1, metadata={})
        AssessmentBook(connections, clock=lambda: START_UNIX_NANO).add(trace.hex(), draft)
        TagBook(connections, clock=lambda: START_UNIX_NANO).change(trace.hex(), {"more": "v"}, [])
    assert min(counts(store, gone).values()) >= 1
    assert deleter.delete_ids([gone.hex(), gone.hex()]).count == 1
    assert set(counts(store, gone).values()) == {0}
    assert counts(store, kept) | {"trace_tag_changes": 1, "trace_tags": 1} == dict.fromkeys((*TABLES, *VIEWS), 1)
    assert store.value("SELECT count() FROM spans") == 1
    assert [store.value(f"SELECT sum(trace_count) FROM {name}") for name in ("sessions", "users")] == [1, 1]
    reader = TraceReader(connections)
    assert len(reader.read(kept.hex())["spans"]) == 1
    with pytest.raises(NotFound):
        reader.read(gone.hex())


def test_what_was_received_before_and_loaded_later_is_swept(
    store: Store, deleter: TraceDeleter, sweep: DeletedTracesSweep
) -> None:
    gone, kept = new_trace(), new_trace()
    store_span(store, gone)
    deleter.delete_ids([gone.hex()], project="p")
    for trace in (gone, kept):
        store_span(store, trace, received=LATER - 1)
    sweep.sweep(LATER - 1, LATER - 1)
    assert counts(store, gone)["spans"] == 0
    assert counts(store, kept)["spans"] == 1


def test_a_replayed_segment_brings_nothing_back(store: Store, deleter: TraceDeleter) -> None:
    trace = new_trace()
    span = make_span(trace_id=trace, attributes={"spanhouse.trace.tag.k": "v"})
    token = store.insert(TRACES, Sent(traces(span)))
    assert deleter.delete_ids([trace.hex()]).count == 1
    store.insert(TRACES, Sent(traces(span)), token=token)
    assert set(counts(store, trace).values()) == {0}


def test_what_is_received_after_the_delete_is_a_new_trace(
    store: Store, deleter: TraceDeleter, sweep: DeletedTracesSweep
) -> None:
    trace = new_trace()
    store_span(store, trace)
    deleter.delete_ids([trace.hex()])
    store_span(store, trace, "at that moment", received=LATER)
    store_span(store, trace, "after", received=LATER + 1)
    sweep.sweep(LATER, LATER + 1)
    names = store.connection.query(f"SELECT span_id FROM spans WHERE trace_id = '{trace.hex()}'").rows
    assert [str(found) for (found,) in names] == ["after"]


def test_a_sweep_touches_the_project_of_the_delete_only(
    store: Store, deleter: TraceDeleter, sweep: DeletedTracesSweep
) -> None:
    trace = new_trace()
    for project in ("p", "q"):
        store_span(store, trace, project=project)
    assert deleter.delete_ids([trace.hex()], project="q").count == 1
    for project in ("p", "q"):
        store_span(store, trace, "late", project=project)
    sweep.sweep(EPOCH_NS, EPOCH_NS)
    projects = store.connection.query("SELECT DISTINCT project FROM spans").rows
    assert [str(found) for (found,) in projects] == ["p"]


def test_a_delete_waits_for_what_is_in_the_log(store: Store, connections: Connections) -> None:
    trace = new_trace()
    asked: list[int] = []

    def caught_up(until: int) -> bool:
        asked.append(until)
        if len(asked) == 2:
            store_span(store, trace)
        return len(asked) == 3

    assert TraceDeleter(connections, caught_up, clock=lambda: LATER).delete_ids([trace.hex()]).count == 1
    assert (asked, counts(store, trace)["spans"]) == ([LATER] * 3, 0)


def test_a_delete_does_not_wait_for_ever(store: Store, connections: Connections) -> None:
    trace = new_trace()
    store_span(store, trace)
    deleter = TraceDeleter(connections, lambda until: False, clock=lambda: LATER, catch_up_s=0.05)
    assert deleter.delete_ids([trace.hex()]).count == 1
    assert counts(store, trace)["spans"] == 0


def test_by_filter_and_time_the_oldest_that_match_go_first(store: Store, deleter: TraceDeleter) -> None:
    names = {"a": 0, "b": 10, "c": 20, "d": 30}
    for name, start in names.items():
        put(
            store,
            row("r", start=start, name="root", project="p"),
            row("s", "r", start + 1, project="p"),
            trace=name * 32,
        )
    put(store, row("r", start=5, name="other", project="p"), trace="e" * 32)
    put(store, row("r", start=5, name="root", project="q"), trace="f" * 32)
    until = EPOCH_NS + 30 * MS
    wanted = Selection(project="p", filter="name = 'root'", until_unix_nano=until, limit=2)
    assert deleter.delete_selected(wanted) == Deleted(2, may_be_more=True)
    assert left(store) == "cdef"
    assert deleter.delete_selected(Selection(project="p", filter="name = 'root'", until_unix_nano=until)).count == 1
    assert left(store) == "def"
    assert deleter.delete_selected(Selection(project="p", until_unix_nano=until)).count == 1
    assert left(store) == "df"
    assert deleter.delete_selected(Selection(project="p", filter="name = 'nothing'")).count == 0
    assert deleter.delete_selected(Selection(project="p", since_unix_nano=until)).count == 1
    assert left(store) == "f"


def test_a_search_for_words_finds_what_is_left(store: Store, deleter: TraceDeleter) -> None:
    for name in "abc":
        put(store, row("r", project="p"), trace=name * 32, input="how far is the moon")
    words = "SELECT {} FROM spans WHERE hasAllTokens(lowerUTF8(input), 'moon')"
    assert store.value(words.format("count()")) == 3
    assert deleter.delete_selected(Selection(project="p", filter="text : 'far moon'", limit=1)).count == 1
    rows = store.connection.query(f"{words.format('trace_id, input, is_superseded')} ORDER BY trace_id").rows
    assert [str(found) for found, *_ in rows] == ["b" * 32, "c" * 32]
    assert store.value(words.format("count()")) == 2


def left(store: Store) -> str:
    rows = store.connection.query("SELECT DISTINCT trace_id FROM spans ORDER BY trace_id").rows
    return "".join(str(found)[0] for (found,) in rows)


def test_a_trace_that_began_earlier_is_judged_by_its_beginning(store: Store, deleter: TraceDeleter) -> None:
    put(store, row("r", start=0, project="p"), row("s", "r", 100, project="p"), trace="a" * 32)
    middle = EPOCH_NS + 50 * MS
    assert deleter.delete_selected(Selection(project="p", since_unix_nano=middle)).count == 0
    assert deleter.delete_selected(Selection(project="p", until_unix_nano=middle)).count == 1
    assert left(store) == ""


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Selection(project="", filter="name = 'a'"), "needs a project"),
        (Selection(project="p", filter="  "), "nothing says which"),
        (Selection(project="p", filter="name = 'a'", limit=10_001), "traces_max=10000"),
    ],
)
def test_a_delete_that_does_not_say_which_is_refused(deleter: TraceDeleter, wanted: Selection, told: str) -> None:
    with pytest.raises(MalformedRequest, match=told):
        deleter.delete_selected(wanted)


def test_too_many_or_no_ids_and_bad_filters_are_refused(store: Store, deleter: TraceDeleter) -> None:
    for ids in ([], [f"{number:032x}" for number in range(10_001)]):
        with pytest.raises(MalformedRequest, match="traces_max=10000"):
            deleter.delete_ids(ids)
    with pytest.raises(FilterInvalid):
        deleter.delete_selected(Selection(project="p", filter="nme = 'a'"))
    assert store.count("deleted_traces") == 0


def test_thousands_of_ids_fit_into_one_request(store: Store, deleter: TraceDeleter) -> None:
    put(store, row("r", project="p"), trace="a" * 32)
    assert deleter.delete_ids([*(f"{number:032x}" for number in range(4_999)), "a" * 32]).count == 1
    assert left(store) == ""


def test_corrections_before_and_after_a_delete_hold(store: Store, deleter: TraceDeleter) -> None:
    put(store, llm("outer", project="p"), llm("inner", "outer", project="p"), trace="a" * 32)
    put(store, row("r", project="p"), trace="b" * 32)
    settlement = Settlement(store.engine)
    window = Window(0, LATER)
    assert settlement.settle(window).corrections == 1
    assert deleter.delete_ids(["b" * 32]).count == 1
    scopes = "SELECT usage_scope FROM spans WHERE trace_id = '{}' ORDER BY span_id"
    assert [str(found) for (found,) in store.connection.query(scopes.format("a" * 32)).rows] == ["own", "duplicate"]
    assert settlement.settle(window).corrections == 0
    put(store, llm("outer", project="p"), llm("inner", "outer", project="p"), trace="c" * 32)
    assert settlement.settle(window).corrections == 1
    assert deleter.delete_ids(["c" * 32, "a" * 32]).count == 2
    settlement.close()
    assert left(store) == ""
