"""A ClickHouse server as a backend for people's SQL, over HTTP.

Owns requests, their settings, and errors that arrive in the middle of an answer. Leaves certificates and waiting
times to the constants that `storage.engine` uses for its own connections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from spanhouse_collector.query.sql.backend import NOWHERE, QUERY_BYTES_MAX, READ_ONLY, Order, Running
from spanhouse_collector.query.sql.errors import told
from spanhouse_collector.query.sql.syntax import Ask
from spanhouse_collector.storage.engine import CONNECT_TIMEOUT_S, RECEIVE_TIMEOUT_S, ServerEngine
from spanhouse_collector.storage.error_codes import translate

CHUNK_BYTES: Final = 256 * 1024
POOL_SIZE: Final = 8
_MARK: Final = b"\r\n__exception__\r\n"
_TAG_BYTES: Final = 16
_HELD_BACK: Final = len(_MARK) + _TAG_BYTES
_MESSAGE: Final = re.compile(rb"(Code: .*?)\n\d+ \S+\r\n__exception__", re.DOTALL)


@dataclass
class ServerBackend:
    """See `Backend`."""

    engine: ServerEngine
    _pool: Any = field(init=False)

    def __post_init__(self) -> None:
        self._pool = urllib3.PoolManager(
            maxsize=POOL_SIZE,
            retries=False,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=RECEIVE_TIMEOUT_S),
        )

    def _post(self, statement: str, options: Mapping[str, str]) -> Any:
        url = self.engine.url
        host = f"[{url.host}]" if ":" in url.host else url.host
        address = f"{'https' if url.secure else 'http'}://{host}:{url.port}/?{urlencode(options)}"
        headers = {"X-ClickHouse-User": url.user, "X-ClickHouse-Key": url.password}
        try:
            reply = self._pool.request("POST", address, body=statement.encode(), headers=headers, preload_content=False)
            if reply.status != 200:
                raise told(RuntimeError(reply.data.decode(errors="replace") or f"HTTP status {reply.status}"))
        except (HTTPError, OSError) as error:
            raise translate(error) from error
        return reply

    @contextmanager
    def asking(self) -> Iterator[Ask]:
        """See `Backend`."""

        def ask(statement: str, parameters: Mapping[str, str]) -> str:
            options = {"database": NOWHERE, "default_format": "TSVRaw", "max_query_size": str(QUERY_BYTES_MAX)}
            reply = self._post(statement, {**options, **_bound(parameters), **READ_ONLY})
            text: str = reply.data.decode()
            return text.removesuffix("\n")

        yield ask

    def run(self, order: Order) -> Running:
        """See `Backend`."""
        options = {
            "database": NOWHERE,
            "query_id": order.query_id,
            "default_format": order.format.name,
            "cancel_http_readonly_queries_on_client_close": "1",
            **order.settings,
            "max_query_size": str(QUERY_BYTES_MAX),
            **_bound(order.parameters),
            **READ_ONLY,
        }
        return _Running(self._post(order.sql, options))

    def kill(self, query_id: str) -> None:
        """See `Backend`."""
        self._post("KILL QUERY WHERE query_id = {id:String} ASYNC", {"param_id": query_id}).drain_conn()

    def close(self) -> None:
        """See `Backend`."""
        self._pool.clear()


def _bound(parameters: Mapping[str, str]) -> dict[str, str]:
    return {f"param_{name}": value for name, value in parameters.items()}


@dataclass
class _Running:
    reply: Any
    _parts: Iterator[bytes] = field(init=False)
    _held: bytes = b""
    _ended: bool = False

    def __post_init__(self) -> None:
        # Part by part as they come: read(n) would lose what came before a connection that breaks.
        self._parts = self.reply.stream(CHUNK_BYTES)

    def read(self) -> bytes:
        while not self._ended:
            more = self._next()
            text = self._held + more
            if _MARK in text:
                self._raise_told(text)
            if not more:
                self._ended = True
                return text
            # The last bytes wait for the next part: they could be the beginning of an error.
            ready, self._held = text[:-_HELD_BACK], text[-_HELD_BACK:]
            if ready:
                return ready
        return b""

    def _next(self) -> bytes:
        try:
            return next(self._parts, b"")
        except (HTTPError, OSError) as error:
            raise translate(error) from error

    def _raise_told(self, text: bytes) -> None:
        """Raise the error that stands at the end of an answer, if it has this answer's tag."""
        tag = self.reply.headers.get("X-ClickHouse-Exception-Tag", "").encode()
        found = text.find(_MARK + tag) if tag else -1
        if found < 0:
            return
        self._ended = True
        parts = [text[found:]]
        with suppress(HTTPError, OSError):  # after an error the server closes without saying goodbye
            parts.extend(self._parts)
        said = b"".join(parts)
        match = _MESSAGE.search(said)
        raise told(RuntimeError((match[1] if match else said).decode(errors="replace")))

    def summary(self) -> dict[str, int]:
        found = orjson.loads(self.reply.headers.get("X-ClickHouse-Summary", "{}"))
        return {name: int(value) for name, value in found.items()}

    def close(self) -> None:
        self.reply.close()  # the connection goes with it when the answer has not ended
