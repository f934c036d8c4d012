"""Protobuf that no serialiser writes but every parser reads: what the engine makes of it.

Owns the differences between protobuf's parser (which admitted the request) and ClickHouse's reader (which stores it).
What the reader cannot take is refused as a whole and blamed on the data, so that the loader can set that record aside.
"""

from __future__ import annotations

import struct

import pytest

from spanhouse_collector.errors import RecordRefused
from spanhouse_collector.otlp.signals import METRICS, TRACES
from spanhouse_collector.otlp.validate import check
from spanhouse_collector.wal.record import varint
from tests.builders import make_span, span_id, trace_id, traces
from tests.tables import Store, framed


def tag(number: int, wire_type: int, payload: bytes = b"") -> bytes:
    return varint(number << 3 | wire_type) + payload


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return tag(number, 2, varint(len(payload)) + payload)


def fixed(*numbers: int) -> bytes:
    return struct.pack(f"<{len(numbers)}Q", *numbers)


SPAN = field(1, trace_id(5)) + field(2, span_id(6)) + field(5, b"name")
TEXT = field(1, b"one")  # AnyValue.string_value
FIVE = tag(3, 0, varint(5))  # AnyValue.int_value
POINT = tag(3, 1, fixed(5))


def attribute(value: bytes) -> bytes:
    return field(9, field(1, b"k") + field(2, value))


def in_request(span: bytes, resource: bytes = b"") -> bytes:
    return field(1, resource + field(2, field(2, span)))


def in_metric(data: bytes) -> bytes:
    return field(1, field(2, field(2, field(1, b"metric") + data)))


def in_histogram(point: bytes) -> bytes:
    return in_metric(field(9, field(1, point) + tag(2, 0, varint(2))))


def resource_with(key: bytes) -> bytes:
    return field(1, field(1, field(1, key) + field(2, TEXT)))


@pytest.mark.parametrize(
    "span",
    [
        SPAN + tag(500, 0, varint(7)) + field(501, b"x") + tag(502, 5, b"abcd") + tag(503, 1, b"abcdefgh"),
        field(5, b"name") + field(2, span_id(6)) + field(1, trace_id(5)),
        field(5, b"name") + tag(6, 0, b"\x83\x80\x80\x00") + field(1, trace_id(5)) + field(2, span_id(6)),
        SPAN + tag(6, 0, varint(2**64 - 1)),
        SPAN + field(9, b""),
        SPAN + attribute(tag(8, 0, varint(2))),
        SPAN + field(9, tag(3, 0, varint(2)) + field(2, TEXT)),
    ],
    ids=["unknown-fields", "reversed", "long-varint", "negative-enum", "empty-pair", "value-strindex", "key-strindex"],
)
def test_unusual_wire_forms_of_a_span_are_stored(store: Store, span: bytes) -> None:
    raw = in_request(span)
    store.insert_bytes(TRACES, framed(check(TRACES, raw).payload))
    (row,) = store.rows("spans")
    assert (row["trace_id"], row["span_id"], row["name"]) == (trace_id(5).hex(), span_id(6).hex(), "name")


def test_a_message_sent_in_pieces_is_merged(store: Store) -> None:
    pieces = SPAN + field(15, field(2, b"words")) + field(15, tag(3, 0, varint(2)))
    store.insert_bytes(TRACES, framed(in_request(pieces, resource_with(b"a") + resource_with(b"b"))))
    (row,) = store.rows("spans")
    assert (row["status_code"], row["status_message"]) == ("ERROR", "words")
    assert row["resource_attributes"] == [("a", "one"), ("b", "one")]


def test_a_resource_that_follows_its_spans_is_theirs(store: Store) -> None:
    store.insert_bytes(TRACES, framed(field(1, field(2, field(2, SPAN)) + resource_with(b"late"))))
    assert store.rows("spans")[0]["resource_attributes"] == [("late", "one")]


@pytest.mark.parametrize(
    "counts",
    [field(6, fixed(1, 2)), tag(6, 1, fixed(1)) + tag(6, 1, fixed(2)), field(6, fixed(1)) + tag(6, 1, fixed(2))],
    ids=["packed", "unpacked", "mixed"],
)
def test_repeated_numbers_are_read_in_every_packing(store: Store, counts: bytes) -> None:
    raw = in_histogram(POINT + counts + field(7, struct.pack("<d", 1.5)))
    store.insert_bytes(METRICS, framed(check(METRICS, raw).payload))
    (row,) = store.rows("metrics")
    assert (row["bucket_counts"], row["explicit_bounds"]) == ([1, 2], [1.5])


@pytest.mark.parametrize(
    ("span", "attributes", "dropped"),
    [
        (SPAN + tag(5, 0, varint(3)), [], 0),
        (SPAN + attribute(TEXT + FIVE), [("k", "5")], 0),
        (SPAN + field(9, field(1, b"k") + field(2, TEXT) + field(2, FIVE)), [("k", "5")], 0),
        (SPAN + tag(10, 0, varint(2**35 + 7)), [], 7),
    ],
    ids=["other-wire-type", "two-values", "value-twice", "too-long-uint32"],
)
def test_what_protobuf_lets_readers_overlook_is_stored_as_its_parsers_read_it(
    store: Store, span: bytes, attributes: list[tuple[str, str]], dropped: int
) -> None:
    store.insert_bytes(TRACES, framed(in_request(span)))
    (row,) = store.rows("spans")
    assert (row["name"], row["attributes"], row["dropped_attributes_count"]) == ("name", attributes, dropped)


def test_a_group_is_refused_as_the_datas_fault_and_stores_nothing(store: Store) -> None:
    before = traces(make_span()).SerializeToString()
    segment = framed(before) + framed(in_request(SPAN + tag(600, 3) + tag(1, 0, varint(3)) + tag(600, 4)))
    with pytest.raises(RecordRefused):
        store.insert_bytes(TRACES, segment)
    assert store.count("spans") == 0


def test_a_metric_with_two_kinds_is_refused_as_the_datas_fault(store: Store) -> None:
    gauge = field(5, field(1, POINT + tag(4, 1, struct.pack("<d", 1.5))))
    histogram = field(9, field(1, POINT) + tag(2, 0, varint(2)))
    with pytest.raises(RecordRefused):
        store.insert_bytes(METRICS, framed(in_metric(gauge + histogram)))
    assert store.count("metrics") == 0
