"""Section B of the conformance list: encodings, sizes, bombs."""

from __future__ import annotations

import gzip
import http.client
import os
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import grpc
import pytest

from spanhouse_collector.errors import RESOURCE_EXHAUSTED
from spanhouse_collector.otlp.signals import BY_NAME, SIGNALS, TRACES, Signal
from tests.builders import make_span, traces
from tests.collector.receiver.samples import good, with_bad
from tests.collector.receiver.wire import JSON, PB, RawHttp, grpc_call, http_reply, post, to_json
from tests.collector_process import CollectorProcess

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB: Final = 1 << 20
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "GZIP": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstd.compress,
    "identity": bytes,
}
each_signal = pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
each_http = pytest.mark.parametrize("protocol", [PB, JSON])


def resident_bytes(collector: CollectorProcess) -> int:
    pages = int(Path(f"/proc/{collector.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """The highest resident size of a process while the block runs."""

    def __init__(self, collector: CollectorProcess) -> None:
        self._collector = collector
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.before = resident_bytes(collector)
        self.peak = self.before

    def _watch(self) -> None:
        while not self._done.wait(0.002):
            self.peak = max(self.peak, resident_bytes(self._collector))

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @property
    def growth(self) -> int:
        return self.peak - self.before


@each_signal
@each_http
@pytest.mark.parametrize("encoding", ENCODERS)
def test_every_content_encoding_is_read(
    collector: CollectorProcess, signal: Signal, protocol: str, encoding: str
) -> None:
    """Cases 15 to 18; the refused item shows that the content was read."""
    request = with_bad(signal, 1, 2)
    body = to_json(request) if protocol == JSON else request.SerializeToString()
    reply = post(collector.http, signal, protocol, ENCODERS[encoding](body), {"content-encoding": encoding})
    assert (reply.code, reply.rejected(signal)) == (0, 2)


@each_signal
@pytest.mark.parametrize(
    "compression", [grpc.Compression.Gzip, grpc.Compression.Deflate, grpc.Compression.NoCompression]
)
def test_every_grpc_compression_is_read(
    collector: CollectorProcess, signal: Signal, compression: grpc.Compression
) -> None:
    """Case 15."""
    raw = with_bad(signal, 40, 2).SerializeToString()
    assert grpc_call(collector.grpc, signal, raw, compression=compression).rejected(signal) == 2


@each_http
@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip, identity", "snappy", "lz4"])
def test_an_unknown_content_encoding_is_415_and_the_known_ones_are_offered(
    collector: CollectorProcess, protocol: str, encoding: str
) -> None:
    """Cases 17 and 18."""
    reply = post(collector.http, TRACES, protocol, b"x", {"content-encoding": encoding})
    assert (reply.http_status, reply.code) == (415, 3)
    assert reply.headers["accept-encoding"] == "gzip, deflate, zstd, identity"


def test_two_content_encoding_headers_are_a_list(collector: CollectorProcess) -> None:
    """Case 18."""
    body = gzip.compress(b"")
    with RawHttp(collector.http) as raw:
        lines = ["Content-Encoding: gzip", "Content-Encoding: gzip", f"Content-Length: {len(body)}"]
        raw.head("Content-Type: application/x-protobuf", *lines)
        raw.send(body)
        assert raw.reply().http_status == 415


@each_http
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize("damage", ["garbage", "truncated", "empty", "checksum"])
def test_a_corrupt_body_is_400_and_the_encoding_is_named(
    collector: CollectorProcess, protocol: str, encoding: str, damage: str
) -> None:
    """Cases 19 and 26."""
    whole = ENCODERS[encoding](b"{}" if protocol == JSON else good(TRACES).SerializeToString())
    body = {
        "garbage": b"\x00garbage",
        "truncated": whole[:-3],
        "empty": b"",
        "checksum": whole[:-2] + bytes([whole[-2] ^ 0xFF, whole[-1]]),
    }[damage]
    reply = post(collector.http, TRACES, protocol, body, {"content-encoding": encoding})
    if damage == "checksum" and encoding == "zstd":
        assert reply.http_status in (200, 400)  # frames carry no checksum unless asked for
        return
    assert (reply.http_status, reply.code) == (400, 3)
    assert encoding in reply.message or (damage == "empty" and protocol == JSON)


@each_signal
@each_http
def test_a_body_over_the_limit_is_413_and_the_limit_is_named(
    small: CollectorProcess, signal: Signal, protocol: str
) -> None:
    """Cases 21 and 23: by its declared length."""
    reply = post(small.http, signal, protocol, bytes(MIB + 1))
    assert (reply.http_status, reply.code, reply.retry_after_s) == (413, 8, None)
    assert "max_request_bytes=1048576" in reply.message
    assert reply.headers["connection"] == "close"


@each_http
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_body_over_the_limit_once_inflated_is_413(small: CollectorProcess, protocol: str, encoding: str) -> None:
    """Cases 21 and 24."""
    reply = post(small.http, TRACES, protocol, ENCODERS[encoding](bytes(MIB + 1)), {"content-encoding": encoding})
    assert (reply.http_status, reply.code, reply.retry_after_s) == (413, 8, None)
    assert "max_request_bytes=1048576" in reply.message


@each_signal
@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_grpc_message_over_the_limit_is_exhausted_for_good(
    small: CollectorProcess, signal: Signal, compression: grpc.Compression
) -> None:
    """Cases 21 and 24: without RetryInfo, which OTLP defines as permanent."""
    reply = grpc_call(small.grpc, signal, bytes(MIB + 1), compression=compression)
    assert (reply.code, reply.retry_after_s) == (RESOURCE_EXHAUSTED, None)


@each_http
def test_a_chunked_body_over_the_limit_is_413(small: CollectorProcess, protocol: str) -> None:
    """Case 21."""
    connection = http.client.HTTPConnection(urlsplit(small.http).netloc, timeout=20)
    sent = {"content-type": "application/json" if protocol == JSON else "application/x-protobuf"}
    connection.request("POST", "/v1/traces", iter([bytes(300_000)] * 4), sent, encode_chunked=True)
    answer = connection.getresponse()
    reply = http_reply(answer.status, dict(answer.getheaders()), answer.read(), TRACES, sent)
    connection.close()
    assert (reply.http_status, reply.code) == (413, 8)


@pytest.mark.parametrize("size", [MIB - 1, MIB, MIB + 1])
def test_the_limit_is_exact(small: CollectorProcess, size: int) -> None:
    """Case 21."""
    frame = traces(make_span(attributes={"prompt": ""})).ByteSize() + 12
    request = traces(make_span(attributes={"prompt": "x" * (size - frame)}))
    while request.ByteSize() != size:
        value = request.resource_spans[0].scope_spans[0].spans[0].attributes[0].value
        value.string_value = "x" * (len(value.string_value) + size - request.ByteSize())
    raw = request.SerializeToString()
    fits = size <= MIB
    assert post(small.http, TRACES, PB, raw).http_status == (200 if fits else 413)
    assert post(small.http, TRACES, PB, gzip.compress(raw), {"content-encoding": "gzip"}).http_status == (
        200 if fits else 413
    )
    assert grpc_call(small.grpc, TRACES, raw).code == (0 if fits else RESOURCE_EXHAUSTED)


def test_the_default_limit_is_64_mib(collector: CollectorProcess) -> None:
    """Case 22."""
    assert post(collector.http, TRACES, PB, bytes(1), {"content-length": str(64 * MIB + 1)}).http_status == 413
    raw = traces(make_span(attributes={"prompt": "x" * (63 * MIB)})).SerializeToString()
    assert grpc_call(collector.grpc, TRACES, raw).code == 0
    assert post(collector.http, TRACES, PB, raw).http_status == 200  # the same bytes: stored once


@pytest.mark.parametrize(
    ("path", "content_type", "status"),
    [
        ("/v1/traces", "application/x-protobuf", 413),
        ("/v1/traces", "text/plain", 415),
        ("/v1/nothing", "application/x-protobuf", 404),
    ],
)
def test_a_sender_in_the_middle_of_a_large_body_still_reads_why_it_is_refused(
    small: CollectorProcess, path: str, content_type: str, status: int
) -> None:
    """Case 23: a connection closed over unread bytes is reset, and an exporter that sees a reset sends again."""
    for _ in range(3):
        with RawHttp(small.http) as raw:
            raw.head(f"Content-Type: {content_type}", f"Content-Length: {24 * MIB}", path=path)
            for _ in range(24):
                raw.send(bytes(MIB))
            reply = raw.reply(content_type=content_type)
            assert (reply.http_status, reply.headers["connection"]) == (status, "close")
            assert raw.is_closed()


def test_the_rest_of_a_refused_body_is_not_read_for_long(small: CollectorProcess) -> None:
    """Case 23: no unbounded drain."""
    with RawHttp(small.http) as raw:
        raw.head("Content-Type: application/x-protobuf", f"Content-Length: {1 << 40}")
        assert raw.reply().http_status == 413
        deadline = time.monotonic() + 10
        is_cut_off = False
        while not is_cut_off and time.monotonic() < deadline:
            try:
                raw.send(bytes(64 << 10))
            except ConnectionError:
                is_cut_off = True
        assert is_cut_off


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
@each_http
def test_a_bomb_is_413_and_costs_little_memory(small: CollectorProcess, encoding: str, protocol: str) -> None:
    """Cases 24 and S14: 64 MiB of zeros in a few KiB, ten times."""
    bomb = ENCODERS[encoding](bytes(64 * MIB))
    assert len(bomb) < MIB
    with MemoryWatch(small) as watch:
        for _ in range(10):
            assert post(small.http, TRACES, protocol, bomb, {"content-encoding": encoding}).http_status == 413
    assert watch.growth < 48 * MIB  # less than one bomb; zstd's window and malloc's arenas are in it


def test_a_grpc_bomb_is_exhausted_and_costs_little_memory(small: CollectorProcess) -> None:
    """Cases 24 and S14."""
    with MemoryWatch(small) as watch:
        for _ in range(10):
            reply = grpc_call(small.grpc, TRACES, bytes(64 * MIB), compression=grpc.Compression.Gzip)
            assert reply.code == RESOURCE_EXHAUSTED
    assert watch.growth < 48 * MIB  # less than one bomb; zstd's window and malloc's arenas are in it


def test_a_bomb_of_empty_spans_is_413_and_costs_little_memory(collector: CollectorProcess) -> None:
    """S14: 60 KiB that become 60 MiB that would become 5 GB of spans."""

    def inside(data: bytes) -> bytes:
        size, length = bytearray(), len(data)
        while length > 0x7F:
            size.append(length & 0x7F | 0x80)
            length >>= 7
        return bytes([*size, length]) + data

    raw = b"\x0a" + inside(b"\x12" + inside(b"\x12\x00" * (30 * MIB)))
    with MemoryWatch(collector) as watch:
        reply = post(collector.http, TRACES, PB, gzip.compress(raw, 1), {"content-encoding": "gzip"})
    assert (reply.http_status, reply.code) == (413, 8)
    assert "1000000 spans" in reply.message
    assert watch.growth < 1500 * MIB


def test_many_large_requests_at_once_are_answered_or_told_to_come_back_and_memory_is_bounded(
    small: CollectorProcess,
) -> None:
    """Case 25: forty requests just under 1 MiB, where four fit."""
    outcomes: list[tuple[int, float | None]] = []

    def one(number: int) -> None:
        raw = traces(make_span(attributes={"prompt": chr(97 + number % 26) * (MIB - 1000)})).SerializeToString()
        reply = post(small.http, TRACES, PB, raw) if number % 2 else grpc_call(small.grpc, TRACES, raw)
        outcomes.append((reply.code, reply.retry_after_s))

    with MemoryWatch(small) as watch:
        threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(outcomes) == 40
    assert {outcome for outcome in outcomes if outcome[0]} <= {(14, 2.0)}
    assert (0, None) in outcomes
    assert watch.growth < 200 * MIB


def test_bodies_that_are_still_arriving_count_as_memory(small: CollectorProcess) -> None:
    """Case 25: a body is counted as it comes, not when it is whole."""
    senders = [RawHttp(small.http) for _ in range(6)]
    statuses = []
    for sender in senders:
        sender.head("Content-Type: application/x-protobuf", f"Content-Length: {MIB}")
        sender.send(bytes(MIB - 100))
    for sender in senders:
        reply = sender.reply()
        statuses.append(reply.http_status)
        sender.socket.close()
    # Four MiB fit; these never finish and end with the deadline, the others were told before.
    assert sorted(statuses) == [408, 408, 408, 408, 503, 503]
    assert post(small.http, TRACES, PB, b"").http_status == 200
