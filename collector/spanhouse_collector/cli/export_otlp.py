"""Rows of `spans`, `logs` and `metrics` as OTLP requests in JSON, as any OTLP receiver takes them.

Owns which columns are read and the way back from them to what was sent: types of values, dropped counts, schema URLs,
scopes, exemplars. What the collector derived stays behind: whoever receives it derives it anew. A value that is its
field's default is left out, as protobuf does. Leaves values of attributes to `export_otlp_values`, points to
`export_otlp_points`, which rows to `export_pages`.

Source: opentelemetry-proto, "JSON Protobuf Encoding": ids in hex, 64-bit numbers as strings, enums as numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from spanhouse_collector.cli.export_otlp_points import METRIC_COLUMNS, metric_of, point_of
from spanhouse_collector.cli.export_otlp_values import any_value, attributes, enum_number, pairs, without_defaults

REQUEST_ITEMS: Final = 1_000  # of a line; a receiver answers, and repeats, a request as a whole
REQUEST_BYTES: Final = 2 << 20  # of rows in a line: with what JSON adds, far below the 20 MiB of other receivers
_KINDS: Final = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_STATUS: Final = ("UNSET", "OK", "ERROR")
Row = Mapping[str, Any]
_RESOURCE: Final = (
    "mapKeys(resource_attributes), mapValues(resource_attributes), resource_attribute_type_codes, "
    "resource_dropped_attributes_count, resource_schema_url"
)
_SCOPE: Final = (
    "mapKeys(scope_attributes), mapValues(scope_attributes), scope_attribute_type_codes, "
    "scope_dropped_attributes_count, scope_schema_url, scope_name, scope_version"
)
# As one text each: the few resources and scopes of many rows are compared often and read once.
_ORIGIN: Final = (f"toJSONString(tuple({_RESOURCE})) AS resource", f"toJSONString(tuple({_SCOPE})) AS scope")
_SPAN_COLUMNS: Final = (
    "trace_id, span_id, parent_span_id, trace_state, flags, name, kind, status_code, status_message",
    "toUnixTimestamp64Nano(start_time) AS start, toUnixTimestamp64Nano(end_time) AS end",
    pairs("attributes"),
    "dropped_attributes_count, dropped_events_count, dropped_links_count",
    "arrayMap(x -> toUnixTimestamp64Nano(x), `events.time`) AS events_time, `events.name` AS events_name",
    pairs("events.attributes", is_nested=True),
    "`events.dropped_attributes_count` AS events_dropped",
    "`links.trace_id` AS links_trace_id, `links.span_id` AS links_span_id, `links.trace_state` AS links_trace_state",
    "`links.flags` AS links_flags, `links.dropped_attributes_count` AS links_dropped",
    pairs("links.attributes", is_nested=True),
)
_LOG_COLUMNS: Final = (
    "if(time_source = 'time', toUnixTimestamp64Nano(time), 0) AS start",
    "toUnixTimestamp64Nano(observed_time) AS observed, trace_id, span_id, flags, severity_number, severity_text",
    "event_name, body, body_type, dropped_attributes_count",
    pairs("attributes"),
)


def _span(row: Row) -> dict[str, Any]:
    status = {"code": enum_number(row["status_code"], _STATUS), "message": row["status_message"]}
    return without_defaults(
        {
            "traceId": row["trace_id"],
            "spanId": row["span_id"],
            "traceState": row["trace_state"],
            "parentSpanId": row["parent_span_id"],
            "flags": row["flags"],
            "name": row["name"],
            "kind": enum_number(row["kind"], _KINDS),
            "startTimeUnixNano": _time(row["start"]),
            "endTimeUnixNano": _time(row["end"]),
            "attributes": attributes(row, "attributes"),
            "droppedAttributesCount": row["dropped_attributes_count"],
            "events": _events(row) if row["events_time"] else None,
            "droppedEventsCount": row["dropped_events_count"],
            "links": _links(row) if row["links_trace_id"] else None,
            "droppedLinksCount": row["dropped_links_count"],
            "status": without_defaults(status),
        }
    )


def _events(row: Row) -> list[dict[str, Any]]:
    return [
        without_defaults(
            {
                "timeUnixNano": _time(time_unix_nano),
                "name": row["events_name"][index],
                "attributes": attributes(row, "events_attributes", index),
                "droppedAttributesCount": row["events_dropped"][index],
            }
        )
        for index, time_unix_nano in enumerate(row["events_time"])
    ]


def _links(row: Row) -> list[dict[str, Any]]:
    return [
        without_defaults(
            {
                "traceId": trace_id,
                "spanId": row["links_span_id"][index],
                "traceState": row["links_trace_state"][index],
                "attributes": attributes(row, "links_attributes", index),
                "droppedAttributesCount": row["links_dropped"][index],
                "flags": row["links_flags"][index],
            }
        )
        for index, trace_id in enumerate(row["links_trace_id"])
    ]


def _record(row: Row) -> dict[str, Any]:
    body = any_value(row["body_type"], row["body"])
    return without_defaults(
        {
            "timeUnixNano": _time(row["start"]),
            "observedTimeUnixNano": _time(row["observed"]),
            "severityNumber": row["severity_number"],
            "severityText": row["severity_text"],
            "body": body,
            "attributes": attributes(row, "attributes"),
            "droppedAttributesCount": row["dropped_attributes_count"],
            "flags": row["flags"],
            "traceId": row["trace_id"],
            "spanId": row["span_id"],
            "eventName": row["event_name"],
        }
    )


def _time(unix_nano: int) -> str | None:
    return str(unix_nano) if unix_nano else None


@dataclass(frozen=True)
class Form:
    """How a signal's rows are read and written; points stand in metrics besides."""

    table: str
    time: str
    noun: str
    columns: str
    groups: str
    scopes: str
    items: str
    item: Callable[[Row], dict[str, Any]]
    is_metric: bool = False


FORMS: Final = {
    "traces": Form(
        table="spans",
        time="start_time",
        noun="spans",
        columns=", ".join((*_ORIGIN, *_SPAN_COLUMNS)),
        groups="resourceSpans",
        scopes="scopeSpans",
        items="spans",
        item=_span,
    ),
    "logs": Form(
        table="logs",
        time="time",
        noun="log records",
        columns=", ".join((*_ORIGIN, *_LOG_COLUMNS)),
        groups="resourceLogs",
        scopes="scopeLogs",
        items="logRecords",
        item=_record,
    ),
    "metrics": Form(
        table="metrics",
        time="time",
        noun="data points",
        columns=", ".join((*_ORIGIN, *METRIC_COLUMNS)),
        groups="resourceMetrics",
        scopes="scopeMetrics",
        items="metrics",
        item=point_of,
        is_metric=True,
    ),
}


def request_lines(form: Form, rows: Iterable[bytes]) -> Iterator[bytes]:
    """Rows, each an object of JSON, as export requests of a bounded size, each a line."""
    request = _Request(form)
    for row in rows:
        request.add(row)
        if request.count >= REQUEST_ITEMS or request.size_bytes >= REQUEST_BYTES:
            yield request.line()
            request = _Request(form)
    if request.count:
        yield request.line()


class _Request:
    """One export request: its items by resource, scope and, for points, metric."""

    def __init__(self, form: Form) -> None:
        self.count = 0
        self.size_bytes = 0
        self._form = form
        self._groups: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self._metrics: dict[tuple[str, str, bytes], list[dict[str, Any]]] = {}

    def add(self, line: bytes) -> None:
        """Take in a row."""
        row = orjson.loads(line)
        resource, scope = row["resource"], row["scope"]
        items = self._groups.setdefault(resource, {}).setdefault(scope, [])
        item = self._form.item(row)
        if self._form.is_metric:
            metric, points = metric_of(row)
            key = (resource, scope, orjson.dumps(metric))
            if key not in self._metrics:
                self._metrics[key] = points
                items.append(metric)
            items = self._metrics[key]
        items.append(item)
        self.count += 1
        self.size_bytes += len(line)

    def line(self) -> bytes:
        """The request and a line feed."""
        form = self._form
        groups = [
            {
                **_resource(orjson.loads(resource)),
                form.scopes: [{**_scope(orjson.loads(scope)), form.items: items} for scope, items in scopes.items()],
            }
            for resource, scopes in self._groups.items()
        ]
        return orjson.dumps({form.groups: groups}, option=orjson.OPT_APPEND_NEWLINE)


def _resource(read: Sequence[Any]) -> dict[str, Any]:
    keys, texts, types, dropped, schema_url = read
    resource = without_defaults(
        {"attributes": attributes({"a_k": keys, "a_v": texts, "a_t": types}, "a"), "droppedAttributesCount": dropped}
    )
    return without_defaults({"schemaUrl": schema_url, "resource": resource})


def _scope(read: Sequence[Any]) -> dict[str, Any]:
    keys, texts, types, dropped, schema_url, name, version = read
    scope = without_defaults(
        {
            "name": name,
            "version": version,
            "attributes": attributes({"a_k": keys, "a_v": texts, "a_t": types}, "a"),
            "droppedAttributesCount": dropped,
        }
    )
    return without_defaults({"schemaUrl": schema_url, "scope": scope})
