"""The host is never hurt by names without end, nor by neighbours that speak no HTTP, or another one's."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import Any, Final

import pytest

import spanhouse
from spanhouse.convert import short_repr
from spanhouse.export_queue import size_of
from spanhouse.live_span import LiveSpan
from spanhouse.testing import Captured
from tests.shim.programs import run

HUGE: Final = "x" * (100 << 20)
TEXTS: Final[dict[str, Callable[[LiveSpan], Any]]] = {
    "name": lambda span: span.update_name(HUGE),
    "name of a child": lambda span: spanhouse.start_span_no_context(HUGE, HUGE, span, description=HUGE).end(),
    "type": lambda span: span.set_span_type(HUGE),
    "status": lambda span: span.set_status("ERROR", HUGE),
    "event": lambda span: span.add_event(HUGE, {"a": HUGE}),
    "exception": lambda span: span.record_exception(HUGE),
    "link": lambda span: span.add_link(span, {"a": HUGE}),
    "tag and session": lambda span: spanhouse.update_current_trace(tags={"a": HUGE}, session_id=HUGE),
    "key": lambda span: span.set_attribute(HUGE, 1),
}


@pytest.mark.parametrize("what", TEXTS)
def test_no_text_of_a_span_is_longer_than_an_attribute_may_be(spans: Captured, what: str) -> None:
    """One span of 100 MB would cost the request it is in, and the spans of others with it."""
    spanhouse.configure(max_attribute_bytes=1 << 20)
    try:
        started = time.thread_time()
        with spanhouse.start_span("span") as span:
            TEXTS[what](span)
        assert time.thread_time() - started < 2.0
    finally:
        spanhouse.configure(max_attribute_bytes=16 << 20)
    for found in spans.spans:
        otel = found.otel
        texts = [otel.name, otel.status.description or "", *(event.name for event in otel.events)]
        described: list[Any] = [otel, *otel.events, *otel.links]
        for held in (item.attributes for item in described):
            texts += [str(item) for pair in (held or {}).items() for item in pair]
        assert max(map(len, texts)) < 1.1 * (1 << 20)
        assert sum(map(len, texts)) < 5 << 20
        assert size_of(otel) >= len(otel.name) + sum(len(event.name) for event in otel.events)


@contextmanager
def neighbour(reply: bytes) -> Iterator[int]:
    """Answers every connection with *reply* and hangs up; its port."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(2)
                connection.recv(1 << 16)
                connection.sendall(reply)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    with server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("protocol", "reply"),
    [
        ("http/protobuf", b""),
        ("http/protobuf", b"\x00\xff no HTTP \r\n" * 50),
        ("http/protobuf", b"HTTP/1.1 429 No\r\nRetry-After: 100000\r\nContent-Length: 0\r\n\r\n"),
        ("http/protobuf", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"),
        ("grpc", b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno"),
        ("grpc", b""),
    ],
)
def test_a_neighbour_that_is_no_collector_costs_spans_and_one_warning(protocol: str, reply: bytes) -> None:
    program = """
        import spanhouse
        @spanhouse.trace
        def work(text): return text
        for _ in range(1500): work("x" * 1000)
        spanhouse.shutdown(500)
        counted = spanhouse.health()
        print(any(reason.startswith("dropped_") for reason in counted), counted.get("exported"))
    """
    limits = {"EXIT_TIMEOUT_MS": "500", "EXPORT_TIMEOUT_MS": "300", "MAX_QUEUE_SPANS": "500", "PROTOCOL": protocol}
    with neighbour(reply) as port:
        environment = {f"SPANHOUSE_{name}": value for name, value in limits.items()}
        ran = run(program, SPANHOUSE_ENDPOINT=f"http://127.0.0.1:{port}", **environment)
    assert (ran.code, ran.out) == (0, "True None\n")
    assert ran.err.count("\n") <= 2, ran.err
    assert ran.seconds < 8


HEAVY: Any = {"k": ["y" * 1_000] * 100_000, **{str(number): number for number in range(100_000)}}
ENDLESS: Any = repeat("stop")
SAY_IT: dict[str, Callable[[LiveSpan], Any]] = {
    "tags": lambda span: spanhouse.update_current_trace(tags=HEAVY),
    "a tag": lambda span: spanhouse.update_current_trace(tags={"a": HEAVY}),
    "metadata": lambda span: spanhouse.update_current_trace(metadata=HEAVY),
    "session": lambda span: spanhouse.update_current_trace(session_id=HEAVY, user=HEAVY),
    "state": lambda span: spanhouse.update_current_trace(state=HEAVY),
    "preview": lambda span: spanhouse.update_current_trace(request_preview=HEAVY),
    "status": lambda span: span.set_status(HEAVY, HEAVY),
    "name": lambda span: span.update_name(HEAVY),
    "type": lambda span: span.set_span_type(HEAVY),
    "reasons": lambda span: span.set_messages(finish_reasons=ENDLESS),
    "tools": lambda span: span.set_messages(tools=ENDLESS),
}


@pytest.mark.parametrize("what", SAY_IT)
def test_something_enormous_where_a_word_is_wanted_costs_little(
    spans: Captured, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """100 MB as a state took seconds, and stood in the log."""
    started = time.thread_time()
    with spanhouse.start_span("s") as span:
        SAY_IT[what](span)
    assert time.thread_time() - started < 1.0
    attributes = spans.spans[0].attributes
    assert len(attributes) <= 200
    assert sum(len(str(value)) for value in attributes.values()) < 1_000_000
    assert len(caplog.text) < 2_000


def test_texts_in_a_list_are_bounded_together_and_counted(spans: Captured) -> None:
    """A thousand texts of a megabyte were one attribute of a gigabyte, which the queue took for nothing."""
    with spanhouse.start_span("s") as span:
        span.set_attribute("many", ["x" * (1 << 20)] * 1_000)
        span.set_attribute("few", ["y" * 1_000] * 100)
    many, few = (spans.spans[0].attributes[key] for key in ("many", "few"))
    assert isinstance(many, str)
    assert len(many) < 17 << 20
    assert few == ["y" * 1_000] * 100
    assert size_of(spans.spans[0].otel) > len(many) + 100_000


def test_a_reason_may_be_one_word(spans: Captured) -> None:
    with spanhouse.start_span("s") as span:
        span.set_messages(finish_reasons="stop")
    assert spans.spans[0].attributes["gen_ai.response.finish_reasons"] == ["stop"]


def test_a_representation_is_short_whatever_a_container_holds() -> None:
    assert short_repr({"k": "x" * 10_000}) == "<dict>"
    assert short_repr(["x" * 10_000]) == "<list>"
    assert short_repr({"k": [1]}) == "<dict>"
    assert short_repr({"k": 1}) == "{'k': 1}"
