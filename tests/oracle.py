"""What the tables must hold: OTLP export requests as rows, in slow and obvious Python.

Owns the expectation of every column of `spans`, `logs` and `metrics`, written from the OTLP protocol's comments and
docs/tables.md, never from the SQL it judges; and the form in which rows are compared. Leaves the way back, from rows to
OTLP, to `tests.reconstruct`.

Texts of numbers are compared by what they mean (`comparable`): two spellings of one double are equal,
1 and 1.0 are not.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from spanhouse_collector.otlp.signals import LOGS, TRACES, Signal
from tests.tables import Row, Sent

TIME_MAX = 2**63 - 1  # 2262-04-11, where DateTime64(9) ends
COUNT_MAX = 2**32 - 1
NO_RECORDED_VALUE = 1
KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
STATUS_CODES = ("UNSET", "OK", "ERROR")
TEMPORALITIES = ("UNSPECIFIED", "DELTA", "CUMULATIVE")
PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
PROJECT_ATTRIBUTES = ("spanhouse.project", "openinference.project.name")
GROUPS = {
    "traces": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
    "metrics": ("resource_metrics", "scope_metrics", "metrics"),
}

Typed = tuple[str, str]


# --- attribute values


def typed(value: Any) -> Typed:
    """Type and text of an AnyValue."""
    which = value.WhichOneof("value")
    if which == "string_value":
        return "string", value.string_value
    if which == "bool_value":
        return "bool", "true" if value.bool_value else "false"
    if which == "int_value":
        return "int", str(value.int_value)
    if which == "double_value":
        return "double", repr(value.double_value)
    if which == "bytes_value":
        return "bytes", base64.b64encode(value.bytes_value).decode()
    if which == "array_value":
        return _array(value)
    if which == "kvlist_value":
        return ("kvlist", json.dumps(_plain(value))) if _is_plain(value) else ("any", json.dumps(_exact(value)))
    return "empty", ""


def _array(value: Any) -> Typed:
    """Flat arrays of scalars are `array`; others hold structures or bytes."""
    elements = value.array_value.values
    scalars = ("string_value", "bool_value", "int_value", "double_value", None)
    if all(element.WhichOneof("value") in scalars for element in elements):
        return "array", json.dumps([_plain(e) if _is_plain(e) else _exact(e) for e in elements])
    if _is_plain(value):
        return "nested_array", json.dumps(_plain(value))
    return "any", json.dumps(_exact(value))


def _is_plain(value: Any) -> bool:
    """Whether JSON says it exactly: no bytes, no number without a JSON form, no key twice."""
    which = value.WhichOneof("value")
    if which == "bytes_value":
        return False
    if which == "double_value":
        return math.isfinite(value.double_value)
    if which == "array_value":
        return all(_is_plain(element) for element in value.array_value.values)
    if which == "kvlist_value":
        keys = [pair.key for pair in value.kvlist_value.values]
        return len(set(keys)) == len(keys) and all(_is_plain(pair.value) for pair in value.kvlist_value.values)
    return True


def _plain(value: Any) -> Any:
    which = value.WhichOneof("value")
    if which == "array_value":
        return [_plain(element) for element in value.array_value.values]
    if which == "kvlist_value":
        return {pair.key: _plain(pair.value) for pair in value.kvlist_value.values}
    return None if which is None else getattr(value, which)


def _exact(value: Any) -> dict[str, Any]:
    """OTLP/JSON."""
    which = value.WhichOneof("value")
    if which is None:
        return {}
    if which == "array_value":
        return {"arrayValue": {"values": [_exact(element) for element in value.array_value.values]}}
    if which == "kvlist_value":
        pairs = [{"key": pair.key, "value": _exact(pair.value)} for pair in value.kvlist_value.values]
        return {"kvlistValue": {"values": pairs}}
    plain = getattr(value, which)
    name = which.removesuffix("_value") + "Value"
    if which == "int_value":
        return {name: str(plain)}
    if which == "bytes_value":
        return {name: base64.b64encode(plain).decode()}
    if which == "double_value" and not math.isfinite(plain):
        return {name: "NaN" if math.isnan(plain) else "Infinity" if plain > 0 else "-Infinity"}
    return {name: plain}


def _texts(attributes: Iterable[Any]) -> list[Typed]:
    """The map column: pairs of key and text, in the order sent, a key as often as it was sent."""
    return [(pair.key, typed(pair.value)[1]) for pair in attributes]


def _types(attributes: Iterable[Any]) -> list[str]:
    return [typed(pair.value)[0] for pair in attributes]


# --- small things


def clamped(time_unix_nano: int) -> int:
    return min(time_unix_nano, TIME_MAX)


def hex_or_none(value: bytes, size: int) -> str:
    """An id; '' for one that OTLP calls invalid, which means absent."""
    return value.hex() if len(value) == size and any(value) else ""


def _name(number: int, names: tuple[str, ...]) -> str:
    return names[number] if 0 <= number < len(names) else str(number)


def project_of(resource: Any) -> str:
    """The project that a resource names: '' for none. Only text names one; the first of a repeated key counts."""
    for attribute in PROJECT_ATTRIBUTES:
        for pair in resource.attributes:
            if pair.key == attribute and pair.value.string_value:
                return str(pair.value.string_value)
    return ""


# --- what is refused


def is_refused(signal: Signal, item: Any, metric: Any = None) -> bool:
    """Whether OTLP lets a receiver reject the span or data point, and this one does."""
    if signal is LOGS:
        return False
    if signal is TRACES:
        return not (hex_or_none(item.trace_id, 16) and hex_or_none(item.span_id, 8))
    kind = metric.WhichOneof("data")
    if item.time_unix_nano == 0:
        return True
    if kind in ("sum", "histogram", "exponential_histogram") and getattr(metric, kind).aggregation_temporality == 0:
        return True
    if item.flags & NO_RECORDED_VALUE:
        return False
    if kind in ("gauge", "sum"):
        return item.WhichOneof("value") is None
    if kind == "histogram":
        # metrics.proto: both are given, with one count more than bounds, or neither is.
        buckets, bounds = len(item.bucket_counts), len(item.explicit_bounds)
        return bool(buckets or bounds) and buckets != bounds + 1
    return False


# --- rows


def expected_rows(signal: Signal, sent: Sent) -> list[Row]:
    """The rows of a request, without what is refused of it."""
    rows: list[Row] = []
    for resource_group, scope_group, item, metric in walk(signal, sent.request):
        if signal is TRACES:
            row = _span(item)
        elif signal is LOGS:
            row = _log(item, sent.received_unix_nano)
        else:
            row = _point(metric, item)
        rows.append({**_carried(resource_group, scope_group, sent), **row})
    return rows


def walk(signal: Signal, request: Any) -> Iterator[tuple[Any, Any, Any, Any]]:
    """(resource group, scope group, item, metric) of everything in a request that is not refused."""
    groups, scopes, items = GROUPS[signal.name]
    for group in getattr(request, groups):
        named = project_of(group.resource)
        if named and not PROJECT.fullmatch(named):
            continue
        for scope in getattr(group, scopes):
            for item in getattr(scope, items):
                is_metric = signal.name == "metrics"
                metric = item if is_metric else None
                for each in _points(item) if is_metric else [item]:
                    if not is_refused(signal, each, metric):
                        yield group, scope, each, metric


def _points(metric: Any) -> Any:
    kind = metric.WhichOneof("data")
    return getattr(metric, kind).data_points if kind else []


def _carried(group: Any, scope: Any, sent: Sent) -> Row:
    resource = group.resource
    services = [typed(pair.value)[1] for pair in resource.attributes if pair.key == "service.name"]
    return {
        "project": sent.project or project_of(resource) or "default",
        "service_name": services[0] if services else "",
        "resource_attributes": _texts(resource.attributes),
        "resource_attribute_type_codes": _types(resource.attributes),
        "resource_dropped_attributes_count": resource.dropped_attributes_count,
        "resource_schema_url": group.schema_url,
        "scope_name": scope.scope.name,
        "scope_version": scope.scope.version,
        "scope_attributes": _texts(scope.scope.attributes),
        "scope_attribute_type_codes": _types(scope.scope.attributes),
        "scope_dropped_attributes_count": scope.scope.dropped_attributes_count,
        "scope_schema_url": scope.schema_url,
        "received_at": clamped(sent.received_unix_nano),
    }


def _span(span: Any) -> Row:
    links = [link for link in span.links if len(link.trace_id) == 16 and len(link.span_id) == 8]
    lost = len(span.links) - len(links)
    return {
        "trace_id": span.trace_id.hex(),
        "span_id": span.span_id.hex(),
        "parent_span_id": hex_or_none(span.parent_span_id, 8),
        "trace_state": span.trace_state,
        "flags": span.flags,
        "name": span.name,
        "kind": _name(span.kind, KINDS),
        "start_time": clamped(span.start_time_unix_nano),
        "end_time": clamped(span.end_time_unix_nano),
        "duration_ns": max(0, span.end_time_unix_nano - span.start_time_unix_nano),
        "status_code": _name(span.status.code, STATUS_CODES),
        "status_message": span.status.message,
        "attributes": _texts(span.attributes),
        "attribute_type_codes": _types(span.attributes),
        "dropped_attributes_count": span.dropped_attributes_count,
        "events.time": [clamped(event.time_unix_nano) for event in span.events],
        "events.name": [event.name for event in span.events],
        "events.attributes": [_texts(event.attributes) for event in span.events],
        "events.attribute_type_codes": [_types(event.attributes) for event in span.events],
        "events.dropped_attributes_count": [event.dropped_attributes_count for event in span.events],
        "dropped_events_count": span.dropped_events_count,
        "links.trace_id": [link.trace_id.hex() for link in links],
        "links.span_id": [link.span_id.hex() for link in links],
        "links.trace_state": [link.trace_state for link in links],
        "links.flags": [link.flags for link in links],
        "links.attributes": [_texts(link.attributes) for link in links],
        "links.attribute_type_codes": [_types(link.attributes) for link in links],
        "links.dropped_attributes_count": [link.dropped_attributes_count for link in links],
        "dropped_links_count": min(COUNT_MAX, span.dropped_links_count + lost),
    }


def _log(record: Any, received_unix_nano: int) -> Row:
    if record.time_unix_nano:
        time, source = record.time_unix_nano, "time"
    elif record.observed_time_unix_nano:
        time, source = record.observed_time_unix_nano, "observed"
    else:
        time, source = received_unix_nano, "received"
    body_type, body = typed(record.body)
    return {
        "time": clamped(time),
        "time_source": source,
        "observed_time": clamped(record.observed_time_unix_nano),
        "trace_id": hex_or_none(record.trace_id, 16),
        "span_id": hex_or_none(record.span_id, 8),
        "flags": record.flags,
        "severity_number": record.severity_number,
        "severity_text": record.severity_text,
        "event_name": record.event_name,
        "body": body,
        "body_type": body_type,
        "attributes": _texts(record.attributes),
        "attribute_type_codes": _types(record.attributes),
        "dropped_attributes_count": record.dropped_attributes_count,
    }


_NO_POINT: Row = {
    **dict.fromkeys(("value_int", "count", "scale", "zero_count", "positive_offset", "negative_offset"), 0),
    **dict.fromkeys(("bucket_counts", "explicit_bounds", "positive_bucket_counts", "negative_bucket_counts"), ()),
    **dict.fromkeys(("quantile_values.quantile", "quantile_values.value"), ()),
    **dict.fromkeys(("value", "zero_threshold"), 0.0),
    **dict.fromkeys(("sum", "min", "max")),
    "aggregation_temporality": "",
    "is_monotonic": False,
    "value_type": "empty",
}


def _point(metric: Any, point: Any) -> Row:
    kind = metric.WhichOneof("data")
    data = getattr(metric, kind)
    row = {
        **_NO_POINT,
        "metric_name": metric.name,
        "metric_description": metric.description,
        "metric_unit": metric.unit,
        "metric_kind": kind,
        "metric_metadata": _texts(metric.metadata),
        "metric_metadata_type_codes": _types(metric.metadata),
        "start_time": clamped(point.start_time_unix_nano),
        "time": clamped(point.time_unix_nano),
        "attributes": _texts(point.attributes),
        "attribute_type_codes": _types(point.attributes),
        "flags": point.flags,
        **_exemplars([] if kind == "summary" else point.exemplars),
    }
    if kind in ("sum", "histogram", "exponential_histogram"):
        row["aggregation_temporality"] = _name(data.aggregation_temporality, TEMPORALITIES)
    if kind == "sum":
        row["is_monotonic"] = data.is_monotonic
    return {**row, **_VALUES[kind](point)}


def _number(point: Any) -> Row:
    """The value of a number point or of an exemplar: exact as an int, and as a double to calculate with."""
    which = point.WhichOneof("value")
    if which == "as_int":
        return {"value_type": "int", "value": float(point.as_int), "value_int": point.as_int}
    return {"value_type": "double" if which else "empty", "value": point.as_double, "value_int": 0}


def _range(point: Any) -> Row:
    optional = {name: getattr(point, name) if point.HasField(name) else None for name in ("sum", "min", "max")}
    return {"count": point.count, **optional}


def _histogram(point: Any) -> Row:
    buckets = {"bucket_counts": list(point.bucket_counts), "explicit_bounds": list(point.explicit_bounds)}
    return {**_range(point), **buckets}


def _exponential(point: Any) -> Row:
    return {
        **_range(point),
        "scale": point.scale,
        "zero_count": point.zero_count,
        "zero_threshold": point.zero_threshold,
        "positive_offset": point.positive.offset,
        "positive_bucket_counts": list(point.positive.bucket_counts),
        "negative_offset": point.negative.offset,
        "negative_bucket_counts": list(point.negative.bucket_counts),
    }


def _summary(point: Any) -> Row:
    return {
        "count": point.count,
        "sum": point.sum,
        "quantile_values.quantile": [item.quantile for item in point.quantile_values],
        "quantile_values.value": [item.value for item in point.quantile_values],
    }


_VALUES = {
    "gauge": _number,
    "sum": _number,
    "histogram": _histogram,
    "exponential_histogram": _exponential,
    "summary": _summary,
}


def _exemplars(exemplars: Iterable[Any]) -> Row:
    exemplars = list(exemplars)
    return {
        "exemplars.time": [clamped(item.time_unix_nano) for item in exemplars],
        "exemplars.value_type": [_number(item)["value_type"] for item in exemplars],
        "exemplars.value": [_number(item)["value"] for item in exemplars],
        "exemplars.value_int": [_number(item)["value_int"] for item in exemplars],
        "exemplars.trace_id": [hex_or_none(item.trace_id, 16) for item in exemplars],
        "exemplars.span_id": [hex_or_none(item.span_id, 8) for item in exemplars],
        "exemplars.filtered_attributes": [_texts(item.filtered_attributes) for item in exemplars],
        "exemplars.filtered_attribute_type_codes": [_types(item.filtered_attributes) for item in exemplars],
    }
