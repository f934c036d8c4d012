"""Section A of the conformance list: endpoints, methods, media types."""

from __future__ import annotations

import http.client
import socket
from urllib.parse import urlsplit

import grpc
import pytest

from spanhouse_collector.otlp.signals import BY_NAME, SIGNALS, TRACES, Signal
from tests.collector.receiver.samples import good, with_bad
from tests.collector.receiver.wire import GRPC, JSON, MEDIA_TYPES, PB, PROTOCOLS, RawHttp, grpc_call, post, send
from tests.collector_process import CollectorProcess

each_signal = pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)
each_http = pytest.mark.parametrize("protocol", [PB, JSON])


@each_signal
@each_protocol
def test_full_success_is_an_empty_response(collector: CollectorProcess, signal: Signal, protocol: str) -> None:
    """Cases 1, 2 and 63: both encodings on one port."""
    reply = send(collector, protocol, signal, good(signal))
    assert (reply.code, reply.http_status) == (0, 200)
    assert not reply.has_partial
    assert reply.headers.get("content-length", "0") == ("2" if protocol == JSON else "0")


@each_signal
@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/x-protobuf;v=1", "Application/X-Protobuf"],
)
def test_the_reply_has_the_media_type_of_the_request(
    collector: CollectorProcess, signal: Signal, content_type: str
) -> None:
    """Case 3."""
    protocol = JSON if "json" in content_type.lower() else PB
    body = b"{}" if protocol == JSON else good(signal).SerializeToString()
    reply = post(collector.http, signal, protocol, body, {"content-type": content_type})
    assert reply.headers["content-type"] == MEDIA_TYPES[protocol]


@each_signal
@pytest.mark.parametrize("content_type", ["", "text/plain", "application/octet-stream", "x" * 5000, "application/grpc"])
def test_an_unknown_content_type_is_415_and_both_known_ones_are_named(
    collector: CollectorProcess, signal: Signal, content_type: str
) -> None:
    """Case 4."""
    reply = post(collector.http, signal, PB, good(signal).SerializeToString(), {"content-type": content_type})
    assert (reply.http_status, reply.code) == (415, 3)
    assert all(known in reply.message for known in MEDIA_TYPES.values())


@each_signal
@each_http
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_than_post_is_405_and_post_is_named(
    collector: CollectorProcess, signal: Signal, protocol: str, method: str
) -> None:
    """Case 5."""
    reply = post(collector.http, signal, protocol, b"", method=method)
    assert (reply.http_status, reply.code, reply.headers["allow"]) == (405, 12, "POST")


def test_head_is_405_without_a_body(collector: CollectorProcess) -> None:
    """Case 5."""
    with RawHttp(collector.http) as raw:
        raw.head(method="HEAD")
        raw.head("Content-Type: application/x-protobuf", "Content-Length: 0")
        data = b""
        while data.count(b"HTTP/1.1") < 2 or not data.endswith(b"\r\n\r\n"):
            data += raw.socket.recv(65536)
    assert data.startswith(b"HTTP/1.1 405 ")
    assert b"\r\n\r\nHTTP/1.1 200 " in data


@each_http
@pytest.mark.parametrize(
    "path",
    [
        *("/v1/profiles", "/v1/", "/v1/trace", "/v1/traces/x", "/v1/traces%2f"),
        *("/", "/v1", "//v1/traces", "/V1/traces", "/v1development/profiles", "/traces"),  # a wrong base address
    ],
)
def test_an_unknown_path_is_404_and_the_known_ones_are_named(
    collector: CollectorProcess, protocol: str, path: str
) -> None:
    """Cases 6 and 64."""
    reply = post(collector.http, TRACES, protocol, b"", path=path)
    assert (reply.http_status, reply.code) == (404, 12)
    assert "/v1/traces, /v1/logs, /v1/metrics" in reply.message


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/api/v1/traces", "/api/v1/nothing", "/clickhouse/"]
)
def test_what_is_posted_to_other_routes_is_not_taken_for_an_export(collector: CollectorProcess, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(collector.http).netloc, timeout=20)
    connection.request("POST", path, b"{}", {"content-type": "application/json"})
    answer = connection.getresponse()
    assert b"OTLP" not in answer.read()
    assert 400 <= answer.status < 500
    connection.close()


@pytest.mark.parametrize("method", ["Import", "export", ""])
def test_an_unknown_method_is_unimplemented(collector: CollectorProcess, method: str) -> None:
    """Case 6."""
    assert grpc_call(collector.grpc, TRACES, b"", method=method).code == grpc.StatusCode.UNIMPLEMENTED.value[0]


@pytest.mark.parametrize("service", ["x.Y", "opentelemetry.proto.collector.profiles.v1development.ProfilesService"])
def test_an_unknown_service_is_unimplemented(collector: CollectorProcess, service: str) -> None:
    """Cases 6 and 8: never UNAVAILABLE, which would be sent again and again."""
    with grpc.insecure_channel(collector.grpc) as channel:
        with pytest.raises(grpc.RpcError) as refusal:
            channel.unary_unary(f"/{service}/Export")(b"", timeout=10)
        assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/traces?x=1", 200),
        ("/v1/traces?", 200),
        ("/v1/traces/", 404),
        ("//v1/traces", 404),
        ("/v1//traces", 404),
        ("/v1/../v1/traces", 404),
        ("/v1development/profiles", 404),
        ("/V1/TRACES", 404),
        ("/v1/%74races", 200),
    ],
)
def test_no_spelling_of_a_path_is_redirected(collector: CollectorProcess, path: str, status: int) -> None:
    """Cases 7 and 8: exporters take any 3xx for success and lose the batch."""
    with RawHttp(collector.http) as raw:
        raw.head("Content-Type: application/x-protobuf", "Content-Length: 0", path=path)
        assert raw.socket.recv(65536).startswith(b"HTTP/1.1 %d " % status)


@each_signal
def test_a_chunked_body_without_a_length_is_read(collector: CollectorProcess, signal: Signal) -> None:
    """Case 10: what Node's exporters send, in pieces of one byte here."""
    body = good(signal).SerializeToString()
    with RawHttp(collector.http) as raw:
        raw.head("Content-Type: application/x-protobuf", "Transfer-Encoding: chunked", path=signal.http_path)
        for byte in body:
            raw.send(b"1\r\n%c\r\n" % byte)
        raw.send(b"0\r\n\r\n")
        assert raw.reply(signal).http_status == 200


def test_a_body_that_waits_for_an_invitation_is_invited(collector: CollectorProcess) -> None:
    """Case 11."""
    body = good(TRACES).SerializeToString()
    with RawHttp(collector.http) as raw:
        raw.head("Content-Type: application/x-protobuf", f"Content-Length: {len(body)}", "Expect: 100-continue")
        assert raw.socket.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.send(body)
        assert raw.reply().http_status == 200


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Content-Type: application/x-protobuf", "Content-Length: 999999999999"], 413),
        (["Content-Type: text/plain", "Content-Length: 5"], 415),
        (["Content-Type: application/x-protobuf", "Content-Length: 5", "X-Spanhouse-Project: no/good"], 400),
    ],
)
def test_a_body_that_will_not_be_read_is_refused_without_an_invitation(
    collector: CollectorProcess, lines: list[str], status: int
) -> None:
    """Cases 11 and 23."""
    with RawHttp(collector.http) as raw:
        raw.head(*lines, "Expect: 100-continue")
        reply = raw.reply(content_type=lines[0].partition(": ")[2])
        assert (reply.http_status, reply.headers["connection"]) == (status, "close")
        assert raw.is_closed(within_s=1)


AMBIGUOUS = {
    "length and chunked": ["Content-Length: 5", "Transfer-Encoding: chunked"],
    "chunked and length": ["Transfer-Encoding: chunked", "Content-Length: 5"],
    "two lengths": ["Content-Length: 5", "Content-Length: 6"],
    "negative length": ["Content-Length: -1"],
    "signed length": ["Content-Length: +5"],
    "length that is no number": ["Content-Length: five"],
    "length beyond 64 bits": ["Content-Length: 99999999999999999999999"],
    "chunked twice": ["Transfer-Encoding: chunked, chunked"],
    "space before colon": ["Content-Length : 5"],
    "folded header": ["X: a", " b"],
    "NUL in a header": ["X: a\0b"],
}


@pytest.mark.parametrize("lines", AMBIGUOUS.values(), ids=list(AMBIGUOUS))
def test_a_request_that_two_readers_could_read_differently_is_refused_and_closed(
    collector: CollectorProcess, lines: list[str]
) -> None:
    """Case 12: request smuggling."""
    with RawHttp(collector.http) as raw:
        raw.head("Content-Type: application/x-protobuf", *lines)
        raw.send(b"0\r\n\r\nGET /healthz HTTP/1.1\r\n\r\n")
        reply = raw.reply(content_type="")
        assert (reply.http_status, reply.code, reply.headers["connection"]) == (400, 3, "close")
        assert raw.is_closed()


@pytest.mark.parametrize("body", [b"5\r\nab", b"zz\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"1\r\nab\r\n"])
def test_broken_chunks_end_the_connection(collector: CollectorProcess, body: bytes) -> None:
    """Case 12."""
    with RawHttp(collector.http) as raw:
        raw.head("Content-Type: application/x-protobuf", "Transfer-Encoding: chunked")
        raw.send(body)
        raw.socket.shutdown(socket.SHUT_WR)
        assert raw.is_closed()
    assert collector.get("/healthz")


@each_http
def test_a_connection_serves_many_requests_also_after_refusals(collector: CollectorProcess, protocol: str) -> None:
    """Case 13: bodies that were read leave the connection usable."""
    connection = http.client.HTTPConnection(urlsplit(collector.http).netloc, timeout=10)
    connection.connect()
    before = connection.sock
    for body, status in [
        (b"", 400 if protocol == JSON else 200),
        (b"\xff\xff", 400),
        (b"", 400 if protocol == JSON else 200),
    ]:
        reply = post(collector.http, TRACES, protocol, body, connection=connection)
        assert reply.http_status == status
    assert connection.sock is before
    connection.close()


@pytest.mark.parametrize("upgrade", ["h2c", "websocket"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("pieces", ["together", "apart"])
def test_an_offer_to_upgrade_is_declined_and_the_body_is_read(
    collector: CollectorProcess, upgrade: str, framing: str, pieces: str
) -> None:
    """Case 13: Java's client offers h2c with its first request; uvicorn ends such a request before its body."""
    lines = ["Connection: Upgrade, HTTP2-Settings", f"Upgrade: {upgrade}", "HTTP2-Settings: AAMAAABkAAQAAP__"]
    with RawHttp(collector.http) as raw:
        for _ in range(3):
            body = with_bad(TRACES, 1, 1).SerializeToString()
            length = f"Content-Length: {len(body)}" if framing == "length" else "Transfer-Encoding: chunked"
            data = body if framing == "length" else b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            head = "\r\n".join(
                ["POST /v1/traces HTTP/1.1", "Host: localhost", "Content-Type: application/x-protobuf", length, *lines]
            )
            if pieces == "together":
                raw.send(head.encode() + b"\r\n\r\n" + data)
            else:
                for piece in (head.encode(), b"\r\n\r", b"\n", data[:5], data[5:]):
                    raw.send(piece)
            assert raw.reply().rejected(TRACES) == 1
        raw.head(*lines, method="GET", path="/v1/traces")
        assert raw.reply(content_type="").http_status == 405


def test_http_1_on_the_grpc_port_is_hung_up_on_and_the_port_lives(collector: CollectorProcess) -> None:
    """Case 13."""
    with RawHttp(f"http://{collector.grpc}") as raw:
        raw.head("Content-Length: 0")
        assert raw.is_closed()
    assert send(collector, GRPC, TRACES, good(TRACES)).code == 0


@pytest.mark.parametrize(
    "data", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00", b"\0" * 100, b"GET\r\n\r\n"]
)
def test_what_is_not_http_1_gets_a_status_and_the_connection_ends(collector: CollectorProcess, data: bytes) -> None:
    """Cases 13 and 64."""
    with RawHttp(collector.http) as raw:
        raw.send(data)
        reply = raw.reply(content_type="")
        assert (reply.http_status, reply.code) == (400, 3)
        assert raw.is_closed()


def test_http_1_0_is_answered_and_closed(collector: CollectorProcess) -> None:
    with RawHttp(collector.http) as raw:
        raw.send(
            b"POST /v1/traces HTTP/1.0\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        )
        assert raw.reply(content_type="application/json").http_status == 200
        assert raw.is_closed(within_s=1)
