"""An export as Parquet says the same to every reader."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from spanhouse_collector.cli.export_parquet_types import portable, portable_schema, unique_names
from spanhouse_collector.cli.main import main
from tests.builders import START_UNIX_NANO, attributes, make_span, traces
from tests.collector_process import CollectorProcess
from tests.otlp_client import export_http
from tests.prepared import prepare_embedded

Maps = list[list[tuple[str, str]]]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of three spans: one with keys twice everywhere, one plain, one empty."""
    folder = tmp_path_factory.mktemp("parquet")
    twice = attributes({"k": "first", "n": 2**53 + 1, "k#3": "its own"}) + attributes({"k": "second"})
    twice += attributes({"k": 3.5})
    span = make_span("twice", number=1, attributes=twice)
    span.events.add(name="e", time_unix_nano=START_UNIX_NANO, attributes=twice)
    span.events.add(name="f", time_unix_nano=START_UNIX_NANO + 1)
    span.links.add(trace_id=b"l" * 16, span_id=b"l" * 8, attributes=twice, flags=2**32 - 1)
    request = traces(span, make_span("plain", number=2, attributes={"a": True}), make_span("empty", number=3))
    request.resource_spans[0].resource.attributes.extend(attributes({"service.name": "again"}))
    request.resource_spans[0].scope_spans[0].scope.attributes.extend(twice)
    with CollectorProcess(prepare_embedded(folder / "data")) as collector:
        export_http(collector.http, request)
        collector.wait_stored("traces", 3)
        environment: dict[str, str | None] = {key: None for key in os.environ if key.startswith("SPANHOUSE_")}
        runner = CliRunner(env={**environment, "SPANHOUSE_URL": collector.http})
        done = runner.invoke(main, ["export", str(folder / "spans.parquet"), "--format", "parquet"])
        assert done.exit_code == 0, (done.stderr, done.exception)
    return folder / "spans.parquet"


def plain(value: Any) -> Any:
    """A reader's value as Python's own: maps as dicts, times as nanoseconds, no absent kinds but None."""
    if hasattr(value, "tolist") and not isinstance(value, pd.Timestamp):
        value = value.tolist()
    if isinstance(value, pd.Timestamp):
        return value.value
    if isinstance(value, dict) and value.keys() == {"key", "value"}:
        return (value["key"], plain(value["value"]))
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items: list[Any] = [None if found in ([], {}, ()) else found for found in map(plain, value)]
        if items and all(isinstance(item, tuple) and len(item) == 2 for item in items):
            return dict(items)
        return tuple(items) if isinstance(value, tuple) else items
    if value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Rows by name of the span; an empty map and an empty list look alike in some readers."""
    found = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return sorted(
        ({key: plain(value) or None for key, value in row.items()} for row in found), key=lambda row: row["name"]
    )


def read_pyarrow(file: Path) -> dict[str, list[Any]]:
    table = pyarrow.parquet.read_table(file)
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        kind = column.type.value_type if pa.types.is_list(column.type) else column.type
        if pa.types.is_timestamp(kind):
            as_int = pa.list_(pa.int64()) if pa.types.is_list(column.type) else pa.int64()
            column = column.cast(as_int)
        columns[name] = column.to_pylist()
    return columns


def read_pandas(file: Path) -> dict[str, list[Any]]:
    frame = pd.read_parquet(file, dtype_backend="pyarrow")
    return {name: [frame[name].iloc[row] for row in range(len(frame))] for name in frame.columns}


def read_polars(file: Path) -> dict[str, list[Any]]:
    frame = pl.read_parquet(file)
    times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
    lists = [name for name, kind in frame.schema.items() if kind == pl.List(pl.Datetime("ns", "UTC"))]
    frame = frame.with_columns(
        *(pl.col(name).cast(pl.Int64) for name in times), *(pl.col(name).cast(pl.List(pl.Int64)) for name in lists)
    )
    return frame.to_dict(as_series=False)


def read_duckdb(file: Path) -> dict[str, list[Any]]:
    with duckdb.connect() as connection:
        relation = connection.read_parquet(str(file))
        asked = []
        for name, kind in zip(relation.columns, map(str, relation.types), strict=True):
            quoted = f'"{name}"'
            if kind.startswith("TIMESTAMP"):
                quoted = (
                    f"epoch_ns({quoted}) AS {quoted}"
                    if not kind.endswith("[]")
                    else (f"list_transform({quoted}, lambda x: epoch_ns(x)) AS {quoted}")
                )
            asked.append(quoted)
        found = relation.project(", ".join(asked))
        names = found.columns
        return {name: list(values) for name, values in zip(names, zip(*found.fetchall(), strict=True), strict=True)}


READERS = {"pyarrow": read_pyarrow, "pandas": read_pandas, "polars": read_polars, "duckdb": read_duckdb}
KEPT = {"k": "first", "n": str(2**53 + 1), "k#3": "its own", "k#2": "second", "k#4": "3.5"}
TYPES = ["string", "int", "string", "string", "double"]


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_has_the_first_value_of_a_key_and_loses_no_other(file: Path, reader: str) -> None:
    empty, without, twice = rows_of(READERS[reader](file))
    assert (empty["attributes"], without["attributes"]) == (None, {"a": "true"})
    assert twice["attributes"] == KEPT
    assert list(twice["attributes"]) == list(KEPT)  # in the order of the types
    assert twice["attribute_type_codes"] == TYPES
    assert twice["scope_attributes"] == KEPT
    assert twice["resource_attributes"] == {"service.name": "test-app", "service.name#2": "again"}
    assert [maps or {} for maps in twice["events.attributes"]] == [KEPT, {}]
    assert twice["events.attribute_type_codes"] == [TYPES, None]
    assert twice["links.attributes"] == [KEPT]
    assert twice["links.attribute_type_codes"] == [TYPES]
    assert twice["events.time"] == [START_UNIX_NANO, START_UNIX_NANO + 1]


@pytest.mark.parametrize("reader", [reader for reader in READERS if reader != "pyarrow"])
def test_every_reader_has_the_same_rows(file: Path, reader: str) -> None:
    assert rows_of(READERS[reader](file)) == rows_of(read_pyarrow(file))


def test_types_are_text_that_readers_can_ask_for(file: Path) -> None:
    with duckdb.connect() as connection:
        question = "SELECT name FROM read_parquet(?) WHERE list_contains(attribute_type_codes, 'int')"
        assert connection.execute(question, [str(file)]).fetchall() == [("twice",)]
    found = pl.read_parquet(file).filter(pl.col("attribute_type_codes").list.contains("int"))
    assert found["name"].to_list() == ["twice"]


@given(st.lists(st.sampled_from(["a", "b", "a#2", "a#3", "", "#2"]), max_size=8))
def test_names_are_unique_and_the_first_of_each_is_kept(keys: list[str]) -> None:
    found = unique_names(keys)
    assert len(set(found)) == len(keys)
    for index, (key, name) in enumerate(zip(keys, found, strict=True)):
        assert (name == key) == (key not in keys[:index])
        assert name.startswith(key)


@given(st.lists(st.lists(st.lists(st.sampled_from("ab"), max_size=3), max_size=3), min_size=1, max_size=5))
def test_maps_in_lists_and_alone_are_renamed_where_they_must(rows: list[list[list[str]]]) -> None:
    map_type = pa.map_(pa.string(), pa.string())
    maps: list[list[Maps]] = [[[(key, str(n)) for n, key in enumerate(keys)] for keys in row] for row in rows]  # type: ignore[misc]
    alone = [row[0] if row else [] for row in maps]
    batch = pa.record_batch({"m": pa.array(alone, map_type), "l": pa.array(maps, pa.list_(map_type))})
    for part in (batch, batch.slice(1)):
        table = portable(part, portable_schema(part.schema))
        assert table.column("m").to_pylist() == [
            list(zip(unique_names([key for key, _ in each]), [value for _, value in each], strict=True))
            for each in part.column("m").to_pylist()
        ]
        assert [[[value for _, value in pairs] for pairs in row] for row in table.column("l").to_pylist()] == [
            [[value for _, value in pairs] for pairs in row] for row in part.column("l").to_pylist()
        ]
        assert all(
            len({key for key, _ in pairs}) == len(pairs) for row in table.column("l").to_pylist() for pairs in row
        )
