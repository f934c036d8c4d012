"""HTTP bodies: which media types and content encodings are understood, and inflating them within a limit.

Owns the two tables and the bounded decompressors. A declared size is never trusted: output is counted as it appears, so
memory is bounded by the limit whatever the input says. Leaves reading from the socket to the receiver.

Source: OTLP specification, "OTLP/HTTP Request"; RFC 9110 section 8.4.1.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Final

from spanhouse_collector.errors import MalformedRequest, RequestTooLarge, UnsupportedMediaType

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PROTOBUF: Final = "application/x-protobuf"
JSON: Final = "application/json"
MEDIA_TYPES: Final = (PROTOBUF, JSON)
ACCEPT_ENCODING: Final = "gzip, deflate, zstd, identity"

_STEP_BYTES: Final = 1 << 20  # how much is inflated at a time: what a bomb can cost beyond the limit
_FEED_BYTES: Final = 1 << 18  # how much is given to a decoder at a time: what it copies when a member ends
MEMBERS_MAX: Final = 10_000  # gzip members or zstd frames of one body; parallel compressors make one per 64 KiB or more


def media_type(content_type: str | None) -> str:
    """PROTOBUF or JSON, from a Content-Type header in any case and with any parameters.

    Raises:
        UnsupportedMediaType: something else, or none.

    """
    name = (content_type or "").partition(";")[0].strip().lower()
    if name not in MEDIA_TYPES:
        raise UnsupportedMediaType(
            f"Content-Type {(content_type or '')[:80]!r} is not supported", hint=f"send {PROTOBUF} or {JSON}"
        )
    return name


def inflate(body: bytes, content_encoding: str | None, *, limit_bytes: int) -> bytes:
    """The body as it was before its Content-Encoding.

    Raises:
        UnsupportedMediaType: an unknown encoding, or more than one.
        RequestTooLarge: more than `limit_bytes` come out.
        MalformedRequest: the compressed data is corrupt or ends early.

    """
    encoding = (content_encoding or "identity").strip().lower()
    decoder = _DECODERS.get(encoding)
    if decoder is None:
        raise UnsupportedMediaType(
            f"Content-Encoding {encoding[:80]!r} is not supported",
            hint=f"send one of: {ACCEPT_ENCODING}",
            accept_encoding=ACCEPT_ENCODING,
        )
    try:
        return _gather(decoder(body), encoding, limit_bytes)
    except (zlib.error, zstd.ZstdError, _Corrupt) as error:
        raise MalformedRequest(f"Content-Encoding {encoding}: {str(error)[:120]}") from error


def _gather(pieces: Iterable[bytes], encoding: str, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit_bytes:
            raise RequestTooLarge(
                f"the {encoding} body is larger than max_request_bytes={limit_bytes} once it is decompressed",
                hint="send smaller batches or raise --max-request-bytes",
            )
        parts.append(piece)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _identity(body: bytes) -> Iterable[bytes]:
    yield body


class _Corrupt(Exception):
    """Compressed data that ends early, or goes on where it must not."""


class _Input:
    """A body given out slice by slice; a decoder puts back what it did not need."""

    def __init__(self, body: bytes) -> None:
        self._body = memoryview(body)
        self._at = 0

    @property
    def is_used_up(self) -> bool:
        return self._at == len(self._body)

    def take(self) -> memoryview:
        piece = self._body[self._at : self._at + _FEED_BYTES]
        self._at += len(piece)
        return piece

    def put_back(self, size_bytes: int) -> None:
        self._at -= size_bytes


def _zlib_member(source: _Input, window_bits: int) -> Generator[bytes, None, None]:
    """Yield one zlib stream piece by piece; what follows it stays in `source`."""
    decoder = zlib.decompressobj(window_bits)
    while not decoder.eof:
        data = source.take()
        piece = decoder.decompress(data, _STEP_BYTES)
        source.put_back(len(decoder.unconsumed_tail) + len(decoder.unused_data))
        if piece:
            yield piece
        elif not data:
            raise _Corrupt("the compressed data ends before its end marker")


def _zstd_frame(source: _Input) -> Generator[bytes, None, None]:
    # The window is what a frame may make a decoder allocate: 8 MiB is the format's recommended ceiling.
    decoder = zstd.ZstdDecompressor(options={int(zstd.DecompressionParameter.window_log_max): 23})
    while not decoder.eof:
        data = source.take() if decoder.needs_input else memoryview(b"")
        if decoder.needs_input and not data:
            raise _Corrupt("the compressed data ends before its end marker")
        piece = decoder.decompress(data, _STEP_BYTES)
        if piece:
            yield piece
    source.put_back(len(decoder.unused_data))


def _members(body: bytes, member: Callable[[_Input], Iterable[bytes]]) -> Iterator[bytes]:
    """Everything in a row of gzip members or zstd frames: as many as real compressors write, not millions."""
    source = _Input(body)
    for _ in range(MEMBERS_MAX):
        yield from member(source)
        if source.is_used_up:
            return
    raise _Corrupt(f"more than {MEMBERS_MAX} members or frames")


def _gzip(body: bytes) -> Iterator[bytes]:
    return _members(body, lambda source: _zlib_member(source, 31))  # 31: gzip header and trailer, largest window


def _zstd(body: bytes) -> Iterator[bytes]:
    return _members(body, _zstd_frame)


def _deflate(body: bytes) -> Generator[bytes, None, None]:
    """The zlib format that HTTP calls deflate, or the raw deflate that some clients send instead."""
    try:
        zlib.decompressobj(15).decompress(body[:_FEED_BYTES], 1)
        window_bits = 15
    except zlib.error:
        window_bits = -15
    source = _Input(body)
    yield from _zlib_member(source, window_bits)
    if not source.is_used_up:
        raise _Corrupt("more bytes follow the end of the compressed data")


_DECODERS: Final[dict[str, Callable[[bytes], Iterable[bytes]]]] = {
    "identity": _identity,
    "": _identity,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}
