#!/usr/bin/env bash
# deltalake 1.6.6: unsigned columns become signed ones of the SAME width, so one large value fails a whole write.
#
# Seen: a table of Arrow uint32 and uint64 is created as `integer` and `long`. A write that holds 4294967295 in the uint32
# column fails as a whole (a raised error, nothing stored), though the value fits the next wider type. OTLP's span flags are
# such a column: any fixed32 is valid there. Timestamps of nanoseconds are cut to microseconds in the same write without a word.
# Guess from memory: uint32 is widened to long, as Spark and Parquet readers do.
# Consequence: cast unsigned columns to Int64 before they are handed to Delta.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check deltalake==1.6.6 pyarrow==26.0.1
"$folder/venv/bin/python" - "$folder" <<'PY'
import sys

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

folder = sys.argv[1]
nanoseconds = 1_764_547_200_123_456_789


def table(flags):
    return pa.table({
        "flags": pa.array([flags], pa.uint32()),
        "duration_ns": pa.array([5], pa.uint64()),
        "start_time": pa.array([nanoseconds], pa.timestamp("ns", "UTC")),
    })


write_deltalake(f"{folder}/spans", table(1))
written = DeltaTable(f"{folder}/spans")
types = {field.name: str(field.type) for field in written.schema().fields}
print("types:", types)
stored = written.to_pyarrow_table()["start_time"].cast(pa.int64())[0].as_py()
print("start_time:", nanoseconds, "->", stored)
try:
    write_deltalake(f"{folder}/spans", table(4_294_967_295), mode="append")
    answer = "stored"
except Exception as error:
    answer = f"{type(error).__name__}: {str(error).splitlines()[0]}"
rows = DeltaTable(f"{folder}/spans").to_pyarrow_table().num_rows
print("flags 4294967295:", answer, "| rows:", rows)
assert 'integer' in types["flags"] and 'long' in types["duration_ns"], types
assert stored == nanoseconds // 1000, stored
assert answer != "stored" and "4294967295" in answer and rows == 1, (answer, rows)
print("as found: uint32 becomes a signed integer of 32 bits, and one large value fails the write")
PY
