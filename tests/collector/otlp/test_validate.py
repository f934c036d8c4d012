"""Which requests and which of their items are accepted, and the words for the others."""

from __future__ import annotations

import time
from typing import Any

import pytest
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from spanhouse_collector.errors import InvalidItems, MalformedRequest
from spanhouse_collector.otlp.signals import BY_NAME, LOGS, METRICS, SIGNALS, TRACES, Signal
from spanhouse_collector.otlp.validate import Checked, check
from tests.builders import START_UNIX_NANO, any_value, attributes, logs, make_span, metrics, span_id, trace_id, traces

NOW: dict[str, Any] = {"time_unix_nano": START_UNIX_NANO}
FULL = {TRACES.name: traces(make_span()), LOGS.name: logs(LogRecord(**NOW)), METRICS.name: metrics()}


DELTA = pb.AGGREGATION_TEMPORALITY_DELTA
CUMULATIVE = pb.AGGREGATION_TEMPORALITY_CUMULATIVE


def number_point(**fields: Any) -> pb.NumberDataPoint:
    return pb.NumberDataPoint(**{**NOW, "as_int": 1, **fields})


def gauge(*points: pb.NumberDataPoint, name: str = "g") -> pb.Metric:
    return pb.Metric(name=name, gauge=pb.Gauge(data_points=points))


def check_spans(*spans: Span, **options: Any) -> tuple[Checked, list[str]]:
    """The outcome, and the names of the spans that are stored."""
    checked = check(TRACES, traces(*spans, **options).SerializeToString())
    stored = ExportTraceServiceRequest.FromString(checked.payload)
    names = [span.name for group in stored.resource_spans for scope in group.scope_spans for span in scope.spans]
    assert len(names) == checked.accepted
    return checked, names


@pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
def test_an_ordinary_request_goes_on_byte_by_byte(signal: Signal) -> None:
    raw = FULL[signal.name].SerializeToString()
    assert check(signal, raw).payload is raw
    assert check(signal, raw).message == ""


@pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
def test_an_empty_request_and_empty_envelopes_are_accepted(signal: Signal) -> None:
    """Cases 29 and 30."""
    for raw in (b"", b"\x0a\x00", b"\x0a\x02\x12\x00", b"\x0a\x04\x12\x02\x0a\x00"):
        assert check(signal, raw) == Checked(payload=raw, accepted=0)


@pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
def test_unknown_fields_are_ignored_and_kept(signal: Signal) -> None:
    """Case 31: a new varint, a new message, a group."""
    raw = FULL[signal.name].SerializeToString() + b"\xf8\x3f\x01" + b"\xfa\x3f\x02hi" + b"\xfb\x3f\x08\x01\xfc\x3f"
    assert check(signal, raw).payload == raw


@pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
@pytest.mark.parametrize(
    "raw", [b"\xff", b"\x0a", b"\x0a\x05abc", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"{}"]
)
def test_what_is_not_protobuf_is_refused_with_its_size_and_type(signal: Signal, raw: bytes) -> None:
    """Case 32."""
    with pytest.raises(MalformedRequest) as refusal:
        check(signal, raw)
    assert f"the body ({len(raw)} bytes) is not an OTLP Export" in str(refusal.value)


BAD_IDS: dict[str, dict[str, Any]] = {
    "no trace id": {"trace_id": b""},
    "short trace id": {"trace_id": b"x" * 15},
    "long trace id": {"trace_id": b"x" * 17},
    "zero trace id": {"trace_id": bytes(16)},
    "no span id": {"span_id": b""},
    "short span id": {"span_id": b"x" * 7},
    "long span id": {"span_id": b"x" * 9},
    "zero span id": {"span_id": bytes(8)},
}


@pytest.mark.parametrize("ids", BAD_IDS.values(), ids=list(BAD_IDS))
def test_a_span_with_a_bad_id_is_refused_and_its_siblings_are_stored(ids: dict[str, Any]) -> None:
    """Case 45."""
    checked, names = check_spans(make_span("first"), make_span("bad one", **ids), make_span("last"))
    assert names == ["first", "last"]
    assert checked.rejected == 1
    assert "1 span refused: span 'bad one': " in checked.message
    assert next(iter(ids)) in checked.message


@pytest.mark.parametrize("ids", BAD_IDS.values(), ids=list(BAD_IDS))
def test_a_request_of_nothing_but_bad_spans_is_refused_whole(ids: dict[str, Any]) -> None:
    """Case 45."""
    with pytest.raises(InvalidItems, match=f"1 span refused: .*{next(iter(ids))}"):
        check_spans(make_span(**ids))


def test_a_refusal_shows_an_id_as_its_sender_wrote_it() -> None:
    for sent, shown in (
        (b"W47/95gDgQPSabYzgT/GDA==", "'W47/95gDgQPSabYzgT/GDA=='"),
        (b"\xff\x01", "ff01 (2 bytes)"),
        (b"x" * 1000, "'" + "x" * 40 + "'"),
        (b"\x1b[31m" * 10, "1b5b33316d"),
    ):
        with pytest.raises(InvalidItems) as refusal:
            check_spans(make_span(trace_id=sent))
        assert shown in str(refusal.value)
        assert "must be 16 bytes (32 hex digits), not all zero" in str(refusal.value)


def test_three_refusals_are_described_and_the_others_counted() -> None:
    checked, names = check_spans(*(make_span(f"bad {n}", trace_id=b"") for n in range(50)), make_span("good"))
    assert names == ["good"]
    assert checked.rejected == 50
    assert checked.message.startswith("50 spans refused: ")
    assert "'bad 2'" in checked.message
    assert "'bad 3'" not in checked.message
    assert checked.message.endswith("; and 47 more")


@pytest.mark.parametrize("bad_each", [1, 20])
def test_many_refused_spans_cost_linear_time_and_the_others_keep_their_order(bad_each: int) -> None:
    """S14: so many deletions from the middle of a list, one by one, took nine seconds."""
    good = [make_span(name).SerializeToString() for name in "abc"]
    bad = make_span("bad", trace_id=b"").SerializeToString()
    row = b"".join(group(1, span, 2) + group(bad_each, group(1, bad, 2)) for span in good)
    rows = 400_000 // (3 * bad_each)
    raw = group(1, row * rows, 1, 2)
    started = time.process_time()
    checked = check(TRACES, raw)
    assert time.process_time() - started < 6
    assert checked.rejected == 3 * bad_each * rows
    stored = ExportTraceServiceRequest.FromString(checked.payload)
    assert "".join(span.name for span in stored.resource_spans[0].scope_spans[0].spans) == "abc" * rows


@pytest.mark.parametrize(
    "odd",
    [
        {"parent_span_id": b"x"},
        {"parent_span_id": bytes(8)},
        {"links": [Span.Link(trace_id=b"x")]},
        {"start_time_unix_nano": 0, "end_time_unix_nano": 0},
        {"end_time_unix_nano": 1},
        {"start_time_unix_nano": 2**64 - 1},
        {"kind": 99, "flags": 2**32 - 1, "name": ""},
        {"trace_id": trace_id(5), "span_id": span_id(6), "parent_span_id": span_id(6)},
        {"attributes": attributes({"": None, "__class__": 1, "{0.__class__}": "%s", "a.b.4294967295.c": b"\0"})},
    ],
    ids=str,
)
def test_odd_spans_are_accepted_untouched(odd: dict[str, Any]) -> None:
    """Cases 46, 48, 49, 55, 58, 60."""
    raw = traces(make_span(**odd)).SerializeToString()
    assert check(TRACES, raw) == Checked(payload=raw, accepted=1)


@pytest.mark.parametrize("ids", [{}, {"trace_id": b"x"}, {"trace_id": bytes(16), "span_id": bytes(8)}], ids=str)
def test_a_log_record_with_a_bad_id_is_accepted(ids: dict[str, Any]) -> None:
    """Case 47."""
    assert check(LOGS, logs(LogRecord(**NOW, **ids)).SerializeToString()).accepted == 1


BAD_POINTS: dict[str, tuple[pb.Metric, str]] = {
    "no time": (gauge(number_point(time_unix_nano=0)), "time_unix_nano is 0"),
    "no value": (gauge(pb.NumberDataPoint(**NOW)), "has no value and does not say NO_RECORDED_VALUE"),
    "no value in a sum": (
        pb.Metric(name="g", sum=pb.Sum(aggregation_temporality=CUMULATIVE, data_points=[pb.NumberDataPoint(**NOW)])),
        "has no value",
    ),
    "sum without temporality": (
        pb.Metric(name="g", sum=pb.Sum(data_points=[number_point()])),
        "aggregation_temporality is UNSPECIFIED",
    ),
    "histogram without temporality": (
        pb.Metric(name="g", histogram=pb.Histogram(data_points=[pb.HistogramDataPoint(**NOW)])),
        "aggregation_temporality is UNSPECIFIED",
    ),
    "exponential histogram without temporality": (
        pb.Metric(
            name="g",
            exponential_histogram=pb.ExponentialHistogram(data_points=[pb.ExponentialHistogramDataPoint(**NOW)]),
        ),
        "aggregation_temporality is UNSPECIFIED",
    ),
    "a bucket too many": (
        pb.Metric(
            name="g",
            histogram=pb.Histogram(
                aggregation_temporality=DELTA,
                data_points=[pb.HistogramDataPoint(**NOW, bucket_counts=[1, 2, 3], explicit_bounds=[1])],
            ),
        ),
        "1 explicit_bounds need 2 bucket_counts, not 3",
    ),
    "bounds without buckets": (
        pb.Metric(
            name="g",
            histogram=pb.Histogram(
                aggregation_temporality=DELTA, data_points=[pb.HistogramDataPoint(**NOW, explicit_bounds=[1])]
            ),
        ),
        "1 explicit_bounds need 2 bucket_counts, not 0",
    ),
    "summary without time": (
        pb.Metric(name="g", summary=pb.Summary(data_points=[pb.SummaryDataPoint(count=1)])),
        "time_unix_nano is 0",
    ),
}


@pytest.mark.parametrize(("metric", "why"), BAD_POINTS.values(), ids=list(BAD_POINTS))
def test_a_bad_data_point_is_refused_and_its_siblings_are_stored(metric: pb.Metric, why: str) -> None:
    """Cases 52 and 53."""
    checked = check(METRICS, metrics(metric, gauge(number_point(as_int=7), name="good")).SerializeToString())
    assert (checked.accepted, checked.rejected) == (1, 1)
    assert checked.message.startswith("1 data point refused: metric 'g': ")
    assert why in checked.message
    stored = ExportMetricsServiceRequest.FromString(checked.payload).resource_metrics[0].scope_metrics[0].metrics
    assert stored[-1].gauge.data_points[0].as_int == 7
    with pytest.raises(InvalidItems, match="metric 'g'"):
        check(METRICS, metrics(metric).SerializeToString())


GOOD_METRICS: dict[str, pb.Metric] = {
    "gauge": gauge(number_point(), number_point(as_double=float("nan"))),
    "no recorded value": gauge(pb.NumberDataPoint(**NOW, flags=1)),
    "sum": pb.Metric(
        sum=pb.Sum(aggregation_temporality=DELTA, is_monotonic=True, data_points=[number_point(as_double=float("inf"))])
    ),
    "histogram without buckets": pb.Metric(
        histogram=pb.Histogram(aggregation_temporality=CUMULATIVE, data_points=[pb.HistogramDataPoint(**NOW, count=3)])
    ),
    "histogram": pb.Metric(
        histogram=pb.Histogram(
            aggregation_temporality=CUMULATIVE,
            data_points=[
                pb.HistogramDataPoint(
                    **NOW,
                    bucket_counts=[1, 2],
                    explicit_bounds=[0.5],
                    exemplars=[pb.Exemplar(as_double=1, **NOW, trace_id=trace_id(1))],
                )
            ],
        )
    ),
    "exponential histogram": pb.Metric(
        exponential_histogram=pb.ExponentialHistogram(
            aggregation_temporality=DELTA,
            data_points=[
                pb.ExponentialHistogramDataPoint(
                    **NOW, scale=-3, positive=pb.ExponentialHistogramDataPoint.Buckets(offset=-4, bucket_counts=[1, 2])
                )
            ],
        )
    ),
    "summary": pb.Metric(
        summary=pb.Summary(
            data_points=[
                pb.SummaryDataPoint(**NOW, quantile_values=[pb.SummaryDataPoint.ValueAtQuantile(quantile=0.5, value=1)])
            ]
        )
    ),
    "no data": pb.Metric(name="empty"),
}


@pytest.mark.parametrize("metric", GOOD_METRICS.values(), ids=list(GOOD_METRICS))
def test_every_kind_of_metric_is_accepted_untouched(metric: pb.Metric) -> None:
    """Case 54."""
    raw = metrics(metric).SerializeToString()
    assert check(METRICS, raw).payload == raw
    assert check(METRICS, raw).rejected == 0


PAYLOADS: dict[str, Message] = {
    TRACES.name: traces(make_span("chat", attributes={"gen_ai.system": "openai"})),
    LOGS.name: logs(LogRecord(**NOW, body=any_value("hello"), attributes=attributes({"event.name": "x"}))),
    METRICS.name: metrics(gauge(number_point(), name="tokens")),
}


@pytest.mark.parametrize(("sent", "path"), [("logs", "traces"), ("metrics", "traces"), ("traces", "metrics")])
def test_a_payload_on_the_wrong_path_is_refused_and_the_right_path_is_named(sent: str, path: str) -> None:
    """Case 44."""
    with pytest.raises((InvalidItems, MalformedRequest)) as refusal:
        check(BY_NAME[path], PAYLOADS[sent].SerializeToString())
    assert f"this looks like OTLP {sent}: post it to /v1/{sent}" in str(refusal.value)


def test_log_records_with_trace_ids_on_the_traces_path_are_refused() -> None:
    """Case 44."""
    record = LogRecord(**NOW, trace_id=trace_id(1), span_id=span_id(1), body=any_value("x"))
    with pytest.raises((InvalidItems, MalformedRequest), match="post it to /v1/logs"):
        check(TRACES, logs(record).SerializeToString())


@pytest.mark.parametrize("name", ["-x", "a b", "x" * 129, "../etc", "日本", "a\n"])
@pytest.mark.parametrize("attribute", ["spanhouse.project", "openinference.project.name"])
def test_a_resource_with_an_impossible_project_is_refused_and_its_siblings_are_stored(
    attribute: str, name: str
) -> None:
    """S17."""
    request = traces(make_span("good"))
    request.MergeFrom(traces(make_span(), make_span(), resource={attribute: name}))
    checked = check(TRACES, request.SerializeToString())
    assert (checked.accepted, checked.rejected) == (1, 2)
    assert f"2 spans refused: resource attribute {attribute}={name[:10]!r}"[:-1] in checked.message
    assert "more" not in checked.message
    assert ExportTraceServiceRequest.FromString(checked.payload) == traces(
        request.resource_spans[0].scope_spans[0].spans[0]
    )


def test_thousands_of_impossible_projects_cost_linear_time() -> None:
    """S14."""
    bad = traces(make_span(), resource={"spanhouse.project": "-"}).SerializeToString()
    good = traces(make_span()).SerializeToString()
    started = time.process_time()
    checked = check(TRACES, (bad + good) * 10_000)
    assert time.process_time() - started < 3
    assert (checked.accepted, checked.rejected) == (10_000, 10_000)


def group(count: int, item: bytes, *levels: int) -> bytes:
    """`count` copies of `item`, inside messages at these field numbers, innermost last."""
    data = item * count
    for level in reversed(levels):
        size, length = bytearray(), len(data)
        while length > 0x7F:
            size.append(length & 0x7F | 0x80)
            length >>= 7
        data = bytes([level << 3 | 2]) + bytes([*size, length]) + data
    return data


def test_a_million_tiny_spans_are_answered() -> None:
    """S14."""
    with pytest.raises(InvalidItems, match="1000000 spans refused"):
        check(TRACES, group(1_000_000, b"\x12\x00", 1, 2))


def test_a_large_request_of_ordinary_spans_is_accepted_untouched() -> None:
    """Case 59: a ten-megabyte prompt."""
    raw = traces(make_span(attributes={"prompt": "x" * (10 << 20), "k" * (128 << 10): 1})).SerializeToString()
    assert check(TRACES, raw).payload is raw


def test_the_envelope_of_refused_logs_keeps_its_siblings() -> None:
    request = logs(LogRecord(**NOW, severity_text="kept"))
    request.MergeFrom(logs(LogRecord(**NOW), resource={"spanhouse.project": "/"}))
    checked = check(LOGS, request.SerializeToString())
    stored = ExportLogsServiceRequest.FromString(checked.payload)
    assert [group.scope_logs[0].log_records[0].severity_text for group in stored.resource_logs] == ["kept"]
    assert checked.rejected == 1
