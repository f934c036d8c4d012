"""Segments of spans into `spans`: mapped in this process, inserted as one Native block.

Owns the way of a segment from the log's file to the INSERT, and that prices are those of now. Leaves the mapping to
`mapper` and the settings that make an insert exact to `storage.writer`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from spanhouse_collector.errors import RecordRefused, StorageError, StorageRefused, StorageUnavailable
from spanhouse_collector.mapper.tables import tables
from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.error_codes import translate
from spanhouse_collector.storage.price_rules import PriceRules

if TYPE_CHECKING:
    from spanhouse_collector.mapper._native import Mapper

UNKNOWN_FORMAT: Final = 444  # what ClickHouse says of such a record: error_codes.DATA_CODES
_SHOWN: Final = 5


class SpanWriter:
    """Maps and inserts segments of traces, for one thread."""

    def __init__(self) -> None:
        self._rules = PriceRules()
        self._mapper = new_mapper(self._rules)
        self._columns = column_names()

    def insert(self, connection: Connection, path: Path, settings: Mapping[str, Any]) -> None:
        """Map a file of records and insert its rows.

        Raises:
            RecordRefused: some record cannot be read; nothing of the file is stored.
            StorageUnavailable: prices cannot be read, which is never the fault of a segment.
            StorageError: as the database has it.

        """
        try:
            if self._rules.refresh(connection):
                self._mapper.forget_prices()
        except StorageError as error:
            raise StorageUnavailable(f"prices cannot be read: {error.message}") from error
        try:
            segment = path.read_bytes()
        except OSError as error:
            raise translate(error) from error
        mapped = self._mapper.map(segment)
        if mapped.refused:
            shown = ", ".join(map(str, mapped.refused[:_SHOWN]))
            raise RecordRefused(f"the Protobuf of records cannot be read: {shown} in their order", code=UNKNOWN_FORMAT)
        if mapped.rows:
            connection.insert_native("spans", self._columns, mapped.chunks, settings)


def column_names() -> tuple[str, ...]:
    """The columns of the blocks that the mapper makes, in their order."""
    return tuple(name for name, _ in _native().COLUMNS)


def new_mapper(rules: PriceRules) -> Mapper:
    """A mapper of this version's vocabulary.

    Raises:
        StorageRefused: it was not compiled.

    """
    mapper: Mapper = _native().Mapper(tables(), rules.rules_for)
    return mapper


def _native() -> Any:
    try:
        return importlib.import_module("spanhouse_collector.mapper._native")
    except ModuleNotFoundError as error:
        raise StorageRefused(
            "the mapper of spans is not compiled for this Python",
            hint="install Spanhouse with pip, or run `make native` in a checkout",
        ) from error
