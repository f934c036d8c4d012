"""Section D of the conformance list: partial success, errors, throttling."""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import os
import time
import urllib.error
from pathlib import Path

import pytest
from google.protobuf.message import Message

from spanhouse_collector.otlp.signals import BY_NAME, SIGNALS, TRACES, Signal
from tests.builders import make_span, traces
from tests.collector.receiver.raw_grpc import RawGrpc
from tests.collector.receiver.samples import good, with_bad, with_text
from tests.collector.receiver.wire import GRPC, JSON, PB, PROTOCOLS, RawHttp, grpc_call, post, send, to_json
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded

each_signal = pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)


@each_signal
def test_partial_success_in_json_has_its_count_as_text(collector: CollectorProcess, signal: Signal) -> None:
    """Case 61: proto3 JSON writes 64-bit integers as strings."""
    with RawHttp(collector.http) as raw:
        body = to_json(with_bad(signal, 1, 3))
        raw.head("Content-Type: application/json", f"Content-Length: {len(body)}", path=signal.http_path)
        raw.send(body)
        answer = http.client.HTTPResponse(raw.socket)
        answer.begin()
        document = json.loads(answer.read())
    name = {"traces": "rejectedSpans", "logs": "rejectedLogRecords", "metrics": "rejectedDataPoints"}[signal.name]
    partial = document["partialSuccess"]
    assert partial[name] == "3"
    assert set(partial) == {name, "errorMessage"}


@each_signal
@pytest.mark.parametrize("protocol", [GRPC, PB])
def test_a_warning_alone_rejects_nothing_and_says_something(
    collector: CollectorProcess, signal: Signal, protocol: str
) -> None:
    """Case 62."""
    raw = with_text(signal, "~bad~").SerializeToString().replace(b"~bad~", b"ab\xffcd")
    reply = grpc_call(collector.grpc, signal, raw) if protocol == GRPC else post(collector.http, signal, protocol, raw)
    assert reply.has_partial
    assert reply.rejected(signal) == 0
    assert "U+FFFD" in reply.partial.error_message


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/v1/traces", "GET", 405), ("/v1/nothing", "POST", 404), ("/v1/traces", "POST", 400)],
)
@pytest.mark.parametrize("protocol", [PB, JSON])
def test_every_error_is_a_status_in_the_encoding_of_the_request(
    collector: CollectorProcess, protocol: str, path: str, method: str, status: int
) -> None:
    """Case 64; `post` parses every reply. 413, 415, 421, 431 and 503 have tests of their own."""
    assert post(collector.http, TRACES, protocol, b"\xff", path=path, method=method).http_status == status


def test_a_full_log_refuses_for_now_names_its_limit_and_is_not_ready(tmp_path: Path) -> None:
    """Cases 65 and 86: nothing is sealed for its age here, so that the log fills and stays full."""
    options = ("--wal-max-bytes=1MiB", "--wal-segment-bytes=1MiB", "--max-request-bytes=512KiB", "--wal-segment-age=1h")
    with CollectorProcess(prepare_embedded(tmp_path / "data"), *options, "--admission-wait=100ms") as full_log:
        assert full_log.get("/readyz")
        answers = [send(full_log, PROTOCOLS[number % 3], TRACES, large(number)) for number in range(24)]
        assert [reply.code for reply in answers[:15]] == [0] * 15
        for reply in answers[18:]:
            assert (reply.code, reply.retry_after_s) == (14, 2)
            assert "wal_max_bytes=1048576" in reply.message
        with pytest.raises(urllib.error.HTTPError, match="503") as unready:
            full_log.get("/readyz")
        with unready.value as answer:
            assert b"the write-ahead log is full" in answer.read()
        assert json.loads(full_log.get("/healthz")) == {"status": "ok"}
        assert full_log.terminate() == 0


def large(number: int) -> Message:
    return traces(make_span(number=number + 1, attributes={"text": "x" * 60_000}))


@each_signal
@each_protocol
def test_without_room_a_request_is_held_and_then_told_when_to_come_back(
    full: CollectorProcess, signal: Signal, protocol: str
) -> None:
    """Cases 65, 67 and 69: UNAVAILABLE or 503, the delay in every place where clients look for it."""
    started = time.monotonic()
    reply = send(full, protocol, signal, good(signal))
    assert reply.code == 14
    assert reply.retry_after_s == 2
    assert time.monotonic() - started > 0.1
    assert "min_free_disk_bytes" in reply.message
    if protocol == GRPC:
        assert {"google.rpc.retryinfo-bin", "grpc-status-details-bin"} <= set(reply.headers)
    else:
        assert (reply.http_status, reply.headers["retry-after"]) == (503, "2")


@each_protocol
def test_without_room_what_needs_none_is_still_answered(full: CollectorProcess, protocol: str) -> None:
    """Cases 29 and 71: an empty request is OK, a bad one is bad for good."""
    assert send(full, protocol, TRACES, traces()).code == 0
    assert send(full, protocol, TRACES, with_bad(TRACES, 0, 1)).code == 3


@each_signal
@each_protocol
def test_the_same_request_twice_is_stored_once(collector: CollectorProcess, signal: Signal, protocol: str) -> None:
    """Case 73: a lost acknowledgement."""
    request = good(signal)
    before = collector.metric("spanhouse_duplicate_requests_total", signal=signal.name)
    assert send(collector, protocol, signal, request).code == 0
    assert send(collector, protocol, signal, request).code == 0
    assert collector.metric("spanhouse_duplicate_requests_total", signal=signal.name) == before + 1


def test_the_same_bytes_for_another_project_are_another_request(collector: CollectorProcess) -> None:
    """Case 73."""
    request = good(TRACES)
    before = collector.metric("spanhouse_duplicate_requests_total", signal="traces")
    for name in ("one", "two"):
        for protocol in (GRPC, PB):
            assert send(collector, protocol, TRACES, request, {"x-spanhouse-project": name}).code == 0
    assert collector.metric("spanhouse_duplicate_requests_total", signal="traces") == before + 2


def test_many_copies_at_once_are_stored_once(collector: CollectorProcess) -> None:
    """Case 73."""
    request = good(TRACES)
    before = collector.metric("spanhouse_duplicate_requests_total", signal="traces")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(lambda number: send(collector, PROTOCOLS[number % 2], TRACES, request).code, range(16)))
    assert codes == [0] * 16
    assert collector.metric("spanhouse_duplicate_requests_total", signal="traces") == before + 15


@each_protocol
@pytest.mark.parametrize("name", ["a/b", "-x", "a b", "x" * 129, "../../probe"])
def test_an_impossible_project_name_is_refused(collector: CollectorProcess, protocol: str, name: str) -> None:
    """Case 96."""
    reply = send(collector, protocol, TRACES, good(TRACES), {"x-spanhouse-project": name})
    assert reply.code == 3
    assert protocol == GRPC or reply.http_status == 400
    assert "x-spanhouse-project" in reply.message


def test_errors_of_grpc_are_trailers_only(collector: CollectorProcess, full: CollectorProcess) -> None:
    """Case 72: a client that reads grpc-status from the first headers alone finds it there."""
    for process, raw in ((collector, b"\xff"), (full, good(TRACES).SerializeToString())):
        with RawGrpc(process.grpc) as connection:
            connection.call(raw)
            frames = connection.response_frames()
        assert [kind for kind, _, _ in frames] == ["HEADERS"]
        assert frames[0][1] & 0x1  # END_STREAM
        assert b"grpc-status" in frames[0][2]


def test_replies_stay_small_and_clean_whatever_was_sent(collector: CollectorProcess) -> None:
    """Cases 27, S16 and S23."""
    text = "\x1b[31m\r\n日本" * 50_000
    for protocol in PROTOCOLS:
        reply = send(collector, protocol, TRACES, traces(make_span(text, trace_id=b"\x1b" * 500)))
        assert reply.code == 3
        assert len(reply.message.encode()) <= 1000
        assert reply.message.isprintable()
        reply = send(collector, protocol, TRACES, traces(make_span(text, trace_id=b""), make_span()))
        assert len(reply.partial.error_message.encode()) <= 4096
        assert reply.partial.error_message.isprintable()


def test_secrets_and_a_senders_text_do_not_reach_the_collectors_own_log(small: CollectorProcess) -> None:
    """Cases 68, S16 and S18: whatever fails, and however loudly."""
    secret = "sk-spanhouse-" + os.urandom(8).hex()
    headers = {"authorization": f"Bearer {secret}", "x-api-key": secret, "x-spanhouse-project": f"{secret}/no"}
    for protocol in PROTOCOLS:
        reply = send(small, protocol, TRACES, with_text(TRACES, "\x1b[31mloud\r\n" + secret), headers)
        assert reply.code == 3
        assert "Bearer" not in reply.message
        headers_only = {"authorization": f"Bearer {secret}", "x-api-key": secret}
        reply = send(small, protocol, TRACES, traces(make_span(f"\x1b[31m{secret}", trace_id=b"")), headers_only)
        assert reply.code == 3
    for protocol in (PB, JSON):
        for body in (b"\xff", secret.encode(), b"\0" * (2 << 20)):
            reply = post(small.http, TRACES, protocol, body, {"authorization": secret})
            assert secret not in reply.message
    with RawHttp(small.http) as raw:
        raw.send(f"{secret}\r\n\r\n".encode())
        raw.is_closed()
    assert secret not in small.stderr
    assert "\x1b" not in small.stderr
