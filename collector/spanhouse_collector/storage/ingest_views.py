"""The mapping from OTLP to rows, as SQL that the engine runs on every insert.

Owns what each column of `logs` and `metrics` is made of, and what re-mapping makes of a stored span (`MODEL_COLUMNS`).
Leaves spans that come in to the compiled mapper.

Every expression is total: whatever a client sent, it yields a value and never an exception, because an exception would
hold up the whole segment.

Source: DESIGN section 2; opentelemetry-proto comments for what an invalid id or time means; decision 005 for the text
of values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from spanhouse_collector.model.span_sql import columns, search_text
from spanhouse_collector.otlp import project
from spanhouse_collector.otlp.signals import LOGS, METRICS, Signal
from spanhouse_collector.storage.prices_sql import COST_COLUMN
from spanhouse_collector.storage.reader_schema import ingest_table, messages

_LEAF_FIELDS: Final = ("value", "string_value", "bool_value", "int_value", "double_value")
_VALUE_FIELDS: Final = (
    *_LEAF_FIELDS,
    "array_value.values",
    "bytes_value",
    "kvlist_json",
    "nested_array_json",
    "any_json",
)
_COUNT_MAX: Final = 2**32 - 1
_TIME_MAX: Final = 2**63 - 1  # DateTime64(9) ends on 2262-04-11; later times are stored as that


@dataclass(frozen=True)
class IngestView:
    """A materialised view `name` that fills `target` from the signal's ingest table."""

    name: str
    signal: Signal
    target: str
    select: str


def time(expression: str) -> str:
    """Nanoseconds since 1970 as DateTime64(9)."""
    return f"fromUnixTimestamp64Nano(toInt64(least({expression}, {_TIME_MAX})), 'UTC')"


def hex_id(expression: str, size_bytes: int) -> str:
    """An id as lower-case hex text; '' for one of the wrong length or all zero, which OTLP defines as absent."""
    zero = "0" * 2 * size_bytes
    return f"if(length({expression}) = {size_bytes} AND {expression} != unhex('{zero}'), lower(hex({expression})), '')"


# Doubles that JSON has no number for are OTLP/JSON's object, which no other scalar in an array can be.
_NOT_FINITE: Final = {
    "nan": '{"doubleValue":"NaN"}',
    "inf": '{"doubleValue":"Infinity"}',
    "-inf": '{"doubleValue":"-Infinity"}',
}


def _double_json(text: str) -> str:
    """The text of a double as JSON: always recognisable as a double."""
    names = ", ".join(f"'{name}'" for name in _NOT_FINITE)
    objects = ", ".join(f"'{text}'" for text in _NOT_FINITE.values())
    return f"transform({text}, [{names}], [{objects}], if(match({text}, '[.e]'), {text}, concat({text}, '.0')))"


def _array_json(array: str) -> str:
    """An array of scalars as JSON text."""
    element = (
        "multiIf(lw = 'string', toJSONString(ls), lw = 'int', li, lw = 'bool', lb, "
        f"lw = 'double', {_double_json('ld')}, 'null')"
    )
    fields = ", ".join(f"{array}.{name}" for name in _LEAF_FIELDS)
    return f"concat('[', arrayStringConcat(arrayMap((lw, ls, lb, li, ld) -> {element}, {fields}), ','), ']')"


def _value_text(w: str, s: str, b: str, i: str, d: str, a: str, y: str, k: str, n: str, x: str) -> str:
    """The text of an AnyValue from its parts, numbers among them as text; the type beside it says how to read it."""
    return (
        f"multiIf({w} = 'string', {s}, {w} = 'int', {i}, {w} = 'double', {d}, {w} = 'bool', {b}, "
        f"{w} = 'array', {_array_json(a)}, {w} = 'bytes', base64Encode({y}), concat({k}, {n}, {x}))"
    )


def any_text(value: str) -> str:
    """The text of one AnyValue."""
    return _value_text(*(f"{value}.{name}" for name in _VALUE_FIELDS))


def attribute_texts(attributes: str) -> str:
    """The values of KeyValues as text, in their order."""
    parameters = "w, s, b, i, d, a, y, k, n, x"
    fields = ", ".join(f"{attributes}.value.{name}" for name in _VALUE_FIELDS)
    return f"arrayMap(({parameters}) -> {_value_text(*parameters.split(', '))}, {fields})"


def attribute_map(attributes: str) -> str:
    """KeyValues as Map(key, text). A key sent twice stays twice; looking it up finds the first."""
    return f"CAST(({attributes}.key, {attribute_texts(attributes)}), 'Map(LowCardinality(String), String)')"


def attribute_types(attributes: str) -> str:
    """The types of KeyValues, in the order of the map's keys."""
    return f"{attributes}.value.value"


def enum_name(expression: str, names: Mapping[int, str]) -> str:
    """An OTLP enum by name; a number that OTLP does not name, as its digits."""
    numbers = ", ".join(map(str, names))
    texts = ", ".join(f"'{name}'" for name in names.values())
    return f"transform({expression}, [{numbers}], [{texts}], toString({expression}))"


TEMPORALITIES: Final = {0: "UNSPECIFIED", 1: "DELTA", 2: "CUMULATIVE"}


def _string_attribute(attributes: str, name: str) -> str:
    """The first non-empty text sent under this key; a number under it is no text."""
    return f"arrayFirst((s, k) -> k = '{name}' AND s != '', {attributes}.value.string_value, {attributes}.key)"


# `validate` refuses a resource whose name is impossible; matching the pattern again keeps the two from depending on it.
_RESOURCE_PROJECT: Final = (
    "arrayFirst(p -> match(p, '"
    + project.PATTERN.replace("\\", "\\\\")
    + "'), ["
    + ", ".join(_string_attribute("r.resource.attributes", name) for name in project.RESOURCE_ATTRIBUTES)
    + f", '{project.DEFAULT}'])"
)

# Computed once a resource and once a scope, then carried to each of their items.
RESOURCE_COLUMNS: Final = {
    "received_unix_nano": "received_unix_nano",
    "resource_attributes": attribute_map("r.resource.attributes"),
    "resource_attribute_type_codes": attribute_types("r.resource.attributes"),
    "resource_dropped_attributes_count": "r.resource.dropped_attributes_count",
    "resource_schema_url": "r.schema_url",
    "project": f"if(request_project != '', request_project, {_RESOURCE_PROJECT})",
}
SCOPE_COLUMNS: Final = {
    # Not beside the map above: an alias used beside its definition is analysed anew, on every insert, at each use.
    "service_name": "resource_attributes['service.name']",
    "scope_name": "c.scope.name",
    "scope_version": "c.scope.version",
    "scope_attributes": attribute_map("c.scope.attributes"),
    "scope_attribute_type_codes": attribute_types("c.scope.attributes"),
    "scope_dropped_attributes_count": "c.scope.dropped_attributes_count",
    "scope_schema_url": "c.schema_url",
}
CARRIED_COLUMNS: Final = {
    **{name: name for name in (*RESOURCE_COLUMNS, *SCOPE_COLUMNS) if name != "received_unix_nano"},
    "received_at": time("received_unix_nano"),
}


# What the trace model makes of a span, the attributes in the form they are stored in among it.
MODEL_COLUMNS: Final = {
    "attributes": "CAST((keys, values), 'Map(LowCardinality(String), String)')",
    **columns.columns(),
    "cost_usd": f"ifNull(reported_cost_usd, {COST_COLUMN})",
    "cost_source": f"multiIf(reported_cost_usd IS NOT NULL, 'reported', {COST_COLUMN} IS NULL, 'none', 'computed')",
}

LOG_COLUMNS: Final = {
    **CARRIED_COLUMNS,
    "time": time(
        "multiIf(s.time_unix_nano != 0, s.time_unix_nano, s.observed_time_unix_nano != 0, "
        "s.observed_time_unix_nano, received_unix_nano)"
    ),
    "time_source": "multiIf(s.time_unix_nano != 0, 'time', s.observed_time_unix_nano != 0, 'observed', 'received')",
    "observed_time": time("s.observed_time_unix_nano"),
    "trace_id": hex_id("s.trace_id", 16),
    "span_id": hex_id("s.span_id", 8),
    "flags": "s.flags",
    "severity_number": "s.severity_number",
    "severity_text": "s.severity_text",
    "event_name": "s.event_name",
    "body": any_text("s.body"),
    "body_type": "s.body.value",
    "attributes": attribute_map("s.attributes"),
    "attribute_type_codes": attribute_types("s.attributes"),
    "dropped_attributes_count": "s.dropped_attributes_count",
}

_POINT_COLUMNS: Final = {
    **CARRIED_COLUMNS,
    "metric_name": "m.name",
    "metric_description": "m.description",
    "metric_unit": "m.unit",
    "metric_metadata": attribute_map("m.metadata"),
    "metric_metadata_type_codes": attribute_types("m.metadata"),
    "start_time": time("s.start_time_unix_nano"),
    "time": time("s.time_unix_nano"),
    "attributes": attribute_map("s.attributes"),
    "attribute_type_codes": attribute_types("s.attributes"),
    "flags": "s.flags",
}
_EXEMPLAR_COLUMNS: Final = {
    "exemplars.time": f"arrayMap(t -> {time('t')}, s.exemplars.time_unix_nano)",
    "exemplars.value_type": "s.exemplars.value",
    "exemplars.value": "arrayMap((w, d, i) -> if(w = 'int', toFloat64(i), d), "
    "s.exemplars.value, s.exemplars.as_double, s.exemplars.as_int)",
    "exemplars.value_int": "s.exemplars.as_int",
    "exemplars.trace_id": f"arrayMap(t -> {hex_id('t', 16)}, s.exemplars.trace_id)",
    "exemplars.span_id": f"arrayMap(t -> {hex_id('t', 8)}, s.exemplars.span_id)",
    "exemplars.filtered_attributes": f"arrayMap(e -> {attribute_map('e')}, s.exemplars.filtered_attributes)",
    "exemplars.filtered_attribute_type_codes": (
        f"arrayMap(e -> {attribute_types('e')}, s.exemplars.filtered_attributes)"
    ),
}
_NUMBER_COLUMNS: Final = {
    "value_type": "s.value",
    "value": "if(s.value = 'int', toFloat64(s.as_int), s.as_double)",
    "value_int": "s.as_int",
    **_EXEMPLAR_COLUMNS,
}
_RANGE_COLUMNS: Final = {"count": "s.count", "sum": "s.sum", "min": "s.min", "max": "s.max", **_EXEMPLAR_COLUMNS}
METRIC_COLUMNS: Final[dict[str, dict[str, str]]] = {
    "gauge": _NUMBER_COLUMNS,
    "sum": {**_NUMBER_COLUMNS, "is_monotonic": "m.sum.is_monotonic"},
    "histogram": {**_RANGE_COLUMNS, "bucket_counts": "s.bucket_counts", "explicit_bounds": "s.explicit_bounds"},
    "exponential_histogram": {
        **_RANGE_COLUMNS,
        "scale": "s.scale",
        "zero_count": "s.zero_count",
        "zero_threshold": "s.zero_threshold",
        "positive_offset": "s.positive.offset",
        "positive_bucket_counts": "s.positive.bucket_counts",
        "negative_offset": "s.negative.offset",
        "negative_bucket_counts": "s.negative.bucket_counts",
    },
    "summary": {
        "count": "s.count",
        "sum": "s.sum",
        "quantile_values.quantile": "s.quantile_values.quantile",
        "quantile_values.value": "s.quantile_values.value",
    },
}


def listed(named: Mapping[str, str]) -> str:
    """Expressions under their names, as a SELECT has them."""
    return ",\n    ".join(f"{expression} AS `{name}`" for name, expression in named.items())


_GROUPS: Final = {"logs": ("logs", "log_records"), "metrics": ("metrics", "metrics")}


def resource_rows(signal: Signal) -> str:
    """SELECT of one row a resource: its columns, and its `scopes`."""
    groups, _ = _GROUPS[signal.name]
    # arrayJoin() and not the ARRAY JOIN clause, which copies what it joins at each level: a third of the memory.
    return (
        f"SELECT r.scope_{groups} AS scopes,\n    {listed(RESOURCE_COLUMNS)}\n"
        f"FROM (SELECT request_project, received_unix_nano, arrayJoin(request.resource_{groups}) AS r "
        f"FROM {ingest_table(signal)})"
    )


def scope_rows(signal: Signal, resources: str) -> str:
    """SELECT of one row a scope, over what `resource_rows` yields: both their columns, and the scope's `items`."""
    _, items = _GROUPS[signal.name]
    carried = ", ".join(RESOURCE_COLUMNS)
    return (
        f"SELECT {carried}, c.{items} AS items,\n    {listed(SCOPE_COLUMNS)}\n"
        f"FROM (SELECT {carried}, arrayJoin(scopes) AS c FROM {resources})"
    )


def scopes(signal: Signal) -> str:
    """SELECT of one row a scope, of what is inserted."""
    return scope_rows(signal, f"({resource_rows(signal)})")


def logs_select() -> str:
    """Records of `ingest_logs` as rows of `logs`."""
    mapped = f"SELECT\n    {listed(LOG_COLUMNS)}\nFROM ({scopes(LOGS)})\nARRAY JOIN items AS s"
    return f"SELECT *,\n    {listed(search_text.log_columns())}\nFROM ({mapped})"


def metrics_select(kind: str) -> str:
    """Data points of one metric kind in `ingest_metrics` as rows of `metrics`."""
    temporality = any(field.name == "aggregation_temporality" for field in messages()[_message_of(kind)])
    columns = {
        **_POINT_COLUMNS,
        "metric_kind": f"'{kind}'",
        "aggregation_temporality": enum_name(f"m.{kind}.aggregation_temporality", TEMPORALITIES)
        if temporality
        else "''",
        **METRIC_COLUMNS[kind],
    }
    carried = ", ".join((*RESOURCE_COLUMNS, *SCOPE_COLUMNS))
    of_kind = f"SELECT {carried}, m FROM ({scopes(METRICS)}) ARRAY JOIN items AS m WHERE m.data = '{kind}'"
    return f"SELECT\n    {listed(columns)}\nFROM ({of_kind})\nARRAY JOIN m.{kind}.data_points AS s"


def _message_of(kind: str) -> str:
    return next(field.type for field in messages()["Metric"] if field.name == kind)


def ingest_views() -> tuple[IngestView, ...]:
    """Every materialised view between the ingest tables and the tables that people read."""
    return (
        IngestView("ingest_logs_to_logs", LOGS, "logs", logs_select()),
        *(IngestView(f"ingest_metrics_to_{kind}", METRICS, "metrics", metrics_select(kind)) for kind in METRIC_COLUMNS),
    )
