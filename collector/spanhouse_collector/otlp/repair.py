"""Second chances for requests.

Owns two. Protobuf rejects a whole request for one byte that is not UTF-8, so the request is read with strings as bytes
and each bad byte becomes U+FFFD. The engine rejects what protobuf tells its readers to ignore (groups, and fields of
another wire type than the schema says), so the request is written anew without. Leaves to `validate` and to the loader
when to try them.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import DecodeError

from spanhouse_collector.otlp.descriptors import VARIANTS
from spanhouse_collector.otlp.signals import Signal
from spanhouse_collector.otlp.walk import messages


def replace_invalid_utf8(signal: Signal, raw: bytes) -> tuple[bytes, int] | None:
    """The request with every broken string mended, and how many there were; None when it is not protobuf at all."""
    try:
        request = VARIANTS[signal.name].tolerant.FromString(raw)
    except DecodeError:
        return None
    # In the tolerant class a string is a bytes field; OTLP's own class tells the two apart.
    string_fields = _string_fields(signal)
    mended = 0
    for message in messages(request):
        for name, is_repeated in string_fields.get(message.DESCRIPTOR.full_name, ()):
            value: Any = getattr(message, name)
            if is_repeated:
                texts = [_mend(item) for item in value]
                mended += sum(text != item for text, item in zip(texts, value, strict=True))
                value[:] = texts
            elif (text := _mend(value)) != value:
                setattr(message, name, text)
                mended += 1
    return request.SerializeToString(), mended


def canonical(signal: Signal, payload: bytes) -> bytes | None:
    """What OTLP says of a payload and nothing else; None when that is the payload, or when it is no protobuf.

    For records that the engine refuses although they were accepted: a sender may have used field numbers or wire types
    that OTLP does not know, which protobuf ignores and ClickHouse calls corrupt. Too dear to look for in every request.
    """
    try:
        request = VARIANTS[signal.name].full.FromString(payload)
    except DecodeError:
        return None
    request.DiscardUnknownFields()
    written = request.SerializeToString()
    return written if written != payload else None


def _mend(value: bytes) -> bytes:
    return value.decode("utf-8", "replace").encode()


def _string_fields(signal: Signal) -> dict[str, tuple[tuple[str, bool], ...]]:
    """Message name → its string fields and whether each is repeated, for every message that a request can hold.

    A oneof member is safe to set only where it is the one that is set; AnyValue's is skipped when empty, because an
    empty value needs no mending.
    """
    fields: dict[str, tuple[tuple[str, bool], ...]] = {}
    todo = [signal.request_class.DESCRIPTOR]
    while todo:
        descriptor = todo.pop()
        if descriptor.full_name in fields:
            continue
        fields[descriptor.full_name] = tuple(
            (field.name, field.is_repeated) for field in descriptor.fields if field.type == field.TYPE_STRING
        )
        todo.extend(field.message_type for field in descriptor.fields if field.message_type is not None)
    return fields
