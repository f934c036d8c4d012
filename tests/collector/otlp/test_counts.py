"""Requests that hold more messages than they may: refused before they are parsed, whatever their size."""

from __future__ import annotations

import gzip
import time
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from spanhouse_collector.errors import RequestTooLarge, SpanhouseError
from spanhouse_collector.otlp import counts, json_decode, validate
from spanhouse_collector.otlp.body import inflate
from spanhouse_collector.otlp.counts import ITEMS, PARTS, RESOURCES, SCOPES, Limit, Tally, check_counts
from spanhouse_collector.otlp.json_decode import to_protobuf
from spanhouse_collector.otlp.refusals import Refusals
from spanhouse_collector.otlp.signals import BY_NAME, LOGS, METRICS, TRACES, Signal
from spanhouse_collector.otlp.validate import check
from tests.builders import make_span, traces
from tests.collector.otlp.test_validate import group
from tests.otlp_strategies import REQUESTS

EMPTY = b"\x0a\x00"  # field 1 of any message, and nothing in it
SECOND = b"\x12\x00"  # field 2
MANY = 2_500_000
BOMBS: dict[str, tuple[Signal, bytes, Limit]] = {
    "resources": (TRACES, group(MANY, EMPTY), RESOURCES),
    "resources of logs": (LOGS, group(MANY, EMPTY), RESOURCES),
    "scopes": (LOGS, group(MANY, SECOND, 1), SCOPES),
    "scopes of many resources": (TRACES, group(15_000, group(2, SECOND, 1)), SCOPES),
    "spans": (TRACES, group(MANY, SECOND, 1, 2), ITEMS),
    "spans of many scopes": (TRACES, group(15_000, group(100, SECOND, 2), 1), ITEMS),
    "log records": (LOGS, group(MANY, SECOND, 1, 2), ITEMS),
    "metrics": (METRICS, group(MANY, SECOND, 1, 2), ITEMS),
    "data points": (METRICS, group(MANY, EMPTY, 1, 2, 2, 5), ITEMS),
    "points of many metrics": (METRICS, group(400_000, group(2, EMPTY, 2, 5), 1, 2), ITEMS),
    "attributes of a span": (TRACES, group(MANY, b"\x4a\x00", 1, 2, 2), PARTS),
    "events": (TRACES, group(MANY, b"\x5a\x00", 1, 2, 2), PARTS),
    "attributes of events": (TRACES, group(1_000, group(5_000, b"\x1a\x00", 11), 1, 2, 2), PARTS),
    "elements of an array": (TRACES, group(MANY, EMPTY, 1, 2, 2, 9, 2, 5), PARTS),
}


@pytest.fixture
def unparsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validate, "_read", lambda *_: pytest.fail("parsed"))


@pytest.mark.usefixtures("unparsed")
@pytest.mark.parametrize("bomb", BOMBS)
def test_too_many_messages_are_refused_by_name_before_they_are_parsed(bomb: str) -> None:
    signal, body, limit = BOMBS[bomb]
    with pytest.raises(RequestTooLarge, match=f"more than {limit.most} {limit.what}") as refusal:
        check(signal, body)
    assert refusal.value.limit == limit.name


@pytest.mark.usefixtures("unparsed")
def test_a_kilobyte_that_becomes_half_a_million_resources_is_refused_in_milliseconds() -> None:
    sent = gzip.compress(500_000 * EMPTY)
    assert len(sent) < 1_100
    started = time.process_time()
    with pytest.raises(RequestTooLarge, match="more than 20000 resources"):
        check(TRACES, inflate(sent, "gzip", limit_bytes=64 << 20))
    assert time.process_time() - started < 1  # about 0.02 s; it was 3.6 s


@pytest.mark.usefixtures("unparsed")
def test_what_fills_the_largest_request_costs_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk ends at the limit, whatever follows."""
    monkeypatch.setattr(counts, "CONTAINERS", {})
    for levels in ((), (1,), (1, 2)):
        started = time.process_time()
        with pytest.raises(RequestTooLarge):
            check(TRACES, group(16 << 20, SECOND if levels else EMPTY, *levels))
        assert time.process_time() - started < 10


def test_two_million_empty_spans_are_over_the_limit_and_a_million_is_answered_quickly() -> None:
    with pytest.raises(RequestTooLarge, match="more than 1000000 spans"):
        check(TRACES, group(2_000_000, SECOND, 1, 2))
    started = time.process_time()
    with pytest.raises(SpanhouseError, match="1000000 spans refused"):
        check(TRACES, group(1_000_000, SECOND, 1, 2))
    assert time.process_time() - started < 10


class _Counted(Tally):
    """A tally that remembers how much was counted, of one request."""

    last: Tally

    def __init__(self) -> None:
        super().__init__()
        _Counted.last = self


def truth(message: Any) -> dict[str, int]:
    """What a request holds, counted in objects."""
    found = dict.fromkeys((RESOURCES.name, SCOPES.name, ITEMS.name, PARTS.name), 0)
    todo = [message]
    while todo:
        for field, value in todo.pop().ListFields():
            if field.message_type is not None:
                below = list(value) if field.is_repeated else [value]
                if field.is_repeated:
                    found[counts.limit_of(field).name] += len(below)
                todo += below
    return found


@pytest.mark.parametrize("name", REQUESTS)
def test_counts_are_those_of_the_objects(name: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(REQUESTS[name], st.sampled_from([40, 4 << 20]), st.sampled_from([0, 2, 99]))
    def agree(request: Message, chunk_bytes: int, walked_levels: int) -> None:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(counts, "CHUNK_BYTES", chunk_bytes)
            patched.setattr(counts, "WALKED_LEVELS", walked_levels)
            patched.setattr(counts, "Tally", _Counted)
            for limit in ("ITEMS", "PARTS"):  # as if the request were large
                patched.setattr(counts, limit, Limit(getattr(counts, limit).name, -1, ""))
            check_counts(BY_NAME[name], request.SerializeToString())
        assert _Counted.last.counts == truth(request)

    agree()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(BY_NAME.values())), st.binary(max_size=80))
def test_any_bytes_are_counted_or_left_to_the_parse(signal: Signal, raw: bytes) -> None:
    check_counts(signal, raw)


def test_an_ordinary_large_request_is_accepted() -> None:
    spans = [make_span(attributes={f"key {n}": "x" * 200 for n in range(20)}) for _ in range(1_200)]
    raw = traces(*spans).SerializeToString()
    assert len(raw) > 2 * PARTS.most  # large enough for every limit to be looked at
    assert check(TRACES, raw).accepted == 1_200


JSON_BOMBS: dict[str, tuple[Signal, bytes, Limit]] = {
    "resources": (TRACES, b'{"resourceSpans":[%s]}' % b",".join([b"{}"] * 500_000), RESOURCES),
    "scopes": (LOGS, b'{"resourceLogs":[{"scopeLogs":[%s]}]}' % b",".join([b"{}"] * 500_000), SCOPES),
    "spans": (TRACES, b'{"resourceSpans":[{"scopeSpans":[{"spans":[%s]}]}]}' % b",".join([b"0"] * MANY), ITEMS),
    "attributes": (TRACES, b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[%s]}]}]}]}'
                   % b",".join([b"0"] * MANY), PARTS),
    "buckets": (METRICS, b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":['
                b'{"bucketCounts":[%s]}]}}]}]}]}' % b",".join([b"0"] * MANY), PARTS),
    "unknown keys": (TRACES, b'{"x":[%s]}' % b",".join([b"{}"] * MANY), PARTS),
    "lists": (TRACES, b'{"x":[%s]}' % b",".join([b"[]"] * MANY), PARTS),
}  # fmt: skip


@pytest.mark.parametrize("bomb", JSON_BOMBS)
def test_json_has_the_same_limits(bomb: str) -> None:
    signal, body, limit = JSON_BOMBS[bomb]
    with pytest.raises(RequestTooLarge, match=f"more than {limit.most} {limit.what}"):
        to_protobuf(signal, body, Refusals())


def test_braces_in_the_texts_of_json_are_no_objects() -> None:
    text = b'\\"{[' * MANY
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"%s"}]}]}]}' % text
    assert len(json_decode.to_protobuf(TRACES, body)) > 2 * MANY
