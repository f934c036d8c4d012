"""Rows of `spans` and `logs` as Python sees them: the light ones of a tree, and whole spans with their log records.

Owns the SELECTs that read one trace, and turning columns back into typed values. Leaves what a trace is to
`model.trace_tree` and its JSON to `query.traces`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any, Final

from spanhouse_collector.errors import RequestTooLarge, StorageError
from spanhouse_collector.model import values
from spanhouse_collector.model.span import SpanEvent, SpanLink, SpanLog, StoredSpan
from spanhouse_collector.model.trace_tree_row import TAG_SEPARATOR, SpanRow
from spanhouse_collector.storage.engine import Connection, Rows, quoted

READ_SECONDS_MAX: Final = 30
READ_BYTES_MAX: Final = 128 << 20  # of columns; as Python objects and as JSON it is several times that
TOO_LARGE: Final = frozenset({307, 396})  # TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES
_SETTINGS: Final = (
    f"SETTINGS max_execution_time = {READ_SECONDS_MAX}, max_result_bytes = {READ_BYTES_MAX}, "
    "result_overflow_mode = 'throw'"
)
# Which parts have an id is found out before they are opened: to open one costs more than to ask its index.
BY_ID: Final = "use_skip_indexes_on_data_read = 0"
_OF_TRACE: Final = "trace_id = {trace_id:String} AND ({project:String} = '' OR project = {project:String})"
_OF_SPANS: Final = (
    f"{_OF_TRACE} AND (span_id IN {{span_ids:Array(String)}} OR pending_span_id IN {{span_ids:Array(String)}})"
)
# Times of spans with the same hash are of one clock: one service on one machine wrote them.
_CLOCK_ATTRIBUTES: Final = ("service.instance.id", "host.name")
_RESOURCE_HASH: Final = (
    f"cityHash64(service_name, {', '.join(f'resource_attributes[{quoted(name)}]' for name in _CLOCK_ATTRIBUTES)})"
)
_COMPUTED: Final = {
    "start_time_unix_nano": "toUnixTimestamp64Nano(start_time)",
    "end_time_unix_nano": "toUnixTimestamp64Nano(end_time)",
    "received_at_unix_nano": "toUnixTimestamp64Nano(received_at)",
    "resource_hash": _RESOURCE_HASH,
    "tags": f"arrayStringConcat(spans.tags, {quoted(TAG_SEPARATOR)})",
}

# What the trace model adds to OpenTelemetry's fields, and a StoredSpan carries by name.
PROMOTED: Final = (
    *("span_type", "operation", "provider", "framework", "request_model", "response_model", "model", "response_id"),
    *("input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens", "cache_write_input_tokens"),
    *("reasoning_output_tokens", "usage_scope", "cost_usd", "cost_source", "session_id", "user_id", "agent_name"),
    *("tool_name", "prompt_name", "finish_reasons", "ttft_ns", "tags", "input", "output", "dialects", "is_error"),
    *("is_pending", "error_type", "mapping_version"),
)
_PLAIN: Final = (
    *("project", "trace_id", "span_id", "parent_span_id", "trace_state", "flags", "name", "kind", "duration_ns"),
    *("status_code", "status_message", "service_name", "scope_name", "scope_version"),
)


def _map(column: str) -> dict[str, str]:
    """A map as two arrays: as a dict it would forget the first of two equal keys."""
    return {f"{column}.keys": f"mapKeys({column})", f"{column}.values": f"mapValues({column})"}


def _maps(column: str) -> dict[str, str]:
    return {
        f"{column}.keys": f"arrayMap(m -> mapKeys(m), `{column}`)",
        f"{column}.values": f"arrayMap(m -> mapValues(m), `{column}`)",
    }


def _listing(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{expression} AS `{name}`" for name, expression in columns.items())


_ROW_COLUMNS: Final = _listing({name: _COMPUTED.get(name, f"spans.{name}") for name in SpanRow._fields})
# Column → the column of their types: a key that was sent twice has two types and, in a dict, one value.
_MAPS: Final = {
    "attributes": "attribute_type_codes",
    "resource_attributes": "resource_attribute_type_codes",
}
_LISTS_OF_MAPS: Final = {
    "events.attributes": "events.attribute_type_codes",
    "links.attributes": "links.attribute_type_codes",
}
_TIMES: Final = ("start_time_unix_nano", "end_time_unix_nano", "received_at_unix_nano")
# Almost all of it as it is stored: a function takes as long to plan as a column to read.
_PLAINLY: Final = {
    **{name: _COMPUTED[name] for name in _TIMES},
    **{
        name: f"`{name}`"
        for name in (*_PLAIN, *PROMOTED, *SpanRow._fields, *_MAPS.values(), *_LISTS_OF_MAPS.values())
        if name not in (*_TIMES, "resource_hash")
    },
    "event_names": "`events.name`",
    "event_times": "arrayMap(t -> toUnixTimestamp64Nano(t), `events.time`)",
    "link_trace_ids": "`links.trace_id`",
    "link_span_ids": "`links.span_id`",
    "link_trace_states": "`links.trace_state`",
}
_SPAN_COLUMNS: Final = _listing({**_PLAINLY, **{name: f"`{name}`" for name in (*_MAPS, *_LISTS_OF_MAPS)}})
_EXACT_COLUMNS: Final = _listing(
    {
        **_PLAINLY,
        **{name: sql for column in _MAPS for name, sql in _map(column).items()},
        **{name: sql for column in _LISTS_OF_MAPS for name, sql in _maps(column).items()},
    }
)
_LOG_COLUMNS: Final = _listing(
    {
        "span_id": "span_id",
        "event_name": "event_name",
        "time_unix_nano": "toUnixTimestamp64Nano(time)",
        "body": "body",
        "body_type": "toString(body_type)",
        **_map("attributes"),
        "attribute_type_codes": "attribute_type_codes",
        "scope_name": "scope_name",
        "severity_number": "severity_number",
    }
)


@dataclass(frozen=True)
class SpanRecord:
    """One row of `spans`: whole, and as its trace's tree needs it."""

    row: SpanRow
    span: StoredSpan


def read_rows(connection: Connection, trace_id: str, project: str = "") -> list[SpanRow]:
    """The light columns of a trace's records, by time; neither attributes nor content are read.

    Raises:
        StorageError: as the database has it.

    """
    found = connection.query(
        f"SELECT {_ROW_COLUMNS} FROM spans WHERE {_OF_TRACE} ORDER BY start_time, span_id {_SETTINGS}, {BY_ID}",
        {"trace_id": trace_id, "project": project},
    )
    # As `_make` does it, without a Python frame for each of fifty thousand rows.
    return list(map(tuple.__new__, repeat(SpanRow), found.rows))


def read_records(
    connection: Connection, trace_id: str, project: str = "", span_ids: Sequence[str] = (), *, with_logs: bool = True
) -> list[SpanRecord]:
    """A trace's records, or those of some of its spans, with everything stored of them; log records are joined.

    `with_logs` is for those who know that it has none.

    Raises:
        RequestTooLarge: more than fits into one answer.
        StorageError: as the database has it.

    """
    parameters = {"trace_id": trace_id, "project": project, "span_ids": list(span_ids)}
    # A hundred columns of a granule or two: a second thread costs more than it reads.
    # Both ids are looked at before any content is read: single spans of a large trace are then cheap.
    condition = f"PREWHERE {_OF_SPANS}" if span_ids else f"WHERE {_OF_TRACE}"
    of_logs = f"{_OF_TRACE} AND span_id IN {{span_ids:Array(String)}}" if span_ids else f"{_OF_TRACE} AND span_id != ''"
    source = f"FROM spans {condition} {_SETTINGS}, max_threads = 1, {BY_ID}"
    try:
        found = connection.query(f"SELECT {_SPAN_COLUMNS} {source}", parameters).dicts()
        if not all(_has_each_key_once(columns) for columns in found):
            found = connection.query(f"SELECT {_EXACT_COLUMNS} {source}", parameters).dicts()
        logs = (
            connection.query(f"SELECT {_LOG_COLUMNS} FROM logs WHERE {of_logs} ORDER BY time {_SETTINGS}", parameters)
            if with_logs
            else Rows((), ())
        ).dicts()
    except StorageError as error:
        if error.code in TOO_LARGE:
            raise RequestTooLarge(
                f"trace {trace_id} is larger than {READ_BYTES_MAX} bytes",
                hint="ask for its skeleton with payload=false, and for single spans",
            ) from error
        raise
    of_span: dict[str, list[SpanLog]] = {}
    for log in logs:
        of_span.setdefault(log["span_id"], []).append(_log(log))
    found.sort(key=lambda columns: (columns["start_time_unix_nano"], columns["span_id"]))
    return [SpanRecord(_row(columns), _span(columns, of_span)) for columns in found]


def _has_each_key_once(columns: Mapping[str, Any]) -> bool:
    """Whether a span's maps, as dicts, are all that is stored of them."""
    return all(len(columns[name]) == len(columns[codes]) for name, codes in _MAPS.items()) and all(
        len(map_) == len(codes)
        for name, types in _LISTS_OF_MAPS.items()
        for map_, codes in zip(columns[name], columns[types], strict=True)
    )


def _row(columns: Mapping[str, Any]) -> SpanRow:
    resource = dict(_pairs(columns, "resource_attributes"))
    clock = tuple(resource.get(name, "") for name in _CLOCK_ATTRIBUTES)
    computed: dict[str, Any] = {
        "tags": TAG_SEPARATOR.join(columns["tags"]),
        "resource_hash": hash((columns["service_name"], *clock)),
    }
    return SpanRow(*(computed[name] if name in computed else columns[name] for name in SpanRow._fields))


def _log(columns: Mapping[str, Any]) -> SpanLog:
    return SpanLog(
        event_name=columns["event_name"],
        time_unix_nano=columns["time_unix_nano"],
        body=values.value(columns["body_type"], columns["body"]),
        attributes=_attributes(columns, "attributes", columns["attribute_type_codes"]),
        scope_name=columns["scope_name"],
        severity_number=columns["severity_number"],
    )


def _span(columns: Mapping[str, Any], logs: Mapping[str, Sequence[SpanLog]]) -> StoredSpan:
    return StoredSpan(
        **{name: columns[name] for name in _PLAIN},
        start_time_unix_nano=columns["start_time_unix_nano"],
        end_time_unix_nano=columns["end_time_unix_nano"],
        received_at_unix_nano=columns["received_at_unix_nano"],
        attributes=_attributes(columns, "attributes", columns["attribute_type_codes"]),
        resource_attributes=_attributes(columns, "resource_attributes", columns["resource_attribute_type_codes"]),
        events=tuple(
            SpanEvent(name, time, values.attributes(pairs, codes))
            for name, time, pairs, codes in zip(
                columns["event_names"],
                columns["event_times"],
                _lists_of_pairs(columns, "events.attributes"),
                columns["events.attribute_type_codes"],
                strict=True,
            )
        ),
        links=tuple(
            SpanLink(trace_id, span_id, values.attributes(pairs, codes), trace_state)
            for trace_id, span_id, trace_state, pairs, codes in zip(
                *(columns[f"link_{name}"] for name in ("trace_ids", "span_ids", "trace_states")),
                _lists_of_pairs(columns, "links.attributes"),
                columns["links.attribute_type_codes"],
                strict=True,
            )
        ),
        logs=tuple(logs.get(columns["pending_span_id"] or columns["span_id"], ())),
        columns={name: columns[name] for name in PROMOTED},
    )


def _attributes(columns: Mapping[str, Any], name: str, codes: Sequence[str]) -> dict[str, Any]:
    return values.attributes(_pairs(columns, name), codes)


def _pairs(columns: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """The keys and values of a map, however it was read."""
    if name in columns:
        return list(columns[name].items())
    return list(zip(columns[f"{name}.keys"], columns[f"{name}.values"], strict=True))


def _lists_of_pairs(columns: Mapping[str, Any], name: str) -> list[list[tuple[str, str]]]:
    if name in columns:
        return [list(each.items()) for each in columns[name]]
    both = zip(columns[f"{name}.keys"], columns[f"{name}.values"], strict=True)
    return [list(zip(keys, texts, strict=True)) for keys, texts in both]
