"""Section C of the conformance list: what of a payload is accepted, refused or mended, over every protocol."""

from __future__ import annotations

import json
import math
import time
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from spanhouse_collector.otlp.signals import BY_NAME, SIGNALS, TRACES, Signal
from tests.builders import START_UNIX_NANO, any_value, attributes, logs, make_span, span_id, trace_id, traces
from tests.collector.receiver.samples import good, with_bad, with_text, with_value
from tests.collector.receiver.wire import GRPC, JSON, PB, PROTOCOLS, Reply, grpc_call, post, send, to_json
from tests.collector_process import CollectorProcess

each_signal = pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
each_protocol = pytest.mark.parametrize("protocol", PROTOCOLS)
each_binary = pytest.mark.parametrize("protocol", [GRPC, PB])
ODD_TEXTS = [
    "\0",
    "a\r\n\x1b[31mb",
    "😀 日本",
    "\u202e\ufeff",
    "__class__",
    "'); DROP TABLE spans--",
    "a.b.4294967295.c",
    "{0.__class__}",
    "%s%n",
    "x" * 100_000,
]
DAY_NS = 86_400 * 10**9


def send_raw(collector: CollectorProcess, protocol: str, signal: Signal, raw: bytes) -> Reply:
    if protocol == GRPC:
        return grpc_call(collector.grpc, signal, raw)
    return post(collector.http, signal, protocol, raw)


def assert_bad_request(reply: Reply, protocol: str) -> None:
    assert reply.code == 3
    assert protocol == GRPC or reply.http_status == 400
    assert reply.retry_after_s is None


@each_signal
@each_protocol
def test_an_empty_request_is_accepted(collector: CollectorProcess, signal: Signal, protocol: str) -> None:
    """Case 29."""
    reply = send_raw(collector, protocol, signal, b"{}" if protocol == JSON else b"")
    assert (reply.code, reply.has_partial) == (0, False)


@each_signal
def test_an_empty_body_is_not_json(collector: CollectorProcess, signal: Signal) -> None:
    """Case 29."""
    reply = post(collector.http, signal, JSON, b"")
    assert_bad_request(reply, JSON)
    assert "an empty export request in JSON is {}" in reply.message


@each_signal
@each_protocol
def test_empty_envelopes_are_accepted(collector: CollectorProcess, signal: Signal, protocol: str) -> None:
    """Case 30."""
    resources: Any = signal.request_class.DESCRIPTOR.fields[0]
    scopes = resources.message_type.fields_by_name[resources.name.replace("resource", "scope")]
    document = {resources.json_name: [{}, {scopes.json_name: [{}, {"scope": {"name": "x"}}]}]}
    raw = json.dumps(document).encode() if protocol == JSON else b"\x0a\x00\x0a\x04\x12\x02\x0a\x00"
    reply = send_raw(collector, protocol, signal, raw)
    assert (reply.code, reply.has_partial) == (0, False)


@each_signal
@each_protocol
def test_unknown_fields_are_ignored(collector: CollectorProcess, signal: Signal, protocol: str) -> None:
    """Case 31: new numbers; new keys. Groups, which the engine refuses, are for test_repair."""
    if protocol == JSON:
        raw = b'{"newField": {"a": [1, null]}, "new": 1}'
    else:
        raw = good(signal).SerializeToString() + b"\xf8\x3f\x01\xfa\x3f\x02hi"
    assert send_raw(collector, protocol, signal, raw).code == 0


@each_signal
@each_protocol
@pytest.mark.parametrize("raw", [b"\xff\xff", b"\x0a\x05ab", b"{", b"\0" * 1000, b"not otlp" * 200_000])
def test_malformed_payloads_are_refused_for_good(
    collector: CollectorProcess, signal: Signal, protocol: str, raw: bytes
) -> None:
    """Cases 32 and 33; the long one is decoded beside the event loop."""
    assert_bad_request(send_raw(collector, protocol, signal, raw), protocol)


@each_signal
@each_protocol
def test_text_that_is_not_utf8_is_mended_and_accepted(
    collector: CollectorProcess, signal: Signal, protocol: str
) -> None:
    """Case 34: never a 5xx, never a lost batch."""
    request = with_text(signal, "~bad~")
    raw = (to_json(request) if protocol == JSON else request.SerializeToString()).replace(b"~bad~", b"ab\xffcd")
    reply = send_raw(collector, protocol, signal, raw)
    assert reply.code == 0
    if protocol != JSON:
        assert reply.rejected(signal) == 0
        assert "strings were not UTF-8" in reply.partial.error_message


@each_signal
@each_protocol
@pytest.mark.parametrize("text", ODD_TEXTS, ids=lambda text: repr(text[:30]))
def test_any_text_is_accepted(collector: CollectorProcess, signal: Signal, protocol: str, text: str) -> None:
    """Cases 35, 59 and 60."""
    reply = send(collector, protocol, signal, with_text(signal, text))
    assert (reply.code, reply.has_partial) == (0, False)


def test_half_a_character_in_json_is_accepted(collector: CollectorProcess) -> None:
    """Case 35."""
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x","name":"a\\ud83d"}]}]}]}'
    assert post(collector.http, TRACES, JSON, body % (77, 77)).code == 0


def nested(depth: int, *, as_list: bool) -> Any:
    value: Any = "deep"
    for _ in range(depth):
        value = [value] if as_list else {"k": value}
    return value


@each_signal
@each_protocol
@pytest.mark.parametrize("as_list", [True, False], ids=["array", "kvlist"])
def test_deep_values_are_accepted_up_to_a_depth_and_then_refused(
    collector: CollectorProcess, signal: Signal, protocol: str, as_list: bool
) -> None:
    """Case 36."""
    assert send(collector, protocol, signal, with_value(signal, nested(28, as_list=as_list))).code == 0
    if protocol == JSON:
        value: Any = {"stringValue": "deep"}
        for _ in range(60):
            value = {"arrayValue": {"values": [value]}} if as_list else {"kvlistValue": {"values": [{"value": value}]}}
        item = {"attributes": [{"key": "k", "value": value}]}
        metric = {"name": "m", "gauge": {"dataPoints": [item]}}
        key, scopes, items = JSON_NAMES[signal.name]
        document = {key: [{scopes: [{items: [metric if items == "metrics" else item]}]}]}
        assert_bad_request(send_raw(collector, JSON, signal, json.dumps(document).encode()), JSON)
        return
    raw = b"\x0a\x04deep"
    for _ in range(60):  # wire form: protobuf's classes refuse to build it
        raw = field(5, field(1, raw)) if as_list else field(6, field(1, field(2, raw)))
    for number in {"traces": (2, 9, 2, 2, 1), "logs": (5, 2, 2, 1), "metrics": (2, 7, 1, 5, 2, 2, 1)}[signal.name]:
        raw = field(number, raw)
    reply = send_raw(collector, protocol, signal, raw)
    assert_bad_request(reply, protocol)
    assert "31 kvlists or 47 arrays" in reply.message


JSON_NAMES = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}


def field(number: int, data: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size, length = bytearray(), len(data)
    while length > 0x7F:
        size.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *size, length]) + data


@each_signal
@pytest.mark.parametrize("opening", ["[", '{"a":', '{"resourceSpans":['])
def test_json_a_hundred_thousand_deep_is_refused(collector: CollectorProcess, signal: Signal, opening: str) -> None:
    """Case 37."""
    assert_bad_request(post(collector.http, signal, JSON, opening.encode() * 100_000), JSON)


@each_protocol
def test_integers_ids_and_enums_are_exact(collector: CollectorProcess, protocol: str) -> None:
    """Cases 38 to 40, 58."""
    span = make_span(
        kind=99,  # an enum may grow
        flags=2**32 - 1,
        dropped_attributes_count=2**32 - 1,
        trace_state="a=b",
        attributes={"max": 2**63 - 1, "min": -(2**63)},
    )
    reply = send(collector, protocol, TRACES, traces(span))
    assert (reply.code, reply.has_partial) == (0, False)


def json_spans(*spans: dict[str, Any], key: str = "resourceSpans") -> bytes:
    return json.dumps({key: [{"scopeSpans": [{"spans": spans}]}]}).encode()


@pytest.mark.parametrize("trace_id", ["5B8EFFF798038103D269B633813FC60C", "5b8efff798038103d269b633813fc60c"])
def test_json_ids_are_hex_in_any_case(collector: CollectorProcess, trace_id: str) -> None:
    """Case 39."""
    reply = post(collector.http, TRACES, JSON, json_spans({"traceId": trace_id, "spanId": "EEE19B7EC3C1B174"}))
    assert (reply.code, reply.has_partial) == (0, False)


def test_a_base64_id_in_json_costs_that_span_only(collector: CollectorProcess) -> None:
    """Cases 39 and 45."""
    wrong = {"traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": "7uGbfsPBsXQ="}
    right = {"traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b175"}
    reply = post(collector.http, TRACES, JSON, json_spans(wrong, right))
    assert reply.rejected(TRACES) == 1
    assert "'W47/95gDgQPSabYzgT/GDA=='" in reply.partial.error_message
    assert "32 hex digits" in reply.partial.error_message


def test_an_unknown_enum_name_is_refused_with_the_known_ones(collector: CollectorProcess) -> None:
    """Case 40."""
    reply = post(collector.http, TRACES, JSON, json_spans({"kind": "SERVER"}))
    assert_bad_request(reply, JSON)
    assert "spans[0].kind: 'SERVER'" in reply.message
    assert "SPAN_KIND_SERVER" in reply.message


def test_snake_case_json_is_read_and_not_ignored(collector: CollectorProcess) -> None:
    """Case 41: ignoring it would be a 200 with nothing stored."""
    body = json.dumps({"resource_spans": [{"scope_spans": [{"spans": [{"trace_id": "00"}]}]}]}).encode()
    reply = post(collector.http, TRACES, JSON, body)
    assert_bad_request(reply, JSON)
    assert "1 span refused" in reply.message


def test_attributes_as_an_object_are_refused_with_the_fix(collector: CollectorProcess) -> None:
    """Case 43."""
    reply = post(collector.http, TRACES, JSON, json_spans({"attributes": {"a": "b"}}))
    assert_bad_request(reply, JSON)
    assert 'attributes are a list: [{"key": …, "value": {"stringValue": …}}]' in reply.message


@each_binary
@pytest.mark.parametrize(("sent", "path"), [("logs", "traces"), ("metrics", "traces"), ("traces", "metrics")])
def test_a_payload_on_the_wrong_path_is_refused_and_the_right_one_is_named(
    collector: CollectorProcess, protocol: str, sent: str, path: str
) -> None:
    """Case 44."""
    reply = send_raw(collector, protocol, BY_NAME[path], good(BY_NAME[sent]).SerializeToString())
    assert_bad_request(reply, protocol)
    assert f"post it to /v1/{sent}" in reply.message


@each_signal
@each_protocol
def test_bad_items_are_refused_and_their_siblings_stored(
    collector: CollectorProcess, signal: Signal, protocol: str
) -> None:
    """Cases 45, 52 and 61."""
    reply = send(collector, protocol, signal, with_bad(signal, 2, 3))
    assert (reply.code, reply.rejected(signal)) == (0, 3)
    assert f"3 {signal.item}s refused: " in reply.partial.error_message


@each_signal
@each_protocol
def test_a_request_of_nothing_but_bad_items_is_refused(
    collector: CollectorProcess, signal: Signal, protocol: str
) -> None:
    """Case 45."""
    reply = send(collector, protocol, signal, with_bad(signal, 0, 3))
    assert_bad_request(reply, protocol)
    assert f"3 {signal.item}s refused: " in reply.message


BAD_IDS: dict[str, dict[str, Any]] = {
    "short trace id": {"trace_id": b"x" * 15},
    "long trace id": {"trace_id": b"x" * 17},
    "zero trace id": {"trace_id": bytes(16)},
    "no span id": {"span_id": b""},
    "long span id": {"span_id": b"x" * 9},
    "zero span id": {"span_id": bytes(8)},
}


@each_protocol
@pytest.mark.parametrize("ids", BAD_IDS.values(), ids=list(BAD_IDS))
def test_a_span_with_a_bad_id_is_refused(collector: CollectorProcess, protocol: str, ids: dict[str, Any]) -> None:
    """Case 45."""
    reply = send(collector, protocol, TRACES, traces(make_span("the bad one", **ids), make_span()))
    assert reply.rejected(TRACES) == 1
    assert "span 'the bad one': " in reply.partial.error_message


def chain(length: int, number: int, *, closed: bool) -> list[Span]:
    """Spans that are each other's parents in a row, or in a ring."""
    return [
        make_span(
            trace_id=trace_id(number),
            span_id=span_id(index + 1),
            parent_span_id=span_id(index or (length if closed else 0)) if index or closed else b"",
        )
        for index in range(length)
    ]


ODD_SPANS: dict[str, list[Span]] = {
    "46 short parent": [make_span(parent_span_id=b"x")],
    "46 zero parent": [make_span(parent_span_id=bytes(8))],
    "46 bad links": [make_span(links=[Span.Link(trace_id=b"x"), Span.Link(trace_id=trace_id(1), span_id=span_id(1))])],
    "48 own parent": [make_span(trace_id=trace_id(9), span_id=span_id(9), parent_span_id=span_id(9))],
    "48 ring": chain(3, 10, closed=True),
    "48 orphan": [make_span(parent_span_id=span_id(0xFFFF))],
    "48 one long chain": chain(20_000, 11, closed=False),
    "49 no times": [make_span(start_time_unix_nano=0, end_time_unix_nano=0)],
    "49 ends before it starts": [make_span(end_time_unix_nano=1)],
    "49 times beyond 63 bits": [make_span(start_time_unix_nano=2**64 - 1, end_time_unix_nano=2**64 - 1)],
    "49 starts at 0, ends beyond": [make_span(start_time_unix_nano=0, end_time_unix_nano=2**64 - 1)],
    "50 over 400 days": [
        make_span(
            start_time_unix_nano=START_UNIX_NANO + day * DAY_NS,
            end_time_unix_nano=START_UNIX_NANO + day * DAY_NS,
            events=[Span.Event(time_unix_nano=abs(day) * DAY_NS * 50)],
        )
        for day in range(-200, 200)
    ],
    "55 every kind of value": [
        make_span(
            attributes={
                "none": None, "empty": "", "bytes": b"\0\xff", "mixed": [1, "a", None, True, 1.5, b"x", [], {}],
                "map": {"a": {"b": [1]}}, "nan": math.nan, "inf": [math.inf, -math.inf], "zero": 0, "no": False,
            }
        )
    ],
    "56 a key twice": [make_span(attributes=[*attributes({"k": 1}), *attributes({"k": "2"}), *attributes({"k": 3.0})])],
    "58 empty names": [make_span("", attributes={"": ""}, events=[Span.Event()])],
    "58 unknown status": [make_span(status={"code": 77, "message": "x"})],
    "59 ten thousand attributes": [make_span(attributes={f"key.{number}": number for number in range(10_000)})],
    "59 a long key": [make_span(attributes={"k" * 131_072: "v"})],
    "59 ten megabytes": [make_span(attributes={"gen_ai.prompt": "word " * 2_000_000})],
    "60 prototype": [make_span(attributes={"__proto__.polluted": 1, "a.b.4294967295.c": 1, "constructor": {"x": 1}})],
}  # fmt: skip


@each_protocol
@pytest.mark.parametrize("spans", ODD_SPANS.values(), ids=list(ODD_SPANS))
def test_odd_spans_are_accepted_without_a_word(collector: CollectorProcess, protocol: str, spans: list[Span]) -> None:
    reply = send(collector, protocol, TRACES, traces(*spans))
    assert (reply.code, reply.has_partial) == (0, False)


@each_protocol
@pytest.mark.parametrize(
    "fields",
    [{}, {"time_unix_nano": 0, "observed_time_unix_nano": START_UNIX_NANO}, {"trace_id": b"x", "span_id": bytes(8)}],
    ids=["51 no time", "51 observed only", "47 bad ids"],
)
def test_odd_log_records_are_accepted_without_a_word(
    collector: CollectorProcess, protocol: str, fields: dict[str, Any]
) -> None:
    reply = send(collector, protocol, BY_NAME["logs"], logs(LogRecord(body=any_value("x"), **fields)))
    assert (reply.code, reply.has_partial) == (0, False)


def test_an_index_outside_profiles_is_treated_as_empty(collector: CollectorProcess) -> None:
    """Case 57: `string_value_strindex`, and a KeyValue's `key_strindex`, are for profiles."""
    request = traces(make_span(attributes={"k": ""}))
    pair = request.resource_spans[0].scope_spans[0].spans[0].attributes[0]
    fields = {field.name for field in pair.value.DESCRIPTOR.fields}
    if "string_value_strindex" in fields:
        pair.value.string_value_strindex = 7
    assert send(collector, PB, TRACES, request).code == 0


def test_all_that_is_accepted_is_stored_and_nothing_is_set_aside(collector: CollectorProcess) -> None:
    """Cases 34 to 60: accepted means that the database takes it too."""
    before = {signal.name: collector.metric("spanhouse_stored_items_total", signal=signal.name) for signal in SIGNALS}
    sent = dict.fromkeys(before, 0)
    values = ["\0", b"\xff", {"a": [b"x", math.nan]}, [[1]], None, {"deep": nested(28, as_list=False)}]
    for signal in SIGNALS:
        requests = [with_value(signal, value) for value in values] + [with_text(signal, text) for text in ODD_TEXTS]
        for request in requests:
            assert send(collector, GRPC, signal, request).code == 0
        sent[signal.name] += len(requests)
    for name, spans in ODD_SPANS.items():
        # Not the bytes of the tests above, which would be stored once.
        assert send(collector, GRPC, TRACES, traces(*spans, resource={"case": name})).code == 0
        sent[TRACES.name] += len(spans)
    deadline = time.monotonic() + 90
    while collector.metric("spanhouse_wal_bytes"):
        assert time.monotonic() < deadline, collector.stderr
        time.sleep(0.1)
    assert json.loads(collector.get("/api/v1/quarantine"))["quarantined"] == []
    for name, count in sent.items():
        assert collector.metric("spanhouse_stored_items_total", signal=name) - before[name] >= count
