"""Columns of an export in the types that every reader of Parquet takes alike.

Owns two differences between the engine's Parquet and that: enums are text (the engine writes bytes without a meaning),
and no map has a key twice. OTLP lets an attribute's key come twice and the tables keep both; Parquet's readers refuse
such a map, or keep another value each. The first keeps its name, as it does in SQL; the second is `KEY#2`, and so on:
nothing is lost, and `attribute_type_codes` still stand in the order of the map.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc


def portable_schema(schema: pa.Schema) -> pa.Schema:
    """The schema with text for enums, at any depth."""
    return pa.schema([field.with_type(_portable(field.type)) for field in schema], metadata=schema.metadata)


def portable(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """The rows in `portable_schema`, with unique keys."""
    table = pa.Table.from_batches([batch]).cast(schema)
    for index, field in enumerate(schema):
        kind = field.type
        if pa.types.is_map(kind) or (pa.types.is_list(kind) and pa.types.is_map(kind.value_type)):
            column = table.column(index)
            unique = _unique(column.combine_chunks() if column.num_chunks != 1 else column.chunk(0))
            if unique is not None:
                table = table.set_column(index, field, unique)
    return table


def _portable(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_binary(kind):
        return pa.string()
    if pa.types.is_map(kind):
        kind = cast(pa.MapType, kind)
        return pa.map_(_portable(kind.key_type), kind.item_field.with_type(_portable(kind.item_type)))
    if pa.types.is_list(kind):
        kind = cast("pa.ListType[Any]", kind)
        return pa.list_(kind.value_field.with_type(_portable(kind.value_type)))
    return kind


def _unique(column: Any) -> Any:
    """The maps, or lists of maps, with unique keys; None when they are so already."""
    if not pa.types.is_map(column.type):
        maps = _unique(column.values)
        return None if maps is None else pa.ListArray.from_arrays(column.offsets, maps, type=column.type)
    keys = column.keys
    offsets = column.offsets
    sizes = pc.subtract(offsets.slice(1), offsets.slice(0, len(offsets) - 1))
    rows = pa.array(_row_of_each(sizes.to_pylist()), pa.int32())
    entries = keys.slice(offsets[0].as_py(), len(rows))
    pairs = pa.table({"row": rows, "key": entries})
    if pairs.group_by(["row", "key"], use_threads=False).aggregate([]).num_rows == len(rows):
        return None
    named = entries.to_pylist()
    bounds = [bound - offsets[0].as_py() for bound in offsets.to_pylist()]
    for begin, end in pairwise(bounds):
        if len(set(named[begin:end])) < end - begin:
            named[begin:end] = unique_names(named[begin:end])
    items = column.items.slice(offsets[0].as_py(), len(rows))
    return pa.MapArray.from_arrays(pa.array(bounds, pa.int32()), pa.array(named, keys.type), items, type=column.type)


def _row_of_each(sizes: Iterable[int]) -> list[int]:
    return [row for row, size in enumerate(sizes) for _ in range(size)]


def unique_names(keys: list[str]) -> list[str]:
    """The keys of one map: the first of a name keeps it, a later one is `NAME#2`, `NAME#3`, if no key is called so."""
    taken = set(keys)
    seen: dict[str, int] = {}
    found: list[str] = []
    for key in keys:
        number = seen.get(key, 0) + 1
        name = key
        while number > 1 and (name := f"{key}#{number}") in taken:
            number += 1
        taken.add(name)
        seen[key] = number
        found.append(name)
    return found
