"""What the engine answers to filters over the scratch tables.

Owns the statements a search would write, in their plainest form, and asking many filters at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spanhouse_collector.query.filter import Row, Source, Sources, Unit, compile_filter
from spanhouse_collector.storage.engine import Connection
from tests.collector.query.filter.dataset import Dataset

SOURCES = Sources(Source("spans"), Source("traces"), Source("trace_tags"), Source("assessments"))


@dataclass
class Answers:
    """A connection and what is in its tables."""

    connection: Connection
    data: Dataset

    def spans(self, text: str, unit: Unit = "span") -> set[str]:
        compiled = compile_filter(text, unit=unit)
        statement = f"SELECT span_id FROM spans WHERE {compiled.where(Row.SPAN, SOURCES)}"
        return {row[0] for row in self.connection.query(statement, compiled.parameters).rows}

    def traces(self, text: str) -> set[tuple[str, str]]:
        compiled = compile_filter(text, unit="trace")
        statement = f"SELECT project, trace_id FROM traces WHERE {compiled.where(Row.TRACE, SOURCES)}"
        return {(row[0], row[1]) for row in self.connection.query(statement, compiled.parameters).rows}

    def numbers_of_spans(self, texts: Sequence[str]) -> list[set[str]]:
        """The spans of many filters from one statement."""
        parameters: dict[str, Any] = {}
        columns = []
        for index, text in enumerate(texts):
            compiled = compile_filter(text, unit="span", prefix=f"p{index}_")
            parameters |= compiled.parameters
            columns.append(f"groupArrayIf(span_id, ifNull({compiled.where(Row.SPAN, SOURCES)}, 0))")
        row = self.connection.query(f"SELECT {', '.join(columns)} FROM spans", parameters).rows[0]
        return [set(found) for found in row]

    def span_numbers(self, text: str, unit: Unit = "span") -> set[int]:
        return {int(span_id, 16) for span_id in self.spans(text, unit)}

    def trace_numbers(self, text: str) -> set[int]:
        return {int(trace_id, 16) for _, trace_id in self.traces(text)}
