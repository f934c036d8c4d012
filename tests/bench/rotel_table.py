"""Rotel's tables filled by our collector, for bar 1 of DESIGN section 6: same definition, same rows, other writer.

Owns: the SELECT from our rows to rotel's columns, putting it in the place of our own views, and the proof that
both collectors store the same rows of the same requests.
Leaves to others: how a value is mapped (the compiled mapper), the definition (`otel_traces_rotel.sql`).

Where rotel 0.0.1a15 (the newest wheel on PyPI) writes something else, and the comparison looks away: arrays are OTLP
JSON (`{"values":[{"stringValue":"a"}]}`) where ours are JSON (`["a"]`), bytes are hex where ours are base64, a whole
double is `3.0` where ours is `3`, and the kind CONSUMER is `client`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.bench.rotel_peer import TABLES_SQL
from tests.servers.clickhouse_server import ClickHouseServer

BENCH_VIEW: Final = "spans_to_otel_traces"
REPLACED_VIEWS: Final = ("otel_traces", "otel_traces_trace_id_ts", "spans_to_trace_tag_changes")

COLUMNS: Final[Mapping[str, str]] = {
    "Timestamp": "start_time",
    "TraceId": "trace_id",
    "SpanId": "span_id",
    "ParentSpanId": "parent_span_id",
    "TraceState": "trace_state",
    "SpanName": "name",
    "SpanKind": "concat(substring(kind, 1, 1), lower(substring(kind, 2)))",
    "ServiceName": "service_name",
    "ResourceAttributes": "resource_attributes",
    "ScopeName": "scope_name",
    "ScopeVersion": "scope_version",
    "SpanAttributes": "attributes",
    "Duration": "duration_ns",
    "StatusCode": "transform(status_code, ['UNSET', 'OK', 'ERROR'], ['Unset', 'Ok', 'Error'])",
    "StatusMessage": "status_message",
    "Events.Timestamp": "events.time",
    "Events.Name": "events.name",
    "Events.Attributes": "events.attributes",
    "Links.TraceId": "links.trace_id",
    "Links.SpanId": "links.span_id",
    "Links.TraceState": "links.trace_state",
    "Links.Attributes": "links.attributes",
}


def select() -> str:
    """Return the SELECT from our rows to rotel's columns."""
    columns = ",\n    ".join(f"{expression} AS `{name}`" for name, expression in COLUMNS.items())
    return f"SELECT\n    {columns}\nFROM spans"


def install(server: ClickHouseServer, database: str) -> None:
    """Let the running collector of *database* fill rotel's tables instead of our own."""
    in_database = {"database": database}
    for view in REPLACED_VIEWS:
        server.query(f"DROP VIEW IF EXISTS {view} SYNC", settings=in_database)
    # Rows go through a table that holds nothing, in the place of our own.
    server.query("CREATE TABLE spans_passed_on ENGINE = Null EMPTY AS SELECT * FROM spans", settings=in_database)
    server.query("EXCHANGE TABLES spans AND spans_passed_on", settings=in_database)
    for statement in TABLES_SQL.read_text().split(";\n"):
        if statement.strip():
            server.query(statement, settings=in_database)
    server.query(f"CREATE MATERIALIZED VIEW {BENCH_VIEW} TO otel_traces AS {select()}", settings=in_database)


def differing_columns(server: ClickHouseServer, ours: str, rotels: str) -> dict[str, int]:
    """Return column → differing rows of the spans in both databases; under "rows", how many are in one only."""
    counts = ", ".join(f"countIf({_told('a', name)} != {_told('b', name)})" for name in COLUMNS)
    values = server.query(
        f"SELECT countIf(a.SpanId = '' OR b.SpanId = ''), {counts} FROM {ours}.otel_traces AS a "
        f"FULL OUTER JOIN {rotels}.otel_traces AS b ON a.TraceId = b.TraceId AND a.SpanId = b.SpanId"
    ).split("\t")
    lookups = server.query(
        f"SELECT count() FROM (SELECT * FROM {ours}.otel_traces_trace_id_ts EXCEPT "
        f"SELECT * FROM {rotels}.otel_traces_trace_id_ts)"
    )
    found = dict(zip(("rows", *COLUMNS), map(int, values), strict=True)) | {"otel_traces_trace_id_ts": int(lookups)}
    return {name: count for name, count in found.items() if count}


def _told(side: str, column: str) -> str:
    """Return what of a column is compared: of maps neither the order nor how arrays and doubles are spelt."""
    value = f"{side}.`{column}`"
    if column == "Events.Attributes" or column == "Links.Attributes":
        return f"arrayMap(one -> {_plain_map('one')}, {value})"
    return _plain_map(value) if column.endswith("Attributes") else value


def _plain_map(value: str) -> str:
    spelling = (
        "multiIf(startsWith(v, '[') OR startsWith(v, '{\"values\":'), 'array', "
        "match(v, '^-?[0-9.]+(e-?[0-9]+)?$'), toString(toFloat64OrZero(v)), v)"
    )
    return f"mapSort(mapApply((k, v) -> (toString(k), {spelling}), {value}))"
