"""Tokens that mean the same for every dialect: input with cache, output with reasoning.

Source: DESIGN section 2, and the token accounting of each provider and instrumentation; the rules in their order stand
in docs/dialects.md.
"""

from __future__ import annotations

from typing import Final

from spanhouse_collector.model import targets
from spanhouse_collector.model.dialects.langfuse import COST, USAGE
from spanhouse_collector.model.span_sql.entries import Stage, is_there, number_at, precedence_at
from spanhouse_collector.model.span_sql.literals import starts_with_any
from spanhouse_collector.model.targets import Target
from spanhouse_collector.model.vocabulary import written

_LIMIT: Final = "9.2e18"
_BUCKETS: Final = f"{USAGE}#"
# OpenAI's shape, which has its cache and reasoning inside: `input_tokens`, `input_tokens_details.…`.
_NO_BUCKETS: Final = ("input_tokens", "output_tokens")
# Anthropic's own words for the cache, under which its own input is without it; others translate both.
_RAW_BLOBS: Final = ("gen_ai.usage.raw#", "response_data#", "usage#", "haystack.")
_VERCEL_METADATA: Final = "ai.response.providerMetadata#"
_RAW_CACHE: Final = (".cache_read_input_tokens", "#cache_read_input_tokens")


def usage_stages() -> tuple[Stage, ...]:
    """Raw numbers, then whether the input excludes the cache, then the columns."""
    return (_raw(), _exclusive(), _inclusive(), _total())


def _buckets(*prefixes: str) -> str:
    """The sum of Langfuse's buckets whose names start so."""
    return _sum_of([_BUCKETS + prefix for prefix in prefixes], [_BUCKETS + name for name in _NO_BUCKETS])


def _sum_of(prefixes: list[str], but: list[str]) -> str:
    """The sum of JSON members whose keys start with one of these and with none of those."""
    number = "toFloat64OrDefault(pair.2, 0.)"
    wanted = starts_with_any("pair.1", prefixes) + (f" AND NOT {starts_with_any('pair.1', but)}" if but else "")
    return (
        f"arraySum(arrayMap(pair -> if({number} > 0 AND {number} < {_LIMIT}, {number}, 0.), "
        f"arrayFilter(pair -> {wanted}, members)))"
    )


def _raw() -> Stage:
    def given(target: Target) -> str:
        return number_at(target)

    return {
        "input_given": given(targets.INPUT_TOKENS),
        "output_given": given(targets.OUTPUT_TOKENS),
        "total_given": given(targets.TOTAL_TOKENS),
        "cache_read_given": given(targets.CACHE_READ_INPUT_TOKENS),
        "cache_write_given": given(targets.CACHE_WRITE_INPUT_TOKENS),
        "reasoning_given": given(targets.REASONING_OUTPUT_TOKENS),
        "input_buckets": _buckets("input_", "cache_"),
        "output_buckets": _buckets("output_"),
        "raw_input_given": given(targets.RAW_INPUT_TOKENS),
        "cost_given": f"if({is_there(targets.COST_USD)}, {given(targets.COST_USD)}, {_parts_of_cost()})",
        "has_usage": f"{is_there(targets.INPUT_TOKENS)} OR {is_there(targets.OUTPUT_TOKENS)} "
        f"OR {is_there(targets.TOTAL_TOKENS)}",
    }


def _parts_of_cost() -> str:
    """What input and output cost, where no total is told: Langfuse's parts are all that it names."""
    return (
        f"ifNull({number_at(targets.INPUT_COST_USD)}, 0) + ifNull({number_at(targets.OUTPUT_COST_USD)}, 0) + "
        + _sum_of([f"{COST}#"], [])
    )


def _raw_cache() -> str:
    """Whether the cache stands under a provider's own name for it, in that provider's own object."""
    blobs = _is_from(targets.CACHE_READ_INPUT_TOKENS, _RAW_BLOBS, _RAW_CACHE)
    raw_input = _is_from(targets.INPUT_TOKENS, _RAW_BLOBS, ("#input_tokens", ".input_tokens"))
    metadata = _is_from(targets.CACHE_READ_INPUT_TOKENS, (_VERCEL_METADATA,), ("acheReadInputTokens",))
    return f"({is_there(targets.CACHE_READ_INPUT_TOKENS)} AND ({metadata} OR ({blobs} AND {raw_input})))"


def _is_from(target: Target, starts: tuple[str, ...], ends: tuple[str, ...]) -> str:
    """Whether a target's value came from a key that starts and ends like this."""
    sources = enumerate(written(target))
    ranks = [rank for rank, source in sources if source.key.startswith(starts) and source.key.endswith(ends)]
    return f"{precedence_at(target)} IN ({', '.join(map(str, ranks))})"


def _exclusive() -> Stage:
    """Whether the input was counted without cache: by declaration, or because nothing else adds up."""
    cache = "ifNull(cache_read_given, 0) + ifNull(cache_write_given, 0)"
    declared = (
        "scope_dialect = 'claude-code' OR (has(dialects, 'openlit') AND provider IN ('anthropic', 'aws.bedrock')) "
        f"OR input_buckets > 0 OR raw_input_given = input_given OR {_raw_cache()}"
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
