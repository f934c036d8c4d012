"""A mock LLM server on loopback that speaks OpenAI's HTTP API.

Owns: the socket, the request checks, the JSON envelopes and the server-sent events of
`POST /v1/chat/completions` and `POST /v1/embeddings`, and `GET /v1/models`.
Leaves to others: what is answered (`mock_script`), and who calls.

Errors have OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`. It is a stand-in for demos and
tests, not a model and not a server for a network: it binds 127.0.0.1 only.
"""

from __future__ import annotations

import base64
import json
import struct
import sys
import threading
import zlib
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from spanhouse_collector.demo import mock_script
from spanhouse_collector.demo.mock_script import Failure, Reply

BODY_BYTES_MAX = 8 * 1024 * 1024
DIMENSIONS_MAX = 3072
CREATED = 1_767_225_600
"""The creation time every answer carries (2026-01-01): the same request gets the same bytes."""

SNAPSHOTS: Mapping[str, str] = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
}
"""Asked-for model -> the dated snapshot that answers, as OpenAI does it."""


class RequestRefusedError(Exception):
    """A request the server answers with an error; carries the *failure* to send."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class MockLlm:
    """The running server. Use as a context manager; `base_url` is what `OPENAI_BASE_URL` wants.

    *seconds_per_token* paces the answers so that a demo's durations look like a model's; 0 answers at once.
    """

    def __init__(self, *, port: int = 0, seconds_per_token: float = 0.0) -> None:
        self._server = _Server(("127.0.0.1", port), seconds_per_token)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="mock-llm", daemon=True)

    @property
    def base_url(self) -> str:
        """The root of the API, with `/v1`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    """The listening socket and what its handlers share."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], seconds_per_token: float) -> None:
        super().__init__(address, _Handler)
        self.seconds_per_token = seconds_per_token
        self.stopping = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a client that went away with its connection open; report everything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def pace(self, tokens: int) -> None:
        """Wait as long as a model would need for *tokens*; a stopping server does not wait."""
        if self.seconds_per_token > 0:
            self.stopping.wait(tokens * self.seconds_per_token)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        """`GET /v1/models`."""
        if self.path != "/v1/models":
            self._send_failure(_not_found("GET", self.path))
            return
        models = [{"id": name, "object": "model", "created": CREATED, "owned_by": "mock"} for name in SNAPSHOTS]
        self._send_json(200, {"object": "list", "data": models})

    def do_POST(self) -> None:
        """Serve the two calls that cost tokens."""
        try:
            request = self._read_request()
            if self.path == "/v1/chat/completions":
                self._chat(request)
            elif self.path == "/v1/embeddings":
                self._embeddings(request)
            else:
                raise RequestRefusedError(_not_found("POST", self.path))
        except RequestRefusedError as refused:
            self._send_failure(refused.failure)
        except ConnectionError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the demo prints its own progress."""

    def _read_request(self) -> dict[str, Any]:
        """Read the body as JSON, after the checks every call shares."""
        announced = self.headers.get("Content-Length", "")
        length = int(announced) if announced.isdecimal() else -1
        if not 0 <= length <= BODY_BYTES_MAX:
            self.close_connection = True
            message = f"Content-Length is {announced or 'missing'}; the limit is {BODY_BYTES_MAX} bytes."
            raise RequestRefusedError(_bad_request(message, 413 if length > BODY_BYTES_MAX else 411))
        body = self.rfile.read(length)
        if not self.headers.get("Authorization", "").startswith("Bearer "):
            message = "You didn't provide an API key."
            raise RequestRefusedError(Failure(401, "invalid_request_error", "invalid_api_key", message))
        try:
            request = json.loads(body)
        except ValueError as error:
            raise RequestRefusedError(
                _bad_request(f"We could not parse the JSON body of your request: {error}")
            ) from error
        if not isinstance(request, dict) or not request.get("model"):
            raise RequestRefusedError(_bad_request("you must provide a model parameter"))
        failure = mock_script.FAILING_MODELS.get(str(request["model"]))
        if failure is not None:
            raise RequestRefusedError(failure)
        return request

    def _chat(self, request: dict[str, Any]) -> None:
        if not request.get("messages") or not _holds_objects(request["messages"]):
            raise RequestRefusedError(_bad_request("'messages' must be a list of at least one message"))
        if not _holds_objects(request.get("tools") or []):
            raise RequestRefusedError(_bad_request("'tools' must be a list of tools"))
        reply = mock_script.reply_to(request)
        if not request.get("stream"):
            self.server.pace(reply.usage.completion)
            self._send_json(200, completion(request, reply))
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for chunk in completion_chunks(request, reply):
            self.server.pace(1)
            self._send_event(json.dumps(chunk))
        self._send_event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _embeddings(self, request: dict[str, Any]) -> None:
        given = request.get("input")
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
            raise RequestRefusedError(_bad_request("'input' must be a string or a list of strings"))
        dimensions = request.get("dimensions", mock_script.DEFAULT_DIMENSIONS)
        if not isinstance(dimensions, int) or not 1 <= dimensions <= DIMENSIONS_MAX:
            raise RequestRefusedError(_bad_request(f"'dimensions' must be a whole number from 1 to {DIMENSIONS_MAX}"))
        self.server.pace(len(texts))
        self._send_json(200, embeddings(request, texts, dimensions))

    def _send_event(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")

    def _send_failure(self, failure: Failure) -> None:
        error = {"message": failure.message, "type": failure.kind, "param": None, "code": failure.code}
        self._send_json(failure.status, {"error": error})

    def _send_json(self, status: int, value: Mapping[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def completion(request: Mapping[str, Any], reply: Reply) -> dict[str, Any]:
    """Build the `chat.completion` object for *reply*."""
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if reply.tool_calls:
        message["tool_calls"] = _tool_calls(reply)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}
    return {**_envelope(request, "chat.completion"), "choices": [choice], "usage": _usage(reply)}


def completion_chunks(request: Mapping[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    """Yield the `chat.completion.chunk` objects of *reply*, a word each; usage last, if it was asked for."""
    envelope = _envelope(request, "chat.completion.chunk")
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word} for word in _words(reply.text)]
    for index, call in enumerate(_tool_calls(reply)):
        head = {**call, "index": index, "function": {"name": call["function"]["name"], "arguments": ""}}
        tail = {"index": index, "function": {"arguments": call["function"]["arguments"]}}
        deltas += [{"tool_calls": [head]}, {"tool_calls": [tail]}]
    for delta in deltas:
        yield {**envelope, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
    yield {**envelope, "choices": [{"index": 0, "delta": {}, "finish_reason": reply.finish_reason}]}
    if (request.get("stream_options") or {}).get("include_usage"):
        yield {**envelope, "choices": [], "usage": _usage(reply)}


def embeddings(request: Mapping[str, Any], texts: list[str], dimensions: int) -> dict[str, Any]:
    """Build the list of embeddings of *texts*, as floats or, like OpenAI's own client asks, as base64."""
    tokens = sum(mock_script.count_tokens(text) for text in texts)
    data: list[dict[str, Any]] = []
    for index, text in enumerate(texts):
        vector: Any = mock_script.embed(text, dimensions)
        if request.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack(f"<{dimensions}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": request["model"], "usage": usage}


def _holds_objects(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, dict) for value in values)


def _words(text: str) -> list[str]:
    """*text* cut before each space, so that joining gives it back; nothing for no text."""
    words = text.split(" ") if text else []
    return words[:1] + [" " + word for word in words[1:]]


def _tool_calls(reply: Reply) -> list[dict[str, Any]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in reply.tool_calls
    ]


def _envelope(request: Mapping[str, Any], kind: str) -> dict[str, Any]:
    asked = str(request["model"])
    digest = zlib.crc32(json.dumps(request, sort_keys=True).encode())
    return {
        "id": f"chatcmpl-mock{digest:08x}",
        "object": kind,
        "created": CREATED,
        "model": SNAPSHOTS.get(asked, asked),
        "service_tier": "default",
        "system_fingerprint": "fp_mock",
    }


def _usage(reply: Reply) -> dict[str, Any]:
    usage = reply.usage
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.prompt + usage.completion,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }


def _bad_request(message: str, status: int = 400) -> Failure:
    return Failure(status, "invalid_request_error", "invalid_request", message)


def _not_found(method: str, path: str) -> Failure:
    return Failure(404, "invalid_request_error", "unknown_url", f"Unknown request URL: {method} {path}.")
