"""The HTTP listener: sockets, limits on headers, and refusals below the application.

Owns what uvicorn leaves open: a deadline for request headers (a connection that sends them byte by byte is closed) and
a limit on their size, a deadline for bodies that nobody reads, a cap on connections with places kept for probes, and a
`google.rpc.Status` for requests that are not HTTP. Leaves who may ask to `http_guard`, paths to the application it is
given.

Source: RFC 9112 section 6.3; decision 007.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any, Final

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from spanhouse_collector.errors import StartupError
from spanhouse_collector.otlp.body import JSON
from spanhouse_collector.receiver.http_guard import TARGET_AUTHORITY, authority_of

HEADER_TIMEOUT_S: Final = 10.0
HEADERS_MAX_BYTES: Final = 16 << 10  # as grpcio has it
_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})
_READ_MAX_BYTES: Final = 256 << 10  # what asyncio reads at a time, body and headers together
IDLE_TIMEOUT_S: Final = 75
CONNECTIONS_MAX: Final = 2000
# Beyond these, probes are answered: a collector whose connections are taken is alive, and must not be restarted.
PROBE_CONNECTIONS_MAX: Final = 32
PROBE_PATHS: Final = frozenset({b"/healthz", b"/readyz", b"/metrics"})
PROBE_HEADER_TIMEOUT_S: Final = 2.0
BODY_GRACE_S: Final = 15.0  # after the application's own deadline, which says why
BACKLOG: Final = 2048
_NOT_HTTP: Final = (
    "400 Bad Request",
    b'{"code":3,"message":"the bytes received are not an HTTP request","details":[]}',
)
_NO_ROOM: Final = (
    "503 Service Unavailable",
    b'{"code":14,"message":"%d connections are open; only probes are answered","details":[]}' % CONNECTIONS_MAX,
)
_HEADERS_TOO_LARGE: Final = (
    "431 Request Header Fields Too Large",
    b'{"code":8,"message":"the request headers are larger than %d bytes","details":[]}' % HEADERS_MAX_BYTES,
)


class _Protocol(HttpToolsProtocol):
    """uvicorn's protocol with limits on headers and a Status where it has plain text."""

    body_timeout_s = HEADER_TIMEOUT_S
    _deadline: asyncio.TimerHandle | None = None
    _body_deadline: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _unfinished_bytes = 0
    _has_offer = False
    _is_replaying = False
    _is_for_probes = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX + PROBE_CONNECTIONS_MAX:
            transport.close()
            return
        self._is_for_probes = len(self.connections) > CONNECTIONS_MAX
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_came()
        self._body_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        rest: bytes | None = data
        while rest is not None and not self.transport.is_closing():
            rest = self._feed(rest)
        if self._deadline is not None and not self.transport.is_closing():
            # A header that never ends is seen by no callback. What was read may have begun with the body before.
            self._unfinished_bytes += len(data)
            if self._unfinished_bytes > HEADERS_MAX_BYTES + _READ_MAX_BYTES:
                self._refuse(*_HEADERS_TOO_LARGE)

    def _feed(self, data: bytes) -> bytes | None:
        """Parse; returns what is left for a new parser, None when there is nothing to go on with."""
        self._unset_keepalive_if_required()
        try:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                self._decline_upgrade()
                return data[offer.args[0] :] or None
        except httptools.HttpParserError:
            self.send_400_response("")
        return None

    def _decline_upgrade(self) -> None:
        """Go on in HTTP/1.1 with the body of a request that offered another protocol.

        Java's client offers h2c with its first request. The parser ends such a message with its headers: the body
        would be lost behind a 200. A new parser takes over, and is told of the headers only how long the body is.
        """
        framing = (name + b": " + value + b"\r\n" for name, value in self.headers if name in _FRAMING)
        self._has_offer = False
        self._is_replaying = True
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(b"POST / HTTP/1.1\r\n" + b"".join(framing) + b"\r\n")
        self._is_replaying = False

    def on_message_begin(self) -> None:
        if not self._is_replaying:
            self._await_headers()
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self._is_replaying:
            self._count(len(url))
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_replaying:
            self._count(len(name) + len(value))
            super().on_header(name, value)

    def _count(self, size_bytes: int) -> None:
        self._header_bytes += size_bytes
        if self._header_bytes > HEADERS_MAX_BYTES:
            raise ValueError("headers too large")  # the parser stops, and asks for send_400_response

    def on_headers_complete(self) -> None:
        if not self._is_replaying:
            self._headers_came()
            if self._is_for_probes and self.url.partition(b"?")[0] not in PROBE_PATHS:
                self._refuse(*_NO_ROOM)
                return
            self._has_offer = self.parser.should_upgrade()
            self.scope[TARGET_AUTHORITY] = authority_of(self.url)
            super().on_headers_complete()
            if self._is_for_probes:
                self.cycle.keep_alive = False
            self._body_came()  # of a request whose end was never seen
            # Also of bodies that the application does not read: a refusal does not end what is still being sent.
            self._body_deadline = self.loop.call_later(self.body_timeout_s, self._too_slow)

    def on_message_complete(self) -> None:
        if not self._has_offer:
            self._body_came()
            if not self.transport.is_closing():
                super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(*(_HEADERS_TOO_LARGE if self._header_bytes > HEADERS_MAX_BYTES else _NOT_HTTP))

    def _refuse(self, status: str, body: bytes) -> None:
        head = f"HTTP/1.1 {status}\r\ncontent-type: {JSON}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _await_headers(self) -> None:
        self._headers_came()
        self._header_bytes = self._unfinished_bytes = 0
        timeout_s = PROBE_HEADER_TIMEOUT_S if self._is_for_probes else HEADER_TIMEOUT_S
        self._deadline = self.loop.call_later(timeout_s, self._too_slow)

    def _headers_came(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _body_came(self) -> None:
        if self._body_deadline is not None:
            self._body_deadline.cancel()
            self._body_deadline = None

    def _too_slow(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()


class HttpListener:
    """One HTTP listener on the running event loop."""

    def __init__(self, app: Any, *, host: str, port: int, request_timeout_s: float) -> None:
        self._host = host
        self._port = port
        timed = type("_TimedProtocol", (_Protocol,), {"body_timeout_s": request_timeout_s + BODY_GRACE_S})
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=timed,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=IDLE_TIMEOUT_S,
                backlog=BACKLOG,
                loop="asyncio",
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Listen; returns the base URL.

        Raises:
            StartupError: the address cannot be bound.

        """
        listening = self._bind()
        self._task = asyncio.create_task(self._server._serve([listening]))  # noqa: SLF001  # `serve` would take our signals
        while not self._server.started:
            if self._task.done():
                self._task.result()
                raise StartupError(["the HTTP listener ended as soon as it began"])
            await asyncio.sleep(0.01)
        shown = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{shown}:{listening.getsockname()[1]}"

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio sends at once (TCP_NODELAY) only on sockets that name their protocol. Head and body of an answer are
        # two writes: the second one waited 40 ms for the client's delayed acknowledgement of the first.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((self._host, self._port))
        except OSError as error:
            listening.close()
            raise StartupError([f"HTTP cannot listen on {self._host}:{self._port}: {error.strerror}"]) from error
        listening.setblocking(False)
        return listening

    async def stop(self, grace_s: float) -> None:
        """Take no new connections, let requests under way finish within the grace."""
        self._server.config.timeout_graceful_shutdown = max(1, int(grace_s))
        self._server.should_exit = True
        if self._task is not None:
            await self._task


# Its warnings are one line for each request that is not HTTP: a stranger could fill the disk with them.
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
