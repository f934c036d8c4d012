"""One bad field of OTLP/JSON costs the item that it stands in; what belongs to no item is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanhouse_collector.errors import InvalidItems, MalformedRequest
from spanhouse_collector.otlp.json_decode import to_protobuf
from spanhouse_collector.otlp.refusals import Refusals
from spanhouse_collector.otlp.signals import LOGS, METRICS, SIGNALS, TRACES, Signal
from spanhouse_collector.otlp.validate import Checked, check

CASE = Path(__file__).parents[2] / "fixtures" / "cases" / "09-one-bad-json-field-refuses-the-batch"
NOW = "1795169340000000000"
BAD_VALUES: tuple[Any, ...] = (-1, "abc", 1.5, [], {}, True, "x" * 500, 2**70)


def span(number: int, **fields: Any) -> dict[str, Any]:
    return {"traceId": f"{number:032x}", "spanId": f"{number:016x}", "name": f"span {number}", **fields}


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {"timeUnixNano": NOW, "eventName": f"record {number}", **fields}


def point(number: int, **fields: Any) -> dict[str, Any]:
    return {"timeUnixNano": NOW, "asInt": number, **fields}


def metric(*points: Any, kind: str = "gauge", **fields: Any) -> dict[str, Any]:
    return {"name": "m", kind: {"dataPoints": list(points), **({"aggregationTemporality": 2} if kind == "sum" else {})},
            **fields}  # fmt: skip


GROUPS = {
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}


def scope(signal: Signal, *items: Any, **fields: Any) -> dict[str, Any]:
    return {GROUPS[signal.name][2]: list(items), **fields}


def resource(signal: Signal, *scopes: Any, **fields: Any) -> dict[str, Any]:
    return {GROUPS[signal.name][1]: list(scopes), **fields}


def outcome(signal: Signal, *resources: Any) -> Checked:
    refusals = Refusals()
    body = json.dumps({GROUPS[signal.name][0]: list(resources)}).encode()
    return check(signal, to_protobuf(signal, body, refusals), refusals)


def names_of(checked: Checked) -> list[str]:
    request: Any = TRACES.request_class.FromString(checked.payload)
    return [span.name for group in request.resource_spans for scope in group.scope_spans for span in scope.spans]


def test_the_case_of_the_field_stores_the_good_span() -> None:
    refusals = Refusals()
    found = check(TRACES, to_protobuf(TRACES, (CASE / "request.json").read_bytes(), refusals), refusals)
    assert (found.accepted, found.rejected, names_of(found)) == (1, 1, ["good"])
    assert found.message == (
        "1 span refused: resourceSpans[0].scopeSpans[0].spans[0].droppedAttributesCount: -1 is outside 0 … 4294967295"
    )


SPAN_FAULTS: list[tuple[dict[str, Any], str]] = [
    ({"droppedAttributesCount": -1}, ".droppedAttributesCount: -1 is outside"),
    ({"kind": "SERVER"}, ".kind: 'SERVER' is not a SpanKind"),
    ({"name": 7}, ".name: expected a string"),
    ({"traceId": 7}, ".traceId: expected hex digits"),
    ({"startTimeUnixNano": "soon"}, ".startTimeUnixNano: 'soon' is not an integer"),
    ({"status": "OK"}, ".status: expected an object"),
    ({"status": {"code": "BAD"}}, ".status.code: 'BAD' is not a StatusCode"),
    ({"attributes": {"a": 1}}, ".attributes: expected a list"),
    ({"attributes": [{"key": "k", "value": {"doubleValue": "abc"}}]}, ".attributes[0].value.doubleValue: 'abc'"),
    ({"attributes": [{"key": "k", "value": {"bytesValue": "*"}}]}, ".attributes[0].value.bytesValue: '*'"),
    ({"attributes": [{"key": "k", "value": "v"}]}, ".attributes[0].value: expected an object"),
    ({"attributes": [{"key": "k", "value": {"arrayValue": {"values": [{"intValue": "x"}]}}}]}, "values[0].intValue"),
    ({"events": [{}, {"timeUnixNano": []}]}, ".events[1].timeUnixNano: [] is not an integer"),
    ({"links": [{"flags": -2}]}, ".links[0].flags: -2 is outside"),
]


@pytest.mark.parametrize(("fields", "told"), SPAN_FAULTS)
def test_a_bad_field_of_a_span_costs_that_span(fields: dict[str, Any], told: str) -> None:
    bad = {**span(2), **fields}
    found = outcome(TRACES, resource(TRACES, scope(TRACES, span(1), bad, span(3)), scope(TRACES, span(4))))
    assert (found.accepted, found.rejected) == (3, 1)
    assert names_of(found) == ["span 1", "span 3", "span 4"]
    assert "resourceSpans[0].scopeSpans[0].spans[1]" in found.message
    assert told in found.message


@pytest.mark.parametrize("item", [None, 1, "span", [], True])
@pytest.mark.parametrize("signal", [TRACES, LOGS], ids=["traces", "logs"])
def test_what_is_no_object_costs_its_place(signal: Signal, item: Any) -> None:
    good = {"traces": span(1), "logs": record(1)}[signal.name]
    found = outcome(signal, resource(signal, scope(signal, item, good)))
    assert (found.accepted, found.rejected) == (1, 1)
    assert "[0]: expected an object" in found.message


def test_a_value_that_nests_too_deeply_costs_its_span_and_the_deepest_allowed_is_stored() -> None:
    for kind, allowed in (("kvlistValue", 31), ("arrayValue", 47)):
        spans = []
        for number, depth in enumerate((allowed, allowed + 1, 150), 1):
            value: Any = {"stringValue": "deep"}
            for _ in range(depth):
                value = {kind: {"values": [{"key": "k", "value": value} if kind == "kvlistValue" else value]}}
            spans.append(span(number, attributes=[{"key": "a", "value": value}]))
        found = outcome(TRACES, resource(TRACES, scope(TRACES, *spans)))
        assert (found.accepted, found.rejected, names_of(found)) == (1, 2, ["span 1"])
        assert "nested deeper" in found.message


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"severityNumber": "LOUD"}, ".severityNumber: 'LOUD' is not a SeverityNumber"),
        ({"body": "text"}, ".body: expected an object"),
        ({"flags": 2**32}, ".flags: 4294967296 is outside"),
        ({"attributes": 1}, ".attributes: expected a list"),
    ],
)
def test_a_bad_field_of_a_log_record_costs_that_record(fields: dict[str, Any], told: str) -> None:
    found = outcome(LOGS, resource(LOGS, scope(LOGS, record(1, **fields), record(2))))
    assert (found.accepted, found.rejected) == (1, 1)
    assert f"resourceLogs[0].scopeLogs[0].logRecords[0]{told}" in found.message


@pytest.mark.parametrize("kind", ["gauge", "sum", "histogram", "exponentialHistogram", "summary"])
def test_a_bad_field_of_a_data_point_costs_that_point(kind: str) -> None:
    bad = {"timeUnixNano": NOW, "flags": -1}
    good = {"timeUnixNano": NOW, **({"asInt": 1} if kind in ("gauge", "sum") else {"count": 1})}
    temporality = {"aggregationTemporality": 2} if kind in ("sum", "histogram", "exponentialHistogram") else {}
    made = {"name": "m", kind: {"dataPoints": [good, bad, good], **temporality}}
    found = outcome(METRICS, resource(METRICS, scope(METRICS, made)))
    assert (found.accepted, found.rejected) == (2, 1)
    assert f"resourceMetrics[0].scopeMetrics[0].metrics[0].{kind}.dataPoints[1].flags: -1" in found.message


@pytest.mark.parametrize(
    ("made", "path"),
    [
        (metric(point(1), point(2), unit=5), "metrics[0].unit: expected a string"),
        (metric(point(1), point(2, flags=-1), kind="sum") | {"name": 1}, "metrics[0].name: expected a string"),
        ({"name": "m", "sum": {"dataPoints": [point(1), point(2)], "aggregationTemporality": "BAD"}},
         "metrics[0].sum.aggregationTemporality: 'BAD'"),
        ({"name": "m", "gauge": {"dataPoints": {"0": point(1)}, "x": 1}, "sum": {"dataPoints": [point(1)]}, "unit": 1},
         "metrics[0]"),
    ],
)  # fmt: skip
def test_a_fault_of_a_metric_costs_its_points_once(made: dict[str, Any], path: str) -> None:
    found = outcome(METRICS, resource(METRICS, scope(METRICS, made, metric(point(3)))))
    assert (found.accepted, found.rejected) == (1, 2)
    assert path in found.message


@pytest.mark.parametrize("bad", [{"scope": "lib"}, {"scope": {"name": 1}}, {"schemaUrl": []}])
def test_a_fault_of_a_scope_costs_its_items_and_no_others(bad: dict[str, Any]) -> None:
    scopes = [scope(TRACES, span(1), span(2, flags=-1), **bad), scope(TRACES, span(3))]
    found = outcome(TRACES, resource(TRACES, *scopes), resource(TRACES, scope(TRACES, span(4))))
    assert (found.accepted, found.rejected, names_of(found)) == (2, 2, ["span 3", "span 4"])
    assert "resourceSpans[0].scopeSpans[0]." in found.message


@pytest.mark.parametrize("bad", [{"resource": 1}, {"resource": {"attributes": {}}}, {"schemaUrl": 0}])
def test_a_fault_of_a_resource_costs_its_items_and_no_others(bad: dict[str, Any]) -> None:
    bad_one = resource(TRACES, scope(TRACES, span(1)), scope(TRACES, span(2), span(3)), **bad)
    found = outcome(TRACES, bad_one, resource(TRACES, scope(TRACES, span(4))))
    assert (found.accepted, found.rejected, names_of(found)) == (1, 3, ["span 4"])
    assert "resourceSpans[0]." in found.message


def test_items_that_are_no_list_are_refused_and_counted() -> None:
    found = outcome(TRACES, resource(TRACES, {"spans": span(1)}), resource(TRACES, scope(TRACES, span(2))))
    assert (found.accepted, found.rejected) == (1, 1)
    assert "resourceSpans[0].scopeSpans[0].spans: expected a list, got a JSON object" in found.message


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_fault_that_belongs_to_no_item_is_told_and_costs_no_item(signal: Signal) -> None:
    good = {"traces": span(1), "logs": record(1), "metrics": metric(point(1))}[signal.name]
    found = outcome(signal, resource(signal, resource=7), resource(signal, scope(signal, good)))
    assert (found.accepted, found.rejected) == (1, 0)
    assert f"{GROUPS[signal.name][0]}[0].resource: expected an object" in found.message
    with pytest.raises(InvalidItems, match=r"\[0\]\.resource: expected an object"):
        outcome(signal, resource(signal, resource=7))


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_fault_outside_every_group_is_of_the_whole_request(signal: Signal) -> None:
    key = GROUPS[signal.name][0]
    with pytest.raises(MalformedRequest, match=f"{key}: expected a list, got a JSON object"):
        to_protobuf(signal, json.dumps({key: {}}).encode(), Refusals())


def test_when_every_item_is_bad_the_request_is_refused() -> None:
    with pytest.raises(InvalidItems, match="2 spans refused"):
        outcome(TRACES, resource(TRACES, scope(TRACES, span(1, flags=-1), span(2, kind=[]))))


def test_of_many_faults_a_few_are_told_and_all_are_counted() -> None:
    spans = [span(number, flags=-1) for number in range(1, 101)]
    found = outcome(TRACES, resource(TRACES, scope(TRACES, *spans, span(200))))
    assert (found.accepted, found.rejected) == (1, 100)
    assert found.message.startswith("100 spans refused: resourceSpans[0].scopeSpans[0].spans[0].flags")
    assert found.message.endswith("and 97 more")


def test_faults_of_the_json_and_of_ids_are_counted_together() -> None:
    found = outcome(TRACES, resource(TRACES, scope(TRACES, span(1, flags=-1), span(2, traceId="short"), span(3))))
    assert (found.accepted, found.rejected) == (1, 2)
    assert found.message.startswith("2 spans refused: ")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(BAD_VALUES)), min_size=1, max_size=6))
def test_exactly_the_good_spans_are_stored(drawn: list[tuple[bool, Any]]) -> None:
    spans = [
        span(number, **({"status": bad if not isinstance(bad, dict) else []} if is_bad else {}))
        for number, (is_bad, bad) in enumerate(drawn, 1)
    ]
    good = [f"span {number}" for number, (is_bad, _bad) in enumerate(drawn, 1) if not is_bad]
    if not good:
        with pytest.raises(InvalidItems):
            outcome(TRACES, resource(TRACES, scope(TRACES, *spans)))
        return
    found = outcome(TRACES, resource(TRACES, scope(TRACES, *spans)))
    assert names_of(found) == good
    assert found.rejected == len(spans) - len(good)


def test_without_a_place_for_refusals_the_first_fault_raises() -> None:
    body = {"resourceSpans": [resource(TRACES, scope(TRACES, span(1, flags=-1)))]}
    with pytest.raises(MalformedRequest, match=r"spans\[0\]\.flags: -1"):
        to_protobuf(TRACES, json.dumps(body).encode())
