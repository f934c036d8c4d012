"""How much a person's query may take.

Owns the numbers and the engine settings that enforce them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from spanhouse_collector.query.sql.tables import FILTERED_BY_ENGINE
from spanhouse_collector.storage.engine import quoted

MIB: Final = 1 << 20
_PROCESSORS: Final = os.cpu_count() or 1


@dataclass(frozen=True)
class Limits:
    """Limits of each query, and how many run at once; 0 is no limit."""

    execution_time_s: float = 30
    rows_to_read: int = 2_000_000_000
    bytes_to_read: int = 200 * 1024 * MIB
    memory_bytes: int = 1024 * MIB
    threads: int = max(1, _PROCESSORS // 2)  # the other half is for the loaders
    result_rows: int = 10_000_000
    result_bytes: int = 4096 * MIB
    nice: int = 10  # of the engine's threads, where the system allows: queries yield to the loaders
    concurrent: int = min(8, max(2, _PROCESSORS // 2))
    waiting: int = 16
    wait_s: float = 5

    def settings(self) -> dict[str, str]:
        """The engine's settings for one query."""
        return {
            "max_execution_time": f"{self.execution_time_s:g}",
            "timeout_overflow_mode": "throw",
            "max_rows_to_read": str(self.rows_to_read),
            "max_bytes_to_read": str(self.bytes_to_read),
            "read_overflow_mode": "throw",
            "max_memory_usage": str(self.memory_bytes),
            "max_threads": str(self.threads),
            "max_result_rows": str(self.result_rows),
            "max_result_bytes": str(self.result_bytes),
            "result_overflow_mode": "throw",
            "os_threads_nice_value_query": str(self.nice),
            "max_ast_depth": "500",
            "max_ast_elements": "20000",
            "max_expanded_ast_elements": "100000",
            "max_subquery_depth": "50",
            "max_columns_to_read": "1000",
            "allow_introspection_functions": "0",
            "allow_ddl": "0",
            "log_queries": "0",
            "output_format_json_quote_64bit_integers": "0",
            "output_format_json_quote_denormals": "1",
        }


def project_settings(database: str, project: str) -> dict[str, str]:
    """The second wall around one project's rows, and the order of conditions that keeps other rows out of sight.

    The engine adds the condition to every read of the base tables by itself. Conditions are neither merged nor moved
    to PREWHERE: a person's own condition would be evaluated on other projects' rows then, and its error message could
    quote them.
    """
    condition = f"project = {quoted(project)}"
    filters = ", ".join(f"{quoted(f'{database}.{table}')}: {quoted(condition)}" for table in FILTERED_BY_ENGINE)
    return {
        "additional_table_filters": "{" + filters + "}",
        "optimize_move_to_prewhere": "0",
        "query_plan_optimize_prewhere": "0",
        "query_plan_merge_filters": "0",
        "asterisk_include_alias_columns": "1",
    }
