"""A model on loopback that speaks chat completions and answers what a test says.

Owns the server and what it was asked. A reply is a judgement, tool calls, an HTTP status, or a function of the request.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Mapping[str, Any] | int | str | Callable[[dict[str, Any]], Mapping[str, Any]]


class MockModel:
    """Answers with `replies`, the last one for ever; `asked` are the bodies of the requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.replies: list[Reply] = [{"result": "yes", "rationale": "it is"}]
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.lock = threading.Lock()

    def next_reply(self, body: dict[str, Any]) -> Reply:
        with self.lock:
            self.asked.append(body)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply(body) if callable(reply) else reply


@contextmanager
def mock_model() -> Iterator[MockModel]:
    """The model, for the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            model.headers.append({name.lower(): value for name, value in self.headers.items()})
            reply = model.next_reply(body)
            if isinstance(reply, int):
                self._send(reply, {"error": {"message": f"status {reply}"}})
                return
            calls = reply.get("tool_calls") if isinstance(reply, Mapping) else None
            content = reply if isinstance(reply, str) else None if calls else json.dumps(reply)
            message = {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})}
            usage = {"prompt_tokens": 100, "completion_tokens": 10}
            self._send(200, {"model": body["model"], "choices": [{"message": message}], "usage": usage})

        def _send(self, status: int, made: Mapping[str, Any]) -> None:
            content = json.dumps(made).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model = MockModel(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
