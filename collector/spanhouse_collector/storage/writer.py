"""Segments into tables.

Owns the INSERT that loads a file of the log, with the settings that make it exact: the token that stores a replay once,
one block per file so that a refused file has stored nothing, no asynchronous queue between the answer and the disk.
Spans are mapped here first (`span_writer`); logs and metrics are read and mapped by the engine.

Source: DESIGN section 1, "Facts about the engine"; decision 006.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from spanhouse_collector.otlp.signals import TRACES, Signal
from spanhouse_collector.storage.engine import Connection, Engine
from spanhouse_collector.storage.reader_schema import format_settings, ingest_columns, ingest_table
from spanhouse_collector.storage.span_writer import SpanWriter

EXACT_SETTINGS: Final = {
    "async_insert": 0,  # the default is 1: the answer would come before the rows are anywhere
    "deduplicate_blocks_in_dependent_materialized_views": 1,
    # One block a segment, whatever its size: the reader's rows are requests, and they are parsed before any is written.
    "max_insert_block_size": 1 << 30,
    "max_insert_block_size_bytes": 1 << 40,
    "min_insert_block_size_rows": 1 << 30,
    "min_insert_block_size_bytes": 1 << 40,
    "input_format_parallel_parsing": 0,
    "output_format_json_escape_forward_slashes": 0,  # the JSON text of arrays is data here, not a web page
    "max_insert_threads": 1,
    # The views have nothing to optimise, and their expressions no branch that fails: planning each insert anew and
    # masking branches cost more than they save (a third of a small insert's time; decision 006).
    "query_plan_enable_optimizations": 0,
    "short_circuit_function_evaluation": "disable",
    # Compiling the views' expressions to machine code takes a second and a half of a new process's first inserts, and
    # makes none of them cheaper: they work on strings and arrays (20,000 spans of all dialects: 0.81 s either way).
    "compile_expressions": 0,
    # A segment that was replayed from quarantine may hold requests of any number of weeks.
    "max_partitions_per_insert_block": 0,
}


class SegmentInserter:
    """Inserts segments of one signal, for one thread."""

    def __init__(self, engine: Engine, signal: Signal) -> None:
        self._engine = engine
        self._signal = signal
        self._connection: Connection | None = None
        self._spans = SpanWriter() if signal is TRACES else None

    def insert(self, path: Path, token: str) -> None:
        """Load a file of records; with a token that was used before, do nothing and succeed.

        Raises:
            RecordRefused: the data cannot be stored; nothing of the file is.
            StorageError: try again with the same token.

        """
        connection = self._connected()
        exact = {**EXACT_SETTINGS, "insert_deduplication_token": token}
        if self._spans is not None:
            self._spans.insert(connection, path, exact)
            return
        settings = {**format_settings(self._signal, embedded=self._engine.is_embedded), **exact}
        connection.insert_file(ingest_table(self._signal), tuple(ingest_columns(self._signal)), path, settings)

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def close(self) -> None:
        """Close the connection, if one was made."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
