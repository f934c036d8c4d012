"""Spans that an older mapping made, mapped again from what was stored as it was sent.

Owns finding them, running them through the trace model's stages and correcting their rows. Leaves the stages to
`span_selects`, and when it runs to `query.remap`.

A step takes some thousand rows of one partition through tables of its own, into a look-up table by the row's identity,
and then updates the promoted columns of those rows in place. Only columns that are made from others are ever written,
so nothing that was sent can be lost; rows that come meanwhile have this version's number and are not touched. Each row
says which mapping made it, so a run that was killed is finished by the next one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from spanhouse_collector.errors import StorageUnavailable
from spanhouse_collector.model.span_sql import columns
from spanhouse_collector.model.span_sql.columns import MAPPING_VERSION
from spanhouse_collector.storage.engine import Connection, Engine, quoted
from spanhouse_collector.storage.ingest_views import MODEL_COLUMNS, listed
from spanhouse_collector.storage.prices_tables import ensure_rules
from spanhouse_collector.storage.span_selects import staged_selects
from spanhouse_collector.storage.vocabulary_tables import create_vocabulary, drop_old_vocabularies

# Before, ClickHouse finds no rows in searches for text that also read a column with patches.
PATCHES_SINCE: Final = (26, 9)
PATCHED_ROWS: Final = 20_000  # a step's; all of them are in memory at once
REWRITTEN_ROWS: Final = 100_000  # a step rewrites whole parts, so it takes more
FUTILE_STEPS_MAX: Final = 3
PREFIX: Final = "remap_"
_STALE_S: Final = 86_400  # tables of a run that died; another collector's may be running
_IDENTITY: Final = {
    "trace_id": "trace_id",
    "span_id": "span_id",
    "block_number": "_block_number",
    "block_offset": "_block_offset",
}
_CARRIED: Final = (*_IDENTITY, "received_unix_nano")
_PLANNING: Final = {"query_plan_enable_optimizations": 0, "short_circuit_function_evaluation": "disable"}
_NANOS: Final = "toUInt64(toUnixTimestamp64Nano({}))"


def _text(column: str) -> str:
    """A column of few values as plain text: what is made of it is not stored."""
    return f"CAST({column}, 'String')"


def _resource_text(name: str) -> str:
    """What `ingest_views` reads of a resource: the first non-empty text under this key."""
    return (
        f"arrayFirst((value, key, type) -> key = '{name}' AND value != '' AND type = 'string', "
        "mapValues(resource_attributes), mapKeys(resource_attributes), resource_attribute_type_codes)"
    )


# What the stages read, from a stored row instead of from the message.
_INPUTS: Final = {
    "received_unix_nano": _NANOS.format("received_at"),
    "project": _text("project"),
    "scope_name": _text("scope_name"),
    "scope_dialect": columns.scope_dialect(_text("scope_name")),
    "resource_session_id": _resource_text("session.id"),
    "resource_user_id": _resource_text("user.id"),
    "keys": "CAST(mapKeys(attributes), 'Array(String)')",
    "values": "mapValues(attributes)",
    "event_names": "CAST(events.name, 'Array(String)')",
    "event_keys": "arrayMap(each -> CAST(mapKeys(each), 'Array(String)'), events.attributes)",
    "event_values": "arrayMap(each -> mapValues(each), events.attributes)",
    "event_unix_nanos": f"arrayMap(moment -> {_NANOS.format('moment')}, events.time)",
    "name": _text("name"),
    "start_unix_nano": _NANOS.format("start_time"),
    "end_unix_nano": _NANOS.format("end_time"),
    "status_is_error": f"{_text('status_code')} = 'ERROR'",
}
_MAPPED: Final = {name: made for name, made in MODEL_COLUMNS.items() if name != "attributes"}


@dataclass(frozen=True)
class RemapScope:
    """Which spans to map again; `everything` takes those of this mapping too, '' and None do not narrow."""

    project: str = ""
    since: datetime | None = None
    everything: bool = False

    def condition(self) -> str:
        """SQL over `spans`, but for the version."""
        conditions = ["1"]
        if self.project:
            conditions.append(f"project = {quoted(self.project)}")
        if self.since is not None:
            micros = int(self.since.timestamp() * 1_000_000)
            conditions.append(f"start_time >= fromUnixTimestamp64Micro(toInt64({micros}), 'UTC')")
        return " AND ".join(conditions)


@dataclass(frozen=True)
class RemapProgress:
    """After a step: how many spans there were to map, how many are done, and when those of the step were received."""

    span_count: int
    done_count: int
    first_received_unix_nano: int = 0
    last_received_unix_nano: int = 0


def remap(engine: Engine, scope: RemapScope, *, step_rows: int = 0) -> Generator[RemapProgress, None, None]:
    """Map spans again, a step at a time; to stop, take no more steps and close the generator.

    Raises:
        StorageError: some spans are mapped again and others not; begin again to go on.

    """
    connection = engine.connect()
    try:
        ensure_rules(connection)
        create_vocabulary(connection, is_embedded=engine.is_embedded)
        drop_old_vocabularies(connection)
        _drop_stale(connection)
        yield from _Run(connection, engine.database, scope, step_rows).steps()
    finally:
        connection.close()


class _Run:
    def __init__(self, connection: Connection, database: str, scope: RemapScope, step_rows: int) -> None:
        version = str(connection.query("SELECT version()").rows[0][0])
        self._has_patches = tuple(int(part) for part in version.split(".")[:2]) >= PATCHES_SINCE
        self._connection = connection
        self._scope = scope
        self._step_rows = step_rows or (PATCHED_ROWS if self._has_patches else REWRITTEN_ROWS)
        self._token = secrets.token_hex(6)
        self._look_up = f"{database}.{PREFIX}{self._token}_mapped"
        self._old = f"{scope.condition()} AND mapping_version < {MAPPING_VERSION}"

    def steps(self) -> Iterator[RemapProgress]:
        if self._scope.everything:
            self._update("mapping_version = 0", f"{self._scope.condition()} AND mapping_version = {MAPPING_VERSION}")
        partitions = self._partitions()
        total, done, futile = sum(partitions.values()), 0, 0
        yield RemapProgress(total, 0)
        with self._tables() as selects:
            for partition, count in partitions.items():
                left = count
                while left > 0:
                    received = self._step(partition, selects)
                    before, left = left, self._partitions(partition).get(partition, 0)
                    futile = futile + 1 if left >= before else 0
                    if futile >= FUTILE_STEPS_MAX:
                        raise StorageUnavailable(f"spans of partition {partition} cannot be brought to this mapping")
                    yield RemapProgress(total, min(total, done + max(0, count - left)), *received)
                done += count

    def _partitions(self, only: str = "") -> dict[str, int]:
        """Partition → how many spans of it an older mapping made."""
        narrowed = f" AND _partition_id = {quoted(only)}" if only else ""
        rows = self._connection.query(
            f"SELECT _partition_id, count() FROM spans WHERE {self._old}{narrowed} GROUP BY 1 ORDER BY 1"
        ).rows
        return {str(partition): int(count) for partition, count in rows}

    def _table(self, number: int) -> str:
        return f"{PREFIX}{self._token}_{number}"

    def _page(self, partition: str) -> str:
        """The step's rows as the stages read them; in the order of the key, so that few granules are read twice."""
        wanted = listed({**_IDENTITY, **_INPUTS})
        return (
            f"SELECT {wanted}\nFROM (SELECT *, _block_number, _block_offset FROM spans "
            f"WHERE _partition_id = {quoted(partition)} AND {self._old} "
            f"ORDER BY project, toRelativeMinuteNum(start_time), trace_id LIMIT {self._step_rows})"
        )

    def _selects(self, partition: str) -> tuple[str, ...]:
        *selects, last = staged_selects(self._page(partition), _CARRIED, self._table)
        return (*selects, f"SELECT {', '.join(_IDENTITY)},\n    {listed(_MAPPED)}\nFROM {last}")

    @contextmanager
    def _tables(self) -> Iterator[int]:
        """The run's own tables; yields how many there are before the look-up table."""
        *selects, _ = self._selects("")
        try:
            for number, select in enumerate(selects, 1):
                self._connection.execute(f"CREATE TABLE {self._table(number)} ENGINE = Memory EMPTY AS {select}")
            self._connection.execute(
                f"CREATE TABLE {self._look_up} (trace_id String, span_id String, block_number UInt64, "
                f"block_offset UInt64, {self._mapped_types()}) "
                f"ENGINE = Join(ANY, LEFT, {', '.join(_IDENTITY)}) SETTINGS persistent = 0"
            )
            yield len(selects)
        finally:
            _drop(self._connection, f"{PREFIX}{self._token}_")

    def _mapped_types(self) -> str:
        rows = self._connection.query(
            "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'spans'"
        ).rows
        types = {str(name): re.sub(r"LowCardinality\((\w+)\)", r"\1", str(kind)) for name, kind in rows}
        return ", ".join(f"`{name}` {types[name]}" for name in _MAPPED)

    def _step(self, partition: str, tables: int) -> tuple[int, int]:
        """Map some rows again; returns when the first and the last of them were received."""
        self._connection.room.require()
        targets = [*(self._table(number) for number in range(1, tables + 1)), self._look_up]
        for number, (target, select) in enumerate(zip(targets, self._selects(partition), strict=True)):
            self._connection.execute(f"TRUNCATE TABLE {target}")
            self._connection.execute(f"INSERT INTO {target} {select}", _PLANNING if number else None)
        rows = self._connection.query(
            "SELECT min(start_unix_nano), max(start_unix_nano), min(received_unix_nano), max(received_unix_nano), "
            f"groupUniqArray(project), count() FROM {targets[0]}"
        ).rows
        first, last, first_received, last_received, projects, count = rows[0]
        if count:
            found = f"{self._get('mapping_version')} = {MAPPING_VERSION}"
            within = " AND ".join(
                (
                    f"_partition_id = {quoted(partition)}",
                    f"project IN ({', '.join(quoted(str(project)) for project in projects)})",
                    f"start_time >= fromUnixTimestamp64Nano(toInt64({int(first)}), 'UTC')",
                    f"start_time <= fromUnixTimestamp64Nano(toInt64({int(last)}), 'UTC')",
                    f"mapping_version < {MAPPING_VERSION}",
                )
            )
            self._update(", ".join(f"`{name}` = {self._get(name)}" for name in _MAPPED), f"{within} AND {found}")
        return int(first_received), int(last_received)

    def _get(self, name: str) -> str:
        return f"joinGet('{self._look_up}', '{name}', {', '.join(_IDENTITY.values())})"

    def _update(self, changes: str, where: str) -> None:
        if self._has_patches:
            self._connection.execute(f"UPDATE spans SET {changes} WHERE {where}")
        else:
            self._connection.execute(f"ALTER TABLE spans UPDATE {changes} WHERE {where}", {"mutations_sync": 1})


def _drop_stale(connection: Connection) -> None:
    """Drop what a run that died left behind."""
    _drop(connection, PREFIX, f"metadata_modification_time < now() - {_STALE_S}")


def _drop(connection: Connection, prefix: str, condition: str = "1") -> None:
    parameters: Mapping[str, Any] = {"prefix": prefix}
    rows = connection.query(
        f"SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, {{prefix:String}}) "
        f"AND {condition}",
        parameters,
    ).rows
    for (name,) in rows:
        # A mutation that still reads it would wait for it for ever.
        connection.execute(
            "KILL MUTATION WHERE database = currentDatabase() AND table = 'spans' AND NOT is_done "
            f"AND position(command, {quoted(str(name))}) > 0"
        )
        connection.execute(f"DROP TABLE IF EXISTS {name} SYNC")
