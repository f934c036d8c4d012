"""Orders and pages of a list.

Owns reading `order_by`, the SQL of an order with ties broken, and page tokens: where the last page ended, for which
question. A page is found by its place in the order and not by a number of rows: what arrives meanwhile moves nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from spanhouse_collector.errors import FilterInvalid, MalformedRequest
from spanhouse_collector.query.filter import CompiledField, Kind, Table, compile_field
from spanhouse_collector.query.filter.names import Unit

ORDER_KEYS_MAX: Final = 3
TOKEN_BYTES_MAX: Final = 8192
_VERSION: Final = 1
_COMMA: Final = re.compile(r""",(?=(?:[^"'`]|"[^"]*"|'[^']*'|`[^`]*`)*$)""")
_NO_TEXT: Final = "''"
_DIRECTIONS: Final = {"asc": False, "desc": True}


@dataclass(frozen=True)
class Part:
    """One value to order by: SQL that is never NULL, of type Float64, Int64 or String."""

    sql: str
    type: str
    descending: bool


@dataclass(frozen=True)
class Order:
    """An order; `span_fields` are the values that a trace gets from its spans, by the names that `parts` use."""

    parts: tuple[Part, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    span_fields: dict[str, str] = field(default_factory=dict)

    @property
    def sql(self) -> str:
        """What follows ORDER BY."""
        return ", ".join(f"{part.sql} {'DESC' if part.descending else 'ASC'}" for part in self.parts)

    @property
    def columns(self) -> str:
        """The values, to be told by a token."""
        return ", ".join(part.sql for part in self.parts)

    def after(self, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
        """SQL: the row comes after the one with these values; and what it binds."""
        names = [f"after{number}" for number in range(len(self.parts))]
        bound = [f"{{{name}:{part.type}}}" for name, part in zip(names, self.parts, strict=True)]
        alternatives = []
        for number, part in enumerate(self.parts):
            equal = [f"{before.sql} = {bound[at]}" for at, before in enumerate(self.parts[:number])]
            sign = "<" if part.descending else ">"
            alternatives.append(" AND ".join([*equal, f"{part.sql} {sign} {bound[number]}"]))
        return "(" + " OR ".join(f"({each})" for each in alternatives) + ")", dict(zip(names, values, strict=True))


def read_order(texts: Sequence[str], *, unit: Unit, tie_breakers: Sequence[Part]) -> Order:
    """The order that `order_by` asks for: `FIELD [asc|desc]` each, or several with commas between them.

    Ascending unless said otherwise. The most recent first is what `tie_breakers` say by themselves.

    Raises:
        FilterInvalid: no such field.
        MalformedRequest: too many of them.

    """
    texts = [piece for text in texts for piece in _COMMA.split(text)]
    if len(texts) > ORDER_KEYS_MAX:
        raise MalformedRequest(f"order_by: {len(texts)} fields; order_keys_max is {ORDER_KEYS_MAX}")
    parts: list[Part] = []
    parameters: dict[str, Any] = {}
    span_fields: dict[str, str] = {}
    for number, text in enumerate(texts):
        name, descending = _direction(text)
        compiled = order_field(name, unit=unit, prefix=f"o{number}_")
        if len(texts) == 1 and descending and _is_start(compiled):
            return Order(tuple(tie_breakers))
        if unit == "trace" and compiled.table is Table.SPANS:
            # A trace has many spans: the one that would come first speaks for it.
            span_fields[f"order{number}"] = f"{'max' if descending else 'min'}({_value(compiled)})"
            sql = f"order{number}"
        elif unit == "span" and compiled.table is Table.TRACES:
            raise MalformedRequest(
                f"order_by: {compiled.name} is a field of traces", hint="order a list of traces by it"
            )
        else:
            sql = _value(compiled)
        parts += _parts(sql, compiled.kind, descending=descending)
        parameters |= compiled.parameters
    return Order((*parts, *tie_breakers), parameters, span_fields)


def order_field(name: str, *, unit: Unit, prefix: str) -> CompiledField:
    """A field by the name that filters know it by; in a list of traces a bare name is the trace's before a span's.

    Raises:
        FilterInvalid: no such field.

    """
    if unit == "trace" and not name.lower().startswith("trace."):
        try:
            return compile_field(f"trace.{name}", unit=unit, prefix=prefix)
        except FilterInvalid:  # not a trace's: it may be a span's, and if not, that is what is told
            return compile_field(name, unit=unit, prefix=prefix)
    return compile_field(name, unit=unit, prefix=prefix)


def _is_start(compiled: CompiledField) -> bool:
    return compiled.kind is Kind.TIME and bool(re.fullmatch(r"(?:nullIf\()?start_time(?:,.*)?", compiled.sql))


def _direction(text: str) -> tuple[str, bool]:
    name, _space, last = text.strip().rpartition(" ")
    if name and last.lower() in _DIRECTIONS:
        return name.strip(), _DIRECTIONS[last.lower()]
    return text.strip(), False


def _value(compiled: CompiledField) -> str:
    """The value in a type that a token can tell."""
    if compiled.kind is Kind.TIME:
        return f"toUnixTimestamp64Nano({compiled.sql})"
    if compiled.kind is Kind.TEXTS:
        return f"arrayStringConcat({compiled.sql}, ',')"
    return f"toUInt8({compiled.sql})" if compiled.kind is Kind.BOOLEAN else f"({compiled.sql})"


def _parts(sql: str, kind: Kind, *, descending: bool) -> list[Part]:
    """Rows without a value come last, whatever the direction; attributes that are numbers before other ones."""
    is_absent = Part(f"toInt64(isNull({sql}))", "Int64", descending=False)
    if kind is Kind.ATTRIBUTE:
        number = f"toFloat64OrNull({sql})"
        return [
            is_absent,
            Part(f"toInt64(isNull({number}))", "Int64", descending=False),
            Part(f"ifNull({number}, 0)", "Float64", descending),
            Part(f"ifNull({sql}, {_NO_TEXT})", "String", descending),
        ]
    if kind in (Kind.TEXT, Kind.TEXTS):
        return [is_absent, Part(f"toString(ifNull({sql}, {_NO_TEXT}))", "String", descending)]
    if kind is Kind.FLOAT:  # the last digits of a sum depend on the order of its terms
        return [is_absent, Part(f"round(toFloat64(ifNull({sql}, 0)), 9)", "Float64", descending)]
    return [is_absent, Part(f"toInt64(ifNull({sql}, 0))", "Int64", descending)]


@dataclass(frozen=True)
class Place:
    """Where a page ended: the order's values of its last row, and the time that relative bounds meant at first."""

    values: tuple[Any, ...]
    since_unix_nano: int | None
    until_unix_nano: int | None


def write_token(question: Sequence[Any], place: Place) -> str:
    """A token for the page after a place; it fits this question only."""
    content = [_VERSION, _digest(question), place.since_unix_nano, place.until_unix_nano, *place.values]
    return base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).decode().rstrip("=")


def read_token(
    token: str,
    question: Sequence[Any],
    types: Sequence[str],
    *,
    name: str = "page_token",
    source: str = "next_page_token",
) -> Place | None:
    """The place of a token; None for no token. `types` are those of the order's values.

    `name` is the parameter and `source` the field of the answer that it was taken from.

    Raises:
        MalformedRequest: it is not one of ours, or of another question.

    """
    if not token:
        return None
    try:
        if len(token) > TOKEN_BYTES_MAX:
            raise ValueError
        version, digest, since, until, *values = json.loads(base64.b64decode(token + "==", b"-_", validate=False))
        _check_bounds(since, until)
        checked = tuple(_checked(value, kind) for value, kind in zip(values, types, strict=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise MalformedRequest(f"{name} is not one that a page ended with", hint=_hint(source)) from error
    if version != _VERSION or digest != _digest(question):
        raise MalformedRequest(f"{name} belongs to another question", hint=_hint(source))
    return Place(checked, since, until)


def _hint(source: str) -> str:
    return f"take {source} as it is, and repeat all other parameters except limit"


def _digest(question: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:16]


def _check_bounds(*bounds: Any) -> None:
    for bound in bounds:
        if bound is not None:
            _checked(bound, "Int64")


def _checked(value: Any, kind: str) -> Any:
    if kind == "String" and isinstance(value, str):
        return value
    if kind == "Float64" and isinstance(value, float | int) and not isinstance(value, bool):
        return float(value)
    if kind == "Int64" and isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63:
        return value
    raise ValueError(kind)
