"""What the mock model promises to the demo and to other tests, seen through a plain HTTP client.

Owns: the claims about `demo.mock_llm` and `demo.mock_script`. Leaves to others: real clients (`test_apps`).
"""

from __future__ import annotations

import base64
import http.client
import json
import socket
import struct
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from spanhouse_collector.demo.mock_llm import BODY_BYTES_MAX, MockLlm

FLIGHT_QUESTION = {"role": "user", "content": "Find me a direct flight from Berlin to Lisbon."}
AUTHORIZED = {"Authorization": "Bearer mock", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    """A server that answers at once, on a free port."""
    with MockLlm() as model:
        yield model.base_url


def post(base_url: str, path: str, body: Any, headers: dict[str, str] = AUTHORIZED) -> tuple[int, bytes]:
    """Status and body of one POST; *body* is bytes or something for JSON."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    try:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request("POST", f"/v1{path}", payload, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def chat(base_url: str, **request: Any) -> dict[str, Any]:
    """The completion for *request*."""
    status, body = post(base_url, "/chat/completions", {"model": "gpt-4o-mini", **request})
    assert status == 200, body
    answer: dict[str, Any] = json.loads(body)
    return answer


def stream(base_url: str, **request: Any) -> list[dict[str, Any]]:
    """The chunks of a streamed completion; the end mark is checked and left out."""
    status, body = post(base_url, "/chat/completions", {"model": "gpt-4o-mini", "stream": True, **request})
    assert status == 200
    events = [event.removeprefix("data: ") for event in body.decode().split("\n\n") if event]
    assert events[-1] == "[DONE]"
    return [json.loads(event) for event in events[:-1]]


def function(name: str, *required: str, kind: str = "string") -> dict[str, Any]:
    """The declaration of a tool whose arguments all have one type."""
    properties = {argument: {"type": kind} for argument in required}
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def test_the_same_request_gets_the_same_answer(base_url: str) -> None:
    """Nothing in an answer depends on the clock or on what was asked before."""
    first = chat(base_url, messages=[FLIGHT_QUESTION])
    chat(base_url, messages=[{"role": "user", "content": "something else"}])
    assert chat(base_url, messages=[FLIGHT_QUESTION]) == first
    assert first["model"] == "gpt-4o-mini-2024-07-18"
    assert "TP 531" in first["choices"][0]["message"]["content"]


def test_usage_follows_the_length_of_the_text(base_url: str) -> None:
    """Twice the text costs more, and the total is the sum."""
    short = chat(base_url, messages=[{"role": "user", "content": "word " * 10}])["usage"]
    long = chat(base_url, messages=[{"role": "user", "content": "word " * 100}])["usage"]
    assert long["prompt_tokens"] > 5 * short["prompt_tokens"]
    assert long["total_tokens"] == long["prompt_tokens"] + long["completion_tokens"]
    assert long["prompt_tokens_details"]["cached_tokens"] == 0


def test_a_long_follow_up_hits_the_cache_and_a_reasoning_model_reasons(base_url: str) -> None:
    """Both details are parts of the counts they belong to."""
    messages = [
        {"role": "system", "content": "line of a log\n" * 500},
        {"role": "user", "content": "root cause?"},
        {"role": "assistant", "content": "the pool"},
        {"role": "user", "content": "how to prevent it?"},
    ]
    usage = chat(base_url, model="gpt-5-mini", messages=messages)["usage"]
    assert 0 < usage["prompt_tokens_details"]["cached_tokens"] <= usage["prompt_tokens"]
    assert usage["prompt_tokens_details"]["cached_tokens"] % 128 == 0
    assert 0 < usage["completion_tokens_details"]["reasoning_tokens"] < usage["completion_tokens"]


def test_it_asks_for_a_tool_and_answers_after_the_result(base_url: str) -> None:
    """The first answer is a call whose arguments are JSON, the second is text."""
    tools = [function("search_flights", "origin", "destination", "date")]
    asked = chat(base_url, messages=[FLIGHT_QUESTION], tools=tools)["choices"][0]
    assert asked["finish_reason"] == "tool_calls"
    assert asked["message"]["content"] is None
    (call,) = asked["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"])["destination"] == "LIS"

    result = {"role": "tool", "tool_call_id": call["id"], "content": "[]"}
    told = chat(base_url, messages=[FLIGHT_QUESTION, asked["message"], result], tools=tools)["choices"][0]
    assert told["finish_reason"] == "stop"
    assert "TP 531" in told["message"]["content"]


def test_an_unknown_tool_is_called_with_arguments_of_the_right_type(base_url: str) -> None:
    """A tool no scene knows still works: its result is quoted."""
    question = {"role": "user", "content": "Please count the sheep."}
    tools = [function("count_sheep", "meadow", kind="integer")]
    asked = chat(base_url, messages=[question], tools=tools)["choices"][0]["message"]
    (call,) = asked["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"meadow": 1}

    result = {"role": "tool", "tool_call_id": call["id"], "content": "41 sheep"}
    told = chat(base_url, messages=[question, asked, result], tools=tools)
    assert "41 sheep" in told["choices"][0]["message"]["content"]


def test_streaming_tells_the_same_in_pieces(base_url: str) -> None:
    """The pieces join to the whole answer; usage comes last, only when asked for."""
    whole = chat(base_url, messages=[FLIGHT_QUESTION])
    chunks = stream(base_url, messages=[FLIGHT_QUESTION], stream_options={"include_usage": True})
    text = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    assert text == whole["choices"][0]["message"]["content"]
    assert len(chunks) > 10
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"] == whole["usage"]
    assert not any("usage" in chunk for chunk in stream(base_url, messages=[FLIGHT_QUESTION]))


def test_a_streamed_tool_call_arrives_as_head_and_arguments(base_url: str) -> None:
    """The name first, then the argument text under the same index."""
    tools = [function("search_flights", "origin", "destination", "date")]
    chunks = stream(base_url, messages=[FLIGHT_QUESTION], tools=tools)
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"] if "tool_calls" in choice["delta"]]
    calls = [call for delta in deltas for call in delta["tool_calls"]]
    assert calls[0]["function"]["name"] == "search_flights"
    assert json.loads("".join(call["function"]["arguments"] for call in calls))["origin"] == "BER"
    assert chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_embeddings_are_unit_vectors_in_both_encodings(base_url: str) -> None:
    """Base64 holds the same little-endian floats as the list; shared words bring texts together."""
    request = {"model": "text-embedding-3-small", "input": ["red apple", "red apple pie", "fast car"], "dimensions": 64}
    status, body = post(base_url, "/embeddings", request)
    assert status == 200
    answer = json.loads(body)
    fruit, pie, car = (item["embedding"] for item in answer["data"])
    assert sum(value * value for value in fruit) == pytest.approx(1.0)
    similarity = [sum(a * b for a, b in zip(fruit, other, strict=True)) for other in (pie, car)]
    assert similarity[0] > similarity[1]
    assert answer["usage"]["prompt_tokens"] > 0

    _, packed = post(base_url, "/embeddings", {**request, "encoding_format": "base64"})
    floats = struct.unpack("<64f", base64.b64decode(json.loads(packed)["data"][0]["embedding"]))
    assert floats == pytest.approx(fruit)


@pytest.mark.parametrize(
    ("path", "body", "headers", "status", "code"),
    [
        ("/chat/completions", {"model": "mock-rate-limited"}, AUTHORIZED, 429, "rate_limit_exceeded"),
        ("/chat/completions", {"model": "mock-context-exceeded"}, AUTHORIZED, 400, "context_length_exceeded"),
        ("/chat/completions", {"model": "gpt-4o", "messages": []}, AUTHORIZED, 400, "invalid_request"),
        ("/chat/completions", {"model": "gpt-4o", "messages": ["hi"]}, AUTHORIZED, 400, "invalid_request"),
        ("/chat/completions", {"messages": [FLIGHT_QUESTION]}, AUTHORIZED, 400, "invalid_request"),
        ("/chat/completions", b"{", AUTHORIZED, 400, "invalid_request"),
        ("/chat/completions", b"\xff", AUTHORIZED, 400, "invalid_request"),
        ("/chat/completions", {"model": "gpt-4o"}, {}, 401, "invalid_api_key"),
        ("/embeddings", {"model": "e", "input": [1]}, AUTHORIZED, 400, "invalid_request"),
        ("/embeddings", {"model": "e", "input": "x", "dimensions": 0}, AUTHORIZED, 400, "invalid_request"),
        ("/nowhere", {"model": "gpt-4o"}, AUTHORIZED, 404, "unknown_url"),
    ],
)
def test_refusals_have_the_shape_of_openai(
    base_url: str, path: str, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    """Every error is JSON with a message and a code, so that clients raise their usual exceptions."""
    answered, raw = post(base_url, path, body, headers)
    error = json.loads(raw)["error"]
    assert (answered, error["code"]) == (status, code)
    assert error["message"]


def test_a_body_over_the_limit_is_refused_unread(base_url: str) -> None:
    """The announced length decides."""
    headers = {**AUTHORIZED, "Content-Length": str(BODY_BYTES_MAX + 1)}
    status, body = post(base_url, "/chat/completions", b"", headers)
    assert status == 413
    assert str(BODY_BYTES_MAX) in json.loads(body)["error"]["message"]


def test_a_client_that_resets_its_connection_leaves_no_noise(capfd: pytest.CaptureFixture[str]) -> None:
    """A process that exits may reset its idle connections: the server goes on and prints nothing."""
    with MockLlm() as model:
        address = urlsplit(model.base_url)
        connection = socket.create_connection((address.hostname, address.port), timeout=10)
        connection.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert chat(model.base_url, messages=[FLIGHT_QUESTION])["choices"]
    assert capfd.readouterr().err == ""


def test_one_connection_serves_many_requests(base_url: str) -> None:
    """A stream leaves its connection usable for the next request."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    try:
        for streamed in (True, False, True):
            body = json.dumps({"model": "gpt-4o", "messages": [FLIGHT_QUESTION], "stream": streamed})
            connection.request("POST", "/v1/chat/completions", body, AUTHORIZED)
            answer = connection.getresponse()
            assert answer.status == 200
            assert b"TP" in answer.read()
    finally:
        connection.close()
