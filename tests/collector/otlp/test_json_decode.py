"""OTLP/JSON: what is read, how strictly, and what a refusal says."""

from __future__ import annotations

import base64
import json
import math
import time
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp.json_decode import to_protobuf
from spanhouse_collector.otlp.signals import BY_NAME, TRACES

TRACE_ID = "5b8efff798038103d269b633813fc60c"
SPAN_ID = "eee19b7ec3c1b174"


def body_of(span: Any) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def read(body: bytes) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest.FromString(to_protobuf(TRACES, body))


def read_span(**fields: Any) -> Span:
    span: Span = read(body_of(fields)).resource_spans[0].scope_spans[0].spans[0]
    return span


def read_value(value: Any) -> AnyValue:
    found: AnyValue = read_span(attributes=[{"key": "k", "value": value}]).attributes[0].value
    return found


def refusal_of(body: bytes) -> str:
    with pytest.raises(MalformedRequest) as refusal:
        to_protobuf(TRACES, body)
    return str(refusal.value)


@pytest.mark.parametrize("trace_id", [TRACE_ID, TRACE_ID.upper(), "5B8EfFf798038103D269b633813fC60c"])
def test_ids_are_hex_in_any_case(trace_id: str) -> None:
    """Case 39."""
    span = read_span(traceId=trace_id, spanId=SPAN_ID, parentSpanId=SPAN_ID.upper())
    assert span.trace_id == bytes.fromhex(TRACE_ID)
    assert span.span_id == span.parent_span_id == bytes.fromhex(SPAN_ID)


def test_ids_of_links_are_hex_too() -> None:
    """Case 39."""
    link = read_span(links=[{"traceId": TRACE_ID, "spanId": SPAN_ID}]).links[0]
    assert (link.trace_id.hex(), link.span_id.hex()) == (TRACE_ID, SPAN_ID)


@pytest.mark.parametrize("text", [base64.b64encode(bytes.fromhex(TRACE_ID)).decode(), "xyz", TRACE_ID[:-1], "日" * 16])
def test_an_id_that_is_not_hex_becomes_one_of_impossible_length(text: str) -> None:
    """Case 39: base64 is not hex; the span is refused later, its siblings are not."""
    assert len(read_span(traceId=text, spanId=text).trace_id) not in (0, 16)
    assert len(read_span(traceId=text, spanId=text).span_id) not in (0, 8)


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("1795000000123456789", 1795000000123456789),
        (1795000000123456789, 1795000000123456789),
        (18446744073709551615, 2**64 - 1),
        ("18446744073709551615", 2**64 - 1),
        ({"low": -1, "high": -1, "unsigned": True}, 2**64 - 1),
        ({"low": 1, "high": 2}, (2 << 32) + 1),
        ({"low": 4294967295, "high": 0}, 2**32 - 1),
        (1.0, 1),
        ("1e3", 1000),
        ("", None),
        ("1_000", None),
        ("٣", None),
        (" 1", None),
        (1.5, None),
        ("0x10", None),
        (True, None),
        (-1, None),
        (2**64, None),
        ([], None),
        ({"low": 1}, None),
    ],
)
def test_a_64_bit_integer_is_exact_or_refused(sent: Any, number: int | None) -> None:
    """Case 38."""
    if number is not None:
        assert read_span(startTimeUnixNano=sent).start_time_unix_nano == number
    else:
        assert "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano: " in refusal_of(
            body_of({"startTimeUnixNano": sent})
        )


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("-9223372036854775808", -(2**63)),
        (-(2**63), -(2**63)),
        (2**63 - 1, 2**63 - 1),
        ({"low": -1, "high": -1}, -1),
        ({"low": -1, "high": -1, "unsigned": False}, -1),
    ],
)
def test_a_signed_64_bit_integer_is_exact(sent: Any, number: int) -> None:
    """Case 38."""
    assert read_value({"intValue": sent}).int_value == number


@pytest.mark.parametrize("number", [1.5e300, 2**63, 2**64, -(2**70), 10**100])
def test_an_int_value_no_64_bits_can_hold_is_the_double_it_was_in_javascript(number: float) -> None:
    assert read_value({"intValue": number}).double_value == float(number)


@pytest.mark.parametrize(
    ("sent", "kind"),
    [(2, 2), ("2", 2), ("SPAN_KIND_SERVER", 2), (0, 0), (99, 99), (-3, -3), ("SERVER", None), (1.5, None), ({}, None)],
)
def test_enums_are_numbers_known_or_not_and_known_names(sent: Any, kind: int | None) -> None:
    """Case 40."""
    if kind is not None:
        assert read_span(kind=sent).kind == kind
    else:
        assert "SPAN_KIND_UNSPECIFIED" in refusal_of(body_of({"kind": sent}))


def test_status_codes_and_severities_have_names_too() -> None:
    """Case 40."""
    assert read_span(status={"code": "STATUS_CODE_ERROR"}).status.code == Status.STATUS_CODE_ERROR
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"severityNumber": "SEVERITY_NUMBER_WARN"}]}]}]}
    assert to_protobuf(BY_NAME["logs"], json.dumps(body).encode()) == bytes.fromhex(
        "0a061204 1202100d".replace(" ", "")
    )


def test_unknown_keys_are_ignored_at_every_level() -> None:
    """Case 31."""
    odd = {"new": {"deep": [1, None]}, "": 0, "__proto__": {"x": 1}}
    span = {"name": "n", "status": {"message": "m", **odd}, **odd}
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span], **odd}], **odd}], **odd}
    found = read(json.dumps(body).encode()).resource_spans[0].scope_spans[0].spans[0]
    assert found == Span(name="n", status=Status(message="m"))


@pytest.mark.parametrize(("sent", "path"), [("logs", "traces"), ("metrics", "logs"), ("traces", "metrics")])
@pytest.mark.parametrize("spelling", ["json_name", "name"])
def test_a_payload_on_the_wrong_path_is_refused_and_the_right_path_is_named(
    sent: str, path: str, spelling: str
) -> None:
    """Case 44: its only key is unknown here, and ignoring it would lose everything behind a 200."""
    (field,) = BY_NAME[sent].request_class.DESCRIPTOR.fields
    body = json.dumps({getattr(field, spelling): [{}]}).encode()
    with pytest.raises(MalformedRequest, match=f"post it to /v1/{sent}"):
        to_protobuf(BY_NAME[path], body)


def test_another_signals_key_beside_ones_own_is_ignored_like_any_unknown_key() -> None:
    """Case 31; and an empty list of it is an empty request."""
    body = {"resourceSpans": [{"schemaUrl": "u"}], "resourceLogs": [{}]}
    assert read(json.dumps(body).encode()).resource_spans[0].schema_url == "u"
    assert to_protobuf(BY_NAME["traces"], b'{"resourceLogs": []}') == b""


def test_names_of_the_proto_file_are_read_as_well() -> None:
    """Case 41."""
    body = {"resource_spans": [{"scope_spans": [{"spans": [{"start_time_unix_nano": "7", "trace_id": TRACE_ID}]}]}]}
    span = read(json.dumps(body).encode()).resource_spans[0].scope_spans[0].spans[0]
    assert (span.start_time_unix_nano, span.trace_id.hex()) == (7, TRACE_ID)


def test_null_is_absent_wherever_it_stands() -> None:
    """Case 42."""
    span = read_span(name=None, kind=None, attributes=None, status=None, parentSpanId=None, traceState=None)
    assert span == Span()
    assert read_value(None).WhichOneof("value") is None
    assert read(b'{"resourceSpans":null}') == ExportTraceServiceRequest()


@pytest.mark.parametrize(
    "text",
    ["+/+/AA==", "-_-_AA==", "+/+/AA", "-_-_AA", "+_+_AA="],
    ids=["standard", "url", "bare", "url-bare", "mixed"],
)
def test_bytes_are_base64_of_any_kind(text: str) -> None:
    """Case 42."""
    assert read_value({"bytesValue": text}).bytes_value == b"\xfb\xff\xbf\x00"


@pytest.mark.parametrize("sent", ["*", "A", 1, [], "日本"])
def test_bytes_that_are_not_base64_are_refused(sent: Any) -> None:
    assert "bytesValue: " in refusal_of(body_of({"attributes": [{"key": "k", "value": {"bytesValue": sent}}]}))


@pytest.mark.parametrize(
    ("sent", "number"),
    [
        ("NaN", math.nan),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        (1, 1.0),
        ("1.5", 1.5),
        (-0.0, -0.0),
        ("1e-3", 0.001),
        ("inf", None),
        ("1_0", None),
        (True, None),
        ("", None),
        ({}, None),
    ],
)
def test_doubles_are_numbers_or_the_words_of_proto3(sent: Any, number: float | None) -> None:
    """Case 42."""
    if number is None:
        assert "doubleValue: " in refusal_of(body_of({"attributes": [{"key": "k", "value": {"doubleValue": sent}}]}))
        return
    found = read_value({"doubleValue": sent}).double_value
    assert math.isnan(found) if math.isnan(number) else found == number
    assert math.copysign(1, found) == math.copysign(1, number) or math.isnan(number)


@pytest.mark.parametrize(("sent", "value"), [(True, True), (False, False), ("true", True), ("false", False)])
def test_booleans_are_json_or_their_words(sent: Any, value: bool) -> None:
    assert read_value({"boolValue": sent}).bool_value is value


@pytest.mark.parametrize("sent", [0, 1, "True", "yes", [], {}])
def test_other_booleans_are_refused(sent: Any) -> None:
    assert "boolValue: " in refusal_of(body_of({"attributes": [{"key": "k", "value": {"boolValue": sent}}]}))


def test_of_a_value_sent_twice_the_last_one_wins() -> None:
    assert read_value({"stringValue": "a", "intValue": 1}).int_value == 1
    assert read_value({"intValue": 1, "stringValue": "a"}).string_value == "a"


def test_attributes_as_an_object_are_refused_with_the_fix() -> None:
    """Case 43."""
    told = refusal_of(body_of({"attributes": {"gen_ai.system": "openai"}}))
    assert "resourceSpans[0].scopeSpans[0].spans[0].attributes: expected a list" in told
    assert '[{"key": …, "value": {"stringValue": …}}]' in told


@pytest.mark.parametrize(
    ("span", "told"),
    [
        ({"name": 1}, "spans[0].name: expected a string, got a JSON number"),
        ({"attributes": [None]}, "spans[0].attributes[0]: expected an object, got a JSON null"),
        ({"attributes": ["a=b"]}, "spans[0].attributes[0]: expected an object, got a JSON string"),
        ({"attributes": [{"key": 1}]}, "spans[0].attributes[0].key: expected a string"),
        ({"attributes": [{"key": "k", "value": "v"}]}, "spans[0].attributes[0].value: expected an object"),
        ({"status": "OK"}, "spans[0].status: expected an object, got a JSON string"),
        ({"events": [{}, {"timeUnixNano": "x" * 500}]}, "spans[0].events[1].timeUnixNano: 'xxxxx"),
        ({"traceId": 7}, "spans[0].traceId: expected hex digits as a string, got a JSON number"),
        ({"flags": 2**32}, "spans[0].flags: 4294967296 is outside 0 … 4294967295"),
        ([], "spans[0]: expected an object, got a JSON list"),
    ],
)
def test_a_refusal_names_the_path_of_the_field_and_shortens_the_value(span: Any, told: str) -> None:
    text = refusal_of(body_of(span))
    assert told in text
    assert len(text) < 300


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{}x",
        b"{} {}",
        b"\xef\xbb\xbf{}",
        '{"resourceSpans":[]}'.encode("utf-16"),
        b'{"x": NaN}',
        b'{"x": Infinity}',
        b"{'x': 1}",
        b"[]",
        b"null",
        b'"resourceSpans"',
        b"1",
        b"\x0a\x00",
        b'{"a": "\\ud800", "x": NaN}',
        b'{"a": "\xff", "x": NaN}',
        b'{"x": 1e999999, "a": "\\ud800"',
        b"1" * 10_000,
    ],
)
def test_what_is_not_a_json_object_is_refused(body: bytes) -> None:
    """Case 33."""
    assert "JSON" in refusal_of(body)


@pytest.mark.parametrize("depth", [900, 1_000, 1_100, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"x":', b"}"), (b'{"resourceSpans":[', b"]}")])
@pytest.mark.parametrize("extra", [b"1", b'"\\ud800"'], ids=["plain", "surrogate"])
def test_json_of_any_depth_is_refused_or_read_and_never_a_crash(
    depth: int, opening: bytes, closing: bytes, extra: bytes
) -> None:
    """Case 37."""
    body = b'{"x":' + opening * depth + extra + closing * depth + b"}"
    try:
        to_protobuf(TRACES, body)
    except MalformedRequest:
        return
    assert depth < 1_024


@pytest.mark.parametrize("kind", ["kvlistValue", "arrayValue"])
def test_values_nested_deeper_than_protobuf_allows_are_refused(kind: str) -> None:
    """Case 36."""
    value: Any = {"stringValue": "deep"}
    for _ in range(200):
        value = {kind: {"values": [{"key": "k", "value": value} if kind == "kvlistValue" else value]}}
    assert "deep" in refusal_of(body_of({"attributes": [{"key": "k", "value": value}]}))


def test_a_lone_surrogate_becomes_a_replacement_character_and_a_pair_stays() -> None:
    """Case 35."""
    body = (
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a\\ud800b","attributes":[{"key":"\\udfff",'
        b'"value":{"stringValue":"\\ud83d\\ude00\\u0000"}}]}]}]}]}'
    )
    span = read(body).resource_spans[0].scope_spans[0].spans[0]
    assert (span.name, span.attributes[0].key) == ("a\ufffdb", "\ufffd")
    assert span.attributes[0].value.string_value == "😀\0"


def test_bytes_that_are_not_utf8_become_replacement_characters() -> None:
    """Case 34."""
    body = body_of({"name": "a?b"}).replace(b"a?b", b"a\xffb")
    assert read(body).resource_spans[0].scope_spans[0].spans[0].name == "a\ufffdb"


def test_a_large_body_that_is_not_json_is_refused_in_linear_time() -> None:
    started = time.process_time()
    refusal_of(b'{"resourceSpans":[' + b'{"a":"\xff\\ud800"},' * 100_000)
    assert time.process_time() - started < 5
