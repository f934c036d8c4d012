"""What the listener grants a connection: time for bodies that nobody reads, and places for probes."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

import pytest

from spanhouse_collector.receiver import http_listener


async def _nothing_to_read(_scope: Any, _receive: Any, send: Any) -> None:
    """An application that reads no body."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _answer(address: str, request: bytes) -> bytes:
    """All that comes until the connection is closed."""
    url = urlsplit(address)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(request)
    data = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    return data


def test_a_body_that_nobody_reads_does_not_hold_its_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is sent at once; what is still to come of the request has a deadline all the same."""
    monkeypatch.setattr(http_listener, "BODY_GRACE_S", 0.1)

    async def answered() -> bytes:
        listener = http_listener.HttpListener(_nothing_to_read, host="127.0.0.1", port=0, request_timeout_s=0.1)
        address = await listener.start()
        try:
            return await _answer(address, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
        finally:
            await listener.stop(1)

    assert asyncio.run(answered()).startswith(b"HTTP/1.1 200")


def test_probes_are_answered_when_connections_have_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_listener, "CONNECTIONS_MAX", 2)
    monkeypatch.setattr(http_listener, "PROBE_CONNECTIONS_MAX", 1)

    async def answers() -> list[bytes]:
        listener = http_listener.HttpListener(_nothing_to_read, host="127.0.0.1", port=0, request_timeout_s=5)
        address = await listener.start()
        url = urlsplit(address)
        idle = [await asyncio.open_connection(url.hostname, url.port) for _ in range(2)]
        try:
            found = [
                await _answer(address, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                for path in ("/healthz", "/readyz", "/metrics", "/api/v1/traces")
            ]
            kept = await asyncio.open_connection(url.hostname, url.port)
            found.append(await _answer(address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"))
            kept[1].close()
            return found
        finally:
            for _reader, writer in idle:
                writer.close()
            await listener.stop(1)

    statuses = [answer[9:12] for answer in asyncio.run(answers())]
    assert statuses == [b"200", b"200", b"200", b"503", b""]
