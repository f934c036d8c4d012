"""One record of the log: an export request in its envelope.

Owns the layout. A record is a varint-delimited protobuf message, so that a file of records is ClickHouse's `Protobuf`
input format as it is; the message is `TracesRecord`, `LogsRecord` or `MetricsRecord` of proto/spanhouse/ingest.proto:

    varint body_bytes
    body: 0D magic[4]  15 body_bytes[4]  1A project  21 received_unix_nano[8]  2A fingerprint[16]  38 item_count
          32 request (the client's bytes, untouched)  79 checksum[8]

All fixed fields are little-endian. `checksum` is XXH3-64 of the body before its tag. `magic` and the second
`body_bytes` let a reader find the next record behind a damaged one.

Pure: bytes in, bytes out. Source: decision 004.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import xxhash

MAGIC: Final = b"SpH1"
FINGERPRINT_BYTES: Final = 16
_MAGIC_FIELD: Final = b"\x0d" + MAGIC
_SIZE_TAG: Final = b"\x15"
_TRAILER_BYTES: Final = 9  # tag and XXH3-64
_HEAD_BYTES: Final = len(_MAGIC_FIELD) + 5
_FIELDS: Final = ((b"\x1a", 0), (b"\x21", 8), (b"\x2a", 0))  # tag and size, 0 where the size stands before the bytes
_RESYNC_READS: Final = 8  # how often `find_next` may read its buffer over: bytes can be made to look like many heads


@dataclass(frozen=True)
class Envelope:
    """What the log knows of a request besides its bytes. `project` is '' when no header or key named one."""

    project: str
    received_unix_nano: int
    fingerprint: bytes
    item_count: int


@dataclass(frozen=True)
class Record:
    """An intact record found in a buffer: `start` … `end` are its offsets, delimiter included."""

    start: int
    end: int
    envelope: Envelope
    request_start: int
    request_end: int


def varint(number: int) -> bytes:
    """Base-128 encoding of a number that is not negative."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def fingerprint(signal_name: str, project: str, raw: bytes, *, seed: int) -> bytes:
    """What makes two requests identical: signal, project and bytes, keyed so that nobody can aim for a collision."""
    digest = xxhash.xxh3_128(f"{signal_name}\0{project}\0".encode(), seed=seed)
    digest.update(raw)
    return bytes(digest.digest())


def frame(envelope: Envelope, request: bytes) -> tuple[bytes, bytes]:
    """What stands before and after `request` in the file; the three parts go to one writev."""
    project = envelope.project.encode()
    fields = b"".join(
        (
            b"\x1a",
            varint(len(project)),
            project,
            b"\x21",
            struct.pack("<Q", envelope.received_unix_nano),
            b"\x2a",
            varint(len(envelope.fingerprint)),
            envelope.fingerprint,
            b"\x38",
            varint(envelope.item_count),
            b"\x32",
            varint(len(request)),
        )
    )
    body_bytes = _HEAD_BYTES + len(fields) + len(request) + _TRAILER_BYTES
    head = _MAGIC_FIELD + _SIZE_TAG + struct.pack("<I", body_bytes) + fields
    checksum = xxhash.xxh3_64(head)
    checksum.update(request)
    return varint(body_bytes) + head, b"\x79" + struct.pack("<Q", checksum.intdigest())


def scan(buffer: memoryview) -> Iterator[Record]:
    """Yield the intact records from the start of the buffer, until the first that is not."""
    offset = 0
    while (record := _read(buffer, offset)) is not None:
        yield record
        offset = record.end


def find_next(buffer: memoryview, offset: int) -> Record | None:
    """The first intact record that starts at or after `offset`: the way past damaged bytes."""
    data = buffer.obj if isinstance(buffer.obj, bytes) else bytes(buffer)
    position = offset
    may_read = _RESYNC_READS * len(buffer)
    while (found := data.find(_MAGIC_FIELD, position)) >= 0 and may_read >= 0:
        size = _body_bytes(buffer, found)
        if size is not None and found + size <= len(buffer):
            start = found - len(varint(size))
            record = _read(buffer, start) if start >= offset else None
            if record is not None:
                return record
            may_read -= size
        position = found + 1
    return None


def is_cut_short(buffer: memoryview, start: int) -> bool:
    """Whether the bytes from `start` are what a crash in the middle of an append leaves: the beginning of one record,
    or zeros that a file system put in place of bytes it never got.
    """
    rest = bytes(buffer[start:])
    if not rest.strip(b"\0"):
        return True
    size, body_start = _varint_at(buffer, start)
    if body_start == start:
        return len(rest) < 5 and all(byte >= 0x80 for byte in rest)
    head = bytes(buffer[body_start : body_start + _HEAD_BYTES])
    expected = _MAGIC_FIELD + _SIZE_TAG + size.to_bytes(4, "little")
    return body_start + size > len(buffer) and expected.startswith(head)


def _body_bytes(buffer: memoryview, body_start: int) -> int | None:
    head = bytes(buffer[body_start : body_start + _HEAD_BYTES])
    if len(head) < _HEAD_BYTES or head[:5] != _MAGIC_FIELD or head[5:6] != _SIZE_TAG:
        return None
    return int.from_bytes(head[6:10], "little")


def _read(buffer: memoryview, start: int) -> Record | None:
    """The record at `start`, or None when it is cut short, damaged or not a record."""
    size, body_start = _varint_at(buffer, start)
    body_end = body_start + size
    if size <= _HEAD_BYTES + _TRAILER_BYTES or body_end > len(buffer) or _body_bytes(buffer, body_start) != size:
        return None
    trailer = bytes(buffer[body_end - _TRAILER_BYTES : body_end])
    if trailer[:1] != b"\x79":
        return None
    if xxhash.xxh3_64_intdigest(buffer[body_start : body_end - _TRAILER_BYTES]) != int.from_bytes(
        trailer[1:], "little"
    ):
        return None
    return _parse(buffer, start, body_start, body_end)


def _parse(buffer: memoryview, start: int, body_start: int, body_end: int) -> Record | None:
    """The fields of a body whose checksum is right; None when another hand than `frame` wrote them."""
    parts: list[bytes] = []
    offset = body_start + _HEAD_BYTES
    for tag, fixed_bytes in _FIELDS:
        if bytes(buffer[offset : offset + 1]) != tag:
            return None
        length, offset = (fixed_bytes, offset + 1) if fixed_bytes else _varint_at(buffer, offset + 1)
        parts.append(bytes(buffer[offset : offset + length]))
        offset += length
    items, offset = _varint_at(buffer, offset + 1) if bytes(buffer[offset : offset + 1]) == b"\x38" else (0, body_end)
    length, request_start = _varint_at(buffer, offset + 1)
    if bytes(buffer[offset : offset + 1]) != b"\x32" or request_start + length != body_end - _TRAILER_BYTES:
        return None
    project, received, digest = parts
    try:
        envelope = Envelope(project.decode(), int.from_bytes(received, "little"), digest, items)
    except UnicodeDecodeError:
        return None
    return Record(start, body_end, envelope, request_start, request_start + length)


def _varint_at(buffer: memoryview, offset: int) -> tuple[int, int]:
    """The varint at `offset` and the offset behind it; (0, offset) where the buffer ends or the varint is too long."""
    number = shift = 0
    position = offset
    while position < len(buffer) and shift < 35:
        byte = buffer[position]
        position += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, position
        shift += 7
    return 0, offset
