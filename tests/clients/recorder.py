"""A throw-away OTLP sink on loopback that keeps the bodies it gets, in order of arrival.

Owns: the HTTP server, decompression, the neutral text in place of this machine's paths and names, and the files of a
record with their `requests.jsonl`. Leaves to others: decoding, and what is claimed.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from tests.clients.loopback import Loopback, QuietServer

NEUTRAL_PATH: Final = "/srv/app"
NEUTRAL_NAME: Final = "host"


@dataclass(frozen=True)
class Body:
    """One export request: its decompressed *data* and how it came."""

    signal: str
    path: str
    content_type: str
    content_encoding: str
    user_agent: str
    data: bytes


class OtlpRecorder(Loopback):
    """The running sink. Use as a context manager; `bodies` is what arrived."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        super().__init__(self._server)

    @property
    def bodies(self) -> list[Body]:
        """Every body so far."""
        return list(self._server.bodies)


class _Server(QuietServer):
    """The listening socket and the bodies."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.bodies: list[Body] = []


class _Handler(BaseHTTPRequestHandler):
    """One connection of an exporter."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Keep one export and answer 200."""
        data = self._read()
        encoding = self.headers.get("Content-Encoding") or "none"
        if encoding == "gzip":
            data = gzip.decompress(data)
        elif encoding == "deflate":
            data = zlib.decompress(data)
        kind = (self.headers.get("Content-Type") or "").partition(";")[0]
        signal = self.path.partition("?")[0].rsplit("/", 1)[-1]
        agent = self.headers.get("User-Agent") or ""
        self.server.bodies.append(Body(signal, self.path, kind, encoding, agent, data))
        answer = b"{}" if kind == "application/json" else b""
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _read(self) -> bytes:
        if (self.headers.get("Transfer-Encoding") or "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data


def neutral(text: str) -> str:
    """As many bytes as *text* has, saying nothing of a machine."""
    length = len(text.encode())
    if not text.startswith("/"):
        return (NEUTRAL_NAME * length)[:length]
    path = (NEUTRAL_PATH + "/app" * length)[:length]
    return path[:-1] + "p" if path.endswith("/") else path


def scrub(data: bytes, private: list[str]) -> bytes:
    """*data* with every text of *private*, longest first, replaced by as many bytes of neutral text."""
    for text in sorted({item for item in private if len(item) > 3}, key=len, reverse=True):
        data = data.replace(text.encode(), neutral(text).encode())
    return data


def write_record(folder: Path, bodies: list[Body], private: list[str]) -> None:
    """Write *bodies* and `requests.jsonl` to *folder*, in place of an older record."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in [*folder.glob("*.pb"), *folder.glob("*.json"), *folder.glob("*.jsonl")]:
        old.unlink()
    lines = []
    for number, body in enumerate(bodies, 1):
        extension = "json" if body.content_type == "application/json" else "pb"
        data = scrub(body.data, private)
        name = f"{number:02d}-{body.signal}.{extension}"
        (folder / name).write_bytes(data)
        lines.append(json.dumps(_line(name, body, len(data))))
    (folder / "requests.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _line(name: str, body: Body, size: int) -> Mapping[str, Any]:
    return {
        "file": name,
        "signal": body.signal,
        "bytes": size,
        "transport": "http",
        "path": body.path,
        "content_type": body.content_type,
        "content_encoding": body.content_encoding,
        "user_agent": body.user_agent,
        "headers": {},
    }
