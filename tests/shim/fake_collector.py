"""A stand-in for the collector on a free port of loopback.

Owns: taking OTLP over HTTP as the collector does, being as bad a neighbour as a test wants, and answering the JSON API
from a table in memory, by the contract of DESIGN's section 4.
"""

from __future__ import annotations

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class FakeCollector:
    """A context manager; `mode` is one of ok, slow, refuse, garbage."""

    def __init__(self, mode: str = "ok") -> None:
        self.mode = mode
        self.release = threading.Event()
        self.arrived = threading.Condition()
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.requests: list[tuple[str, str, dict[str, list[str]], Any]] = []
        self.answers: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        fake = self

        class Handler(_Handler):
            collector = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def store(self, body: bytes, headers: dict[str, str]) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self.arrived:
            self.headers.append(headers)
            for resource in request.resource_spans:
                pairs = resource.resource.attributes
                self.resources.append({pair.key: pair.value.string_value for pair in pairs})
                for scope in resource.scope_spans:
                    self.spans += scope.spans
            self.arrived.notify_all()

    def wait_spans(self, number: int, timeout_s: float = 10.0) -> list[Span]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.spans) >= number, timeout_s), self.names
            return list(self.spans)

    @property
    def names(self) -> list[str]:
        return sorted(span.name for span in self.spans)

    def answer(self, method: str, path: str, *answers: tuple[int, Any]) -> None:
        """The answers to a route, in turn; the last one stays."""
        self.answers[method, path] = list(answers)


def attributes_of(span: Span) -> dict[str, Any]:
    """The attributes of a span of the wire, with their types."""
    found: dict[str, Any] = {}
    for pair in span.attributes:
        kind = pair.value.WhichOneof("value")
        value: Any = getattr(pair.value, kind) if kind else None
        found[pair.key] = [item.string_value for item in value.values] if kind == "array_value" else value
    return found


class _Handler(BaseHTTPRequestHandler):
    collector: FakeCollector

    def log_message(self, format: str, *args: Any) -> None:
        return

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        return gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body

    def _reply(self, status: int, body: bytes, kind: str = "application/json") -> None:
        try:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            return

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        body = self._body()
        if parts.path == "/v1/traces":
            self._take(body)
            return
        sent = orjson.loads(body) if body else None
        self.collector.requests.append((self.command, parts.path, parse_qs(parts.query), sent))
        self.collector.headers.append({key.lower(): value for key, value in self.headers.items()})
        known = self.collector.answers
        answers = known.get((self.command, parts.path)) or known.get((self.command, "*"))
        if answers is None:
            error = {"code": "not_found", "message": f"{self.command} {parts.path}", "hint": "ask for something else"}
            self._reply(404, orjson.dumps({"error": error}))
            return
        status, answer = answers.pop(0) if len(answers) > 1 else answers[0]
        self._reply(status, answer if isinstance(answer, bytes) else orjson.dumps(answer))

    do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815

    def _take(self, body: bytes) -> None:
        match self.collector.mode:
            case "slow":
                self.collector.release.wait(30)
            case "refuse":
                self._reply(503, b'{"message": "no"}')
                return
            case "garbage":
                self._reply(200, b"\xff" * 1000, "text/html")
                return
        self.collector.store(body, {key.lower(): value for key, value in self.headers.items()})
        self._reply(200, b"", "application/x-protobuf")
