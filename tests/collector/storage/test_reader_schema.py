"""The reader schema is OTLP: every field that proto/ingest.proto declares is the published one.

Owns the comparison with the descriptors of opentelemetry-proto, and with the records that the log writes.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from spanhouse_collector.otlp.descriptors import PRIVATE_FIELDS
from spanhouse_collector.otlp.signals import SIGNALS, Signal
from spanhouse_collector.storage import reader_schema
from spanhouse_collector.storage.reader_schema import Field, ingest_columns, messages, schema_path, source
from spanhouse_collector.wal.record import Envelope, frame
from tests.tables import framed

TYPES = {
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_DOUBLE: "double",
    FieldDescriptor.TYPE_ENUM: "int32",  # an enum is an int32 on the wire; numbers without a name must survive
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_SINT32: "sint32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_SFIXED64: "sfixed64",
    FieldDescriptor.TYPE_UINT32: "uint32",
    FieldDescriptor.TYPE_FIXED32: "fixed32",
    FieldDescriptor.TYPE_UINT64: "uint64",
    FieldDescriptor.TYPE_FIXED64: "fixed64",
}
# Left out on purpose: written by nobody but the profiles signal, or not stored.
NOT_READ = {
    "AnyValue": {"kvlist_value", "string_value_strindex"},
    "Leaf": {"array_value", "kvlist_value", "bytes_value", "string_value_strindex"},
    "KeyValue": {"key_strindex"},
    "Resource": {"entity_refs"},
}


def pairs(ours: str, theirs: Any, seen: dict[str, Any]) -> dict[str, Any]:
    """Message of the reader schema → the published message that it reads."""
    if ours not in seen:
        seen[ours] = theirs
        for field in messages()[ours]:
            published = theirs.fields_by_name.get(field.name)
            if field.type in messages() and published is not None:
                pairs(field.type, published.message_type, seen)
    return seen


def all_pairs() -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for signal in SIGNALS:
        pairs(signal.request_class.DESCRIPTOR.name, signal.request_class.DESCRIPTOR, seen)
    return seen


def as_declared(published: Any) -> tuple[str, int, str, str]:
    """Name, number, label and oneof, as the reader schema would write them."""
    is_optional = published.has_presence and published.containing_oneof is None and published.message_type is None
    synthetic = published.containing_oneof is not None and published.containing_oneof.name.startswith("_")
    label = "repeated" if published.is_repeated else "optional" if is_optional or synthetic else ""
    oneof = published.containing_oneof.name if published.containing_oneof is not None and not synthetic else ""
    return published.name, published.number, label, oneof


def test_every_declared_field_is_the_published_one() -> None:
    compared = 0
    for name, theirs in all_pairs().items():
        for field in messages()[name]:
            if PRIVATE_FIELDS.get(field.name) == field.number:
                assert field.number not in theirs.fields_by_number
                continue
            published = theirs.fields_by_name[field.name]
            assert (field.name, field.number, field.label, field.oneof) == as_declared(published), name
            if published.message_type is None:
                assert field.type == TYPES[published.type], f"{name}.{field.name}"
            else:
                assert field.type in messages(), f"{name}.{field.name}"
            compared += 1
    assert compared > 130


def test_every_message_is_reached_from_a_request_or_is_a_record() -> None:
    assert set(messages()) - set(all_pairs()) == {"TracesRecord", "LogsRecord", "MetricsRecord"}


def test_only_the_known_fields_of_otlp_are_left_out() -> None:
    missing = {
        name: lacking
        for name, theirs in all_pairs().items()
        if (lacking := set(theirs.fields_by_name) - {field.name for field in messages()[name]})
    }
    assert missing == NOT_READ


def test_the_private_fields_are_those_that_structured_values_are_written_to() -> None:
    private = {field.name: field.number for field in messages()["AnyValue"] if field.number > 100}
    assert private == PRIVATE_FIELDS


def test_nothing_of_the_file_escapes_the_parser() -> None:
    assert len(re.findall(r"= \d+;", source())) == sum(len(fields) for fields in messages().values())
    assert len(re.findall(r"^message ", source(), re.MULTILINE)) == len(messages())


def test_a_line_that_the_parser_does_not_know_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader_schema, "source", lambda: "message M {\nmap<string, string> m = 1;\n}")
    messages.cache_clear()
    try:
        with pytest.raises(AssertionError, match="cannot read 'map<string, string> m = 1;'"):
            messages()
    finally:
        messages.cache_clear()


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_record_of_the_log_has_the_declared_fields(signal: Signal) -> None:
    declared = {field.number: field for field in messages()[f"{signal.name.capitalize()}Record"]}
    record = framed(b"", project="p", received_unix_nano=7)
    body_start = 1 if record[0] < 0x80 else 2
    found = wire_fields(record[body_start:])
    assert sorted(found) == sorted(declared)
    for number, wire_type in found.items():
        assert wire_type == wire_type_of(declared[number]), declared[number]
    assert set(ingest_columns(signal)) == {"request_project", "received_unix_nano", "request"}


def wire_type_of(field: Field) -> int:
    return {"fixed32": 5, "fixed64": 1, "uint32": 0}.get(field.type, 2)


def wire_fields(body: bytes) -> dict[int, int]:
    """Field number → wire type of a message whose tags and lengths are single bytes."""
    found: dict[int, int] = {}
    position = 0
    while position < len(body):
        number, wire_type = body[position] >> 3, body[position] & 7
        found[number] = wire_type
        position += 1
        position += {0: 1, 1: 8, 5: 4}[wire_type] if wire_type != 2 else 1 + body[position]
    return found


def test_the_envelope_helper_of_the_tests_is_the_logs_own() -> None:
    head, tail = frame(Envelope("", 7, b"f" * 16, 1), b"request")
    assert framed(b"request", received_unix_nano=7) == head + b"request" + tail


def test_the_schema_is_one_file_of_this_installation() -> None:
    assert schema_path().name == "ingest.proto"
    assert schema_path().is_file()
