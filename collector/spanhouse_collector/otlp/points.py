"""Metric data points: where each metric kind keeps them and what makes one impossible to store.

Owns the rules of metrics.proto that a receiver has to apply. Leaves counting and removal to `validate`.

Source: comments of opentelemetry/proto/metrics/v1/metrics.proto.
"""

from __future__ import annotations

from typing import Any, Final

KINDS: Final = ("gauge", "sum", "histogram", "exponential_histogram", "summary")
WITH_TEMPORALITY: Final = frozenset({"sum", "histogram", "exponential_histogram"})
NO_RECORDED_VALUE: Final = 1  # DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK


def points_of(metric: Any) -> Any:
    """The data points of a metric, whatever its kind; an empty tuple when it holds no data."""
    kind = metric.WhichOneof("data")
    return getattr(metric, kind).data_points if kind is not None else ()


def point_fault(metric: Any, point: Any) -> str | None:
    """Why this point cannot be stored, naming field and value; None when it can."""
    kind = metric.WhichOneof("data")
    if point.time_unix_nano == 0:
        return "time_unix_nano is 0"
    if kind in WITH_TEMPORALITY and getattr(metric, kind).aggregation_temporality == 0:
        return "aggregation_temporality is UNSPECIFIED"
    if point.flags & NO_RECORDED_VALUE:
        return None
    if kind in ("gauge", "sum") and point.WhichOneof("value") is None:
        return "the point has no value and does not say NO_RECORDED_VALUE"
    if kind == "histogram" and (point.bucket_counts or point.explicit_bounds):
        buckets, bounds = len(point.bucket_counts), len(point.explicit_bounds)
        if buckets != bounds + 1:
            return f"{bounds} explicit_bounds need {bounds + 1} bucket_counts, not {buckets}"
    return None
