"""What holds of `check` for any input: refusals only, those of the oracle, linear cost, no Python call per span."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_DELTA, Metric

from spanhouse_collector.errors import SpanhouseError
from spanhouse_collector.otlp.signals import BY_NAME, METRICS, SIGNALS, TRACES, Signal
from spanhouse_collector.otlp.validate import check
from tests.builders import any_value, attributes, make_span, metrics, traces
from tests.oracle import expected_rows
from tests.otlp_strategies import segments, tried
from tests.tables import Sent

ANY_SIGNAL = st.sampled_from(SIGNALS)
WHOLE = traces(
    make_span("chat 日本", attributes={"s": "text", "n": [1, 2], "deep": {"a": [b"x"]}}),
    make_span("tool", events=[{"name": "e", "attributes": attributes({"k": any_value("v").string_value})}]),
).SerializeToString()


def outcome(signal: Signal, raw: bytes) -> None:
    told: SpanhouseError | None = None
    try:
        checked = check(signal, raw)
    except SpanhouseError as refusal:
        told = refusal
    if told is not None:
        assert str(told)
        assert not told.retryable
        return
    read: Message = signal.request_class.FromString(checked.payload)
    assert read.IsInitialized()
    again = check(signal, checked.payload)
    assert (again.accepted, again.rejected) == (checked.accepted, 0)


@settings(max_examples=300, deadline=None)
@given(ANY_SIGNAL, st.binary(max_size=200))
def test_any_bytes_are_accepted_or_refused(signal: Signal, raw: bytes) -> None:
    outcome(signal, raw)


@settings(max_examples=500, deadline=None)
@given(ANY_SIGNAL, st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=3), st.booleans())
def test_a_damaged_request_is_accepted_or_refused(signal: Signal, at: int, piece: bytes, is_replaced: bool) -> None:
    outcome(signal, WHOLE[:at] + piece + WHOLE[at + len(piece) * is_replaced :])


@pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
def test_a_request_cut_anywhere_is_accepted_or_refused(signal: Signal) -> None:
    for length in range(len(WHOLE)):
        outcome(signal, WHOLE[:length])


@pytest.mark.parametrize("signal", SIGNALS, ids=list(BY_NAME))
def test_the_check_accepts_what_the_oracle_expects_to_be_stored(signal: Signal) -> None:
    """An item that one of them counts and the other does not would look like data that was lost."""

    @tried(50)
    @given(sent=segments(signal.name))
    def agree(sent: list[Sent]) -> None:
        for each in sent:
            checked = each.checked(signal)
            assert (checked.accepted if checked else 0) == len(expected_rows(signal, each))

    agree()


@pytest.mark.parametrize(("buckets", "bounds"), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 1), (2, 2), (3, 1)])
def test_the_check_and_the_oracle_agree_on_buckets(buckets: int, bounds: int) -> None:
    metric = Metric(name="h")
    metric.histogram.aggregation_temporality = AGGREGATION_TEMPORALITY_DELTA
    metric.histogram.data_points.add(
        time_unix_nano=1, bucket_counts=[1] * buckets, explicit_bounds=[float(n) for n in range(bounds)]
    )
    sent = Sent(metrics(metric))
    assert (sent.checked(METRICS) is None) == (expected_rows(METRICS, sent) == [])
    assert (sent.checked(METRICS) is not None) == (buckets == bounds == 0 or buckets == bounds + 1)


def python_calls(raw: bytes) -> int:
    """How many Python functions one `check` enters."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        check(TRACES, raw)
    finally:
        sys.setprofile(before)
    return calls


@pytest.mark.parametrize("spans", [1, 100, 1_000])
def test_the_number_of_python_calls_does_not_depend_on_the_number_of_spans(spans: int) -> None:
    few = traces(*(make_span(attributes={"a": 1, "b": "x"}) for _ in range(10))).SerializeToString()
    many = traces(*(make_span(attributes={"a": 1, "b": "x"}) for _ in range(spans))).SerializeToString()
    lengths_of_groups = 4  # a length of more than a byte is one call more to read
    assert abs(python_calls(many) - python_calls(few)) <= lengths_of_groups
    assert python_calls(few) < 40
