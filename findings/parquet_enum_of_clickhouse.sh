#!/usr/bin/env bash
# chDB 26.9.0 and pyarrow 26.0.1: an enum in Parquet is text until pyarrow reads it; a file that pyarrow wrote again has blobs.
#
# Seen: ClickHouse writes Array(Enum8) with Parquet's logical type ENUM. duckdb 2.0.1 and polars 2.1.0 read text, pyarrow and pandas
# read bytes, and a file read and written again by pyarrow (to merge or compress parts) holds BLOB[] for duckdb and
# List(Binary) for polars as well, where a comparison with text finds nothing. The setting
# output_format_parquet_enum_as_byte_array = 0 writes the NUMBERS instead. LowCardinality(String) stays text all the way.
# Guess from memory: an enum arrives as its name, a string, in all readers.
# Consequence: cast enums to String in the SELECT of an export.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check chdb-core==26.9.0 duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys

import chdb
import duckdb
import polars
import pyarrow.parquet

folder = sys.argv[1]
COLUMNS = """CAST(['int'], 'Array(Enum8(\\'string\\' = 1, \\'int\\' = 3))') AS types,
             toLowCardinality('int') AS word"""


def written(name, settings=""):
    path = f"{folder}/{name}.parquet"
    chdb.query(f"SELECT {COLUMNS} INTO OUTFILE '{path}' FORMAT Parquet {settings}")
    return path


def types(path):
    in_duckdb = [row[1] for row in duckdb.sql(f"DESCRIBE SELECT * FROM '{path}'").fetchall()]
    return in_duckdb, [str(kind) for kind in polars.read_parquet(path).schema.values()]


first = written("first")
table = pyarrow.parquet.read_table(first)
again = f"{folder}/again.parquet"
pyarrow.parquet.write_table(table, again)
numbers = pyarrow.parquet.read_table(written("numbers", "SETTINGS output_format_parquet_enum_as_byte_array = 0"))
print("as written:      duckdb, polars", *types(first), "| pyarrow", table["types"][0].as_py())
print("pyarrow's copy:  duckdb, polars", *types(again))
print("with the setting: pyarrow", numbers["types"][0].as_py())
assert types(first) == (["VARCHAR[]", "VARCHAR"], ["List(String)", "String"]), types(first)
assert types(again) == (["BLOB[]", "VARCHAR"], ["List(Binary)", "String"]), types(again)
assert table["types"][0].as_py() == [b"int"] and numbers["types"][0].as_py() == [3]
print("as found: pyarrow reads an enum as bytes, and its copy of the file is bytes for everybody")
PY
