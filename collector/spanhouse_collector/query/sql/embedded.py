"""The embedded engine as a backend for people's SQL.

Owns chDB's connections and streams. A format without head and foot is handed over block by block; of the others chDB
writes head and foot around every block, so they are made whole first.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from spanhouse_collector.query.sql.backend import NOWHERE, QUERY_BYTES_MAX, READ_ONLY, Order, Running
from spanhouse_collector.query.sql.errors import told
from spanhouse_collector.query.sql.syntax import Ask
from spanhouse_collector.storage.engine import EmbeddedEngine, quoted

_TEXT: Final = "TSVRaw"


@dataclass
class EmbeddedBackend:
    """See `Backend`."""

    engine: EmbeddedEngine

    def _connect(self, settings: Mapping[str, str]) -> Any:
        connection = importlib.import_module("chdb").connect(os.path.realpath(self.engine.directory))
        try:
            connection.query(f"USE {NOWHERE}")
            if settings:
                pairs = ", ".join(f"{name} = {quoted(value)}" for name, value in settings.items())
                connection.query(f"SET {pairs}")
            connection.query("SET readonly = 1")
        except RuntimeError as error:
            connection.close()
            raise told(error) from error
        return connection

    @contextmanager
    def asking(self) -> Iterator[Ask]:
        """See `Backend`."""
        connection = self._connect({"max_query_size": str(QUERY_BYTES_MAX)})

        def ask(statement: str, parameters: Mapping[str, str]) -> str:
            try:
                answer: str = connection.query(statement, _TEXT, params=dict(parameters)).bytes().decode()
            except RuntimeError as error:
                raise told(error) from error
            return answer.removesuffix("\n")

        try:
            yield ask
        finally:
            connection.close()

    def run(self, order: Order) -> Running:
        """See `Backend`."""
        settings = {name: value for name, value in order.settings.items() if name not in READ_ONLY}
        connection = self._connect({**settings, "max_query_size": str(QUERY_BYTES_MAX), "log_comment": order.query_id})
        return _Running(connection, order)

    def kill(self, query_id: str) -> None:
        """See `Backend`."""
        connection = importlib.import_module("chdb").connect(os.path.realpath(self.engine.directory))
        try:
            connection.query(f"KILL QUERY WHERE Settings['log_comment'] = {quoted(query_id)} ASYNC")
        except RuntimeError as error:
            raise told(error) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Nothing is kept."""


@dataclass
class _Running:
    connection: Any
    order: Order
    _stream: Any = None
    _ended: bool = False
    _summary: dict[str, int] = field(default_factory=dict)

    def read(self) -> bytes:
        try:
            return self._by_block() if self.order.format.by_block else self._whole()
        except RuntimeError as error:
            raise told(error) from error

    def _whole(self) -> bytes:
        if self._ended:
            return b""
        self._ended = True
        result = self.connection.query(self.order.sql, self.order.format.name, params=dict(self.order.parameters))
        self._summary = {"read_rows": result.storage_rows_read(), "read_bytes": result.storage_bytes_read()}
        answer: bytes = result.bytes()
        return answer

    def _by_block(self) -> bytes:
        if self._stream is None:
            self._stream = self.connection.send_query(
                self.order.sql, self.order.format.name, params=dict(self.order.parameters)
            )
        while not self._ended:
            block = next(self._stream, None)
            if block is None:
                self._ended = True
                break
            data: bytes = block.bytes()
            if data:
                return data
        return b""

    def summary(self) -> dict[str, int]:
        return self._summary

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self.connection.close()
