"""Rotel's tables filled by our collector, for bar 1 of DESIGN section 6: same definition, same rows, other writer.

Owns: the SELECT from our ingest table to rotel's columns, putting it in the place of our own views, and the proof that
both collectors store the same rows of the same requests.
Leaves to others: how a value is mapped (`storage/ingest_views.py`), the definition (`otel_traces_rotel.sql`).

Where rotel 0.0.1a15 (the newest wheel on PyPI) writes something else, and the comparison looks away: arrays are OTLP
JSON (`{"values":[{"stringValue":"a"}]}`) where ours are JSON (`["a"]`), bytes are hex where ours are base64, a whole
double is `3.0` where ours is `3`, and the kind CONSUMER is `client`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage.ingest_views import attribute_map, enum_name, hex_id, time
from spanhouse_collector.storage.reader_schema import ingest_table
from spanhouse_collector.storage.span_selects import span_views
from tests.bench.rotel_peer import TABLES_SQL
from tests.servers.clickhouse_server import ClickHouseServer

BENCH_VIEW: Final = "ingest_traces_to_otel_traces"
REPLACED_VIEWS: Final = ("otel_traces", "otel_traces_trace_id_ts")

KINDS: Final = {0: "Unspecified", 1: "Internal", 2: "Server", 3: "Client", 4: "Producer", 5: "Consumer"}
STATUSES: Final = {0: "Unset", 1: "Ok", 2: "Error"}

COLUMNS: Final[Mapping[str, str]] = {
    "Timestamp": time("s.start_time_unix_nano"),
    "TraceId": "lower(hex(s.trace_id))",
    "SpanId": "lower(hex(s.span_id))",
    "ParentSpanId": hex_id("s.parent_span_id", 8),
    "TraceState": "s.trace_state",
    "SpanName": "s.name",
    "SpanKind": enum_name("s.kind", KINDS),
    "ServiceName": "service_name",
    "ResourceAttributes": "resource_attributes",
    "ScopeName": "scope_name",
    "ScopeVersion": "scope_version",
    "SpanAttributes": attribute_map("s.attributes"),
    "Duration": "if(s.end_time_unix_nano > s.start_time_unix_nano, s.end_time_unix_nano - s.start_time_unix_nano, 0)",
    "StatusCode": enum_name("s.status.code", STATUSES),
    "StatusMessage": "s.status.message",
    "Events.Timestamp": f"arrayMap(t -> {time('t')}, s.events.time_unix_nano)",
    "Events.Name": "s.events.name",
    "Events.Attributes": f"arrayMap(e -> {attribute_map('e')}, s.events.attributes)",
    "Links.TraceId": "arrayMap(i -> lower(hex(i)), s.links.trace_id)",
    "Links.SpanId": "arrayMap(i -> lower(hex(i)), s.links.span_id)",
    "Links.TraceState": "s.links.trace_state",
    "Links.Attributes": f"arrayMap(e -> {attribute_map('e')}, s.links.attributes)",
}

# arrayJoin() and not the ARRAY JOIN clause: the clause copies what it joins, at each of the three levels (a 32 MiB
# segment takes 560 MB with it, 370 MB without, and 2 us a span less).
_SCOPES: Final = f"""\
SELECT resource_attributes, resource_attributes['service.name'] AS service_name,
    c.scope.name AS scope_name, c.scope.version AS scope_version, c.spans AS items
FROM (
    SELECT resource_attributes, arrayJoin(scopes) AS c
    FROM (
        SELECT r.scope_spans AS scopes, {attribute_map("r.resource.attributes")} AS resource_attributes
        FROM (SELECT arrayJoin(request.resource_spans) AS r FROM {ingest_table(TRACES)})
    )
)"""


def select() -> str:
    """Return the SELECT from our ingest table to rotel's columns."""
    columns = ",\n    ".join(f"{expression} AS `{name}`" for name, expression in COLUMNS.items())
    spans = (
        f"SELECT resource_attributes, service_name, scope_name, scope_version, arrayJoin(items) AS s FROM ({_SCOPES})"
    )
    return f"SELECT\n    {columns}\nFROM ({spans})"


def install(server: ClickHouseServer, database: str) -> None:
    """Let the running collector of *database* fill rotel's tables instead of our own."""
    in_database = {"database": database}
    for view in (*(view.name for view in span_views()), *REPLACED_VIEWS):
        server.query(f"DROP VIEW IF EXISTS {view} SYNC", settings=in_database)
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
