"""A trace of the API as an OTLP request in JSON, as any OTLP receiver takes it.

Owns that translation. What the collector derived stays behind: whoever receives it derives it anew. Log records are not
among a trace's spans and are not exported.

Source: opentelemetry-proto, "JSON Protobuf Encoding": ids in hex, 64-bit numbers as strings, enums as numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

_KINDS: Final = {"UNSPECIFIED": 0, "INTERNAL": 1, "SERVER": 2, "CLIENT": 3, "PRODUCER": 4, "CONSUMER": 5}
_STATUS: Final = {"UNSET": 0, "OK": 1, "ERROR": 2}


def export_request(trace: Mapping[str, Any]) -> dict[str, Any]:
    """ExportTraceServiceRequest: spans by resource and scope."""
    resources: dict[str, dict[tuple[str, str], list[dict[str, Any]]]] = {}
    for span in trace["spans"]:
        resource = json.dumps(span["resource_attributes"], sort_keys=True)
        scope = (span["scope_name"], span["scope_version"])
        resources.setdefault(resource, {}).setdefault(scope, []).append(_span(span))
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(json.loads(resource))},
                "scopeSpans": [
                    {"scope": {"name": name, "version": version}, "spans": spans}
                    for (name, version), spans in scopes.items()
                ],
            }
            for resource, scopes in resources.items()
        ]
    }


def _span(span: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "traceId": span["trace_id"],
        "spanId": span["span_id"],
        "parentSpanId": span["parent_span_id"],
        "traceState": span["trace_state"],
        "flags": span["flags"],
        "name": span["name"],
        "kind": _KINDS.get(span["kind"], 0),
        "startTimeUnixNano": str(span["start_time_unix_nano"]),
        "endTimeUnixNano": str(span["end_time_unix_nano"] or 0),
        "attributes": _attributes(span["attributes"]),
        "events": [
            {
                "timeUnixNano": str(event["time_unix_nano"]),
                "name": event["name"],
                "attributes": _attributes(event["attributes"]),
            }
            for event in span["events"]
        ],
        "links": [
            {
                "traceId": link["trace_id"],
                "spanId": link["span_id"],
                "traceState": link["trace_state"],
                "attributes": _attributes(link["attributes"]),
            }
            for link in span["links"]
        ],
        **_status(span),
    }


def _status(span: Mapping[str, Any]) -> dict[str, Any]:
    code, message = _STATUS.get(span["status_code"], 0), span["status_message"]
    return {"status": {"code": code, "message": message}} if code or message else {}


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": _attributes(value)}}
    return {}
