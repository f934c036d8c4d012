"""The rules of the mapping that somebody had to decide, one example each.

Owns what happens to values that OTLP calls invalid or leaves to the receiver. Arbitrary requests: `test_mapping`.
"""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from spanhouse_collector.otlp.signals import LOGS, TRACES
from tests.builders import SECOND_NS, START_UNIX_NANO, any_value, logs, make_span, span_id, trace_id, traces
from tests.tables import Sent, Store

OURS, THEIRS = "spanhouse.project", "openinference.project.name"
LATEST = 2**63 - 1


def resource_project(store: Store, pairs: list[tuple[str, Any]], header: str = "") -> str:
    request = traces(make_span(), resource={})
    request.resource_spans[0].resource.attributes.extend(KeyValue(key=k, value=any_value(v)) for k, v in pairs)
    store.insert(TRACES, Sent(request, project=header))
    return str(store.rows("spans")[0]["project"])


@pytest.mark.parametrize(
    ("pairs", "header", "project"),
    [
        ([], "", "default"),
        ([(OURS, "a")], "", "a"),
        ([(THEIRS, "b")], "", "b"),
        ([(THEIRS, "b"), (OURS, "a")], "", "a"),
        ([(THEIRS, "b"), (OURS, "a")], "from-header", "from-header"),
        ([(OURS, ""), (THEIRS, "b")], "", "b"),
        ([(OURS, ""), (OURS, "second")], "", "second"),
        ([(OURS, "first"), (OURS, "second")], "", "first"),
        ([(OURS, 5)], "", "default"),
        ([(OURS, True), (THEIRS, "b")], "", "b"),
        ([(OURS, "x" * 128)], "", "x" * 128),
    ],
)
def test_the_project_is_the_headers_else_the_resources_text_else_default(
    store: Store, pairs: list[tuple[str, Any]], header: str, project: str
) -> None:
    assert resource_project(store, pairs, header) == project


def test_each_resource_of_a_request_has_its_own_project(store: Store) -> None:
    request = traces(make_span("a"), resource={OURS: "one"})
    request.MergeFrom(traces(make_span("b"), resource={OURS: "two"}))
    request.MergeFrom(traces(make_span("c"), resource={}))
    store.insert(TRACES, request)
    assert {row["name"]: row["project"] for row in store.rows("spans")} == {"a": "one", "b": "two", "c": "default"}


def test_links_with_impossible_ids_are_dropped_and_counted(store: Store) -> None:
    good = Span.Link(trace_id=trace_id(1), span_id=span_id(2), trace_state="kept")
    bad = [Span.Link(trace_id=b"short", span_id=span_id(1)), Span.Link(trace_id=trace_id(1)), Span.Link()]
    store.insert(TRACES, traces(make_span(links=[bad[0], good, *bad[1:]], dropped_links_count=4)))
    (row,) = store.rows("spans")
    assert row["links.trace_state"] == ["kept"]
    assert row["dropped_links_count"] == 7


def test_a_link_to_nowhere_keeps_its_attributes(store: Store) -> None:
    """The OTel API lets a program link an invalid context, all zero, to say something in its attributes."""
    link = Span.Link(trace_id=bytes(16), span_id=bytes(8), trace_state="a=b")
    store.insert(TRACES, traces(make_span(links=[link])))
    (row,) = store.rows("spans")
    assert (row["links.trace_id"], row["links.trace_state"]) == (["0" * 32], ["a=b"])


def test_a_counter_at_its_end_stays_there(store: Store) -> None:
    store.insert(TRACES, traces(make_span(links=[Span.Link()], dropped_links_count=2**32 - 1)))
    assert store.rows("spans")[0]["dropped_links_count"] == 2**32 - 1


@pytest.mark.parametrize("parent", [b"", bytes(8), b"short", bytes(16)])
def test_an_impossible_parent_is_no_parent(store: Store, parent: bytes) -> None:
    store.insert(TRACES, traces(make_span(parent_span_id=parent)))
    assert store.rows("spans")[0]["parent_span_id"] == ""


@pytest.mark.parametrize(
    ("start", "end", "stored"),
    [
        (0, 0, (0, 0, 0)),
        (5, 3, (5, 3, 0)),
        (1, LATEST, (1, LATEST, LATEST - 1)),
        (1, 2**64 - 1, (1, LATEST, 2**64 - 2)),
        (2**64 - 1, 2**64 - 1, (LATEST, LATEST, 0)),
    ],
)
def test_times_end_in_2262_and_durations_are_never_negative(
    store: Store, start: int, end: int, stored: tuple[int, int, int]
) -> None:
    store.insert(TRACES, traces(make_span(start_time_unix_nano=start, end_time_unix_nano=end)))
    (row,) = store.rows("spans")
    assert (row["start_time"], row["end_time"], row["duration_ns"]) == stored


def test_a_span_of_any_century_is_found_by_its_time(store: Store) -> None:
    """A DateTime in the sorting key would end in 2106. A part each, so that each is pruned by itself."""
    years = [0, 56, 130, 137, 200, 280]
    for year in years:
        time = year * 365 * 86_400 * SECOND_NS
        store.insert(TRACES, traces(make_span(str(year), start_time_unix_nano=time, end_time_unix_nano=time)))
    for bound in (30, 133, 150, 250):
        moment = f"toDateTime64({bound} * 365 * 86400, 9, 'UTC')"
        after = store.value(f"SELECT arraySort(groupArray(toInt32(name))) FROM spans WHERE start_time >= {moment}")
        before = store.value(f"SELECT arraySort(groupArray(toInt32(name))) FROM spans WHERE start_time < {moment}")
        assert (before, after) == ([y for y in years if y < bound], [y for y in years if y >= bound])


@pytest.mark.parametrize(
    ("time", "observed", "stored"),
    [
        (7, 8, (7, "time")),
        (0, 8, (8, "observed")),
        (0, 0, (START_UNIX_NANO, "received")),
        (2**64 - 1, 0, (LATEST, "time")),
    ],
)
def test_a_log_without_a_time_has_the_next_best(
    store: Store, time: int, observed: int, stored: tuple[int, str]
) -> None:
    store.insert(LOGS, logs(LogRecord(time_unix_nano=time, observed_time_unix_nano=observed)))
    (row,) = store.rows("logs")
    assert (row["time"], row["time_source"]) == stored


def test_a_log_with_impossible_ids_belongs_to_no_trace(store: Store) -> None:
    store.insert(LOGS, logs(LogRecord(trace_id=b"short", span_id=bytes(8))))
    (row,) = store.rows("logs")
    assert (row["trace_id"], row["span_id"]) == ("", "")


def test_numbers_that_otlp_has_no_name_for_are_kept_as_digits(store: Store) -> None:
    span = make_span()
    span.MergeFromString(b"\x30\x2a\x7a\x02\x18\x09")  # kind 42; status.code 9
    store.insert(TRACES, traces(span))
    (row,) = store.rows("spans")
    assert (row["kind"], row["status_code"]) == ("42", "9")
