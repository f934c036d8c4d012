"""OTLP/JSON to OTLP protobuf.

Owns the reading of the JSON form: lowerCamelCase (and the .proto's own) names, unknown keys ignored, of a value sent
twice the last, and what a fault costs: the span, log record or data point that it stands in, else the metric, scope or
resource, and the whole request only when it belongs to none. It is driven by the descriptors, so a field that OTLP
gains is understood by upgrading opentelemetry-proto. The wire form is written without messages in between, which take
four times as long. protobuf's own JSON parser is not used: it reads ids as base64 and refuses unknown keys.

Leaves JSON itself to `json_body`, scalars to `json_fields`, bad ids to `validate`: an id that is not hex goes on as
bytes of an impossible length.

Source: OTLP specification, "JSON Protobuf Encoding"; proto3 JSON mapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.otlp.counts import Limit, Tally, limit_of
from spanhouse_collector.otlp.json_body import document_of
from spanhouse_collector.otlp.json_fields import Fault, json_type, repeated_scalar_field, scalar_field, tag, varint
from spanhouse_collector.otlp.refusals import Refusals
from spanhouse_collector.otlp.signals import COMMON, SIGNALS, Signal

DEPTH_MAX: Final = 100  # messages inside messages, as in protobuf
_ANY_VALUE: Final = f"{COMMON}.AnyValue"
_KEY_VALUE: Final = f"{COMMON}.KeyValue"
_ITEMS: Final = frozenset({"spans", "log_records", "data_points"})
# What a fault inside costs, and nothing around it.
_BOUNDS: Final = _ITEMS | {
    "resource_spans",
    "scope_spans",
    "resource_logs",
    "scope_logs",
    "resource_metrics",
    "scope_metrics",
    "metrics",
}


def to_protobuf(signal: Signal, body: bytes, refusals: Refusals | None = None) -> bytes:
    """The export request of an OTLP/JSON body, serialised as protobuf.

    Items that cannot be read are left out and told to `refusals`; without it, the first of them raises.

    Raises:
        MalformedRequest: not JSON, or a value that its field cannot hold; the message names the path of the field.
        RequestTooLarge: it holds more messages than `counts` allows.

    """
    return encoded(signal, document_of(body), refusals)


def signals_of(document: dict[str, Any]) -> list[Signal]:
    """The signals whose requests an object is: a line of a file says it only by its keys."""
    return [signal for signal in SIGNALS if not _key_names(signal).isdisjoint(document)]


def encoded(signal: Signal, document: dict[str, Any], refusals: Refusals | None = None) -> bytes:
    """As `to_protobuf`, of an object that was read before."""
    reader = _Reader(refusals)
    try:
        payload = _encoder(signal.request_class.DESCRIPTOR)(document, 0, reader)
    except Fault as fault:
        raise MalformedRequest(fault.told(), hint=fault.hint) from fault
    if not payload and not (refusals and refusals.examples):
        _refuse_another_signal(signal, document)
    return payload


def _key_names(signal: Signal) -> frozenset[str]:
    (field,) = signal.request_class.DESCRIPTOR.fields
    return frozenset({field.json_name, field.name})


def _refuse_another_signal(signal: Signal, document: dict[str, Any]) -> None:
    """Unknown keys are ignored, but a request of another signal and nothing else would vanish behind a 200.

    Raises:
        MalformedRequest: it is one.

    """
    for other in SIGNALS:
        (field,) = other.request_class.DESCRIPTOR.fields
        if other is not signal and (document.get(field.json_name) or document.get(field.name)):
            raise MalformedRequest(
                f"the body is no OTLP {signal.name}: it has {field.json_name}",
                hint=f"this looks like OTLP {other.name}: post it to {other.http_path}",
            )


# upb's descriptors and protobuf's typed ones have no common type.
Descriptor = Any


class _Reader:
    """One body: where faults go, and the path of the group that is being read."""

    def __init__(self, refusals: Refusals | None) -> None:
        self.refusals = refusals
        self.path: list[str] = []
        self.tally = Tally()


Encoder = Callable[[Any, int, _Reader], bytes]
_ENCODERS: dict[str, Encoder] = {}


def _encoder(descriptor: Descriptor) -> Encoder:
    """JSON object → the message without its tag, made once for each type."""
    known = _ENCODERS.get(descriptor.full_name)
    if known is None:
        table: dict[str, Encoder] = {}
        known = _ENCODERS[descriptor.full_name] = _message(descriptor, table)
        table.update((field.json_name, _field(field)) for field in descriptor.fields)
        if descriptor.full_name == _ANY_VALUE:
            table["intValue"] = _int_value(table["intValue"], table["doubleValue"])
    return known


def _message(descriptor: Descriptor, table: dict[str, Encoder]) -> Encoder:
    aliases = {field.name: field.json_name for field in descriptor.fields if field.name != field.json_name}
    names = aliases.keys()
    choices = [frozenset(field.json_name for field in oneof.fields) for oneof in descriptor.oneofs]
    choices = [choice for choice in choices if len(choice) > 1]

    def message(document: Any, depth: int, reader: _Reader) -> bytes:
        if not isinstance(document, dict):
            raise Fault(f"expected an object, got a JSON {json_type(document)}")
        if depth > DEPTH_MAX:
            raise Fault(f"nested deeper than {DEPTH_MAX} messages")
        if not names.isdisjoint(document):
            document = _renamed(document, aliases)
        if len(document) > 1:
            for choice in choices:
                document = _last_of(choice, document)
        parts: list[bytes] = []
        key = ""
        try:
            for key, value in document.items():  # null is absent; unknown keys are ignored
                if value is not None and (encode := table.get(key)) is not None:
                    parts.append(encode(value, depth, reader))
        except Fault as fault:
            fault.path.append(key)
            raise
        return b"".join(parts)

    return message


def _renamed(document: dict[str, Any], aliases: dict[str, str]) -> dict[str, Any]:
    """Names of the .proto as JSON's; of a field under both the last one counts."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        name = aliases.get(key, key)
        if value is not None:
            found.pop(name, None)
            found[name] = value
    return found


def _last_of(choice: frozenset[str], document: dict[str, Any]) -> dict[str, Any]:
    """Of a oneof sent twice the last one wins, as it would on the wire."""
    present = [key for key in document if key in choice and document[key] is not None]
    if len(present) < 2:
        return document
    lost = present[:-1]
    return {key: value for key, value in document.items() if key not in lost}


def _int_value(integer: Encoder, double: Encoder) -> Encoder:
    """An AnyValue whose intValue no 64 bits can hold is the double it was: JavaScript sends 1.5e300 as an int."""

    def int_value(value: Any, depth: int, reader: _Reader) -> bytes:
        if isinstance(value, (int, float)) and not -(2**63) <= value < 2**63 and abs(value) < 2**1023:
            return double(float(value), depth, reader)
        return integer(value, depth, reader)

    return int_value


def _field(field: FieldDescriptor) -> Encoder:
    if field.type != FieldDescriptor.TYPE_MESSAGE:
        return _scalars(field) if field.is_repeated else _scalar(field)
    descriptor: Descriptor = field.message_type
    encode = _encoder(descriptor)
    head = tag(field)

    def single(value: Any, depth: int, reader: _Reader) -> bytes:
        data = encode(value, depth + 1, reader)
        return head + varint(len(data)) + data

    if not field.is_repeated:
        return _path_kept(field.json_name, single) if _has_bounds(descriptor) else single
    if field.name in _BOUNDS:
        return _bounded(field, single)
    return _key_values(field, single) if descriptor.full_name == _KEY_VALUE else _repeated(field, single)


def _scalar(field: FieldDescriptor) -> Encoder:
    encode = scalar_field(field)
    return lambda value, _depth, _reader: encode(value)


def _scalars(field: FieldDescriptor) -> Encoder:
    encode = repeated_scalar_field(field)
    limit = limit_of(field)
    return lambda value, _depth, reader: encode(_list(field, value, limit, reader))


def _list(field: FieldDescriptor, value: Any, limit: Limit, reader: _Reader) -> list[Any]:
    if not isinstance(value, list):
        hint = 'attributes are a list: [{"key": …, "value": {"stringValue": …}}]' if field.name == "attributes" else ""
        raise Fault(f"expected a list, got a JSON {json_type(value)}", hint=hint)
    reader.tally.add(limit, len(value))
    return value


def _repeated(field: FieldDescriptor, single: Encoder) -> Encoder:
    limit = limit_of(field)

    def repeated(value: Any, depth: int, reader: _Reader) -> bytes:
        parts: list[bytes] = []
        try:
            for item in _list(field, value, limit, reader):
                parts.append(single(item, depth, reader))
        except Fault as fault:
            if isinstance(value, list):
                fault.path.append(len(parts))
            raise
        return b"".join(parts)

    return repeated


def _key_values(field: FieldDescriptor, single: Encoder) -> Encoder:
    """Attributes: most are a key and one scalar, and most of a request is attributes, so those take no detours."""
    descriptor: Descriptor = field.message_type
    key_field, value_field = descriptor.fields_by_name["key"], descriptor.fields_by_name["value"]
    quick = {
        each.json_name: scalar_field(each)
        for each in value_field.message_type.fields
        if each.type != FieldDescriptor.TYPE_MESSAGE
    }
    encode_key, head, value_head = scalar_field(key_field), tag(field), tag(value_field)
    string_head = tag(value_field.message_type.fields_by_name["string_value"])

    def usual(pair: Any) -> bytes:
        key, value = pair["key"], pair["value"]
        ((kind, content),) = value.items()
        if kind == "stringValue":
            text = content.encode()
            data = string_head + varint(len(text)) + text
        else:
            data = quick[kind](content)
        if len(pair) != 2:
            raise KeyError
        body: bytes = encode_key(key) + value_head + varint(len(data)) + data
        return head + varint(len(body)) + body

    def key_value(pair: Any, depth: int, reader: _Reader) -> bytes:
        if depth < DEPTH_MAX - 2:
            try:
                return usual(pair)
            except (KeyError, ValueError, TypeError, AttributeError, Fault):
                pass  # anything else takes the long way, which also says what is wrong
        return single(pair, depth, reader)

    return _repeated(field, key_value)


def _bounded(field: FieldDescriptor, single: Encoder) -> Encoder:
    """A list of which each element stands or falls by itself."""
    strict = _repeated(field, single)
    descriptor, is_item, limit = field.message_type, field.name in _ITEMS, limit_of(field)

    def bounded(value: Any, depth: int, reader: _Reader) -> bytes:
        refusals = reader.refusals
        if refusals is None:
            return strict(value, depth, reader)
        parts: list[bytes] = []
        for index, element in enumerate(_list(field, value, limit, reader)):
            before = refusals.count
            reader.path.append(f".{field.json_name}[{index}]")
            try:
                parts.append(single(element, depth, reader))
            except Fault as fault:
                refusals.count = before  # what was refused inside is counted with the whole of it
                items = 1 if is_item else _items_in(descriptor, element)
                refusals.add(lambda fault=fault: _told(fault, reader.path), items)  # type: ignore[misc]
            finally:
                reader.path.pop()
        return b"".join(parts)

    return bounded


def _told(fault: Fault, path: list[str]) -> str:
    return f"{fault.told(path)} ({fault.hint})" if fault.hint else fault.told(path)


def _path_kept(name: str, single: Encoder) -> Encoder:
    """A message on the way to a bounded list, such as a metric's gauge."""

    def kept(value: Any, depth: int, reader: _Reader) -> bytes:
        reader.path.append(f".{name}")
        try:
            return single(value, depth, reader)
        finally:
            reader.path.pop()

    return kept


def _has_bounds(descriptor: Descriptor) -> bool:
    return any(field.name in _BOUNDS for field in descriptor.fields)


def _items_in(descriptor: Descriptor, document: Any) -> int:
    """How many items stand in a group that is refused as a whole, as far as it can be read."""
    if not isinstance(document, dict):
        return 0
    count = 0
    for field in descriptor.fields:
        for element in _elements(document, field):
            if field.name in _ITEMS:
                count += 1
            elif field.name in _BOUNDS or (field.message_type is not None and _has_bounds(field.message_type)):
                count += _items_in(field.message_type, element)
    return count


def _elements(document: dict[str, Any], field: FieldDescriptor) -> Iterator[Any]:
    value = document.get(field.json_name, document.get(field.name))
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value
