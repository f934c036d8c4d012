"""A gRPC call written frame by frame, for what grpcio's client would not send and does not show.

Owns as much of HTTP/2 as that takes: the preface, SETTINGS, one request in literal HPACK, and splitting an answer into
frames. Header blocks are not decoded: grpcio writes names and values as plain literals, so they can be searched.

Source: RFC 9113 sections 3.4 and 6; RFC 7541 section 6.2.2; gRPC's PROTOCOL-HTTP2.md.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from typing import Final

from spanhouse_collector.otlp.signals import TRACES

KINDS: Final = {0: "DATA", 1: "HEADERS", 3: "RST_STREAM", 4: "SETTINGS", 6: "PING", 7: "GOAWAY", 8: "WINDOW_UPDATE"}
END_STREAM: Final = 0x1
END_HEADERS: Final = 0x4
Frame = tuple[str, int, bytes]


def _literal(text: str) -> bytes:
    data = text.encode()
    assert len(data) < 127
    return bytes([len(data)]) + data


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


class RawGrpc:
    """One connection, one call on stream 1."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=10)
        self._socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0, b""))

    def __enter__(self) -> RawGrpc:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def open(self, headers: Mapping[str, str] | None = None, *, method: str = "POST") -> None:
        """The request headers of an Export call; `headers` override the usual."""
        usual = {
            ":method": method,
            ":scheme": "http",
            ":path": f"/{TRACES.grpc_service}/Export",
            ":authority": "localhost",
            "content-type": "application/grpc",
            "te": "trailers",
        }
        block = b"".join(
            b"\x00" + _literal(name) + _literal(value) for name, value in (usual | dict(headers or {})).items()
        )
        self._socket.sendall(_frame(1, END_HEADERS, 1, block))

    def data(self, payload: bytes, *, is_last: bool) -> None:
        self._socket.sendall(_frame(0, END_STREAM if is_last else 0, 1, payload))

    def reset(self) -> None:
        self._socket.sendall(_frame(3, 0, 1, (8).to_bytes(4, "big")))

    def ping(self, count: int) -> None:
        self._socket.sendall(_frame(6, 0, 0, b"spanhous") * count)

    def call(self, message: bytes, headers: Mapping[str, str] | None = None, *, compressed_flag: int = 0) -> None:
        """A whole unary call."""
        self.open(headers)
        self.data(bytes([compressed_flag]) + len(message).to_bytes(4, "big") + message, is_last=True)

    def frames(self, within_s: float = 10.0) -> list[Frame]:
        """Frames of any stream until the call ends, the connection ends, or the time is up."""
        deadline = time.monotonic() + within_s
        found: list[Frame] = []
        buffer = b""
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(65536)
            except (TimeoutError, ConnectionError):
                return found
            if not data:
                return found
            buffer += data
            while len(buffer) >= 9 and len(buffer) >= (end := 9 + int.from_bytes(buffer[:3], "big")):
                kind, flags, payload = KINDS.get(buffer[3], str(buffer[3])), buffer[4], buffer[9:end]
                is_ours = buffer[5:9] == b"\0\0\0\1"
                buffer = buffer[end:]
                found.append((kind, flags, payload))
                if is_ours and (kind == "RST_STREAM" or (kind in ("DATA", "HEADERS") and flags & END_STREAM)):
                    return found
        return found

    def response_frames(self) -> list[Frame]:
        """The frames that answer the call."""
        return [frame for frame in self.frames() if frame[0] in ("DATA", "HEADERS", "RST_STREAM")]
