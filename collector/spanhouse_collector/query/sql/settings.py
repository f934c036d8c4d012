"""Settings that a person's SQL may name, in the URL or in a SETTINGS clause.

Owns the lists: settings that shape the answer or its meaning are passed on, limits may be lowered, what the transport
or a driver sends out of habit is passed over, and everything else is refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from spanhouse_collector.errors import SqlRefused
from spanhouse_collector.query.sql.errors import READONLY
from spanhouse_collector.storage.engine import quoted

# Families of output options. None of them names a file: `output_format_schema` and `format_template_*` are not here.
PREFIXES: Final = (
    "output_format_json_",
    "output_format_csv_",
    "output_format_tsv_",
    "output_format_pretty_",
    "output_format_arrow_",
    "output_format_parquet_",
    "output_format_orc_",
    "output_format_native_",
    "output_format_binary_",
    "output_format_values_",
    "output_format_markdown_",
    "output_format_decimal_",
)
PASSED_ON: Final = frozenset(
    {
        "any_join_distinct_right_table_keys",
        "asterisk_include_alias_columns",
        "cast_keep_nullable",
        "date_time_output_format",
        "enable_positional_arguments",
        "extremes",
        "group_by_use_nulls",
        "join_algorithm",
        "join_use_nulls",
        "limit",
        "offset",
        "optimize_read_in_order",
        "output_format_write_statistics",
        "prefer_column_name_to_alias",
        "session_timezone",
        "totals_mode",
        "transform_null_in",
        "union_default_mode",
        "use_skip_indexes",
    }
)
LOWERED: Final = frozenset(
    {
        "max_block_size",
        "max_bytes_to_read",
        "max_execution_time",
        "max_memory_usage",
        "max_result_bytes",
        "max_result_rows",
        "max_rows_to_read",
        "max_threads",
    }
)
PASSED_OVER: Final = frozenset(
    {
        "async_insert",
        "cast_string_to_dynamic_use_inference",
        "connect_timeout",
        "date_time_input_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "log_comment",
        "log_queries",
        "readonly",
        "receive_timeout",
        "result_overflow_mode",
        "send_progress_in_http_headers",
        "send_timeout",
        "wait_end_of_query",
    }
)


def writable_settings(column: str) -> str:
    """The SQL condition that a setting's name, in `column`, is one of those that may be given."""
    names = ", ".join(quoted(name) for name in sorted(PASSED_ON | LOWERED | PASSED_OVER - {"readonly"}))
    families = " OR ".join(f"startsWith({column}, {quoted(prefix)})" for prefix in PREFIXES)
    return f"{column} IN ({names}) OR {families}"


@dataclass(frozen=True)
class Ignored:
    """Something that was given and is not honoured; `used` is what holds in its place, '' for nothing."""

    name: str
    given: str
    used: str = ""


def ignored(combined: Mapping[str, str], given: Iterable[tuple[str, str]]) -> tuple[Ignored, ...]:
    """Which of the settings that were given do not hold, told those that do."""
    found = []
    for name, value in given:
        if name in PASSED_OVER:
            found.append(Ignored(name, value))
        elif combined.get(name, value) != value:
            found.append(Ignored(name, value, combined[name]))
    return tuple(found)


def combine(limits: Mapping[str, str], given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The settings that a query runs with: ours, and of those that were given what may be.

    Raises:
        SqlRefused: one that may not be given.

    """
    combined = dict(limits)
    for name, value in given:
        if name in PASSED_OVER:
            continue
        if name in LOWERED:
            combined[name] = _lower(name, value, limits.get(name, "0"))
        elif name in PASSED_ON or name.startswith(PREFIXES):
            combined[name] = value
        else:
            raise SqlRefused(
                f"Cannot modify '{name}' setting in readonly mode",
                hint="settings that shape the answer are accepted, and limits lower than the collector's",
                code=READONLY,
            )
    return combined


def _lower(name: str, value: str, limit: str) -> str:
    """The smaller of two limits; 0 is none."""
    try:
        asked = float(value)
    except ValueError:
        asked = math.nan
    if math.isnan(asked):
        raise SqlRefused(f"the setting {name} is not a number: {value[:40]!r}", code=READONLY)
    if asked <= 0 or (float(limit) and asked > float(limit)):
        return limit
    return value
