"""OTLP out of rows: the proof that storing loses nothing.

Owns the way back from rows of `spans`, `logs` and `metrics` to protobuf items, and the same items taken from what was
sent, with the few documented differences applied. Two `Item`s are equal exactly when no information was lost.

Documented differences: a link whose ids have the wrong length is dropped and counted, an invalid parent, log or
exemplar id is absent, times end in 2262, a value that is absent and one that is empty are the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Exemplar, Metric, SummaryDataPoint
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from spanhouse_collector.otlp.signals import LOGS, TRACES, Signal
from tests.oracle import COUNT_MAX, KINDS, STATUS_CODES, TEMPORALITIES, clamped, walk
from tests.tables import Row, Sent


@dataclass(frozen=True, order=True)
class Item:
    """A span, log record or data point (as a metric of one point) with its resource and scope, serialised."""

    item: bytes
    resource: bytes
    resource_schema_url: str
    scope: bytes
    scope_schema_url: str


# --- from rows


def items_of_rows(signal: Signal, rows: Iterable[Row]) -> list[Item]:
    """The items that rows stand for, sorted."""
    make = {"traces": _span, "logs": _log, "metrics": _metric}[signal.name]
    return sorted(
        Item(
            _bytes(make(row)),
            _bytes(
                Resource(
                    attributes=_attributes(row, "resource_attributes"),
                    dropped_attributes_count=row["resource_dropped_attributes_count"],
                )
            ),
            row["resource_schema_url"],
            _bytes(
                InstrumentationScope(
                    name=row["scope_name"],
                    version=row["scope_version"],
                    attributes=_attributes(row, "scope_attributes"),
                    dropped_attributes_count=row["scope_dropped_attributes_count"],
                )
            ),
            row["scope_schema_url"],
        )
        for row in rows
    )


def any_value(kind: str, text: str) -> AnyValue:
    """An AnyValue from its type and its text."""
    if kind == "string":
        return AnyValue(string_value=text)
    if kind == "bool":
        return AnyValue(bool_value={"true": True, "false": False}[text])
    if kind == "int":
        return AnyValue(int_value=int(text))
    if kind == "double":
        return AnyValue(double_value=float(text))
    if kind == "bytes":
        return AnyValue(bytes_value=base64.b64decode(text, validate=True))
    if kind == "any":
        return json_format.ParseDict(json.loads(text), AnyValue())
    if kind == "empty":
        assert text == ""
        return AnyValue()
    assert kind in ("array", "nested_array", "kvlist"), kind
    value = json.loads(text)
    if kind == "array":
        return AnyValue(array_value=ArrayValue(values=[_element(element) for element in value]))
    return _from_plain(value)


def _element(value: Any) -> AnyValue:
    """An element of a flat array; an object is a double that JSON cannot write."""
    if isinstance(value, dict):
        return AnyValue(double_value=float(value["doubleValue"]))
    return _from_plain(value)


def _from_plain(value: Any) -> AnyValue:
    if value is None:
        return AnyValue()
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, str):
        return AnyValue(string_value=value)
    if isinstance(value, list):
        return AnyValue(array_value=ArrayValue(values=[_from_plain(element) for element in value]))
    pairs = [KeyValue(key=key, value=_from_plain(element)) for key, element in value.items()]
    return AnyValue(kvlist_value=KeyValueList(values=pairs))


def _attributes(row: Row, name: str) -> list[KeyValue]:
    return _pairs(row[name], row[f"{name.removesuffix('s')}_type_codes"])


def _pairs(texts: Iterable[tuple[str, str]], types: Iterable[str]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(kind, text)) for (key, text), kind in zip(texts, types, strict=True)]


def nested(row: Row, name: str) -> list[Row]:
    """The rows of a Nested column."""
    columns = {column.removeprefix(f"{name}."): row[column] for column in row if column.startswith(f"{name}.")}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _number(text: str, names: tuple[str, ...]) -> Any:
    return names.index(text) if text in names else int(text)


def _span(row: Row) -> Span:
    span = Span(
        trace_id=bytes.fromhex(row["trace_id"]),
        span_id=bytes.fromhex(row["span_id"]),
        parent_span_id=bytes.fromhex(row["parent_span_id"]),
        trace_state=row["trace_state"],
        flags=row["flags"],
        name=row["name"],
        kind=_number(row["kind"], KINDS),
        start_time_unix_nano=row["start_time"],
        end_time_unix_nano=row["end_time"],
        attributes=_attributes(row, "attributes"),
        dropped_attributes_count=row["dropped_attributes_count"],
        events=[
            Span.Event(
                time_unix_nano=event["time"],
                name=event["name"],
                attributes=_attributes(event, "attributes"),
                dropped_attributes_count=event["dropped_attributes_count"],
            )
            for event in nested(row, "events")
        ],
        dropped_events_count=row["dropped_events_count"],
        links=[
            Span.Link(
                trace_id=bytes.fromhex(link["trace_id"]),
                span_id=bytes.fromhex(link["span_id"]),
                trace_state=link["trace_state"],
                flags=link["flags"],
                attributes=_attributes(link, "attributes"),
                dropped_attributes_count=link["dropped_attributes_count"],
            )
            for link in nested(row, "links")
        ],
        dropped_links_count=row["dropped_links_count"],
    )
    span.status.code = _number(row["status_code"], STATUS_CODES)
    span.status.message = row["status_message"]
    return span


def _log(row: Row) -> LogRecord:
    return LogRecord(
        time_unix_nano=row["time"] if row["time_source"] == "time" else 0,
        observed_time_unix_nano=row["observed_time"],
        severity_number=row["severity_number"],
        severity_text=row["severity_text"],
        body=any_value(row["body_type"], row["body"]),
        attributes=_attributes(row, "attributes"),
        dropped_attributes_count=row["dropped_attributes_count"],
        flags=row["flags"],
        trace_id=bytes.fromhex(row["trace_id"]),
        span_id=bytes.fromhex(row["span_id"]),
        event_name=row["event_name"],
    )


def _metric(row: Row) -> Metric:
    kind = row["metric_kind"]
    metric = Metric(
        name=row["metric_name"],
        description=row["metric_description"],
        unit=row["metric_unit"],
        metadata=_attributes(row, "metric_metadata"),
    )
    data = getattr(metric, kind)
    if row["aggregation_temporality"]:
        data.aggregation_temporality = _number(row["aggregation_temporality"], TEMPORALITIES)
    if kind == "sum":
        data.is_monotonic = row["is_monotonic"]
    point = data.data_points.add(
        attributes=_attributes(row, "attributes"),
        start_time_unix_nano=row["start_time"],
        time_unix_nano=row["time"],
        flags=row["flags"],
    )
    if kind in ("gauge", "sum"):
        _set_value(point, row)
    else:
        _set_distribution(kind, point, row)
    if kind != "summary":
        point.exemplars.extend(_exemplar(exemplar) for exemplar in nested(row, "exemplars"))
    return metric


def _set_value(target: Any, row: Row) -> None:
    """The value of a number point or an exemplar."""
    if row["value_type"] == "int":
        target.as_int = row["value_int"]
    elif row["value_type"] == "double":
        target.as_double = row["value"]


def _set_distribution(kind: str, point: Any, row: Row) -> None:
    point.count = row["count"]
    for name in ("sum",) if kind == "summary" else ("sum", "min", "max"):
        if row[name] is not None:
            setattr(point, name, row[name])
    if kind == "histogram":
        point.bucket_counts.extend(row["bucket_counts"])
        point.explicit_bounds.extend(row["explicit_bounds"])
    elif kind == "summary":
        point.quantile_values.extend(
            SummaryDataPoint.ValueAtQuantile(**each) for each in nested(row, "quantile_values")
        )
    else:
        point.scale = row["scale"]
        point.zero_count = row["zero_count"]
        point.zero_threshold = row["zero_threshold"]
        for side in ("positive", "negative"):
            getattr(point, side).offset = row[f"{side}_offset"]
            getattr(point, side).bucket_counts.extend(row[f"{side}_bucket_counts"])


def _exemplar(row: Row) -> Exemplar:
    exemplar = Exemplar(
        time_unix_nano=row["time"],
        trace_id=bytes.fromhex(row["trace_id"]),
        span_id=bytes.fromhex(row["span_id"]),
        filtered_attributes=_attributes(row, "filtered_attributes"),
    )
    _set_value(exemplar, row)
    return exemplar


# --- from what was sent


def items_of_sent(signal: Signal, sent: Iterable[Sent]) -> list[Item]:
    """The items of requests that are not refused, as they should come back, sorted."""
    items: list[Item] = []
    for each in sent:
        for group, scope, sent_item, sent_metric in walk(signal, each.request):
            item = type(sent_item)()
            item.CopyFrom(sent_item)
            if signal is TRACES:
                _normalise_span(item)
            elif signal is LOGS:
                _normalise_log(item)
            else:
                item = _normalised_metric(sent_metric, item)
            resource = _bytes(group.resource)
            items.append(Item(_bytes(item), resource, group.schema_url, _bytes(scope.scope), scope.schema_url))
    return sorted(items)


def _normalise_span(span: Any) -> None:
    span.start_time_unix_nano = clamped(span.start_time_unix_nano)
    span.end_time_unix_nano = clamped(span.end_time_unix_nano)
    span.parent_span_id = _valid_id(span.parent_span_id, 8)
    for event in span.events:
        event.time_unix_nano = clamped(event.time_unix_nano)
    links = [link for link in span.links if len(link.trace_id) == 16 and len(link.span_id) == 8]
    span.dropped_links_count = min(COUNT_MAX, span.dropped_links_count + len(span.links) - len(links))
    del span.links[:]
    span.links.extend(links)
    span.status.SetInParent()


def _normalise_log(record: Any) -> None:
    record.time_unix_nano = clamped(record.time_unix_nano)
    record.observed_time_unix_nano = clamped(record.observed_time_unix_nano)
    record.trace_id = _valid_id(record.trace_id, 16)
    record.span_id = _valid_id(record.span_id, 8)
    record.body.SetInParent()


def _normalised_metric(sent_metric: Any, point: Any) -> Metric:
    """The metric with this one point."""
    metric = Metric()
    metric.CopyFrom(sent_metric)
    point.start_time_unix_nano = clamped(point.start_time_unix_nano)
    point.time_unix_nano = clamped(point.time_unix_nano)
    kind = metric.WhichOneof("data")
    for exemplar in point.exemplars if kind != "summary" else ():
        exemplar.time_unix_nano = clamped(exemplar.time_unix_nano)
        exemplar.trace_id = _valid_id(exemplar.trace_id, 16)
        exemplar.span_id = _valid_id(exemplar.span_id, 8)
    if kind == "exponential_histogram":
        point.positive.SetInParent()
        point.negative.SetInParent()
    data: Any = getattr(metric, str(kind))
    del data.data_points[:]
    data.data_points.append(point)
    return metric


def _valid_id(value: bytes, size: int) -> bytes:
    return value if len(value) == size and any(value) else b""


def _bytes(message: Message) -> bytes:
    """Deterministic bytes in which an absent and an empty attribute value are the same."""
    copy = type(message)()
    copy.CopyFrom(message)
    todo: list[Any] = [copy]
    while todo:
        each = todo.pop()
        if isinstance(each, KeyValue):
            each.value.SetInParent()
        for field, value in each.ListFields():
            if field.message_type is not None:
                todo.extend(value if field.is_repeated else [value])
    return copy.SerializeToString(deterministic=True)
