"""Section E of the conformance list, as far as it is cheap: connections, deadlines, health, the end."""

from __future__ import annotations

import asyncio
import concurrent.futures
import http.client
import json
import signal as signals
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from spanhouse_collector.otlp.signals import SIGNALS, TRACES
from spanhouse_collector.receiver import grpc_server, http_listener
from tests.builders import make_span, traces
from tests.collector.receiver.raw_grpc import RawGrpc
from tests.collector.receiver.samples import good
from tests.collector.receiver.wire import GRPC, PB, PROTOCOLS, RawHttp, grpc_call, post, send
from tests.collector_process import CollectorProcess
from tests.prepared import prepare_embedded


def test_hundreds_of_calls_at_once_on_one_channel_are_all_answered(collector: CollectorProcess) -> None:
    """Cases 74 and 75: with 256 advertised streams grpcio refused some of these."""
    with grpc.insecure_channel(collector.grpc) as channel:
        calls = channel.unary_unary(f"/{TRACES.grpc_service}/Export")
        for count in (100, 400):
            under_way = [calls.future(good(TRACES).SerializeToString(), timeout=60) for _ in range(count)]
            assert [call.result() for call in under_way] == [b""] * count


def test_calls_that_never_send_their_message_delay_no_other(collector: CollectorProcess) -> None:
    """Case 74: fewer of them than there are places."""
    idle = [RawGrpc(collector.grpc) for _ in range(grpc_server.RECEIVING_MAX - 1)]
    for connection in idle:
        connection.open()
    started = time.monotonic()
    for _ in range(20):
        assert send(collector, GRPC, TRACES, good(TRACES)).code == 0
    assert time.monotonic() - started < 15  # an idle call holds its place for request_timeout=30s
    for connection in idle:
        connection.__exit__()


def test_calls_that_never_send_their_message_are_ended_and_the_others_told_to_come_back(
    small: CollectorProcess,
) -> None:
    """Cases 74 and 81: every place is taken; a call waits its 300 ms, and after the second of grace all is well."""
    idle = [RawGrpc(small.grpc) for _ in range(grpc_server.RECEIVING_MAX)]
    for connection in idle:
        connection.open()
    reply = send(small, GRPC, TRACES, good(TRACES))
    assert reply.code in (0, 14)  # 0 when the collector saw it before the last of the idle ones
    for connection in idle:
        answers = b"".join(payload for kind, _, payload in connection.response_frames() if kind == "HEADERS")
        assert b"\x0bgrpc-status\x014" in answers or b"\x0bgrpc-status\x0214" in answers
        connection.__exit__()
    assert send(small, GRPC, TRACES, good(TRACES)).code == 0


def test_the_server_advertises_a_limit_of_streams(collector: CollectorProcess) -> None:
    """Case 75: SETTINGS_MAX_CONCURRENT_STREAMS is setting 3."""
    with RawGrpc(collector.grpc) as connection:
        connection.call(b"")
        settings = b"".join(payload for kind, _, payload in connection.frames() if kind == "SETTINGS")
    assert (3).to_bytes(2, "big") + grpc_server.CONCURRENT_STREAMS_MAX.to_bytes(4, "big") in settings


@pytest.mark.parametrize("size", [20_000, 100_000])
def test_grpc_headers_over_16_kib_are_refused(collector: CollectorProcess, size: int) -> None:
    """Case 76."""
    reply = grpc_call(collector.grpc, TRACES, b"", {"x-large": "x" * size})
    assert reply.code in (grpc.StatusCode.RESOURCE_EXHAUSTED.value[0], grpc.StatusCode.INTERNAL.value[0])
    assert grpc_call(collector.grpc, TRACES, b"", {"x-large": "x" * 4_000}).code == 0


HEADERS = {
    "one large": ["X-A: " + "x" * 20_000],
    "many": [f"X-{number}: {'x' * 100}" for number in range(200)],
    "a large name": ["X" * 20_000 + ": 1"],
}


@pytest.mark.parametrize("lines", HEADERS.values(), ids=list(HEADERS))
def test_http_headers_over_16_kib_are_431(collector: CollectorProcess, lines: list[str]) -> None:
    """Case 76."""
    with RawHttp(collector.http) as raw:
        raw.head("Content-Type: application/json", "Content-Length: 2", *lines)
        raw.send(b"{}")
        reply = raw.reply(content_type="")
        assert (reply.http_status, reply.code) == (431, 8)
        assert "16384" in reply.message
        assert raw.is_closed()


def test_a_url_over_16_kib_is_431(collector: CollectorProcess) -> None:
    """Case 76."""
    with RawHttp(collector.http) as raw:
        raw.head(path="/v1/traces?" + "x" * 20_000)
        assert raw.reply(content_type="").http_status == 431


@pytest.mark.parametrize("beginning", [b"GET /", b"GET / HTTP/1.1\r\nX: "], ids=["url", "header"])
def test_a_head_that_never_ends_is_431(collector: CollectorProcess, beginning: bytes) -> None:
    """Case 76: no callback of the parser sees a header before it is complete."""
    with RawHttp(collector.http) as raw:
        raw.send(beginning)
        sent = 0
        try:
            while sent < 8 << 20:
                raw.send(b"x" * 65536)
                sent += 65536
        except ConnectionError:
            return
        pytest.fail("the collector read 8 MiB of one header")


def test_headers_near_the_limit_and_a_large_body_in_one_piece_are_fine(collector: CollectorProcess) -> None:
    """Case 76: what counts is the headers."""
    body = traces(make_span(attributes={"prompt": "x" * 500_000})).SerializeToString()
    with RawHttp(collector.http) as raw:
        for _ in range(2):
            head = (
                f"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n"
                f"X: {'x' * 15_000}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            raw.send(head.encode() + body)
            assert raw.reply().http_status == 200


def test_pings_every_ten_seconds_are_allowed_with_a_margin() -> None:
    """Case 77: the Go collector's interval, idle or not. Real pings would take a minute to count."""
    options = dict(grpc_server._OPTIONS)
    assert options["grpc.http2.min_recv_ping_interval_without_data_ms"] <= 5_000
    assert options["grpc.keepalive_permit_without_calls"] == 1
    assert options["grpc.http2.max_ping_strikes"] >= 2


def test_a_flood_of_pings_ends_the_connection(collector: CollectorProcess) -> None:
    """Case 77: the limit is there."""
    with RawGrpc(collector.grpc) as connection:
        connection.ping(20)
        assert "GOAWAY" in [kind for kind, _, _ in connection.frames(within_s=5)]


def test_a_client_whose_deadline_passes_may_send_again_and_is_stored_once(full: CollectorProcess) -> None:
    """Case 79: the client sees its own deadline, the server drops the call."""
    reply = grpc_call(full.grpc, TRACES, good(TRACES).SerializeToString(), timeout_s=0.05)
    assert reply.code == grpc.StatusCode.DEADLINE_EXCEEDED.value[0]


@pytest.mark.parametrize("length", [0, 1, 30])
def test_half_an_http_body_is_never_stored(collector: CollectorProcess, length: int) -> None:
    """Case 80."""
    body = good(TRACES).SerializeToString()
    before = collector.metric("spanhouse_accepted_items_total", signal="traces", transport="http")
    for _ in range(20):
        with RawHttp(collector.http) as raw:
            raw.head("Content-Type: application/x-protobuf", f"Content-Length: {len(body)}")
            raw.send(body[:length])
    assert post(collector.http, TRACES, PB, good(TRACES).SerializeToString()).code == 0
    assert collector.metric("spanhouse_accepted_items_total", signal="traces", transport="http") == before + 1
    wait_until(lambda: collector.metric("spanhouse_inflight_bytes") == 0)


def wait_until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def test_a_body_that_comes_too_slowly_is_408(small: CollectorProcess) -> None:
    """Case 81: the limit is a second here."""
    started = time.monotonic()
    with RawHttp(small.http) as raw:
        raw.head("Content-Type: application/x-protobuf", "Content-Length: 100000")
        done = threading.Event()

        def trickle() -> None:
            while not done.wait(0.1):
                try:
                    raw.send(b"x")
                except OSError:
                    return

        sender = threading.Thread(target=trickle)
        sender.start()
        reply = raw.reply()
        assert (reply.http_status, reply.code, reply.headers["connection"]) == (408, 4, "close")
        assert raw.is_closed()
        done.set()
        sender.join()
    assert 0.9 < time.monotonic() - started < 30  # the body alone would take hours


@pytest.mark.parametrize(
    "beginning", [b"", b"P", b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n"], ids=["none", "1B", "half"]
)
def test_headers_that_come_too_slowly_end_the_connection(
    beginning: bytes, monkeypatch: pytest.MonkeyPatch, unused_http: http_listener.HttpListener
) -> None:
    """Case 81: ten seconds; here a tenth of one."""
    monkeypatch.setattr(http_listener, "HEADER_TIMEOUT_S", 0.1)

    async def closed() -> bytes:
        address = await unused_http.start()
        url = urlsplit(address)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        writer.write(beginning)
        data = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        await unused_http.stop(1)
        return data

    assert asyncio.run(closed()) == b""


@pytest.fixture
def unused_http() -> http_listener.HttpListener:
    """A listener in this process, in front of nothing."""

    async def nothing(_scope: object, _receive: object, _send: object) -> None:
        raise AssertionError("a request came through")

    return http_listener.HttpListener(nothing, host="127.0.0.1", port=0, request_timeout_s=5)


def test_a_thousand_idle_connections_keep_nobody_waiting(collector: CollectorProcess) -> None:
    """Case 81."""
    url = urlsplit(collector.http)
    idle = [socket.create_connection((url.hostname or "", url.port or 0), timeout=10) for _ in range(1_000)]
    started = time.monotonic()
    for protocol in PROTOCOLS:
        assert send(collector, protocol, TRACES, good(TRACES)).code == 0
    assert time.monotonic() - started < 15
    for connection in idle:
        connection.close()


def test_a_port_in_use_ends_the_start_and_is_named(collector: CollectorProcess, tmp_path: Path) -> None:
    """Case 82: grpcio would share the port without a word."""
    for option, address in (("--grpc-port", collector.grpc), ("--http-port", urlsplit(collector.http).netloc)):
        port = address.rpartition(":")[2]
        second = CollectorProcess(prepare_embedded(tmp_path / option), option, port)
        with pytest.raises(RuntimeError, match=port):
            second.start()
        assert second.process.returncode != 0
    assert send(collector, GRPC, TRACES, good(TRACES)).code == 0


def test_sigterm_finishes_what_was_accepted_and_exits_0(tmp_path: Path) -> None:
    """Cases 83 and 84: under load; every request is answered OK or not at all, and OK means stored."""
    answers: list[int] = []
    data_dir = prepare_embedded(tmp_path / "data")
    with CollectorProcess(data_dir, "--log-level=info", "--drain-timeout=60s") as process:
        stop = threading.Event()

        def load(protocol: str) -> None:
            while not stop.is_set():
                try:
                    answers.append(send(process, protocol, TRACES, good(TRACES)).code)
                except (OSError, http.client.HTTPException):
                    return

        threads = [threading.Thread(target=load, args=(protocol,)) for protocol in PROTOCOLS]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(answers) > 50)
        with grpc.insecure_channel(process.grpc) as channel:
            watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=""))
            assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
            started = time.monotonic()
            process.process.send_signal(signals.SIGTERM)
            with_end = [*_statuses(watch)]
        assert process._wait(60) == 0
        # Not the half of drain_timeout that an open health watch alone could take.
        assert time.monotonic() - started < 25
        stop.set()
        for thread in threads:
            thread.join()
        assert with_end[:1] in ([health_pb2.HealthCheckResponse.NOT_SERVING], [])
        acknowledged = answers.count(0)
        assert acknowledged > 50
        # 14: the port is closed, or the call was told to go away
        assert set(answers) <= {0, 14}
    with CollectorProcess(data_dir) as again:
        assert json.loads(again.get("/readyz"))["status"] == "ready"
        # Nothing was left for the next process to load.
        assert again.metric("spanhouse_wal_bytes") == 0


def _statuses(watch: object) -> list[int]:
    found: list[int] = []
    try:
        for update in watch:  # type: ignore[attr-defined]  # a gRPC stream, which has no type
            found.append(update.status)
    except grpc.RpcError:
        return found
    return found


def test_health_knows_every_service_and_no_other(collector: CollectorProcess) -> None:
    """Case 85."""
    with grpc.insecure_channel(collector.grpc) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for name in ("", *(signal.grpc_service for signal in SIGNALS)):
            answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=10)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        with pytest.raises(grpc.RpcError) as refusal:
            stub.Check(health_pb2.HealthCheckRequest(service="other"), timeout=10)
        assert refusal.value.code() is grpc.StatusCode.NOT_FOUND
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="other"), timeout=10)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        watch.cancel()


def test_a_full_disk_is_alive_and_not_ready(collector: CollectorProcess, full: CollectorProcess) -> None:
    """Case 86."""
    for process, status in ((collector, 200), (full, 503)):
        connection = http.client.HTTPConnection(urlsplit(process.http).netloc, timeout=10)
        for path, expected in (("/healthz", 200), ("/readyz", status)):
            connection.request("GET", path)
            answer = connection.getresponse()
            document = json.loads(answer.read())
            assert answer.status == expected, document
        connection.close()


def test_metrics_carry_no_label_that_a_client_chose(collector: CollectorProcess) -> None:
    """Case 88: every outcome is counted, under names of ours."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: send(collector, PB, TRACES, good(TRACES), {"x-spanhouse-project": f"p-{n}"}), range(4)))
    post(collector.http, TRACES, PB, b"\xff")
    post(collector.http, TRACES, PB, b"", {"content-type": "text/evil"})
    post(collector.http, TRACES, PB, b"", {"content-length": str(1 << 40)})
    text = collector.get("/metrics")
    assert "p-1" not in text
    assert "evil" not in text
    for outcome in ("ok", "malformed_request", "unsupported_media_type", "request_too_large"):
        assert collector.metric("spanhouse_requests_total", signal="traces", transport="http", outcome=outcome) > 0


def test_the_body_of_an_answer_does_not_wait_for_the_head_to_be_acknowledged() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("nothing is asked")

    async def sends_at_once() -> bool:
        listener = http_listener.HttpListener(app, host="127.0.0.1", port=0, request_timeout_s=5)
        address = urlsplit(await listener.start())
        _reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            connections = listener._server.server_state.connections
            async with asyncio.timeout(30):
                while not connections:
                    await asyncio.sleep(0.01)
            accepted = next(iter(connections)).transport.get_extra_info("socket")
            return bool(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        finally:
            writer.close()
            await listener.stop(1)

    assert asyncio.run(sends_at_once())
