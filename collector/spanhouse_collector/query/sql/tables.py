"""Which tables a person's SQL may read, and what it sees of the engine's own tables.

Owns the names, the column that says whose row it is, and the subqueries that stand in for `system.*`. Leaves putting
them into a query to `rewrite`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from spanhouse_collector.query.sql.settings import writable_settings
from spanhouse_collector.storage.engine import quoted


@dataclass(frozen=True)
class Table:
    """A table or view of the database.

    `condition` keeps the rows of one project; `select` stands in for the table where a project is bound, when it has no
    column to ask. Both are filled in with `{project}`, a literal, and `{database}`, an identifier.
    """

    name: str
    condition: str = "project = {project}"
    select: str = ""


TABLES: Final[Mapping[str, Table]] = MappingProxyType(
    {
        table.name: table
        for table in (
            Table("spans"),
            Table("traces"),
            Table("logs"),
            Table("metrics"),
            Table("assessments"),
            Table("trace_tags"),
            Table("sessions"),
            Table("users"),
            Table("projects"),
            Table("model_prices", "project IN ('', {project})"),
            Table("audit"),  # its rows are logs of the collector's own project, which only keys for all projects read
            Table("otel_traces", "Project = {project}"),
            Table(
                "otel_traces_trace_id_ts",
                select=(
                    "SELECT trace_id AS TraceId, toDateTime(min(start_time), 'UTC') AS Start, "
                    "toDateTime(max(end_time), 'UTC') AS End FROM {database}.spans WHERE project = {project} "
                    "GROUP BY trace_id"
                ),
            ),
            Table("otel_logs", "Project = {project}"),
        )
    }
)
# Tables that views read too: the engine adds the condition to every read of them, whatever the query looks like.
FILTERED_BY_ENGINE: Final = ("spans", "logs", "metrics", "assessment_versions", "trace_tag_changes")
# Other names of the database in a query: tools that were told none say `default`.
DATABASE_ALIASES: Final = ("default",)
_OWN: Final = f"database = {{database}} AND %s IN ({', '.join(quoted(name) for name in TABLES)})"

# What `system.<name>` is replaced by. Explicit columns: no paths, no sizes, nothing of other databases.
SYSTEM_TABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "databases": "SELECT name, engine, uuid, comment FROM system.databases WHERE name = {database}",
        "tables": (
            "SELECT database, name, engine, is_temporary, comment, has_own_data, "
            "CAST(NULL, 'Nullable(UInt64)') AS total_rows, CAST(NULL, 'Nullable(UInt64)') AS total_bytes, "
            "'' AS create_table_query, '' AS engine_full, '' AS as_select, "
            f"partition_key, sorting_key, primary_key, sampling_key FROM system.tables WHERE {_OWN % 'name'}"
        ),
        "columns": (
            "SELECT database, table, name, type, position, default_kind, default_expression, comment, "
            "is_in_partition_key, is_in_sorting_key, is_in_primary_key, is_in_sampling_key, "
            "character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision, "
            "compression_codec "
            f"FROM system.columns WHERE {_OWN % 'table'}"
        ),
        "functions": "SELECT * FROM system.functions WHERE origin = 'System'",
        "data_type_families": "SELECT * FROM system.data_type_families",
        "formats": "SELECT * FROM system.formats",
        "one": "SELECT * FROM system.one",
        "settings": (
            "SELECT name, default AS value, changed, description, min, max, "
            f"CAST(NOT ({writable_settings('name')}), 'UInt8') AS readonly, type, default, alias_for, is_obsolete "
            "FROM system.settings"
        ),
    }
)
