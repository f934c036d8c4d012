"""Tokens that mean the same for every dialect: input with cache, output with reasoning.

Source: DESIGN section 2, and the token accounting of each provider and instrumentation; the rules in their order stand
in docs/dialects.md.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model.span_sql.entries import Stage, is_there, number_at
from spanhouse_collector.model.span_sql.literals import text
from spanhouse_collector.model.vocabulary import usage

_LIMIT: Final = "9.2e18"
_BUCKETS: Final = f"{usage.LANGFUSE_USAGE}#"
_NO_BUCKETS: Final = ("input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details")


def usage_stages() -> tuple[Stage, ...]:
    """Raw numbers, then whether the input excludes the cache, then the columns."""
    return (_raw(), _exclusive(), _inclusive(), _total())


def _buckets(*prefixes: str) -> str:
    """The sum of Langfuse's buckets whose names start so."""
    starts = " OR ".join(f"startsWith(pair.1, {text(_BUCKETS + prefix)})" for prefix in prefixes)
    others = ", ".join(text(_BUCKETS + name) for name in _NO_BUCKETS)
    number = "toFloat64OrDefault(pair.2, 0.)"
    return (
        f"arraySum(arrayMap(pair -> if({number} > 0 AND {number} < {_LIMIT}, {number}, 0.), arrayFilter(pair -> ({starts}) "
        f"AND pair.1 NOT IN ({others}), members)))"
    )


def _raw() -> Stage:
    def given(target: usage.Target) -> str:
        return number_at(target)

    return {
        "input_given": given(usage.INPUT_TOKENS),
        "output_given": given(usage.OUTPUT_TOKENS),
        "total_given": given(usage.TOTAL_TOKENS),
        "cache_read_given": given(usage.CACHE_READ_INPUT_TOKENS),
        "cache_write_given": given(usage.CACHE_WRITE_INPUT_TOKENS),
        "reasoning_given": given(usage.REASONING_OUTPUT_TOKENS),
        "input_buckets": _buckets("input_", "cache_"),
        "output_buckets": _buckets("output_"),
        "has_usage": f"{is_there(usage.INPUT_TOKENS)} OR {is_there(usage.OUTPUT_TOKENS)} OR {is_there(usage.TOTAL_TOKENS)}",
    }


def _exclusive() -> Stage:
    """Whether the input was counted without cache: by declaration, or because nothing else adds up."""
    cache = "ifNull(cache_read_given, 0) + ifNull(cache_write_given, 0)"
    declared = (
        "scope_dialect = 'claude-code' OR (has(dialects, 'openlit') AND provider IN ('anthropic', 'aws.bedrock')) "
        "OR input_buckets > 0"
    )
    proven = (
        f"(total_given = ifNull(input_given, 0) + ifNull(output_given, 0) + {cache} AND {cache} > 0) "
        f"OR {cache} > ifNull(input_given, 0)"
    )
    return {
        "cache_given": cache,
        "is_exclusive": f"ifNull({declared}, 0) OR ifNull({proven}, 0)",
    }


def _inclusive() -> Stage:
    both = "ifNull(input_given, 0) + ifNull(output_given, 0)"
    return {
        "input_all": "if(input_given IS NULL AND input_buckets = 0, NULL, ifNull(input_given, 0) + "
        "multiIf(input_buckets > 0, input_buckets, is_exclusive, cache_given, 0))",
        "output_all": "if(output_given IS NULL AND output_buckets = 0, NULL, ifNull(output_given, 0) + "
        "multiIf(output_buckets > 0, output_buckets, "
        f"ifNull(total_given = {both} + reasoning_given AND reasoning_given > 0, 0), reasoning_given, 0))",
    }


def _total() -> Stage:
    def count(number: str) -> str:
        return f"if(isNull({number}), NULL, toUInt64(least(assumeNotNull({number}), {_LIMIT})))"

    both = "ifNull(input_all, 0) + ifNull(output_all, 0)"
    return {
        "input_tokens": count("input_all"),
        "output_tokens": count("output_all"),
        "total_tokens": f"if(has_usage, {count(f'greatest(ifNull(total_given, 0), {both})')}, NULL)",
        "cache_read_input_tokens": count("cache_read_given"),
        "cache_write_input_tokens": count("cache_write_given"),
        "reasoning_output_tokens": count("reasoning_given"),
    }
