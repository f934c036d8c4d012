"""Content types and content encodings: what is understood, and what a hostile body may cost."""

from __future__ import annotations

import gzip
import os
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Final

import pytest

from spanhouse_collector.errors import MalformedRequest, RequestTooLarge, UnsupportedMediaType
from spanhouse_collector.otlp import body as otlp_body
from spanhouse_collector.otlp.body import JSON, PROTOBUF, inflate, media_type

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MIB: Final = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    encoder = zlib.compressobj(wbits=-15)
    return encoder.compress(data) + encoder.flush()


ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZip": gzip.compress,
    " gzip ": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "zstd": zstd.compress,
    "identity": bytes,
    "": bytes,
}


@pytest.mark.parametrize(
    ("sent", "understood"),
    [
        ("application/json", JSON),
        ("APPLICATION/JSON", JSON),
        ("application/json; charset=utf-8", JSON),
        ("application/json;charset=UTF-8;x=y", JSON),
        (" application/x-protobuf ", PROTOBUF),
        ("Application/X-Protobuf", PROTOBUF),
    ],
)
def test_a_media_type_is_read_in_any_case_and_with_any_parameters(sent: str, understood: str) -> None:
    assert media_type(sent) == understood


@pytest.mark.parametrize("sent", [None, "", "text/plain", "application/protobuf", "application/grpc", "json"])
def test_an_unknown_media_type_is_refused_and_both_known_ones_are_named(sent: str | None) -> None:
    with pytest.raises(UnsupportedMediaType) as refusal:
        media_type(sent)
    assert JSON in str(refusal.value)
    assert PROTOBUF in str(refusal.value)


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("data", [b"", b"x", os.urandom(3 * MIB), bytes(3 * MIB)], ids=["none", "1B", "noise", "zeros"])
def test_every_encoding_gives_back_what_was_encoded(encoding: str, data: bytes) -> None:
    assert inflate(ENCODERS[encoding](data), encoding, limit_bytes=4 * MIB) == data


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip,identity", "lz4", "snappy", "x" * 500])
def test_an_unknown_encoding_is_refused_with_the_known_ones(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType) as refusal:
        inflate(b"", encoding, limit_bytes=MIB)
    assert refusal.value.accept_encoding == "gzip, deflate, zstd, identity"
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "Deflate", "zstd"])
def test_a_body_that_ends_early_is_refused_at_every_length(encoding: str) -> None:
    whole = ENCODERS[encoding](b"some export request " * 20)
    for length in range(1 if encoding == "zstd" else 0, len(whole)):
        with pytest.raises(MalformedRequest):
            inflate(whole[:length], encoding, limit_bytes=MIB)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize("garbage", [b"\x00" * 40, b"not compressed at all", bytes(range(256))])
def test_garbage_is_refused_and_the_encoding_is_named(encoding: str, garbage: bytes) -> None:
    with pytest.raises(MalformedRequest, match=encoding):
        inflate(garbage, encoding, limit_bytes=MIB)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_one_flipped_bit_never_raises_anything_but_a_refusal(encoding: str) -> None:
    whole = ENCODERS[encoding](b"some export request " * 20)
    for position in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[position // 8] ^= 1 << position % 8
        try:
            inflate(bytes(damaged), encoding, limit_bytes=MIB)
        except (MalformedRequest, RequestTooLarge):
            continue


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_row_of_members_is_one_body(encoding: str) -> None:
    encode = ENCODERS[encoding]
    assert inflate(encode(b"one ") + encode(b"") + encode(b"two"), encoding, limit_bytes=MIB) == b"one two"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_millions_of_empty_members_are_refused_in_linear_time(encoding: str) -> None:
    body = ENCODERS[encoding](b"") * 1_000_000
    started = time.process_time()
    with pytest.raises(MalformedRequest, match="members"):
        inflate(body, encoding, limit_bytes=64 * MIB)
    assert time.process_time() - started < 10


def test_bytes_behind_a_deflate_stream_are_refused() -> None:
    with pytest.raises(MalformedRequest, match="follow"):
        inflate(zlib.compress(b"x") + b"more", "deflate", limit_bytes=MIB)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "Deflate", "zstd", "identity"])
def test_the_limit_is_what_may_come_out_and_one_byte_more_may_not(encoding: str) -> None:
    data = bytes(MIB)
    assert inflate(ENCODERS[encoding](data), encoding, limit_bytes=MIB) == data
    with pytest.raises(RequestTooLarge, match=rf"max_request_bytes={MIB - 1}"):
        inflate(ENCODERS[encoding](data), encoding, limit_bytes=MIB - 1)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "Deflate", "zstd"])
def test_a_bomb_costs_no_more_memory_than_the_limit_and_a_constant(encoding: str) -> None:
    bomb = ENCODERS[encoding](bytes(256 * MIB))
    limit = 8 * MIB
    tracemalloc.start()
    try:
        with pytest.raises(RequestTooLarge):
            inflate(bomb, encoding, limit_bytes=limit)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < limit + 6 * MIB


def test_a_zstd_frame_that_asks_for_a_huge_window_is_refused() -> None:
    options = {int(zstd.CompressionParameter.window_log): 27, int(zstd.CompressionParameter.checksum_flag): 0}
    encoder = zstd.ZstdCompressor(options=options)
    frame = encoder.compress(os.urandom(1000)) + encoder.flush()
    with pytest.raises(MalformedRequest, match="zstd"):
        inflate(frame, "zstd", limit_bytes=MIB)


def test_a_bug_in_a_decoder_is_not_taken_for_the_senders_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_body: bytes) -> list[bytes]:
        raise RuntimeError("bug")

    monkeypatch.setitem(otlp_body._DECODERS, "gzip", broken)
    with pytest.raises(RuntimeError):
        inflate(b"", "gzip", limit_bytes=MIB)
