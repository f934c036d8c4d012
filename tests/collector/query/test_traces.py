"""One trace, read back from the tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from spanhouse_collector.errors import NotFound, RequestTooLarge
from spanhouse_collector.otlp.signals import LOGS, TRACES
from spanhouse_collector.query import spans as spans_module
from spanhouse_collector.query.connections import Connections
from spanhouse_collector.query.span_columns import NUMBERS
from spanhouse_collector.query.traces import TraceReader
from tests.builders import START_UNIX_NANO, any_value, attributes, logs, make_span, span_id, trace_id, traces
from tests.collector.model.rows import EPOCH_NS, MS, llm, row
from tests.collector.storage.trace_cases import TRACE, put
from tests.tables import Store

CHAT = '[{"role": "user", "parts": [{"type": "text", "content": "How far is the moon?"}]}]'
ANSWER = '[{"role": "assistant", "parts": [{"type": "text", "content": "Far."}], "finish_reason": "stop"}]'


@pytest.fixture
def reader(store: Store) -> Iterator[TraceReader]:
    connections = Connections(store.engine, reads_max=2)
    yield TraceReader(connections)
    assert connections.close()


def test_everything_that_was_sent_comes_back_typed(store: Store, reader: TraceReader) -> None:
    values = {"text": "x", "int": 5, "double": 1.5, "nan": math.inf, "bool": True, "list": [1, 2], "bytes": b"\x00\xff"}
    told = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": CHAT, "gen_ai.output.messages": ANSWER}
    span = make_span("chat", number=7, attributes={**values, **told}, trace_state="a=b", flags=1)
    span.events.add(name="exception", time_unix_nano=START_UNIX_NANO + 1, attributes=attributes({"k": 1}))
    span.links.add(trace_id=trace_id(9), span_id=span_id(8), trace_state="s=t", attributes=attributes({"l": False}))
    span.status.code = Status.STATUS_CODE_ERROR
    span.status.message = "it broke"
    record = LogRecord(
        body=any_value({"content": "said"}), event_name="gen_ai.user.message", trace_id=trace_id(7), span_id=span_id(7)
    )
    store.insert(LOGS, logs(record))
    store.insert(TRACES, traces(span, resource={"service.name": "app", "deployment.environment.name": "prod"}))
    trace = reader.read(trace_id(7).hex())
    (found,) = trace["spans"]
    assert {key: found["attributes"][key] for key in values} == values
    assert found["resource_attributes"] == {"service.name": "app", "deployment.environment.name": "prod"}
    assert found["events"] == [{"name": "exception", "time_unix_nano": START_UNIX_NANO + 1, "attributes": {"k": 1}}]
    assert found["links"] == [
        {"trace_id": trace_id(9).hex(), "span_id": span_id(8).hex(), "trace_state": "s=t", "attributes": {"l": False}}
    ]
    expected = {
        "trace_id": trace_id(7).hex(),
        "span_type": "LLM",
        "status_code": "ERROR",
        "status_message": "it broke",
        "is_error": True,
        "state": "ERROR",
        "trace_state": "a=b",
        "start_time": "2026-11-18T11:06:40.123456789Z",
        "start_time_unix_nano": START_UNIX_NANO,
        "input_text": "How far is the moon?",
        "environment": "prod",
    }
    assert {key: found[key] for key in expected} == expected
    assert found["messages"]["output"][0]["parts"] == [{"type": "text", "content": "Far."}]
    assert (trace["info"]["input_preview"], trace["info"]["output_preview"]) == ("How far is the moon?", "Far.")
    (record_,) = spans_module.read_records(store.connection, trace_id(7).hex())
    assert [(log.event_name, log.body) for log in record_.span.logs] == [("gen_ai.user.message", {"content": "said"})]


def test_a_skeleton_says_the_same_without_payload(store: Store, reader: TraceReader) -> None:
    put(store, row("root"), llm("call", "root", session_id="s"))
    whole, skeleton = reader.read(TRACE), reader.read(TRACE, payload=False)
    assert skeleton["info"] == whole["info"]
    for light, span in zip(skeleton["spans"], whole["spans"], strict=True):
        assert {key: span[key] for key in light} == light
        assert not {"attributes", "events", "messages", "input"} & set(light)
        assert {"attributes", "events", "messages", "input"} <= set(span)


def _as_rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The skeleton's rows, put together again from its columns."""
    columns, origin = answer["columns"], int(answer["origin_unix_nano"])
    texts = {
        name: [found["values"][at] for at in found["indexes"]] for name, found in columns.items() if _is_text(found)
    }
    parent_ids = dict(zip(columns["orphans"], columns["orphan_parent_ids"], strict=True))
    ids = [columns["span_id"][at * 16 : at * 16 + 16] for at in range(answer["span_count"])]
    return [
        {
            "span_id": ids[at],
            "parent_span_id": parent_ids.get(at, ids[parent] if parent >= 0 else ""),
            "start_time_unix_nano": origin + columns["start_ns"][at],
            "end_time_unix_nano": origin + columns["start_ns"][at] + columns["duration_ns"][at]
            if columns["has_ended"][at]
            else None,
            "is_orphan": at in columns["orphans"],
            "is_cycle_cut": at in columns["cycle_cuts"],
            **{name: columns[name][at] for name in (*NUMBERS, "depth", "clock_skew_ns")},
            **{name: values[at] for name, values in texts.items()},
        }
        for at, parent in enumerate(columns["parent"])
    ]


def _is_text(column: Any) -> bool:
    return isinstance(column, dict)


def test_columns_say_what_the_rows_of_a_skeleton_say(store: Store, reader: TraceReader) -> None:
    names = [f"{number:016x}" for number in range(6)]
    put(store, row(names[0], service_name="a"), llm(names[1], names[0], 7, ttft_ns=5, cost_usd=0.1, name="chat"))
    put(store, row(names[2], names[1], -5000, -4940, service_name="b", is_error=True, tool_name="t"))
    put(store, row(names[3], "gone", agent_name="x"), row(names[4], "gone"), row(names[5], names[0], end=None))
    answer, rows = reader.read_columns(TRACE), reader.read(TRACE, payload=False)
    assert answer["info"] == rows["info"]
    assert _as_rows(answer) == rows["spans"]
    (missing,) = answer["missing_parents"]
    (told,) = rows["missing_parents"]
    assert [rows["spans"][at]["span_id"] for at in missing["children"]] == list(told["child_span_ids"])
    assert int(answer["origin_unix_nano"]) + missing["start_ns"] == told["start_time_unix_nano"]
    assert missing["duration_ns"] == told["end_time_unix_nano"] - told["start_time_unix_nano"]


def test_columns_show_where_a_circle_of_parents_was_cut(store: Store, reader: TraceReader) -> None:
    one, two = "1" * 16, "2" * 16
    put(store, row(one, two), row(two, one, 5))
    answer = reader.read_columns(TRACE)
    assert (answer["columns"]["cycle_cuts"], answer["columns"]["parent"]) == ([0], [-1, 0])


def test_clocks_are_corrected_unless_asked_not_to(store: Store, reader: TraceReader) -> None:
    put(store, row("client", start=0, end=100, service_name="a"))
    put(store, row("server", "client", -5000, -4940, service_name="b"))
    server = reader.read(TRACE, payload=False)["spans"][1]
    assert (server["clock_skew_ns"], server["start_time_unix_nano"]) == (5020 * MS, EPOCH_NS + 20 * MS)
    raw = reader.read(TRACE, payload=False, correct_clock_skew=False)["spans"][1]
    assert (raw["clock_skew_ns"], raw["start_time_unix_nano"]) == (0, EPOCH_NS - 5000 * MS)


def test_a_missing_parent_is_named_with_its_children(store: Store, reader: TraceReader) -> None:
    put(store, row("a", "gone"), row("b", "gone", 10))
    trace = reader.read(TRACE, payload=False)
    (missing,) = trace["missing_parents"]
    assert (missing["name"], missing["span_id"], missing["child_span_ids"]) == ("missing parent", "gone", ("a", "b"))
    assert [(span["is_orphan"], span["depth"]) for span in trace["spans"]] == [(True, 1), (True, 1)]


def test_an_announced_span_has_its_payload_under_its_own_id(store: Store, reader: TraceReader) -> None:
    put(store, row("p", "real", pending_span_id="real", is_pending=True, name="begun"))
    (found,) = reader.read(TRACE)["spans"]
    assert (found["span_id"], found["name"], found["state"]) == ("real", "begun", "IN_PROGRESS")
    assert reader.read_span(TRACE, "real")["name"] == "begun"


def test_one_span_stands_alone_as_in_its_trace(store: Store, reader: TraceReader) -> None:
    put(store, llm("outer"), llm("inner", "outer"))
    whole = {span["span_id"]: span for span in reader.read(TRACE)["spans"]}
    assert whole["outer"]["usage_scope"] == "duplicate"
    assert reader.read_span(TRACE, "outer") == whole["outer"]


def test_what_is_not_there_is_not_found(store: Store, reader: TraceReader) -> None:
    put(store, row("a"))
    for trace, project in (("f" * 32, ""), (TRACE, "other")):
        with pytest.raises(NotFound):
            reader.read(trace, project=project)
    with pytest.raises(NotFound, match="has no span b"):
        reader.read_span(TRACE, "b")


def test_a_trace_that_fits_into_no_answer_is_refused_and_its_skeleton_is_not(
    store: Store, reader: TraceReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, *(llm(str(number)) for number in range(2000)))
    monkeypatch.setattr(spans_module, "_SETTINGS", "SETTINGS max_result_bytes = 100000, result_overflow_mode = 'throw'")
    with pytest.raises(RequestTooLarge, match="payload=false"):
        reader.read(TRACE)
    monkeypatch.undo()
    assert len(reader.read(TRACE, payload=False)["spans"]) == 2000


def test_of_a_key_that_was_sent_twice_the_first_value_counts_in_every_map(store: Store) -> None:
    twice, types = "map('k', '1', 'k', 'later', 'other', '2.5')", "['int', 'string', 'double']"
    store.connection.execute(
        "INSERT INTO spans (trace_id, span_id, attributes, attribute_type_codes, resource_attributes, "
        "resource_attribute_type_codes, `events.name`, `events.time`, `events.attributes`, "
        "`events.attribute_type_codes`, `events.dropped_attributes_count`, `links.trace_id`, `links.span_id`, "
        "`links.trace_state`, `links.flags`, `links.attributes`, `links.attribute_type_codes`, "
        "`links.dropped_attributes_count`) "
        f"SELECT 'twice', 'a', {twice}, {types}, {twice}, {types}, ['e'], [toDateTime64(7, 9, 'UTC')], [{twice}], "
        f"[{types}], [0], ['t'], ['s'], [''], [0], [{twice}], [{types}], [0]",
        {"async_insert": 0},
    )
    (record,) = spans_module.read_records(store.connection, "twice")
    read = record.span
    expected = {"k": 1, "other": 2.5}
    assert (read.attributes, read.resource_attributes) == (expected, expected)
    assert [(event.attributes, event.time_unix_nano) for event in read.events] == [(expected, 7_000_000_000)]
    assert [link.attributes for link in read.links] == [expected]
