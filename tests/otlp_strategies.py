"""Any OTLP request: hypothesis strategies for the three signals, with everything a hostile or careless client can send.

Owns the generated shapes and how many of them are tried. `make test` tries the same small number every time;
`SPANHOUSE_CHAOS_ROUNDS=1000` (`make chaos`) tries that many new ones.
"""

from __future__ import annotations

import math
import os
from typing import Any

from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.metrics.v1 import metrics_pb2
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2

from tests.builders import START_UNIX_NANO
from tests.tables import Sent

EXAMPLES = int(os.environ.get("SPANHOUSE_CHAOS_ROUNDS", "0"))
NASTY_TEXTS = (
    "",
    "\0",
    "a\0b\x01\x1f\x7f",
    "'",
    '"',
    "\\",
    "\\'; DROP TABLE spans; --",
    "line\nbreak\r\t\b\f",
    "ü 日本語 👩‍👩‍👧 \u2028\u2029 \ufeff \ufffd \U0010ffff",
    "</script>",
    "a/b",
    "{'k':1}",
    '{"stringValue":"x"}',
    "null",
    "nan",
    "{name:String}",
    "%s %d %%",
    "x" * 3000,
)
INT64 = (-(2**63), 2**63 - 1, 0, -1, 2**53 + 1)


def tried(default: int) -> settings:
    """How a property is tried: the same examples every time, unless a number of them is asked for."""
    return settings(
        max_examples=EXAMPLES or default,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        # Shrinking takes minutes at an insert a try: the failing example is printed as it is.
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def message(cls: type[Message], /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Messages with these fields."""
    return st.builds(cls, **fields)


def few(items: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, max_size=most)


def perhaps(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Or unset."""
    return st.none() | strategy


texts = st.sampled_from(NASTY_TEXTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
doubles = st.sampled_from(
    [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 5e-324, 1.7976931348623157e308, 0.1, 1e16, 1e22, 123456789.0]
) | st.floats(allow_nan=False)
int64s = st.sampled_from(INT64) | st.integers(-(2**63), 2**63 - 1)
uint32s = st.sampled_from([0, 0, 1, 2**32 - 1]) | st.integers(0, 2**32 - 1)
uint64s = st.sampled_from([0, 1, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
int32s = st.sampled_from([0, -(2**31), 2**31 - 1]) | st.integers(-(2**31), 2**31 - 1)
enums = st.integers(0, 5) | int32s
times = st.sampled_from([0, 1, START_UNIX_NANO, 2**32 * 10**9, 2**63 - 1, 2**63, 2**64 - 1]) | st.integers(0, 2**63 - 1)
ids16 = st.sampled_from([b"", bytes(16), b"short", bytes(15) + b"\x01", b"'\\\"\0\xff" + bytes(11)]) | st.binary(
    min_size=16, max_size=16
)
ids8 = st.sampled_from([b"", bytes(8), b"short", bytes(7) + b"\x01"]) | st.binary(min_size=8, max_size=8)
good_ids16 = st.binary(min_size=16, max_size=16).filter(any)
good_ids8 = st.binary(min_size=8, max_size=8).filter(any)

scalars = st.one_of(
    message(AnyValue, string_value=texts),
    message(AnyValue, bool_value=st.booleans()),
    message(AnyValue, int_value=int64s),
    message(AnyValue, double_value=doubles),
    message(AnyValue, bytes_value=st.binary(max_size=6)),
    st.builds(AnyValue),
)


def _structures(inner: st.SearchStrategy[AnyValue]) -> st.SearchStrategy[AnyValue]:
    pairs = few(st.builds(KeyValue, key=st.sampled_from(["a", "b", ""]) | texts, value=inner))
    arrays = few(inner).map(lambda values: AnyValue(array_value=ArrayValue(values=values)))
    return arrays | pairs.map(lambda values: AnyValue(kvlist_value=KeyValueList(values=values)))


any_values = scalars | st.recursive(scalars, _structures, max_leaves=5)
keys = st.sampled_from(["a", "b", "service.name", "gen_ai.usage.input_tokens"]) | texts
attributes = few(st.builds(KeyValue, key=keys, value=perhaps(any_values)), 4)
project_values = st.sampled_from(["team-a", "B.2_", "", "no good", "x" * 129]).map(
    lambda text: AnyValue(string_value=text)
)
project_names = st.builds(
    KeyValue,
    key=st.sampled_from(["spanhouse.project", "openinference.project.name"]),
    value=project_values | scalars,
)
resources = st.builds(
    Resource,
    attributes=st.one_of(
        attributes, attributes, st.tuples(attributes, few(project_names, 2)).map(lambda p: p[0] + p[1])
    ),
    dropped_attributes_count=uint32s,
)
scopes = message(
    InstrumentationScope, name=texts, version=texts, attributes=attributes, dropped_attributes_count=uint32s
)

# --- traces

events = message(
    trace_pb2.Span.Event, time_unix_nano=times, name=texts, attributes=attributes, dropped_attributes_count=uint32s
)
links = message(
    trace_pb2.Span.Link,
    trace_id=ids16 | good_ids16,
    span_id=ids8 | good_ids8,
    trace_state=texts,
    attributes=attributes,
    dropped_attributes_count=uint32s,
    flags=uint32s,
)
spans = message(
    trace_pb2.Span,
    trace_id=st.one_of(good_ids16, good_ids16, good_ids16, ids16),
    span_id=st.one_of(good_ids8, good_ids8, good_ids8, ids8),
    trace_state=texts,
    parent_span_id=ids8,
    flags=uint32s,
    name=texts,
    kind=enums,
    start_time_unix_nano=times,
    end_time_unix_nano=times,
    attributes=attributes,
    dropped_attributes_count=uint32s,
    events=few(events),
    dropped_events_count=uint32s,
    links=few(links),
    dropped_links_count=uint32s,
    status=perhaps(message(trace_pb2.Status, message=texts, code=enums)),
)
trace_requests = message(
    ExportTraceServiceRequest,
    resource_spans=few(
        message(
            trace_pb2.ResourceSpans,
            resource=perhaps(resources),
            scope_spans=few(
                message(trace_pb2.ScopeSpans, scope=perhaps(scopes), spans=few(spans), schema_url=texts), 2
            ),
            schema_url=texts,
        ),
        2,
    ),
)

# --- logs

records = message(
    logs_pb2.LogRecord,
    time_unix_nano=times,
    observed_time_unix_nano=times,
    severity_number=enums,
    severity_text=texts,
    body=perhaps(any_values),
    attributes=attributes,
    dropped_attributes_count=uint32s,
    flags=uint32s,
    trace_id=ids16,
    span_id=ids8,
    event_name=texts,
)
log_requests = message(
    ExportLogsServiceRequest,
    resource_logs=few(
        message(
            logs_pb2.ResourceLogs,
            resource=perhaps(resources),
            scope_logs=few(
                message(logs_pb2.ScopeLogs, scope=perhaps(scopes), log_records=few(records), schema_url=texts), 2
            ),
            schema_url=texts,
        ),
        2,
    ),
)

# --- metrics


def _numbers(kind: type[Message], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Messages with a value that is a double, an int or neither."""
    return st.one_of(
        message(kind, as_double=doubles, **fields), message(kind, as_int=int64s, **fields), message(kind, **fields)
    )


exemplars = _numbers(
    metrics_pb2.Exemplar, filtered_attributes=attributes, time_unix_nano=times, span_id=ids8, trace_id=ids16
)
_common: dict[str, Any] = {
    "attributes": attributes,
    "start_time_unix_nano": times,
    "time_unix_nano": times,
    "flags": uint32s,
}
_range: dict[str, Any] = {
    "count": uint64s,
    "sum": perhaps(doubles),
    "min": perhaps(doubles),
    "max": perhaps(doubles),
    "exemplars": few(exemplars, 2),
}
number_points = _numbers(metrics_pb2.NumberDataPoint, exemplars=few(exemplars, 2), **_common)
buckets = message(metrics_pb2.ExponentialHistogramDataPoint.Buckets, offset=int32s, bucket_counts=few(uint64s))


@st.composite
def histogram_points(draw: st.DrawFn) -> metrics_pb2.HistogramDataPoint:
    point: metrics_pb2.HistogramDataPoint = draw(message(metrics_pb2.HistogramDataPoint, **_common, **_range))
    counts = draw(few(uint64s, 4))
    point.bucket_counts.extend(counts)
    bounds = max(0, len(counts) - 1) + draw(st.sampled_from([0, 0, 0, 1]))
    point.explicit_bounds.extend(draw(st.lists(doubles, min_size=bounds, max_size=bounds)))
    return point


exponential_points = message(
    metrics_pb2.ExponentialHistogramDataPoint,
    scale=int32s,
    zero_count=uint64s,
    zero_threshold=doubles,
    positive=perhaps(buckets),
    negative=perhaps(buckets),
    **_common,
    **_range,
)
summary_points = message(
    metrics_pb2.SummaryDataPoint,
    count=uint64s,
    sum=doubles,
    quantile_values=few(message(metrics_pb2.SummaryDataPoint.ValueAtQuantile, quantile=doubles, value=doubles)),
    **_common,
)
_named: dict[str, Any] = {"name": texts, "description": texts, "unit": texts, "metadata": attributes}


def _metrics(field: str, kind: type[Message], points: Any, **extra: Any) -> st.SearchStrategy[Any]:
    return message(metrics_pb2.Metric, **{field: message(kind, data_points=few(points), **extra)}, **_named)


temporality: dict[str, Any] = {"aggregation_temporality": st.sampled_from([1, 2, 0, 7, -1])}
metrics = st.one_of(
    _metrics("gauge", metrics_pb2.Gauge, number_points),
    _metrics("sum", metrics_pb2.Sum, number_points, is_monotonic=st.booleans(), **temporality),
    _metrics("histogram", metrics_pb2.Histogram, histogram_points(), **temporality),
    _metrics("exponential_histogram", metrics_pb2.ExponentialHistogram, exponential_points, **temporality),
    _metrics("summary", metrics_pb2.Summary, summary_points),
    message(metrics_pb2.Metric, **_named),
)
metric_requests = message(
    ExportMetricsServiceRequest,
    resource_metrics=few(
        message(
            metrics_pb2.ResourceMetrics,
            resource=perhaps(resources),
            scope_metrics=few(
                message(metrics_pb2.ScopeMetrics, scope=perhaps(scopes), metrics=few(metrics), schema_url=texts), 2
            ),
            schema_url=texts,
        ),
        2,
    ),
)

REQUESTS = {"traces": trace_requests, "logs": log_requests, "metrics": metric_requests}


_received = st.sampled_from([START_UNIX_NANO, START_UNIX_NANO + 1, 0, 2**63 - 1, 2**64 - 1])
_projects = st.sampled_from(["", "", "team-a", "x" * 128])


@st.composite
def segments(draw: st.DrawFn, signal_name: str) -> list[Sent]:
    """What a segment of the log is made of."""
    # A composite, because hypothesis would print what `builds` made by its whole history and not by its repr.
    return [Sent(draw(REQUESTS[signal_name]), draw(_projects), draw(_received)) for _ in range(draw(st.integers(1, 4)))]
