"""The span's known keys, found once and sorted by target and precedence.

Reads the columns `keys`, `values` (the span's attributes, aligned), `event_names`, `event_keys` and `event_values`
(arrays of arrays). Leaves `entry_values` (cleaned, '' where absent), `entry_numbers` (-1 where the value is none) and
`entry_orders`, aligned; and `entry_sorted`, one number an entry that holds order and position. `at`, `number_at` and
`all_of` read a target from them.

No lambda here reads an array from outside itself: ClickHouse would copy that array once for each element.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.span_sql.keys import (
    BLOB,
    BRANCH,
    FIRST_NUMBER,
    FIRST_TEXT,
    ORDER_MASK,
    PRIORITIES,
    SHARED,
    ZERO_PENALTY,
    depth,
    number_of,
    plan,
)
from spanhouse_collector.model.span_sql.literals import numbers, text
from spanhouse_collector.model.span_sql.tables import is_in, order_of
from spanhouse_collector.model.vocabulary.source import EVENT, Target
from spanhouse_collector.model.vocabulary.usage import LANGFUSE_USAGE
from spanhouse_collector.model.vocabulary.values import PLACEHOLDERS, SCRUBBED_PREFIX

Stage = dict[str, str]

DOT: Final = "'.'"
_POSITIONS: Final = 65536  # a span of more known values than this keeps those whose positions fit
_NUMBER_LIMIT: Final = "9.2e18"  # below 2^63; what is not below is no count
_PLACEHOLDER_LENGTH: Final = max(map(len, PLACEHOLDERS)) + 1


def stages() -> tuple[Stage, ...]:
    """The columns that each subquery adds to the one below it."""
    return (
        {"orders": f"arrayMap(key -> {order_of('key')}, keys)"},
        _found(),
        {
            "indexed_keys": f"arrayFilter(key -> {_may_be_indexed('key')}, unknown_keys)",
            "indexed_values": f"arrayFilter((value, key) -> {_may_be_indexed('key')}, unknown_values, unknown_keys)",
        },
        *_members(),
        _entries(),
        {
            "entry_values": f"arrayMap((value, order) -> {_cleaned()}, entry_texts, entry_orders)",
        },
        {"entry_numbers": "arrayMap(value -> toFloat64OrDefault(value, -1.), entry_values)"},
        {"entry_sorted": _sorted()},
        {
            "entry_targets": f"arrayMap(entry -> intDiv(entry, {PRIORITIES * _POSITIONS}), entry_sorted)",
            "entry_positions": f"arrayMap(entry -> entry % {_POSITIONS}, entry_sorted)",
        },
    )


def _found() -> Stage:
    """What stands under known keys and in known events; the unknown keys may still be known with their index."""
    is_known = f"{order_of(f'concat({text(EVENT)}, name)')} != 0"
    return {
        "known_orders": "arrayFilter(order -> order != 0, orders)",
        "known_keys": "arrayFilter((key, order) -> order != 0, keys, orders)",
        "known_values": "arrayFilter((value, order) -> order != 0, values, orders)",
        "unknown_keys": "arrayFilter((key, order) -> order = 0, keys, orders)",
        "unknown_values": "arrayFilter((value, order) -> order = 0, values, orders)",
        "event_found_keys": f"arrayFlatten(arrayMap((name, inner) -> arrayMap(key -> concat({text(EVENT)}, name, '#', key), "
        f"inner), arrayFilter(name -> {is_known}, event_names), "
        f"arrayFilter((inner, name) -> {is_known}, event_keys, event_names)))",
        "event_found_values": f"arrayFlatten(arrayFilter((inner, name) -> {is_known}, event_values, event_names))",
    }


def _may_be_indexed(key: str) -> str:
    return f"bitAnd({order_of(f'substringIndex({key}, {DOT}, 2)')}, {BRANCH}) != 0"


def _pattern(key: str) -> str:
    """A key with `#` for each index: up to four digits, which bounds what a hostile client can make of it."""
    return f"replaceRegexpAll({key}, '\\\\.[0-9]{{1,4}}(\\\\.|$)', '.#\\\\1')"


def _members() -> tuple[Stage, ...]:
    """Members of JSON objects, one depth a stage: pairs of `blob#path` and the member's text."""
    wanted = f"{order_of('pair.1')} != 0 OR startsWith(pair.1, {text(LANGFUSE_USAGE + '#')})"
    branch = f"bitAnd({order_of('pair.1')}, {BRANCH}) != 0"
    below: list[Stage] = [
        {
            "members_0": f"arrayMap((key, value, order) -> (key, value), {_blobs('known_keys')}, "
            f"{_blobs('known_values')}, {_blobs('known_orders')})"
        }
    ]
    for level in range(1, depth() + 1):
        separator = "#" if level == 1 else "."
        source = "members_0" if level == 1 else f"arrayFilter(pair -> {branch}, members_{level - 1})"
        pairs = (
            f"arrayMap(pair -> arrayMap(member -> (concat(pair.1, '{separator}', member.1), member.2), "
            f"JSONExtractKeysAndValues({_object('pair.2')}, 'String')), {source})"
        )
        below.append({f"members_{level}": f"arrayFilter(pair -> {wanted}, arrayFlatten({pairs}))"})
    return tuple(below)


def _blobs(array: str) -> str:
    return f"arrayFilter((item, order) -> bitAnd(order, {BLOB}) != 0, {array}, known_orders)"


def _object(json: str) -> str:
    """The JSON object in a text: itself, the first of a list, one in a string, or Python's repr of a dict."""
    python = f"replaceAll(replaceAll(replaceAll(replaceAll({json}, '\\'', '\"'), 'None', 'null'), 'True', 'true'), 'False', 'false')"
    return (
        f"multiIf(startsWith({json}, '['), JSONExtractRaw({json}, 1), startsWith({json}, '\"'), JSONExtractString({json}), "
        f"startsWith({json}, '{{\\''), {python}, {json})"
    )


def _entries() -> Stage:
    """All values with their orders, aligned."""
    numbering = plan()
    members = ", ".join(f"members_{level}" for level in range(1, depth() + 1))
    second = f"transform(bitAnd(order, {ORDER_MASK}), {numbers(numbering.second)}, {numbers(numbering.second.values())}, toUInt32(0))"
    is_shared = f"bitAnd(order, {SHARED}) != 0"
    return {
        "entry_orders": f"arrayConcat(arrayMap(order -> bitAnd(order, {ORDER_MASK}), known_orders), "
        f"arrayMap(key -> {order_of(_pattern('key'))}, indexed_keys), "
        f"arrayMap(key -> {order_of('key')}, event_found_keys), "
        f"arrayMap(pair -> bitAnd({order_of('pair.1')}, {ORDER_MASK}), arrayConcat({members})), "
        f"arrayMap(order -> {second}, arrayFilter(order -> {is_shared}, known_orders)))",
        "entry_texts": "arrayConcat(known_values, indexed_values, event_found_values, "
        f"arrayMap(pair -> pair.2, arrayConcat({members})), "
        f"arrayFilter((value, order) -> {is_shared}, known_values, known_orders))",
    }


def _cleaned() -> str:
    """A value without the quotes that JSON put around a name, '' where it stands for nothing."""
    bare = "if(length(value) > 1 AND startsWith(value, '\"') AND endsWith(value, '\"'), substring(value, 2, length(value) - 2), value)"
    short = f"lower(substring({bare}, 1, {_PLACEHOLDER_LENGTH}))"
    number = f"toFloat64OrDefault({bare}, -1.)"
    return (
        f"multiIf(order >= {FIRST_TEXT * PRIORITIES}, if(length(value) < 32 AND {is_in('no content', 'substring(value, 1, 32)')}, '', value), "
        f"order >= {FIRST_NUMBER * PRIORITIES}, if({number} >= 0 AND {number} < {_NUMBER_LIMIT}, {bare}, ''), "
        f"{is_in('placeholder', short)} OR startsWith(value, {text(SCRUBBED_PREFIX)}), '', {bare})"
    )


def _sorted() -> str:
    """One number an entry: order, position. A zero comes last in its target: it must not hide a positive number."""
    is_number = f"order >= {FIRST_NUMBER * PRIORITIES} AND order < {FIRST_TEXT * PRIORITIES}"
    entry = (
        f"if(value = '' OR order < {PRIORITIES}, 0, "
        f"(toUInt64(order) + if({is_number} AND number = 0, {ZERO_PENALTY}, 0)) * {_POSITIONS} + position)"
    )
    return (
        "arraySort(arrayFilter(entry -> entry != 0, "
        f"arrayMap((value, order, number, position) -> {entry}, entry_values, entry_orders, entry_numbers, "
        "arrayEnumerate(entry_orders))))"
    )


def at(target: Target) -> str:
    """The best value of a target, '' for none."""
    return f"entry_values[{_position(target)}]"


def _position(target: Target) -> str:
    return f"entry_positions[indexOf(entry_targets, {number_of(target)})]"


def number_at(target: Target) -> str:
    """The best number of a target as Nullable(Float64)."""
    return f"if({is_there(target)}, toNullable(entry_numbers[{_position(target)}]), NULL)"


def is_there(target: Target) -> str:
    """Whether the span has a value for a target."""
    return f"has(entry_targets, {number_of(target)})"


def precedence_at(target: Target) -> str:
    """Which of a target's sources gave its best value, from 0."""
    return f"entry_orders[{_position(target)}] % {PRIORITIES}"


def all_of(target: Target) -> str:
    """Every value of a target, in the order sent."""
    return f"arrayFilter((value, order) -> value != '' AND {_is_of(target)}, entry_values, entry_orders)"


def ranked(target: Target) -> tuple[str, str]:
    """Every value of a target and, aligned with it, its order; best first."""
    orders = f"arrayFilter((order, value) -> value != '' AND {_is_of(target)}, entry_orders, entry_values)"
    return (f"arraySort((value, order) -> order, {all_of(target)}, {orders})", f"arraySort({orders})")


def _is_of(target: Target) -> str:
    number = number_of(target)
    return f"order >= {number * PRIORITIES} AND order < {(number + 1) * PRIORITIES}"
