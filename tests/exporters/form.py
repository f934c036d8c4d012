"""Rows in the form in which exporters' programs write down what they exported (tests/js/normalise.mjs).

Owns the translation of rows of `spans`, `logs` and `metrics` into that form: OTLP's field names, ids in hex, enums as
numbers, times as text, attributes as {"type", "value"}.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tests.oracle import KINDS, STATUS_CODES, TEMPORALITIES
from tests.reconstruct import any_value, nested
from tests.tables import Row

Form = dict[str, Any]


def typed(value: AnyValue) -> Form:
    """An AnyValue with its type, members included."""
    which = value.WhichOneof("value")
    if which is None:
        return {"type": "empty", "value": None}
    kind = str(which).removesuffix("_value")
    plain = getattr(value, str(which))
    if kind == "bytes":
        plain = base64.b64encode(plain).decode()
    elif kind == "array":
        plain = [typed(element) for element in plain.values]
    elif kind == "kvlist":
        plain = {pair.key: typed(pair.value) for pair in plain.values}
    return {"type": kind, "value": plain}


def attributes(row: Row, name: str) -> Form:
    types = row[f"{name.removesuffix('s')}_type_codes"]
    return {key: typed(any_value(kind, text)) for (key, text), kind in zip(row[name], types, strict=True)}


def _carried(row: Row) -> Form:
    return {
        "scope": {
            "name": row["scope_name"],
            "version": row["scope_version"],
            "schema_url": row["scope_schema_url"],
            "attributes": attributes(row, "scope_attributes"),
        },
        "resource": attributes(row, "resource_attributes"),
    }


def span(row: Row) -> Form:
    return {
        "trace_id": row["trace_id"],
        "span_id": row["span_id"],
        "parent_span_id": row["parent_span_id"],
        "trace_state": row["trace_state"],
        "flags": row["flags"],
        "name": row["name"],
        "kind": KINDS.index(row["kind"]),
        "start_time_unix_nano": str(row["start_time"]),
        "end_time_unix_nano": str(row["end_time"]),
        "status": {"code": STATUS_CODES.index(row["status_code"]), "message": row["status_message"]},
        "attributes": attributes(row, "attributes"),
        "dropped_attributes_count": row["dropped_attributes_count"],
        "events": [
            {
                "time_unix_nano": str(event["time"]),
                "name": event["name"],
                "attributes": attributes(event, "attributes"),
                "dropped_attributes_count": event["dropped_attributes_count"],
            }
            for event in nested(row, "events")
        ],
        "dropped_events_count": row["dropped_events_count"],
        "links": [
            {
                **{name: link[name] for name in ("trace_id", "span_id", "trace_state", "flags")},
                "attributes": attributes(link, "attributes"),
                "dropped_attributes_count": link["dropped_attributes_count"],
            }
            for link in nested(row, "links")
        ],
        "dropped_links_count": row["dropped_links_count"],
        **_carried(row),
    }


def log(row: Row) -> Form:
    same = (
        "severity_number",
        "severity_text",
        "event_name",
        "dropped_attributes_count",
        "flags",
        "trace_id",
        "span_id",
    )
    return {
        "time_unix_nano": str(row["time"]) if row["time_source"] == "time" else "0",
        "observed_time_unix_nano": str(row["observed_time"]),
        "body": typed(any_value(row["body_type"], row["body"])),
        "attributes": attributes(row, "attributes"),
        "dropped_attributes_count": row["dropped_attributes_count"],
        **{name: row[name] for name in same},
        **_carried(row),
    }


def metrics(rows: Iterable[Row]) -> list[Form]:
    """Points gathered into their metrics."""
    found: dict[str, Form] = {}
    for row in rows:
        kind = row["metric_kind"]
        metric = {
            "name": row["metric_name"],
            "description": row["metric_description"],
            "unit": row["metric_unit"],
            "kind": kind,
            "aggregation_temporality": None if kind == "gauge" else TEMPORALITIES.index(row["aggregation_temporality"]),
            "is_monotonic": row["is_monotonic"] if kind == "sum" else None,
            **_carried(row),
        }
        key = json.dumps(metric, sort_keys=True)
        found.setdefault(key, {**metric, "data_points": []})["data_points"].append(_point(kind, row))
    return list(found.values())


def _point(kind: str, row: Row) -> Form:
    point = {
        "start_time_unix_nano": str(row["start_time"]),
        "time_unix_nano": str(row["time"]),
        "attributes": attributes(row, "attributes"),
        "exemplars": [
            {
                "time_unix_nano": str(each["time"]),
                "trace_id": each["trace_id"],
                "span_id": each["span_id"],
                "filtered_attributes": attributes(each, "filtered_attributes"),
                **_number(each),
            }
            for each in nested(row, "exemplars")
        ],
    }
    if kind in ("gauge", "sum"):
        return {**point, **_number(row)}
    point.update({name: row[name] for name in ("count", "sum", "min", "max")})
    if kind == "histogram":
        return {**point, "bucket_counts": row["bucket_counts"], "explicit_bounds": row["explicit_bounds"]}
    for side in ("positive", "negative"):
        point[side] = {"offset": row[f"{side}_offset"], "bucket_counts": row[f"{side}_bucket_counts"]}
    return {**point, "scale": row["scale"], "zero_count": row["zero_count"]}


def _number(row: Row) -> Form:
    return {"as_int": row["value_int"]} if row["value_type"] == "int" else {"as_double": row["value"]}


def in_order(forms: Iterable[Form]) -> list[Form]:
    """Sorted, with the points of each metric sorted too: neither order means anything."""
    return sorted(
        ({**form, "data_points": _sorted(form["data_points"])} if "data_points" in form else form for form in forms),
        key=lambda form: json.dumps(form, sort_keys=True),
    )


def _sorted(forms: list[Form]) -> list[Form]:
    return sorted(forms, key=lambda form: json.dumps(form["attributes"], sort_keys=True))


def assert_same(found: Iterable[Form], expected: Iterable[Form]) -> None:
    """Fail with the fields that differ, and not with two lists."""
    left, right = in_order(found), in_order(expected)
    assert len(left) == len(right), f"{len(left)} stored, {len(right)} exported"
    for one, other in zip(left, right, strict=True):
        names = [name for name in {**one, **other} if one.get(name, "absent") != other.get(name, "absent")]
        told = [
            f"{name}: {one.get(name, 'absent')!r} is stored, {other.get(name, 'absent')!r} was sent" for name in names
        ]
        assert not names, "\n".join(line[:2000] for line in told)
