"""`otel_traces`, `otel_traces_trace_id_ts` and `otel_logs` answer queries written for contrib's clickhouseexporter.

Owns column names, types and the README's own queries. Source: opentelemetry-collector-contrib,
exporter/clickhouseexporter, README.md @000d4c7c and internal/sql_templates (columns), as of 2026-09.
"""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import SEVERITY_NUMBER_INFO, LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from spanhouse_collector.otlp.signals import LOGS, TRACES
from tests.builders import SECOND_NS, any_value, attributes, logs, make_span, span_id, trace_id, traces
from tests.tables import Store

TEXT = "LowCardinality(String)"
MAP = "Map(LowCardinality(String), String)"
TRACE_COLUMNS = {
    "Timestamp": "DateTime64(9)",
    "TraceId": "String",
    "SpanId": "String",
    "ParentSpanId": "String",
    "TraceState": "String",
    "SpanName": TEXT,
    "SpanKind": TEXT,
    "ServiceName": TEXT,
    "ResourceAttributes": MAP,
    "ScopeName": "String",
    "ScopeVersion": "String",
    "SpanAttributes": MAP,
    "Duration": "UInt64",
    "StatusCode": TEXT,
    "StatusMessage": "String",
    "Events.Timestamp": "Array(DateTime64(9))",
    "Events.Name": f"Array({TEXT})",
    "Events.Attributes": f"Array({MAP})",
    "Links.TraceId": "Array(String)",
    "Links.SpanId": "Array(String)",
    "Links.TraceState": "Array(String)",
    "Links.Attributes": f"Array({MAP})",
}
LOG_COLUMNS = {
    "Timestamp": "DateTime64(9)",
    "TimestampTime": "DateTime",
    "TraceId": "String",
    "SpanId": "String",
    "TraceFlags": "UInt8",
    "SeverityText": TEXT,
    "SeverityNumber": "UInt8",
    "ServiceName": TEXT,
    "Body": "String",
    "ResourceSchemaUrl": TEXT,
    "ResourceAttributes": MAP,
    "ScopeSchemaUrl": TEXT,
    "ScopeName": "String",
    "ScopeVersion": TEXT,
    "ScopeAttributes": MAP,
    "LogAttributes": MAP,
    "EventName": "String",
}
TRACE_ID_TS_COLUMNS = {"TraceId": "String", "Start": "DateTime", "End": "DateTime"}
EXPECTED = {"otel_traces": TRACE_COLUMNS, "otel_logs": LOG_COLUMNS, "otel_traces_trace_id_ts": TRACE_ID_TS_COLUMNS}

SPAN_COLUMNS = (
    "Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Duration, StatusCode, StatusMessage, "
    "toString(SpanAttributes), toString(ResourceAttributes), toString(Events.Name), toString(Links.TraceId)"
)
LAST_HOUR = (
    "toStartOfFiveMinutes(Timestamp) >= toStartOfFiveMinutes(NOW() - INTERVAL 1 HOUR) "
    "AND Timestamp >= NOW() - INTERVAL 1 HOUR"
)
NEWEST = "ORDER BY (toStartOfFiveMinutes(Timestamp), Timestamp) DESC LIMIT 100"
SLOW = 0x51
TRACE_QUERIES = {
    "attribute": (
        f"SELECT {SPAN_COLUMNS} FROM otel_traces WHERE ServiceName = 'clickhouse-exporter' "
        "AND SpanAttributes['peer.service'] = 'telemetrygen-server' AND Timestamp >= NOW() - INTERVAL 1 HOUR Limit 100",
        ["peer"],
    ),
    "trace id": (
        f"WITH '{trace_id(SLOW).hex()}' as trace_id, "
        "(SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = trace_id) as start, "
        "(SELECT max(End) + 1 FROM otel_traces_trace_id_ts WHERE TraceId = trace_id) as end "
        f"SELECT {SPAN_COLUMNS} FROM otel_traces "
        "WHERE TraceId = trace_id AND Timestamp >= start AND Timestamp <= end Limit 100",
        ["child", "slow"],
    ),
    "errors": (
        f"SELECT {SPAN_COLUMNS} FROM otel_traces WHERE ServiceName = 'clickhouse-exporter' "
        "AND StatusCode = 'Error' AND Timestamp >= NOW() - INTERVAL 1 HOUR Limit 100",
        ["child"],
    ),
    "slow": (
        f"SELECT {SPAN_COLUMNS} FROM otel_traces WHERE ServiceName = 'clickhouse-exporter' "
        "AND Duration > 1 * 1e9 AND Timestamp >= NOW() - INTERVAL 1 HOUR Limit 100",
        ["slow"],
    ),
}
LOG_QUERIES = {
    "service": ("ServiceName = 'clickhouse-exporter'", ["GET http ok", "plain", '{"bytes": 2000}']),
    "attribute": ("LogAttributes['container_name'] = '/example_flog_1'", ["plain"]),
    "token": ("hasToken(Body, 'http')", ["GET http ok"]),
    "like": ("Body like '%http%'", ["GET http ok"]),
    "regexp": ("match(Body, 'http')", ["GET http ok"]),
    "json": ("JSONExtractFloat(Body, 'bytes') > 1000", ['{"bytes": 2000}']),
}


@pytest.fixture
def filled(store: Store) -> Store:
    """A trace of two spans, one span of another, three log records: now."""
    now = time.time_ns() - SECOND_NS
    resource = {"service.name": "clickhouse-exporter"}
    at: dict[str, Any] = {"start_time_unix_nano": now, "end_time_unix_nano": now + SECOND_NS // 2}
    slow = make_span("slow", number=SLOW, kind=2, start_time_unix_nano=now, end_time_unix_nano=now + 2 * SECOND_NS)
    child = make_span("child", trace_id=trace_id(SLOW), parent_span_id=span_id(SLOW), kind=3, **at)
    child.status.code = Status.STATUS_CODE_ERROR
    child.status.message = "it broke"
    child.events.add(name="exception", time_unix_nano=now, attributes=attributes({"k": 1}))
    child.links.add(trace_id=trace_id(9), span_id=span_id(9), trace_state="a=b", attributes=attributes({"l": True}))
    peer = make_span("peer", attributes={"peer.service": "telemetrygen-server"}, **at)
    store.insert(TRACES, traces(slow, child, peer, resource=resource))
    records = [
        LogRecord(
            body=any_value("GET http ok"),
            time_unix_nano=now,
            severity_number=SEVERITY_NUMBER_INFO,
            severity_text="INFO",
            flags=257,
        ),
        LogRecord(
            body=any_value("plain"), time_unix_nano=now, attributes=attributes({"container_name": "/example_flog_1"})
        ),
        LogRecord(body=any_value('{"bytes": 2000}'), time_unix_nano=now, event_name="e", trace_id=trace_id(SLOW)),
    ]
    store.insert(LOGS, logs(*records, resource=resource))
    return store


def without_zone(kind: str) -> str:
    return kind.replace(", 'UTC')", ")").replace("DateTime('UTC')", "DateTime").replace("SimpleAggregateFunction", "")


@pytest.mark.parametrize("view", EXPECTED)
def test_a_view_has_the_exporters_columns_and_types(store: Store, view: str) -> None:
    rows = store.connection.query(f"DESCRIBE TABLE {view}").rows
    found = {str(name): without_zone(str(kind)) for name, kind, *_ in rows}
    # LowCardinality is how a String is kept, and may differ either way; a query cannot tell.
    plain = {name: kind.replace(TEXT, "String") for name, kind in found.items()}
    wanted = {name: kind.replace(TEXT, "String") for name, kind in EXPECTED[view].items()}
    assert {name: plain.get(name) for name in wanted} == wanted
    assert set(found) - set(wanted) <= {"Project"}


@pytest.mark.parametrize("name", TRACE_QUERIES)
def test_the_readmes_trace_queries_find_what_they_should(filled: Store, name: str) -> None:
    statement, expected = TRACE_QUERIES[name]
    rows = filled.connection.query(statement).dicts()
    assert sorted(row["SpanName"] for row in rows) == expected


def test_the_readmes_severity_series_counts_every_log(filled: Store) -> None:
    rows = filled.connection.query(
        "SELECT toDateTime(toStartOfInterval(Timestamp, INTERVAL 60 second)) as time, SeverityText, count() as count "
        f"FROM otel_logs WHERE {LAST_HOUR} GROUP BY SeverityText, time ORDER BY time"
    ).dicts()
    assert sorted((row["SeverityText"], row["count"]) for row in rows) == [("", 2), ("INFO", 1)]


@pytest.mark.parametrize("name", LOG_QUERIES)
def test_the_readmes_log_queries_find_what_they_should(filled: Store, name: str) -> None:
    condition, expected = LOG_QUERIES[name]
    rows = filled.connection.query(
        f"SELECT Timestamp as log_time, Body FROM otel_logs WHERE {condition} AND {LAST_HOUR} {NEWEST}"
    ).dicts()
    assert sorted(row["Body"] for row in rows) == expected


def test_values_are_spelt_as_the_exporter_spells_them(filled: Store) -> None:
    columns = (
        "SpanKind, StatusCode, StatusMessage, ParentSpanId, Events.Name, Events.Attributes, Links.TraceId, "
        "Links.SpanId, Links.TraceState, Links.Attributes, Duration"
    )
    (row,) = filled.connection.query(f"SELECT {columns} FROM otel_traces WHERE SpanName = 'child'").rows
    assert tuple(row) == (
        "Client",
        "Error",
        "it broke",
        span_id(SLOW).hex(),
        ["exception"],
        [{"k": "1"}],
        [trace_id(9).hex()],
        [span_id(9).hex()],
        ["a=b"],
        [{"l": "true"}],
        SECOND_NS // 2,
    )
    kinds = "SELECT SpanKind, StatusCode FROM otel_traces WHERE SpanName != 'child' ORDER BY SpanName"
    assert [tuple(row) for row in filled.connection.query(kinds).rows] == [("Internal", "Unset"), ("Server", "Unset")]
    flags = "SELECT TraceFlags, SeverityNumber FROM otel_logs WHERE Body = 'GET http ok'"
    assert tuple(filled.connection.query(flags).rows[0]) == (1, 9)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        ("SELECT count() FROM otel_traces WHERE TraceId = '{id}'", "idx_trace_id"),
        ("SELECT min(Start) FROM otel_traces_trace_id_ts WHERE TraceId = '{id}'", "idx_trace_id"),
        ("SELECT count() FROM otel_logs WHERE TraceId = '{id}'", "idx_trace_id"),
    ],
    ids=["traces", "trace-times", "logs"],
)
def test_a_trace_is_found_through_the_view_by_an_index(filled: Store, statement: str, index: str) -> None:
    plan = filled.connection.query("EXPLAIN indexes = 1 " + statement.format(id=trace_id(0x7777).hex())).rows
    lines = [str(line).strip() for (line,) in plan]
    assert any(index in line for line in lines), "\n".join(lines)
    granules = [match for line in lines if (match := re.fullmatch(r"Granules: (\d+)/(\d+)", line))]
    assert granules, "\n".join(lines)
    assert int(granules[-1][1]) == 0, "a trace that is not there should cost no granule:\n" + "\n".join(lines)
