"""The promoted columns of a span, read from its sorted entries.

Owns the rules: how a span's type is told, what its tokens mean, which provider answered. Each stage is a subquery over
the one before it; `columns()` are the ones of the table. Every expression is total: whatever a client sent, it yields a
value and never an exception.

Besides the entries these columns are read: `name`, `scope_name`, `scope_dialect`, `start_unix_nano`, `end_unix_nano`,
`status_is_error`, `event_names`, `event_unix_nanos`, `resource_session_id`, `resource_user_id`.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model import targets
from spanhouse_collector.model.dialects.shared.span_types import USAGE_OWNERS
from spanhouse_collector.model.span_sql import provider_sql
from spanhouse_collector.model.span_sql.entries import Stage, all_of, at, is_there, number_at, precedence_at, ranked
from spanhouse_collector.model.span_sql.entries import stages as entry_stages
from spanhouse_collector.model.span_sql.keys import PRIORITIES, number_of
from spanhouse_collector.model.span_sql.literals import first_pair, is_one_of, starts_with_any
from spanhouse_collector.model.span_sql.search_text import search_text_stages
from spanhouse_collector.model.span_sql.tables import is_in, text_at, text_of
from spanhouse_collector.model.span_sql.usage_sql import usage_stages
from spanhouse_collector.model.vocabulary import COMPONENT_TYPES, FIRST_CHUNK_EVENTS, SUMMING_SCOPES, written

# Of the mapping as a whole: raised whenever a stored span would be mapped differently, so that remap finds it.
MAPPING_VERSION: Final = 3

_VECTOR_GROUP: Final = "vector_db"
_TOOL_PREFIXES: Final = (
    "execute_tool ",
    "anthropic.custom_tool_use ",
    "anthropic.server_tool_use ",
    "anthropic.tool_use ",
    "running tool: ",
    "Function: ",
)


def stages() -> tuple[Stage, ...]:
    """Every subquery's columns, from the span's attributes to the promoted columns."""
    return (
        *entry_stages(),
        _told(),
        *_span_type(),
        _models(),
        *provider_sql.stages(),
        *usage_stages(),
        _final_type(),
        {**_names(), **_first_chunk()},
        *search_text_stages(),
    )


def columns() -> dict[str, str]:
    """The promoted columns of `spans`, but for the cost, which needs the prices."""
    return {
        "span_type": "span_type",
        "operation": "operation",
        "provider": "provider",
        "framework": "framework",
        "request_model": "request_model",
        "response_model": "response_model",
        "model": "model",
        "response_id": "response_id",
        "input_tokens": "input_tokens",
        "output_tokens": "output_tokens",
        "total_tokens": "total_tokens",
        "cache_read_input_tokens": "cache_read_input_tokens",
        "cache_write_input_tokens": "cache_write_input_tokens",
        "reasoning_output_tokens": "reasoning_output_tokens",
        "usage_scope": "usage_scope",
        "session_id": _or(at(targets.SESSION_ID), "resource_session_id"),
        "user_id": _or(at(targets.USER_ID), "resource_user_id"),
        "agent_name": "agent_name",
        "tool_name": "tool_name",
        "prompt_name": at(targets.PROMPT_NAME),
        "finish_reasons": _finish_reasons(),
        "ttft_ns": _ttft(),
        "tags": _listed(all_of(targets.TAGS)),
        "is_error": "is_error",
        "error_type": _error_type(),
        "is_pending": "is_pending",
        "dialects": "dialects",
        "input": "input",
        "output": "output",
        "mapping_version": f"toUInt16({MAPPING_VERSION})",
    }


def reported_cost() -> str:
    """What the span says that it cost, Nullable(Float64). Zero is what instrumentations write for unknown models."""
    return "nullIf(cost_given, 0)"


def scope_dialect(scope_name: str) -> str:
    """The dialect that a scope's name tells, '' for none."""
    dotted = f"translate({scope_name}, '/', '.')"
    starts = ", ".join(text_of("scope", f"substringIndex({dotted}, '.', {segments})") for segments in (3, 2, 1))
    return f"arrayFirst(found -> found != '', [{text_of('whole scope', scope_name)}, {starts}])"


def _or(*expressions: str) -> str:
    """The first that is not empty."""
    *firsts, last = expressions
    for expression in reversed(firsts):
        last = f"if({expression} != '', {expression}, {last})"
    return last


def _told() -> Stage:
    """What other rules need first: dialects, the span's type as its attributes tell it."""
    candidates, orders = ranked(targets.SPAN_TYPE)
    first = number_of(targets.SPAN_TYPE) * PRIORITIES
    return {
        "types_asked": candidates,
        "type_groups": f"arrayMap(order -> {text_of('group', f'toString(order - {first})')}, {orders})",
        "searches_vectors": f"{is_there(targets.VECTOR_SEARCH)} OR "
        f"{is_in('vector', f'lower({at(targets.DB_SYSTEM)})')}",
        "dialects": "arraySort(arrayDistinct(arrayFilter(dialect -> dialect != '', arrayPushBack(arrayMap(order -> "
        f"{text_of('dialect', 'toString(order)')}, entry_orders), scope_dialect))))",
        "operations": ranked(targets.OPERATION)[0],
        "is_log": f"{at(targets.LOGFIRE_SPAN_TYPE)} = 'log'",
        "is_pending": f"{at(targets.LOGFIRE_SPAN_TYPE)} = 'pending_span' OR end_unix_nano = 0",
        "component_type": at(targets.COMPONENT_TYPE),
        "first_word": "concat(substringIndex(name, ' ', 1), ' *')",
    }


def _span_type() -> tuple[Stage, ...]:
    """The type by attributes, else by the span's name; '' when neither tells it."""
    component = first_pair("endsWith(component_type, pair.1)", COMPONENT_TYPES.items())
    typed = text_at("concat('type ', told, ':', lower(value))")
    canonical = text_of("operation", "lower(value)")
    return (
        {
            "type_by_attributes": "arrayFirst(found -> found != '', arrayMap((value, told) -> "
            f"if(told != '{_VECTOR_GROUP}' OR searches_vectors, {typed}, ''), types_asked, type_groups))",
            "named_as": "[concat(scope_name, '|', name), concat('|', name), concat(scope_name, '|', first_word), "
            "concat('|', first_word), if(has(dialects, 'weave'), concat('weave|', first_word), '')]",
        },
        {
            "type_by_name": f"multiIf({component} != '', {component}, "
            f"{at(targets.GUARDRAIL_NAME)} != '', 'GUARDRAIL', "
            f"arrayFirst(found -> found != '', arrayMap(key -> {text_of('span name', 'key')}, named_as)))",
            "operation": "arrayFirst(found -> found != '', arrayConcat("
            f"arrayMap(value -> if({canonical} != '', {canonical}, value), operations), "
            f"arrayMap(key -> {text_of('name operation', 'key')}, named_as)))",
        },
    )


def _models() -> Stage:
    """Models as asked for and as answered; genkit's model is the span's own name without its plugin."""
    own = at(targets.OWN_NAME)
    genkit = (
        f"if(scope_dialect = 'genkit' AND {is_one_of('type_by_attributes', USAGE_OWNERS)}, "
        f"substring({own}, position({own}, '/') + 1), '')"
    )
    request, response = at(targets.REQUEST_MODEL), at(targets.RESPONSE_MODEL)
    return {
        "request_model": request,
        "response_model": response,
        "model": _or(response, request, at(targets.OTHER_MODEL), genkit),
    }


def _final_type() -> Stage:
    """The type, where need be from what the span carries."""
    is_plain_span = "type_groups[1] = 'langfuse' AND lower(types_asked[1]) = 'span' AND model != ''"
    return {
        "span_type": f"multiIf(is_log, 'EVENT', {is_plain_span}, 'LLM', type_by_attributes != '', type_by_attributes, "
        "type_by_name != '', type_by_name, "
        f"{is_there(targets.TOOL_NAME)} AND model = '', 'TOOL', has_usage AND model != '', 'LLM', 'UNKNOWN')",
    }


def _names() -> Stage:
    """Names of what the span stands for, its errors, and whose usage it carries."""
    own = at(targets.OWN_NAME)
    bare = f"if({starts_with_any('name', _TOOL_PREFIXES)}, substring(name, position(name, ' ') + 1), name)"
    bare = f"if(startsWith(name, 'running tool: '), substring(name, 15), {bare})"
    owner = is_one_of("span_type", USAGE_OWNERS)
    summing = is_one_of("scope_name", SUMMING_SCOPES)
    return {
        "agent_name": _or(at(targets.AGENT_NAME), f"if(span_type = 'AGENT', {own}, '')"),
        "tool_name": f"if(span_type = 'TOOL', {_or(at(targets.TOOL_NAME), own, bare)}, '')",
        "is_error": f"status_is_error OR {is_there(targets.ERROR_TYPE)} OR has(event_names, 'exception') "
        f"OR lower({at(targets.SUCCESS)}) = 'false' OR upper({at(targets.LEVEL)}) = 'ERROR' "
        f"OR lower({at(targets.TOOL_ERROR)}) = 'true' OR toInt32OrZero({at(targets.LEVEL_NUMBER)}) >= 17",
        "usage_scope": f"multiIf(has_usage AND is_pending, 'none', {owner} OR (has_usage AND span_type = 'EVENT' "
        f"AND operation != ''), 'own', has_usage OR (span_type = 'CHAIN' AND {summing}), "
        "'aggregate', 'none')",
    }


def _listed(array: str) -> str:
    """Texts that are lists, as one list without repetition: a JSON list, Python's or a cut one, or parted by commas."""
    bare = "if(startsWith(value, '['), translate(value, '[]\"\\'\\\\', '     '), value)"
    parts = (
        "if(startsWith(value, '[') AND isValidJSON(value), JSONExtract(value, 'Array(String)'), "
        f"arrayMap(part -> trimBoth(part), splitByChar(',', {bare})))"
    )
    return f"arrayDistinct(arrayFilter(part -> part != '', arrayFlatten(arrayMap(value -> {parts}, {array}))))"


def _finish_reasons() -> str:
    reason = text_of("finish", "lower(value)")
    found = _listed(all_of(targets.FINISH_REASONS))
    return f"arrayDistinct(arrayMap(value -> if({reason} != '', {reason}, value), {found}))"


def _error_type() -> str:
    """Python's `<class 'X'>` is X."""
    value = at(targets.ERROR_TYPE)
    return f"if(startsWith({value}, '<class '), replaceRegexpOne({value}, '^<class .(.*).>$', '\\\\1'), {value})"


def _first_chunk() -> Stage:
    """What tells when the answer began: a duration and where it stood, a moment, an event."""
    moment = f"toUnixTimestamp64Nano(parseDateTime64BestEffortOrZero({at(targets.FIRST_CHUNK_TIME)}, 9, 'UTC'))"
    is_first = is_one_of("name", FIRST_CHUNK_EVENTS)
    return {
        "ttft_given": number_at(targets.TTFT),
        "ttft_rank": precedence_at(targets.TTFT),
        "first_chunk_sent": f"toUInt64(greatest({moment}, 0))",
        "first_chunk_event": f"arrayFirst((time, name) -> {is_first}, event_unix_nanos, event_names)",
    }


def _ttft() -> str:
    """Nanoseconds from the span's start to the first chunk of the answer."""
    decoders = [source.decoder for source in written(targets.TTFT)]
    milliseconds = ", ".join(str(rank) for rank, name in enumerate(decoders) if name == "milliseconds")
    factor = (
        f"multiIf(ttft_rank IN ({milliseconds}), 1e6, "
        f"ttft_rank = {decoders.index('server_ttft')} AND scope_dialect = 'strands', 1e6, 1e9)"
    )
    reported = f"toUInt64(least(ifNull(ttft_given, 0) * {factor}, 9.2e18))"
    sent, event = (f"toUInt64({name} - start_unix_nano)" for name in ("first_chunk_sent", "first_chunk_event"))
    return (
        f"multiIf(ttft_given IS NOT NULL, toNullable({reported}), {_is_after('first_chunk_sent')}, {sent}, "
        f"{_is_after('first_chunk_event')}, {event}, NULL)"
    )


def _is_after(unix_nano: str) -> str:
    """Whether a time lies after the span's start."""
    return f"{unix_nano} > start_unix_nano AND {unix_nano} < 9223372036854775807"
