"""A mock LLM provider on loopback with the HTTP APIs of OpenAI and Anthropic, for recording clients.

Owns: the socket, server-sent events, the envelopes of chat completions, responses, embeddings and messages, streamed or
not, and the log of the calls it served, from which the truth is checked. Leaves to others: the answers (`mock_script`).
"""

from __future__ import annotations

import base64
import itertools
import json
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from tests.clients import mock_script as script
from tests.clients.loopback import Loopback, QuietServer
from tests.clients.mock_script import Reply

CREATED: Final = 1_767_225_600
Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One request that was answered: which *api*, and the *status* it got."""

    api: str
    model: str
    streamed: bool
    status: int


class MockProvider(Loopback):
    """The running server. Use as a context manager; `calls` says what it served."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        super().__init__(self._server)

    @property
    def calls(self) -> list[Call]:
        """Every call so far, in order."""
        return list(self._server.calls)


@dataclass
class _Ids:
    """Numbers the answers, so that no two share an id and every recording has the same ones."""

    _next: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, prefix: str) -> str:
        """The next id."""
        with self._lock:
            return f"{prefix}{next(self._next):024d}"


class _Server(QuietServer):
    """The listening socket and what its handlers share."""

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(address, handler)
        self.calls: list[Call] = []
        self.ids = _Ids()


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        """Answer one call."""
        request = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        api = self.path.partition("?")[0].removeprefix("/v1").strip("/")
        model, streamed = str(request.get("model")), bool(request.get("stream"))
        status, failure = _failure(api, model, request)
        self.server.calls.append(Call(api, model, streamed, status))
        if failure is not None:
            self._send_json(status, failure)
            return
        answer, stream = APIS[api]
        if streamed and stream is not None:
            self._send_events(stream(request, self.server.ids.take))
        else:
            self._send_json(200, answer(request, self.server.ids.take))

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _send_events(self, events: Iterator[tuple[str, str]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for name, data in events:
            event = (f"event: {name}\n" if name else "") + f"data: {data}\n\n"
            body = event.encode()
            self.wfile.write(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def _send_json(self, status: int, value: Mapping[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


TakeId = Callable[[str], str]


def _failure(api: str, model: str, request: Json) -> tuple[int, Json | None]:
    """The status and body of a refusal: models named `…-missing` do not exist, and one question is refused."""
    if api not in APIS:
        return 404, {"error": {"message": f"Unknown request URL: /{api}", "type": "invalid_request_error"}}
    if script.ASK_REFUSED in json.dumps(request):
        error = {"message": script.REFUSED, "type": "invalid_request_error", "param": None, "code": "refused"}
        return 400, {"error": error, "type": "error"}
    if "missing" not in model:
        return 200, None
    message = f"The model `{model}` does not exist or you do not have access to it."
    if api == "messages":
        return 404, {"type": "error", "error": {"type": "not_found_error", "message": message}}
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": "model_not_found"}
    return 404, {"error": error}


def _snapshot(request: Mapping[str, Any]) -> str:
    return script.SNAPSHOTS.get(str(request["model"]), str(request["model"]))


def _words(text: str) -> list[str]:
    """*text* cut before each space, so that joining gives it back; nothing for no text."""
    words = text.split(" ") if text else []
    return words[:1] + [" " + word for word in words[1:]]


# ---- OpenAI: chat completions

CHAT_USAGE: Final[Json] = {
    "prompt_tokens": script.INPUT_TOKENS,
    "completion_tokens": script.OUTPUT_TOKENS,
    "total_tokens": script.INPUT_TOKENS + script.OUTPUT_TOKENS,
    "prompt_tokens_details": {"cached_tokens": script.CACHED_TOKENS, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": script.REASONING_TOKENS, "audio_tokens": 0},
}


def _chat_calls(reply: Reply, take: TakeId) -> list[Json]:
    if reply.tool_call is None:
        return []
    function = {"name": reply.tool_call.name, "arguments": reply.tool_call.arguments_json}
    return [{"id": take("call_"), "type": "function", "function": function}]


def _chat_envelope(request: Mapping[str, Any], take: TakeId, kind: str) -> Json:
    return {
        "id": take("chatcmpl-"),
        "object": kind,
        "created": CREATED,
        "model": _snapshot(request),
        "system_fingerprint": "fp_mock",
    }


def _chat(request: Json, take: TakeId) -> Json:
    reply = script.reply_to(script.chat_question(request))
    envelope = _chat_envelope(request, take, "chat.completion")
    message: Json = {"role": "assistant", "content": reply.text or None, "refusal": None}
    if calls := _chat_calls(reply, take):
        message["tool_calls"] = calls
    reason = "tool_calls" if calls else "stop"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    return {**envelope, "choices": [choice], "usage": CHAT_USAGE}


def _chat_stream(request: Json, take: TakeId) -> Iterator[tuple[str, str]]:
    reply = script.reply_to(script.chat_question(request))
    envelope = _chat_envelope(request, take, "chat.completion.chunk")
    deltas: list[Json] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": word} for word in _words(reply.text)]
    calls = _chat_calls(reply, take)
    for call in calls:
        head = {**call, "index": 0, "function": {"name": call["function"]["name"], "arguments": ""}}
        tail = {"index": 0, "function": {"arguments": call["function"]["arguments"]}}
        deltas += [{"tool_calls": [head]}, {"tool_calls": [tail]}]
    for delta in deltas:
        choice: Json = {"index": 0, "delta": delta, "finish_reason": None}
        yield "", json.dumps({**envelope, "choices": [choice]})
    last = {"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}
    yield "", json.dumps({**envelope, "choices": [last]})
    if (request.get("stream_options") or {}).get("include_usage"):
        yield "", json.dumps({**envelope, "choices": [], "usage": CHAT_USAGE})
    yield "", "[DONE]"


# ---- OpenAI: embeddings


def _embeddings(request: Json, take: TakeId) -> Json:
    given = request.get("input")
    data: list[Json] = []
    for index, text in enumerate(given if isinstance(given, list) else [given]):
        vector: Any = script.embed(str(text))
        if request.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    usage = {"prompt_tokens": script.EMBEDDING_TOKENS, "total_tokens": script.EMBEDDING_TOKENS}
    return {"object": "list", "data": data, "model": request["model"], "usage": usage}


# ---- OpenAI: responses


def _response(request: Json, take: TakeId) -> Json:
    reply = script.reply_to(script.responses_question(request))
    identity = take("resp_")
    if reply.tool_call is not None:
        item: Json = {
            "type": "function_call",
            "id": take("fc_"),
            "call_id": take("call_"),
            "name": reply.tool_call.name,
            "arguments": reply.tool_call.arguments_json,
            "status": "completed",
        }
    else:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        item = {"type": "message", "id": take("msg_"), "status": "completed", "role": "assistant", "content": [part]}
    usage = {
        "input_tokens": script.INPUT_TOKENS,
        "input_tokens_details": {"cached_tokens": script.CACHED_TOKENS},
        "output_tokens": script.OUTPUT_TOKENS,
        "output_tokens_details": {"reasoning_tokens": script.REASONING_TOKENS},
        "total_tokens": script.INPUT_TOKENS + script.OUTPUT_TOKENS,
    }
    return {
        "id": identity,
        "object": "response",
        "created_at": CREATED,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": _snapshot(request),
        "output": [item],
        "instructions": request.get("instructions"),
        "tools": request.get("tools") or [],
        "usage": usage,
        "tool_choice": request.get("tool_choice") or "auto",
        "parallel_tool_calls": True,
        "metadata": {},
        "temperature": request.get("temperature", 1.0),
        "top_p": request.get("top_p", 1.0),
        "previous_response_id": request.get("previous_response_id"),
        "truncation": "disabled",
        "text": request.get("text") or {"format": {"type": "text"}},
        "max_output_tokens": None,
        "reasoning": {"effort": None, "summary": None},
        "user": None,
        "store": True,
    }


def _response_stream(request: Json, take: TakeId) -> Iterator[tuple[str, str]]:
    response = _response(request, take)
    item = response["output"][0]
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    events: list[Json] = [{"type": "response.created", "response": begun}]
    at = {"item_id": item["id"], "output_index": 0}
    if item["type"] == "message":
        part = item["content"][0]
        opened = {**item, "status": "in_progress", "content": []}
        place = {**at, "content_index": 0}
        events.append({"type": "response.output_item.added", "output_index": 0, "item": opened})
        events.append({"type": "response.content_part.added", **place, "part": {**part, "text": ""}})
        for word in _words(part["text"]):
            events.append({"type": "response.output_text.delta", **place, "delta": word, "logprobs": []})
        events.append({"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []})
        events.append({"type": "response.content_part.done", **place, "part": part})
    else:
        opened = {**item, "status": "in_progress", "arguments": ""}
        events.append({"type": "response.output_item.added", "output_index": 0, "item": opened})
        events.append({"type": "response.function_call_arguments.delta", **at, "delta": item["arguments"]})
        done = {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]}
        events.append({**done, "name": item["name"]})
    events.append({"type": "response.output_item.done", "output_index": 0, "item": item})
    events.append({"type": "response.completed", "response": response})
    for number, event in enumerate(events):
        yield event["type"], json.dumps({**event, "sequence_number": number})


# ---- Anthropic: messages


def _message(request: Json, take: TakeId) -> Json:
    reply = script.reply_to(script.chat_question(request))
    identity = take("msg_")
    block: Json = {"type": "text", "text": reply.text}
    if reply.tool_call is not None:
        call = reply.tool_call
        block = {"type": "tool_use", "id": take("toolu_"), "name": call.name, "input": dict(call.arguments)}
    return {
        "id": identity,
        "type": "message",
        "role": "assistant",
        "model": _snapshot(request),
        "content": [block],
        "stop_reason": "tool_use" if reply.tool_call else "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": script.INPUT_TOKENS - script.CACHED_TOKENS,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": script.CACHED_TOKENS,
            "output_tokens": script.OUTPUT_TOKENS,
            "service_tier": "standard",
        },
    }


def _message_stream(request: Json, take: TakeId) -> Iterator[tuple[str, str]]:
    message = _message(request, take)
    block, usage = message["content"][0], message["usage"]
    begun = {**message, "content": [], "stop_reason": None, "usage": {**usage, "output_tokens": 1}}
    events: list[Json] = [{"type": "message_start", "message": begun}]
    empty: Json = {"text": ""} if block["type"] == "text" else {"input": {}}
    events.append({"type": "content_block_start", "index": 0, "content_block": {**block, **empty}})
    if block["type"] == "text":
        deltas: list[Json] = [{"type": "text_delta", "text": word} for word in _words(block["text"])]
    else:
        deltas = [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
    events += [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
    events.append({"type": "content_block_stop", "index": 0})
    end = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    events.append({"type": "message_delta", "delta": end, "usage": {"output_tokens": usage["output_tokens"]}})
    events.append({"type": "message_stop"})
    for event in events:
        yield event["type"], json.dumps(event)


Answer = Callable[[Json, TakeId], Json]
Stream = Callable[[Json, TakeId], Iterator[tuple[str, str]]]
APIS: Final[Mapping[str, tuple[Answer, Stream | None]]] = {
    "chat/completions": (_chat, _chat_stream),
    "responses": (_response, _response_stream),
    "embeddings": (_embeddings, None),
    "messages": (_message, _message_stream),
}
