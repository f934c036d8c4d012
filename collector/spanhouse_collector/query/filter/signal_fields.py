"""What a filter over log records or over data points of metrics can ask about.

Owns the two tables of fields, which docs/filter.md shows; a test compares them. The language is the same as for spans;
each record stands alone, so there are no fields of a trace and no EXISTS.

Column expressions stand in statements as they are written here, so nothing in this file may come from outside.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.query.filter.field_table import FAMILIES
from spanhouse_collector.query.filter.fields import NO_TIME, Family, Field, Kind, Level


def _text(name: str, meaning: str, *aliases: str, column: str = "", is_id: bool = False) -> Field:
    return Field(
        name=name,
        kind=Kind.TEXT,
        meaning=meaning,
        column=column or name,
        aliases=aliases,
        absent="''",
        is_id=is_id,
        searched=(name,) if name == "body" else (),
    )


def _number(name: str, meaning: str, *, kind: Kind = Kind.INTEGER, absent: str | None = None) -> Field:
    return Field(name=name, kind=kind, meaning=meaning, column=name, absent=absent)


def _times(name: str, meaning: str, *, absent: str | None = None) -> tuple[Field, ...]:
    units = (("", None), ("_unix_nano", 1))
    return tuple(
        Field(name=name + suffix, kind=Kind.TIME, meaning=meaning, column=name, unit_ns=unit_ns, absent=absent)
        for suffix, unit_ns in units
    )


_EVERY: Final[tuple[Field, ...]] = (
    Field(name="project", kind=Kind.TEXT, meaning="the project", column="project", level=Level.EITHER, absent="''"),
    _text("service_name", "`service.name` of the resource"),
    _text("scope_name", "the instrumentation scope"),
    _text("scope_version", "and its version"),
    *_times("received_at", "when the collector received it"),
)

LOG_FIELDS: Final[tuple[Field, ...]] = (
    *_times("time", "the record's time, else when it was observed"),
    *_times("observed_time", "when it was observed", absent=NO_TIME),
    _text("body", "the record's text; of an object its JSON", "message"),
    Field(name="text", kind=Kind.DOCUMENT, meaning="words of the body", searched=("body",)),
    _number("severity_number", "1 to 24: TRACE 1, DEBUG 5, INFO 9, WARN 13, ERROR 17, FATAL 21"),
    _text("severity_text", "the severity as the application names it", "severity", "level"),
    _text("event_name", "the event's name"),
    _text("trace_id", "hex, '' for none", is_id=True),
    _text("span_id", "hex, '' for none", is_id=True),
    _number("flags", "W3C trace flags"),
    _number("dropped_attributes_count", "attributes the SDK dropped"),
    *_EVERY,
)

METRIC_FIELDS: Final[tuple[Field, ...]] = (
    _text("metric_name", "the metric", "name"),
    _text(
        "metric_kind", "gauge, sum, histogram, exponential_histogram, summary", "kind", column="toString(metric_kind)"
    ),
    _text("metric_unit", "as sent: `ms`, `By`, `{token}`", "unit"),
    _text("metric_description", "what it measures", "description"),
    _text("aggregation_temporality", "DELTA or CUMULATIVE, of sums and histograms"),
    Field(name="is_monotonic", kind=Kind.BOOLEAN, meaning="a sum that only grows", column="is_monotonic"),
    *_times("time", "the data point's time"),
    *_times("start_time", "when what it sums up began", absent=NO_TIME),
    _number("value", "of gauges and sums", kind=Kind.FLOAT),
    _number("count", "of histograms and summaries: how many values"),
    _number("sum", "of histograms and summaries: their sum", kind=Kind.FLOAT, absent="NULL"),
    _number("min", "of histograms: the smallest", kind=Kind.FLOAT, absent="NULL"),
    _number("max", "of histograms: the largest", kind=Kind.FLOAT, absent="NULL"),
    _number("flags", "1: no value was recorded"),
    *_EVERY,
)

# Attributes of the row itself, of its resource and of its scope.
SIGNAL_FAMILIES: Final[tuple[Family, ...]] = tuple(
    family for family in FAMILIES if family.prefix in ("attributes", "resource", "scope")
)
