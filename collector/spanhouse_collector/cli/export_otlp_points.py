"""Rows of `metrics` as OTLP metrics in JSON, of all five kinds.

Owns which columns are read and the fields of metrics, data points and exemplars.

Source: opentelemetry-proto, metrics/v1/metrics.proto.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from spanhouse_collector.cli.export_otlp_values import attributes, double, enum_number, pairs, without_defaults

_FIELDS: Final = {
    "gauge": "gauge",
    "sum": "sum",
    "histogram": "histogram",
    "exponential_histogram": "exponentialHistogram",
    "summary": "summary",
}
_TEMPORALITIES: Final = ("UNSPECIFIED", "DELTA", "CUMULATIVE")
Row = Mapping[str, Any]
METRIC_COLUMNS: Final = (
    "metric_name, metric_description, metric_unit, metric_kind, aggregation_temporality, is_monotonic",
    pairs("metric_metadata"),
    "toUnixTimestamp64Nano(start_time) AS start, toUnixTimestamp64Nano(time) AS at",
    "flags, value_type, value_int, count, scale, zero_count, bucket_counts",
    # Doubles as text: the engine writes -0 in JSON, where it is read as an integer, which has no sign.
    *(f"toString({name}) AS {name}_text" for name in ("value", "sum", "min", "max", "zero_threshold")),
    "arrayMap(x -> toString(x), explicit_bounds) AS bounds",
    "positive_offset, positive_bucket_counts, negative_offset, negative_bucket_counts",
    "arrayMap(x -> toString(x), `quantile_values.quantile`) AS quantiles",
    "arrayMap(x -> toString(x), `quantile_values.value`) AS quantiles_value",
    pairs("attributes"),
    "arrayMap(x -> toUnixTimestamp64Nano(x), `exemplars.time`) AS exemplars_at",
    "`exemplars.value_type` AS exemplars_value_type, `exemplars.value_int` AS exemplars_value_int",
    "arrayMap(x -> toString(x), `exemplars.value`) AS exemplars_value",
    "`exemplars.trace_id` AS exemplars_trace_id, `exemplars.span_id` AS exemplars_span_id",
    pairs("exemplars.filtered_attributes", is_nested=True),
)


def metric_of(row: Row) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The metric of a point, and the list of its points, which is empty."""
    points: list[dict[str, Any]] = []
    kind = row["metric_kind"]
    data: dict[str, Any] = {"dataPoints": points}
    if row["aggregation_temporality"]:
        data["aggregationTemporality"] = enum_number(row["aggregation_temporality"], _TEMPORALITIES)
    if kind == "sum" and row["is_monotonic"]:
        data["isMonotonic"] = True
    named = without_defaults(
        {
            "name": row["metric_name"],
            "description": row["metric_description"],
            "unit": row["metric_unit"],
            "metadata": attributes(row, "metric_metadata"),
        }
    )
    return {**named, _FIELDS[kind]: data}, points


def point_of(row: Row) -> dict[str, Any]:
    """The data point of a row."""
    kind = row["metric_kind"]
    point = without_defaults(
        {
            "attributes": attributes(row, "attributes"),
            "startTimeUnixNano": str(row["start"]) if row["start"] else None,
            "timeUnixNano": str(row["at"]),
            "flags": row["flags"],
            "exemplars": _exemplars(row) if row["exemplars_at"] else None,
        }
    )
    if kind in ("gauge", "sum"):
        return {**point, **_number(row["value_type"], row["value_text"], row["value_int"])}
    return {**point, **_distribution(kind, row)}


def _distribution(kind: str, row: Row) -> dict[str, Any]:
    fields: dict[str, Any] = without_defaults({"count": _count(row["count"])})
    if kind == "summary":
        return {
            **fields,
            **_double("sum", row["sum_text"]),
            "quantileValues": [
                {**_double("quantile", quantile), **_double("value", value)}
                for quantile, value in zip(row["quantiles"], row["quantiles_value"], strict=True)
            ],
        }
    for name in ("sum", "min", "max"):
        if (text := row[f"{name}_text"]) is not None:
            fields[name] = double(text)
    if kind == "histogram":
        fields["bucketCounts"] = [str(count) for count in row["bucket_counts"]]
        fields["explicitBounds"] = [double(bound) for bound in row["bounds"]]
        return fields
    buckets = {
        name: without_defaults(
            {
                "offset": row[f"{name}_offset"],
                "bucketCounts": [str(count) for count in row[f"{name}_bucket_counts"]],
            }
        )
        for name in ("positive", "negative")
    }
    return {
        **fields,
        **without_defaults({"scale": row["scale"], "zeroCount": _count(row["zero_count"]), **buckets}),
        **_double("zeroThreshold", row["zero_threshold_text"]),
    }


def _exemplars(row: Row) -> list[dict[str, Any]]:
    return [
        {
            **without_defaults(
                {
                    "filteredAttributes": attributes(row, "exemplars_filtered_attributes", index),
                    "timeUnixNano": str(at) if at else None,
                    "traceId": row["exemplars_trace_id"][index],
                    "spanId": row["exemplars_span_id"][index],
                }
            ),
            **_number(
                row["exemplars_value_type"][index],
                row["exemplars_value"][index],
                row["exemplars_value_int"][index],
            ),
        }
        for index, at in enumerate(row["exemplars_at"])
    ]


def _number(kind: str, text: str, value_int: int) -> dict[str, Any]:
    """A value that is an int, a double or absent."""
    if kind == "int":
        return {"asInt": str(value_int)}
    return {"asDouble": double(text)} if kind == "double" else {}


def _double(name: str, text: str) -> dict[str, Any]:
    """A field of a double that is absent when it is 0; -0 is not."""
    number = double(text)
    is_default = number == 0 and math.copysign(1, float(number)) > 0
    return {} if is_default else {name: number}


def _count(number: int) -> str | None:
    return str(number) if number else None
