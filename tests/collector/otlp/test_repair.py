"""Requests whose strings are not UTF-8 are mended, everywhere and only there."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp.repair import canonical
from spanhouse_collector.otlp.signals import BY_NAME, LOGS, METRICS, TRACES
from spanhouse_collector.otlp.validate import check
from tests.builders import START_UNIX_NANO, any_value, attributes, logs, make_span, metrics, traces

MARK = "~bad~"


def broken(raw: bytes, bad: bytes = b"ab\xffcd") -> bytes:
    """The request with every MARK replaced by bytes that are not UTF-8; both are five bytes long."""
    assert MARK.encode() in raw
    assert len(bad) == len(MARK)
    return raw.replace(MARK.encode(), bad)


def full_span() -> Span:
    return make_span(
        MARK,
        trace_state=MARK,
        attributes={MARK: MARK, "nested": {MARK: [MARK]}, "array": [MARK]},
        events=[Span.Event(name=MARK, attributes=attributes({"k": MARK}))],
        links=[Span.Link(trace_state=MARK)],
        status={"message": MARK},
    )


def test_every_string_of_a_span_is_mended_and_the_sender_is_told_how_many() -> None:
    """Case 34."""
    request = traces(full_span(), scope_name=MARK, resource={MARK: MARK})
    entity = request.resource_spans[0].resource.entity_refs.add(type=MARK, schema_url=MARK)
    entity.id_keys.extend(["fine", MARK, MARK])
    request.resource_spans[0].schema_url = MARK
    sent = request.SerializeToString()
    checked = check(TRACES, broken(sent))
    assert checked.accepted == 1
    assert checked.rejected == 0
    assert f"{sent.count(MARK.encode())} strings were not UTF-8" in checked.message
    assert b"\xff" not in checked.payload
    mended = ExportTraceServiceRequest.FromString(checked.payload)
    assert mended.resource_spans[0].scope_spans[0].spans[0].name == "ab\ufffdcd"
    assert list(mended.resource_spans[0].resource.entity_refs[0].id_keys) == ["fine", "ab\ufffdcd", "ab\ufffdcd"]


def test_bytes_and_ids_are_left_alone() -> None:
    span = make_span(MARK, number=0xFFFFFFFF, attributes={"raw": b"\xff\xfe"})
    payload = check(TRACES, broken(traces(span).SerializeToString())).payload
    found = ExportTraceServiceRequest.FromString(payload).resource_spans[0].scope_spans[0].spans[0]
    assert (found.trace_id, found.span_id) == (span.trace_id, span.span_id)
    assert found.attributes[0].value.bytes_value == b"\xff\xfe"


@pytest.mark.parametrize(
    "bad",
    [b"\xff\xff\xff\xff\xff", b"abcd\xc3", b"\xed\xa0\x80ab", b"\xc0\x80abc", b"\xf4\x90\x80\x80a"],
    ids=["noise", "cut", "surrogate", "overlong", "beyond"],
)
def test_any_kind_of_broken_utf8_is_mended(bad: bytes) -> None:
    checked = check(TRACES, broken(traces(make_span(MARK)).SerializeToString(), bad))
    name = ExportTraceServiceRequest.FromString(checked.payload).resource_spans[0].scope_spans[0].spans[0].name
    assert "\ufffd" in name
    assert "1 string was not UTF-8" in checked.message


def test_logs_and_metrics_are_mended_too() -> None:
    record = LogRecord(body=any_value({"k": MARK}), severity_text=MARK, event_name=MARK)
    assert check(LOGS, broken(logs(record).SerializeToString())).accepted == 1
    point = pb.NumberDataPoint(time_unix_nano=START_UNIX_NANO, as_int=1, attributes=attributes({MARK: MARK}))
    metric = pb.Metric(name=MARK, description=MARK, unit=MARK, gauge=pb.Gauge(data_points=[point]))
    checked = check(METRICS, broken(metrics(metric).SerializeToString()))
    assert checked.accepted == 1
    assert "5 strings were not UTF-8" in checked.message


@pytest.mark.parametrize("signal_name", BY_NAME)
def test_a_string_that_is_empty_is_not_taken_for_one_that_was_mended(signal_name: str) -> None:
    checked = check(BY_NAME[signal_name], b"\x0a\x00")
    assert checked.message == ""


def test_refusals_and_repairs_are_told_together() -> None:
    checked = check(TRACES, broken(traces(make_span(MARK), make_span("x", trace_id=b"")).SerializeToString()))
    assert checked.message.startswith("1 span refused: ")
    assert checked.message.endswith("; 1 string was not UTF-8; bad bytes were replaced by U+FFFD")


def test_a_broken_string_in_a_request_that_is_broken_anyway_is_malformed() -> None:
    with pytest.raises(MalformedRequest):
        check(TRACES, broken(traces(make_span(MARK)).SerializeToString())[:-1])


@pytest.mark.parametrize("text", ["\0", "\x1b[31m", "😀", "\ufffe", "‮", "a\r\nb"])
def test_odd_but_valid_text_goes_on_untouched(text: str) -> None:
    """Case 35."""
    raw = traces(make_span(text, attributes={text: text})).SerializeToString()
    assert check(TRACES, raw).payload is raw


FOREIGN = {
    "group": b"\xfb\x3f\x08\x01\xfc\x3f",
    "new number": b"\xf8\x3f\x01",
    "text as a number": b"\x28\x01",
    "number as text": b"\x32\x02hi",
    "id as a number": b"\x08\x01",
    "time as a varint": b"\x38\x01",
    "flags as a varint": b"\x80\x01\x05",
    "attribute as a number": b"\x48\x01",
}


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=list(FOREIGN))
def test_what_protobuf_ignores_is_left_out_of_the_canonical_form(foreign: bytes) -> None:
    """Case 31: the engine would refuse the whole record for it."""
    span = make_span("kept", attributes={"deep": {"a": 1}})
    data = span.SerializeToString() + foreign
    raw = b"\x0a" + sized(b"\x12" + sized(b"\x12" + sized(data)))
    payload = check(TRACES, raw).payload
    written = canonical(TRACES, payload)
    assert written is not None
    assert foreign not in written
    expected = ExportTraceServiceRequest()
    expected.resource_spans.add().scope_spans.add().spans.append(span)
    assert written == check(TRACES, expected.SerializeToString()).payload
    assert canonical(TRACES, written) is None


def test_nothing_is_made_canonical_that_is_or_that_cannot_be() -> None:
    assert canonical(TRACES, traces(make_span()).SerializeToString()) is None
    assert canonical(TRACES, b"\xff") is None


def sized(data: bytes) -> bytes:
    assert len(data) < 128 * 128
    return bytes([len(data) & 0x7F | 0x80, len(data) >> 7]) + data
