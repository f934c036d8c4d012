"""A TCP proxy in front of ClickHouse's HTTP port that cuts INSERTs off at the worst moments.

Owns the cuts: `AFTER_INSERT` forwards the whole request and keeps the answer to itself (the rows are stored, the client
cannot know); `IN_BODY` forwards a part of the body. Both reset the client. The server only ever sees a peer that closes
its side and reads on to the end: this build aborts when it is reset while it answers, a packaged one would not care.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Final

AFTER_INSERT: Final = "after the insert"
IN_BODY: Final = "in the body"
CHUNK_BYTES: Final = 16_384
CUT_BODY_BYTES: Final = 700  # of a body that is cut; one that is shorter ends a byte early
SWALLOW_S: Final = 60.0  # for the server to end its side
LOADERS_INSERT: Final = re.compile(rb"INSERT(\+|%20)INTO(\+|%20)ingest_(traces|logs|metrics)\b")
RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


class CuttingProxy:
    """Forwards 127.0.0.1:`port` to another port; `decide` says for each INSERT how to cut it, '' for not at all."""

    def __init__(self, target_port: int, decide: Callable[[], str]) -> None:
        self._target_port = target_port
        self._decide = decide
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts: Counter[str] = Counter()

    def __enter__(self) -> CuttingProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes `_accept`, which a close alone would not
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed: the end
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target_port))
        except OSError:
            client.close()
            return
        cut = [""]  # how the request under way is to be cut; shared by both directions
        answers = threading.Thread(target=self._pump_answers, args=(server, client, cut), daemon=True)
        answers.start()
        with contextlib.suppress(OSError):
            self._pump_requests(client, server, cut)
        _reset(client)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)
        answers.join(SWALLOW_S)  # it reads the server's last words
        server.close()

    def _pump_requests(self, client: socket.socket, server: socket.socket, cut: list[str]) -> None:
        while data := client.recv(CHUNK_BYTES):
            # The loader's inserts: those of a start or of settling are not what this is about.
            if data.startswith(b"POST ") and LOADERS_INSERT.search(data.split(b"\r\n", 1)[0]):
                while b"\r\n\r\n" not in data:
                    if not (more := client.recv(CHUNK_BYTES)):
                        return
                    data += more
                cut[0] = self._decide()
                if cut[0] == IN_BODY:
                    head_end = data.index(b"\r\n\r\n") + 4
                    while len(data) == head_end and (more := client.recv(CHUNK_BYTES)):
                        data += more
                    self.cuts[IN_BODY] += 1
                    server.sendall(data[: min(head_end + CUT_BODY_BYTES, len(data) - 1)])
                    return
            server.sendall(data)

    def _pump_answers(self, server: socket.socket, client: socket.socket, cut: list[str]) -> None:
        """To the client, until the server ends or an answer is cut; what comes after that is read and thrown away."""
        with contextlib.suppress(OSError):
            while data := server.recv(CHUNK_BYTES):
                if cut[0] == AFTER_INSERT:
                    self.cuts[AFTER_INSERT] += 1
                    break
                if cut[0] != IN_BODY:
                    client.sendall(data)
        _reset(client)  # which ends `_pump_requests`, and that our side of the server's connection
        with contextlib.suppress(OSError):
            server.settimeout(SWALLOW_S)
            while server.recv(CHUNK_BYTES):
                pass


def _reset(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.shutdown(socket.SHUT_RDWR)
    client.close()
