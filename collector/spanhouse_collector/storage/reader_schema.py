"""The reader schema `proto/ingest.proto` as ClickHouse sees it: settings for the Protobuf format, and column types.

Owns finding the file (beside the packages in a checkout, inside the wheel otherwise) and deriving the ingest tables'
types from it, so that the schema is written down once. A oneof becomes an Enum8 column of the oneof's name whose values
are the field numbers: ClickHouse fills it with the member that was sent (`input_format_protobuf_oneof_presence`), which
is how a 0, a false and an '' keep their type.

Understands the subset of proto3 that the file uses: flat messages, one oneof each at most, scalars.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from spanhouse_collector.otlp.signals import Signal

_SCALARS: Final = {
    "string": "String",
    "bytes": "String",
    "bool": "Bool",
    "double": "Float64",
    "int32": "Int32",
    "sint32": "Int32",
    "int64": "Int64",
    "sfixed64": "Int64",
    "uint32": "UInt32",
    "fixed32": "UInt32",
    "uint64": "UInt64",
    "fixed64": "UInt64",
}
_RECORDS: Final = {"traces": "TracesRecord", "logs": "LogsRecord", "metrics": "MetricsRecord"}
# How a oneof's members are called in SQL: 'string', not 'string_value'.
_CASE_AFFIXES: Final = re.compile(r"^as_|_value$|_json$")
_TEXT_MESSAGES: Final = frozenset({"AnyValue", "Leaf"})
_STORED_FIELDS: Final = ("request_project", "received_unix_nano", "request")


@dataclass(frozen=True)
class Field:
    """One field of a message of the reader schema."""

    name: str
    type: str
    number: int
    label: str
    oneof: str


def ingest_table(signal: Signal) -> str:
    """The Null table that segments of a signal are inserted into."""
    return f"ingest_{signal.name}"


@cache
def schema_path() -> Path:
    """Where the file is on this machine."""
    packaged = Path(str(files("spanhouse_collector"))) / "_proto" / "ingest.proto"
    checkout = Path(__file__).resolve().parents[3] / "proto" / "ingest.proto"
    return packaged if packaged.exists() else checkout


@cache
def source() -> str:
    """The text of the schema without comments and blank lines: it travels with every insert into a server."""
    lines = (line.partition("//")[0].strip() for line in schema_path().read_text("utf-8").splitlines())
    return "\n".join(line for line in lines if line)


@cache
def messages() -> dict[str, tuple[Field, ...]]:
    """Message name → its fields, in the order of the file."""
    found: dict[str, tuple[Field, ...]] = {}
    for match in re.finditer(r"^message (\w+) \{$(.*?)^\}$(?=\n^message|\Z)", source(), re.DOTALL | re.MULTILINE):
        oneof = ""
        fields: list[Field] = []
        for line in match[2].strip().splitlines():
            if opened := re.fullmatch(r"oneof (\w+) \{", line):
                oneof = opened[1]
            elif line == "}":
                oneof = ""
            elif field := re.fullmatch(r"(?:(repeated|optional) )?(\w+) (\w+) = (\d+);", line):
                fields.append(Field(field[3], field[2], int(field[4]), field[1] or "", oneof))
            else:
                raise AssertionError(f"proto/ingest.proto: cannot read {line!r}")
        found[match[1]] = tuple(fields)
    return found


def ingest_columns(signal: Signal) -> dict[str, str]:
    """Column → type of the signal's ingest table."""
    fields = {field.name: field for field in messages()[_RECORDS[signal.name]]}
    return {name: _column_type(fields[name]) for name in _STORED_FIELDS}


def format_settings(signal: Signal, *, embedded: bool) -> dict[str, str | int]:
    """The settings with which an INSERT … FORMAT Protobuf reads a segment.

    A server gets the schema's text. The embedded engine reads the file: a text it would first write to `__cache__` in
    the working directory, which need not be writable and is nobody's data directory.
    """
    return {
        "format_schema_source": "file" if embedded else "string",
        "format_schema": str(schema_path()) if embedded else source(),
        "format_schema_message_name": _RECORDS[signal.name],
        "input_format_protobuf_oneof_presence": 1,
    }


def case_name(field_name: str) -> str:
    """A oneof member's name in SQL."""
    return _CASE_AFFIXES.sub("", field_name)


def _column_type(field: Field, message: str = "") -> str:
    # The values of attributes are kept as text, and the reader can make the text of a number by itself.
    scalar = "String" if message in _TEXT_MESSAGES and field.type in _SCALARS else _SCALARS.get(field.type)
    inner = scalar if scalar is not None else _tuple(field.type)
    if field.label == "repeated":
        return f"Array({inner})"
    return f"Nullable({inner})" if field.label == "optional" else inner


def _tuple(message: str) -> str:
    fields = messages()[message]
    elements: list[str] = []
    for oneof in dict.fromkeys(field.oneof for field in fields if field.oneof):
        elements.append(f"`{oneof}` {oneof_enum(fields, oneof)}")
    elements += [f"`{field.name}` {_column_type(field, message)}" for field in fields]
    return f"Tuple({', '.join(elements)})"


def oneof_enum(fields: tuple[Field, ...], oneof: str) -> str:
    """The Enum8 of a oneof: its members' field numbers, and 0 for none."""
    cases = "".join(f", '{case_name(field.name)}' = {field.number}" for field in fields if field.oneof == oneof)
    return f"Enum8('empty' = 0{cases})"


def attribute_type_enum() -> str:
    """The Enum8 in which tables keep the type of an attribute value."""
    return oneof_enum(messages()["AnyValue"], "value")
