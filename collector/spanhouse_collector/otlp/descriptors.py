"""Message classes derived from OTLP's own descriptors, so that upb (C) answers questions Python would loop for.

Owns three variants of every export request, all wire-compatible with OTLP:

* `flat`: kvlists, nested arrays and our private fields hold a required field that no sender can set, because it would
  have to hold itself. `IsInitialized()` is then false exactly when a request holds structured values, which the
  engine's reader schema cannot express, or values that only we may write.
  Measured: parse, id check and this answer together 2.9 µs a span; parsing with unknown fields discarded and
  comparing sizes costs 5.4 µs (decision 003).
* `full`: OTLP itself plus three private AnyValue fields that carry structured values as JSON text to the engine.
* `tolerant`: every string is bytes, so that a request with broken UTF-8 can still be read and repaired.

Beside them `CONTAINERS`: each message type alone, with the messages in it as repeated bytes. Two bytes on the wire can
become a message of 170 in memory; there they become a string view, so that they are counted before that happens.

Leaves what is done with them to `validate`, `structured`, `repair` and `counts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import Message

from spanhouse_collector.otlp.signals import COMMON, SIGNALS, Signal

COMMON_FILE: Final = "opentelemetry/proto/common/v1/common.proto"

# Private fields of AnyValue. The numbers stand in proto/spanhouse/ingest.proto too and must fit an Enum8.
KVLIST_JSON: Final = "kvlist_json"
NESTED_ARRAY_JSON: Final = "nested_array_json"
ANY_JSON: Final = "any_json"
PRIVATE_FIELDS: Final = {KVLIST_JSON: 101, NESTED_ARRAY_JSON: 102, ANY_JSON: 103}


@dataclass(frozen=True)
class Variants:
    """The derived request classes of one signal."""

    flat: type[Message]
    full: type[Message]
    tolerant: type[Message]


def _dependencies(file: Any) -> Iterator[Any]:
    for dependency in file.dependencies:
        yield from _dependencies(dependency)
    yield file


def _derive(signal: Signal, mutate: Callable[[FileDescriptorProto], None]) -> type[Message]:
    """The signal's request class built from copies of its files, each passed through `mutate` first."""
    pool = descriptor_pool.DescriptorPool()
    added: set[str] = set()
    for file in _dependencies(signal.request_class.DESCRIPTOR.file):
        if file.name not in added:
            added.add(file.name)
            copy = FileDescriptorProto()
            file.CopyToProto(copy)
            mutate(copy)
            pool.Add(copy)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(signal.request_class.DESCRIPTOR.full_name))


def _forbid_structure(file: FileDescriptorProto) -> None:
    if file.name != COMMON_FILE:
        return
    # Editions keep proto3's UTF-8 check and open enums, and allow a required field.
    file.syntax = "editions"
    file.edition = descriptor_pb2.EDITION_2023
    forbidden = file.message_type.add(name="Forbidden")
    never = forbidden.field.add(
        name="never",
        number=1000,
        type=FieldDescriptorProto.TYPE_MESSAGE,
        label=FieldDescriptorProto.LABEL_OPTIONAL,
        type_name=f".{COMMON}.Forbidden",
    )
    never.options.features.field_presence = descriptor_pb2.FeatureSet.LEGACY_REQUIRED
    any_value = next(message for message in file.message_type if message.name == "AnyValue")
    leaf = file.message_type.add()
    leaf.CopyFrom(any_value)
    leaf.name = "Leaf"
    leaves = file.message_type.add(name="Leaves")
    leaves.field.add(
        name="values",
        number=1,
        type=FieldDescriptorProto.TYPE_MESSAGE,
        label=FieldDescriptorProto.LABEL_REPEATED,
        type_name=f".{COMMON}.Leaf",
    )
    for field in any_value.field:
        if field.name == "kvlist_value":
            field.type_name = f".{COMMON}.Forbidden"
        elif field.name == "array_value":
            field.type_name = f".{COMMON}.Leaves"
    for field in leaf.field:
        # Bytes inside an array have no plain JSON form either, so they take the slow path with the rest.
        if field.name in ("kvlist_value", "array_value", "bytes_value"):
            field.type = FieldDescriptorProto.TYPE_MESSAGE
            field.type_name = f".{COMMON}.Forbidden"
    for message in (any_value, leaf):
        for name, number in PRIVATE_FIELDS.items():
            # Outside the oneof: there, a later member would hide that this one was sent.
            message.field.add(
                name=name,
                number=number,
                type=FieldDescriptorProto.TYPE_MESSAGE,
                label=FieldDescriptorProto.LABEL_OPTIONAL,
                type_name=f".{COMMON}.Forbidden",
            )


def _add_private_fields(file: FileDescriptorProto) -> None:
    if file.name != COMMON_FILE:
        return
    any_value = next(message for message in file.message_type if message.name == "AnyValue")
    for name, number in PRIVATE_FIELDS.items():
        any_value.field.add(
            name=name,
            number=number,
            type=FieldDescriptorProto.TYPE_STRING,
            label=FieldDescriptorProto.LABEL_OPTIONAL,
            oneof_index=0,
        )


def _strings_as_bytes(file: FileDescriptorProto) -> None:
    def visit(message: descriptor_pb2.DescriptorProto) -> None:
        for field in message.field:
            if field.type == FieldDescriptorProto.TYPE_STRING:
                field.type = FieldDescriptorProto.TYPE_BYTES
        for nested in message.nested_type:
            visit(nested)

    for message in file.message_type:
        visit(message)


def _messages_as_bytes(file: FileDescriptorProto) -> None:
    def visit(message: descriptor_pb2.DescriptorProto) -> None:
        for field in message.field:
            if field.type == FieldDescriptorProto.TYPE_MESSAGE:
                # Repeated, so that a field sent again and again in one message is counted too.
                field.label = FieldDescriptorProto.LABEL_REPEATED
                field.type = FieldDescriptorProto.TYPE_BYTES
                field.ClearField("type_name")
            elif field.type == FieldDescriptorProto.TYPE_STRING:
                field.type = FieldDescriptorProto.TYPE_BYTES
            field.ClearField("oneof_index")
            field.ClearField("proto3_optional")
        message.ClearField("oneof_decl")
        for nested in message.nested_type:
            visit(nested)

    for message in file.message_type:
        visit(message)


def _containers() -> dict[str, type[Message]]:
    """Every message type of every signal by its full name."""
    found: dict[str, type[Message]] = {}
    for signal in SIGNALS:
        pool: Any = _derive(signal, _messages_as_bytes).DESCRIPTOR.file.pool
        todo: list[Any] = [signal.request_class.DESCRIPTOR]
        while todo:
            descriptor = todo.pop()
            if descriptor.full_name not in found:
                found[descriptor.full_name] = message_factory.GetMessageClass(
                    pool.FindMessageTypeByName(descriptor.full_name)
                )
                todo += [each.message_type for each in descriptor.fields if each.message_type is not None]
    return found


VARIANTS: Final[dict[str, Variants]] = {
    signal.name: Variants(
        flat=_derive(signal, _forbid_structure),
        full=_derive(signal, _add_private_fields),
        tolerant=_derive(signal, _strings_as_bytes),
    )
    for signal in SIGNALS
}
CONTAINERS: Final = _containers()
