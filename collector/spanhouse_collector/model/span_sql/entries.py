"""The span's known keys, found once and sorted by target and precedence.

Reads the columns `keys`, `values` (the span's attributes, aligned), `event_names`, `event_keys` and `event_values`
(arrays of arrays). Leaves two sets of arrays, aligned within each. Short values: `entry_values` (cleaned, '' where
absent), `entry_numbers` (-1 where the value is none), `entry_orders`. Content: `text_values`, `text_orders`. Besides
each stand targets and positions in order of precedence; `at`, `number_at`, `all_of` and their likes for content read
them.

Content is copied as seldom as can be: a prompt is longer than everything else of its span together. And no lambda here
reads an array from outside itself: ClickHouse would copy that array once for each element.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.dialects.langfuse import COST, USAGE
from spanhouse_collector.model.dialects.shared.placeholders import NO_CONTENT, PLACEHOLDERS, SCRUBBED_PREFIX
from spanhouse_collector.model.source import EVENT
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
from spanhouse_collector.model.span_sql.literals import numbers, starts_with_any, text
from spanhouse_collector.model.span_sql.tables import is_in, order_of
from spanhouse_collector.model.targets import Target

Stage = dict[str, str]

_POSITIONS: Final = 65536  # a span of more known values than this keeps those whose positions fit
_NUMBER_LIMIT: Final = "9.2e18"  # below 2^63; what is not below is no count
_PLACEHOLDER_LENGTH: Final = max(map(len, PLACEHOLDERS)) + 1
_NO_CONTENT_LENGTH: Final = max(map(len, NO_CONTENT)) + 1


def stages() -> tuple[Stage, ...]:
    """The columns that each subquery adds to the one below it."""
    return (
        {"orders": f"arrayMap(key -> {order_of('key')}, keys)"},
        _found(),
        {
            "members_0": f"arrayMap((key, value) -> (key, value), {_flagged('keys', BLOB)}, "
            f"{_flagged('values', BLOB)})",
            "indexed_keys": "arrayFilter((key, flag) -> flag, keys, indexed_flags)",
            "indexed_values": "arrayFilter((value, flag) -> flag, values, indexed_flags)",
        },
        *_members(),
        _others(),
        _entries(),
        {
            "entry_numbers": f"arrayMap(value -> toFloat64OrDefault({_bare('value')}, -1.), entry_texts)",
            "text_flags": f"arrayMap(value -> value != '' AND NOT "
            f"{is_in('no content', f'substring(value, 1, {_NO_CONTENT_LENGTH})')}, text_values)",
        },
        {"entry_values": f"arrayMap((value, order, number) -> {_cleaned()}, entry_texts, entry_orders, entry_numbers)"},
        {
            "entry_sorted": _sorted(),
            "text_sorted": f"arraySort(arrayFilter(entry -> entry != 0, arrayMap((order, flag, position) -> "
            f"if(flag, toUInt64(order) * {_POSITIONS} + position, 0), text_orders, text_flags, "
            "arrayEnumerate(text_orders))))",
        },
        {
            f"{kind}_{part}": f"arrayMap(entry -> {part_of}, {kind}_sorted)"
            for kind in ("entry", "text")
            for part, part_of in (
                ("targets", f"intDiv(entry, {PRIORITIES * _POSITIONS})"),
                ("positions", f"entry % {_POSITIONS}"),
            )
        },
    )


def _found() -> Stage:
    """What stands under known keys and in known events; an unknown key may still be known with its index."""
    is_known = f"{order_of(f'concat({text(EVENT)}, name)')} != 0"
    order = f"bitAnd(order, {ORDER_MASK})"
    return {
        "short_orders": f"arrayFilter(order -> {_is_short('order')}, arrayMap(order -> {order}, orders))",
        "short_values": f"arrayFilter((value, order) -> {_is_short(order)}, values, orders)",
        "content_orders": f"arrayFilter(order -> {_is_content('order')}, arrayMap(order -> {order}, orders))",
        "content_values": f"arrayFilter((value, order) -> {_is_content(order)}, values, orders)",
        "indexed_flags": f"arrayMap((key, order) -> order = 0 AND {_may_be_indexed('key')}, keys, orders)",
        "shared_orders": f"arrayFilter(order -> bitAnd(order, {SHARED}) != 0, orders)",
        "shared_values": _flagged("values", SHARED),
        "event_found_keys": "arrayFlatten(arrayMap((name, inner) -> arrayMap(key -> "
        f"concat({text(EVENT)}, name, '#', key), inner), arrayFilter(name -> {is_known}, event_names), "
        f"arrayFilter((inner, name) -> {is_known}, event_keys, event_names)))",
        "event_found_values": f"arrayFlatten(arrayFilter((inner, name) -> {is_known}, event_values, event_names))",
    }


def _flagged(array: str, flag: int) -> str:
    return f"arrayFilter((item, order) -> bitAnd(order, {flag}) != 0, {array}, orders)"


def _is_short(order: str) -> str:
    return f"{order} >= {PRIORITIES} AND {order} < {FIRST_TEXT * PRIORITIES}"


def _is_content(order: str) -> str:
    return f"{order} >= {FIRST_TEXT * PRIORITIES}"


def _may_be_indexed(key: str) -> str:
    first_two = f"substringIndex({key}, '.', 2)"
    return f"bitAnd({order_of(first_two)}, {BRANCH}) != 0"


def _pattern(key: str) -> str:
    """A key with `#` for each index: up to four digits, which bounds what a hostile client can make of it."""
    return f"replaceRegexpAll({key}, '\\\\.[0-9]{{1,4}}(\\\\.|$)', '.#\\\\1')"


def _members() -> tuple[Stage, ...]:
    """Members of JSON objects, one depth a stage: pairs of `blob#path` and the member's text."""
    wanted = f"{order_of('pair.1')} != 0 OR {starts_with_any('pair.1', (f'{USAGE}#', f'{COST}#'))}"
    branch = f"bitAnd({order_of('pair.1')}, {BRANCH}) != 0"
    below: list[Stage] = []
    for level in range(1, depth() + 1):
        separator = "#" if level == 1 else "."
        # Below the first level a value is JSON as the level above gave it: an object, or a list whose first counts.
        inner = _object("pair.2") if level == 1 else "if(startsWith(pair.2, '['), JSONExtractRaw(pair.2, 1), pair.2)"
        source = "members_0" if level == 1 else f"arrayFilter(pair -> {branch}, members_{level - 1})"
        pairs = (
            f"arrayMap(pair -> arrayMap(member -> (concat(pair.1, '{separator}', member.1), member.2), "
            f"JSONExtractKeysAndValues({inner}, 'String')), {source})"
        )
        below.append({f"members_{level}": f"arrayFilter(pair -> {wanted}, arrayFlatten({pairs}))"})
    return tuple(below)


def _object(json: str) -> str:
    """The JSON object in a text: itself, the first of a list, one in a string, or Python's repr of a dict."""
    python = (
        f"replaceAll(replaceAll(replaceAll(replaceAll({json}, '\\'', '\"'), 'None', 'null'), "
        "'True', 'true'), 'False', 'false')"
    )
    return (
        f"multiIf(startsWith({json}, '['), JSONExtractRaw({json}, 1), "
        f"startsWith({json}, '\"'), JSONExtractString({json}), "
        f"startsWith({json}, '{{\\''), {python}, {json})"
    )


def _others() -> Stage:
    """What stands elsewhere than under a key of its own: with an index, in an event, in JSON, or for a second time."""
    second = plan().second
    members = ", ".join(f"members_{level}" for level in range(1, depth() + 1))
    again = f"transform(bitAnd(order, {ORDER_MASK}), {numbers(second)}, {numbers(second.values())}, toUInt32(0))"
    return {
        "members": f"arrayConcat({members})",
        "other_orders": f"arrayConcat(arrayMap(key -> {order_of(_pattern('key'))}, indexed_keys), "
        f"arrayMap(key -> {order_of('key')}, event_found_keys), arrayMap(order -> {again}, shared_orders))",
        "other_values": "arrayConcat(indexed_values, event_found_values, shared_values)",
    }


def _entries() -> Stage:
    """All values with their orders, aligned: the short ones and the content."""
    return {
        "entry_orders": f"arrayConcat(short_orders, arrayFilter(order -> {_is_short('order')}, other_orders), "
        f"arrayMap(pair -> bitAnd({order_of('pair.1')}, {ORDER_MASK}), members))",
        "entry_texts": f"arrayConcat(short_values, arrayFilter((value, order) -> {_is_short('order')}, other_values, "
        "other_orders), arrayMap(pair -> pair.2, members))",
        "text_orders": f"arrayConcat(content_orders, arrayFilter(order -> {_is_content('order')}, other_orders))",
        "text_values": f"arrayConcat(content_values, arrayFilter((value, order) -> {_is_content('order')}, "
        "other_values, other_orders))",
    }


def _bare(value: str) -> str:
    """Without the quotes that JSON puts around a name."""
    quoted = f"length({value}) > 1 AND startsWith({value}, '\"') AND endsWith({value}, '\"')"
    return f"if({quoted}, substring({value}, 2, length({value}) - 2), {value})"


def _cleaned() -> str:
    """A value as it counts, '' where it stands for nothing."""
    bare = _bare("value")
    short = f"lower(substring({bare}, 1, {_PLACEHOLDER_LENGTH}))"
    return (
        f"if(order >= {FIRST_NUMBER * PRIORITIES}, if(number >= 0 AND number < {_NUMBER_LIMIT}, {bare}, ''), "
        f"if({is_in('placeholder', short)} OR startsWith(value, {text(SCRUBBED_PREFIX)}), '', {bare}))"
    )


def _sorted() -> str:
    """One number an entry: order, position. A zero comes last in its target: it must not hide a positive number."""
    penalty = f"if(order >= {FIRST_NUMBER * PRIORITIES} AND number = 0, {ZERO_PENALTY}, 0)"
    entry = f"if(value = '' OR order < {PRIORITIES}, 0, (toUInt64(order) + {penalty}) * {_POSITIONS} + position)"
    return (
        "arraySort(arrayFilter(entry -> entry != 0, "
        f"arrayMap((value, order, number, position) -> {entry}, entry_values, entry_orders, entry_numbers, "
        "arrayEnumerate(entry_orders))))"
    )


def text_at(target: Target) -> str:
    """The best content for a target, '' for none."""
    return f"text_values[text_positions[indexOf(text_targets, {number_of(target)})]]"


def texts_of(target: Target) -> str:
    """All content for a target, in the order sent."""
    kept = f"flag AND value != '' AND {_is_of(target)}"
    return f"arrayFilter((value, order, flag) -> {kept}, text_values, text_orders, text_flags)"


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
