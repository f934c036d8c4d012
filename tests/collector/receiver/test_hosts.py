"""Who may ask: Host headers, origins, and the address that is listened on."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from spanhouse_collector.otlp.signals import TRACES
from tests.collector.receiver.samples import good
from tests.collector.receiver.wire import JSON, PB, RawHttp, post
from tests.collector_process import CollectorProcess

ORIGIN = "https://app.example"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:4318", "127.0.0.1", "127.0.0.1:1", "[::1]:4318", "[::1]", "localhost."]
)
def test_loopback_names_are_answered(collector: CollectorProcess, host: str) -> None:
    """Cases 100 and S11."""
    assert post(collector.http, TRACES, PB, b"", {"host": host}).http_status == 200


@pytest.mark.parametrize("path", ["/v1/traces", "/healthz", "/metrics", "/api/v1/quarantine", "/"])
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "[::2]",
        "a@localhost",
        "127.0.0.1:80.evil.example",
        "localhost:65536",
    ],
)
@pytest.mark.parametrize("protocol", [PB, JSON])
def test_any_other_name_is_421_on_every_path_in_the_encoding_of_the_request(
    collector: CollectorProcess, path: str, host: str, protocol: str
) -> None:
    """Cases 64, 100 and S11: a page that rebinds DNS to loopback sends its own name."""
    reply = post(collector.http, TRACES, protocol, b"", {"host": host}, path=path)
    assert (reply.http_status, reply.code) == (421, 7)


@pytest.mark.parametrize("lines", [[], ["Host: localhost", "Host: evil.example"]], ids=["none", "two"])
def test_a_request_without_one_clear_host_is_refused(collector: CollectorProcess, lines: list[str]) -> None:
    """S11, and RFC 9112 section 3.2."""
    with RawHttp(collector.http) as raw:
        raw.send("\r\n".join(["POST /v1/traces HTTP/1.1", *lines, "Content-Length: 0", "", ""]).encode())
        reply = raw.reply(content_type="")
        assert (reply.http_status, reply.code) == (400, 3)
        assert f"{len(lines)} Host headers" in reply.message


def test_a_name_that_is_allowed_is_answered(small: CollectorProcess) -> None:
    """S11."""
    assert post(small.http, TRACES, PB, b"", {"host": "Collector.example:8080"}).http_status == 200
    assert post(small.http, TRACES, PB, b"", {"host": "other.example"}).http_status == 421


def preflight(collector: CollectorProcess, origin: str) -> str:
    with RawHttp(collector.http) as raw:
        raw.head(f"Origin: {origin}", "Access-Control-Request-Method: POST", method="OPTIONS")
        return raw.socket.recv(65536).decode().lower()


def test_a_preflight_of_an_allowed_origin_is_204(small: CollectorProcess) -> None:
    """Case 97."""
    answer = preflight(small, ORIGIN)
    assert answer.startswith("http/1.1 204 ")
    for line in (
        f"access-control-allow-origin: {ORIGIN}",
        "access-control-allow-methods: post",
        "access-control-allow-headers: authorization, content-encoding, content-type",
        "access-control-max-age: 7200",
        "vary: origin",
    ):
        assert line in answer


def test_a_preflight_of_any_other_origin_allows_nothing(collector: CollectorProcess, small: CollectorProcess) -> None:
    """Cases 98 and S11."""
    for process, origin in ((small, "https://evil.example"), (small, "null"), (collector, ORIGIN)):
        answer = preflight(process, origin)
        assert answer.startswith("http/1.1 405 ")
        assert "access-control" not in answer


def test_replies_of_every_kind_can_be_read_by_an_allowed_origin(small: CollectorProcess) -> None:
    """Case 99: fetch hides Retry-After unless it is exposed."""
    for body, status in ((good(TRACES).SerializeToString(), 200), (b"\xff", 400), (bytes(2 << 20), 413)):
        reply = post(small.http, TRACES, PB, body, {"origin": ORIGIN})
        assert reply.http_status == status
        assert reply.headers["access-control-allow-origin"] == ORIGIN
        assert reply.headers["access-control-expose-headers"] == "Retry-After"
        assert "access-control-allow-origin" not in post(small.http, TRACES, PB, body, {"origin": "https://x"}).headers


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_beyond_loopback_is_refused_without_keys(tmp_path: Path, host: str) -> None:
    """S1."""
    with pytest.raises(RuntimeError, match="--insecure"):
        CollectorProcess(tmp_path, f"--host={host}").start()


def test_the_default_is_loopback(collector: CollectorProcess) -> None:
    """S1."""
    assert collector.grpc.startswith("127.0.0.1:")
    assert collector.http.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("target", "status"), [("http://localhost/healthz", 200), ("http://evil.example/healthz", 421)]
)
def test_the_host_of_a_target_in_absolute_form_counts_too(
    collector: CollectorProcess, target: str, status: int
) -> None:
    """RFC 9112 section 3.2.2."""
    with RawHttp(collector.http) as raw:
        raw.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        assert raw.socket.recv(65536).split(b" ")[1] == str(status).encode()


def status_of(http: str, path: str, method: str = "GET", body: str | None = None, **headers: str) -> int:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(http + path, body.encode() if body else None, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


FOREIGN = [
    {"origin": "http://evil.example", "sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"origin": "null"},
    {"origin": "http://localhost:1"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("/clickhouse/?query=SELECT%201", "GET", None),
        ("/clickhouse/", "POST", "SELECT 1"),
        ("/api/v1/sql", "POST", "{}"),
        ("/api/v1/traces", "GET", None),
        ("/api/v1/traces", "DELETE", None),
        ("/v1/traces", "POST", "{}"),
        ("/api/public/otel/v1/traces", "POST", "{}"),
    ],
)
def test_a_page_of_another_site_runs_and_changes_nothing(
    collector: CollectorProcess, path: str, method: str, body: str | None, headers: dict[str, str]
) -> None:
    assert status_of(collector.http, path, method, body, **headers) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "none"},
        {"sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "same-origin", "origin": "x"},
    ],
    ids=str,
)
def test_its_own_pages_and_programs_may_ask(collector: CollectorProcess, headers: dict[str, str]) -> None:
    own = {} if headers else {"origin": collector.http}
    for sent in (headers, own):
        assert status_of(collector.http, "/clickhouse/?query=SELECT%201", **sent) == 200


def test_everybody_may_follow_a_link_and_probe(collector: CollectorProcess) -> None:
    for path in ("/healthz", "/metrics", "/api/openapi.json"):
        assert status_of(collector.http, path, sec_fetch_site="cross-site") == 200


def test_answers_tell_browsers_to_do_nothing_more_with_them(collector: CollectorProcess) -> None:
    for path in ("/healthz", "/api/v1/traces", "/nothing"):
        try:
            reply = urllib.request.urlopen(collector.http + path, timeout=20)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            assert "default-src 'self'" in reply.headers["content-security-policy"]
            assert "frame-ancestors 'self'" in reply.headers["content-security-policy"]
            assert (reply.headers["x-content-type-options"], reply.headers["referrer-policy"]) == (
                "nosniff",
                "no-referrer",
            )
