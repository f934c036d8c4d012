"""Bytes of ClickHouse's own making: compressed blocks of its HTTP interface, and the greeting of its Go driver.

Owns those two encodings. Source: ClickHouse src/Compression/CompressedWriteBuffer.cpp and src/Formats/NativeWriter.cpp.
"""

from __future__ import annotations

import struct
from typing import Final

import lz4.block
from clickhouse_cityhash.cityhash import CityHash128

BLOCK_BYTES_MAX: Final = 1 << 20
_LZ4: Final = 0x82
_HEADER: Final = struct.Struct("<BII")
_MASK: Final = (1 << 64) - 1
# The first revision whose blocks say of each column whether it is serialised in a special way.
REVISION_WITH_CUSTOM_SERIALIZATION: Final = 54454
_BLOCK_INFO: Final = b"\x01\x00\x02\xff\xff\xff\xff\x00"


class CompressedBlocks:
    """What `compress=1` asks for: LZ4 blocks, each behind its checksum."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def compress(self, data: bytes) -> bytes:
        """As many whole blocks as there are."""
        self._waiting += data
        blocks = []
        while len(self._waiting) >= BLOCK_BYTES_MAX:
            blocks.append(_block(bytes(self._waiting[:BLOCK_BYTES_MAX])))
            del self._waiting[:BLOCK_BYTES_MAX]
        return b"".join(blocks)

    def flush(self) -> bytes:
        """The rest."""
        rest = bytes(self._waiting)
        self._waiting.clear()
        return _block(rest) if rest else b""


def _block(data: bytes) -> bytes:
    packed: bytes = lz4.block.compress(data, store_size=False)
    body = _HEADER.pack(_LZ4, _HEADER.size + len(packed), len(data)) + packed
    checksum: int = CityHash128(body)
    return struct.pack("<QQ", checksum >> 64, checksum & _MASK) + body


def greeting(columns: list[tuple[str, str, str | int]]) -> bytes:
    """A Native block of one row for a client that named a protocol version; values are String and UInt32."""
    parts = [_BLOCK_INFO, bytes([len(columns), 1])]
    for name, kind, value in columns:
        data = struct.pack("<I", value) if isinstance(value, int) else _text(value)
        parts += [_text(name), _text(kind), b"\x00", data]
    return b"".join(parts)


def _text(value: str) -> bytes:
    data = value.encode()
    assert len(data) < 0x80
    return bytes([len(data)]) + data
