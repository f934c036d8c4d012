"""The layout of a record: a file of records is a sequence of delimited protobuf messages, and damage is noticed."""

from __future__ import annotations

import io
from typing import Any

import pytest
import xxhash
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, proto
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

from spanhouse_collector.storage.reader_schema import messages
from spanhouse_collector.wal import record as record_module
from spanhouse_collector.wal.record import Envelope, find_next, fingerprint, frame, is_cut_short, scan
from tests.builders import make_span, traces
from tests.collector.wal.rig import framed, numbers_in

_KINDS = {
    "fixed32": descriptor_pb2.FieldDescriptorProto.TYPE_FIXED32,
    "fixed64": descriptor_pb2.FieldDescriptorProto.TYPE_FIXED64,
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
    "bytes": descriptor_pb2.FieldDescriptorProto.TYPE_BYTES,
    "uint32": descriptor_pb2.FieldDescriptorProto.TYPE_UINT32,
}


def record_class() -> type[Any]:
    """`TracesRecord` as proto/ingest.proto declares it, around OTLP's own request message."""
    file = descriptor_pb2.FileDescriptorProto(name="record_under_test.proto", package="under_test", syntax="proto3")
    file.dependency.append(trace_service_pb2.DESCRIPTOR.name)
    message = file.message_type.add(name="TracesRecord")
    for declared in messages()["TracesRecord"]:
        field = message.field.add(
            name=declared.name, number=declared.number, label=descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
        )
        if declared.type in _KINDS:
            field.type = _KINDS[declared.type]
        else:
            field.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
            field.type_name = f".opentelemetry.proto.collector.trace.v1.{declared.type}"
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("under_test.TracesRecord"))


def test_a_file_of_records_is_delimited_protobuf_of_the_reader_schema() -> None:
    requests = [traces(make_span(f"span {number}")) for number in range(3)]
    data = b""
    for number, request in enumerate(requests):
        raw = request.SerializeToString()
        head, tail = frame(Envelope(f"project-{number}", 10**18 + number, bytes([number] * 16), number + 300), raw)
        data += head + raw + tail
    stream = io.BytesIO(data)
    cls = record_class()
    for number, request in enumerate(requests):
        message = proto.parse_length_prefixed(cls, stream)
        assert message.magic.to_bytes(4, "little") == b"SpH1"
        assert message.body_bytes == message.ByteSize()
        assert (message.request_project, message.received_unix_nano) == (f"project-{number}", 10**18 + number)
        assert (message.fingerprint, message.item_count) == (bytes([number] * 16), number + 300)
        assert message.request == request
    assert stream.read() == b""


@given(
    project=st.text(max_size=200),
    received=st.integers(0, 2**64 - 1),
    digest=st.binary(max_size=40),
    items=st.integers(0, 2**32 - 1),
    raw=st.binary(max_size=300),
)
@settings(max_examples=150, deadline=None)
def test_what_is_framed_is_read_back(project: str, received: int, digest: bytes, items: int, raw: bytes) -> None:
    written = Envelope(project, received, digest, items)
    head, tail = frame(written, raw)
    data = head + raw + tail
    (found,) = scan(memoryview(data + b"\x05"))
    assert found.envelope == written
    assert data[found.request_start : found.request_end] == raw
    assert (found.start, found.end) == (0, len(data))


def test_every_flipped_bit_of_a_record_is_noticed() -> None:
    data = framed(1, 60)
    for position in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            assert list(scan(memoryview(bytes(damaged)))) == [], f"bit {bit} of byte {position}"


def test_a_record_of_a_future_layout_with_a_right_checksum_is_not_misread() -> None:
    """Its bytes are another layout's: not ours to interpret, whatever the checksum says."""
    data = framed(1)
    assert numbers_in(data) == [1]
    for offset in range(11, 60):  # from the first field on
        changed = bytearray(data[1:-9])
        changed[offset - 1] ^= 0x3F
        body = bytes(changed)
        checksum = xxhash.xxh3_64_intdigest(body).to_bytes(8, "little")
        for found in scan(memoryview(data[:1] + body + b"\x79" + checksum)):
            assert found.request_end == found.end - 9


def test_the_next_record_is_found_behind_any_garbage() -> None:
    good = framed(7)
    for garbage in (b"\0" * 5000, b"SpH1" * 100, b"\x0dSpH1\x15\xff\xff\xff\xff", framed(1)[:-1], good[:40]):
        found = find_next(memoryview(garbage + good + b"tail"), 0)
        assert found is not None
        assert found.start == len(garbage)


def test_bytes_made_to_look_like_a_million_heads_do_not_hold_up_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender could write such a request; reading the rest of the file for each head would take hours."""
    hashed = 0
    real = xxhash.xxh3_64_intdigest

    def counting(data: memoryview) -> int:
        nonlocal hashed
        hashed += len(data)
        return int(real(data))

    monkeypatch.setattr(xxhash, "xxh3_64_intdigest", counting)
    size = 300_000
    unit = bytearray()
    for offset in range(0, size, 13):
        body_bytes = size - offset - 3
        unit += (
            record_module.varint(body_bytes)[:3].ljust(3, b"\0") + b"\x0dSpH1\x15" + body_bytes.to_bytes(4, "little")
        )
    data = bytes(unit[:size])
    data = data[: size - 9] + b"\x79" + data[size - 8 :]
    assert find_next(memoryview(data), 0) is None
    assert hashed <= 10 * size


def test_only_the_beginning_of_a_record_or_zeros_count_as_cut_short() -> None:
    data = framed(3, 300)
    for cut in range(1, len(data)):
        assert is_cut_short(memoryview(data[:cut]), 0), cut
    assert is_cut_short(memoryview(b"\0" * 4096), 0)
    for other in (b"garbage that is no record at all", data[1:], data[:20] + b"x" * 400, b"\xff" * 9):
        assert not is_cut_short(memoryview(other), 0)


def test_a_fingerprint_depends_on_signal_project_bytes_and_seed() -> None:
    one = fingerprint("traces", "p", b"raw", seed=1)
    assert one == fingerprint("traces", "p", b"raw", seed=1)
    assert len(one) == 16
    others = {
        fingerprint("logs", "p", b"raw", seed=1),
        fingerprint("traces", "q", b"raw", seed=1),
        fingerprint("traces", "p", b"raw ", seed=1),
        fingerprint("traces", "p", b"raw", seed=2),
        fingerprint("traces", "", b"p\0raw", seed=1),
    }
    assert len(others) == 5
    assert one not in others


def test_the_reader_schema_of_all_signals_has_the_same_envelope() -> None:
    envelopes = [
        [(field.name, field.number, field.type) for field in messages()[name] if field.name != "request"]
        for name in ("TracesRecord", "LogsRecord", "MetricsRecord")
    ]
    assert envelopes[0] == envelopes[1] == envelopes[2]
