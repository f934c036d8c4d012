"""The tables that drive the compiled mapper, made from the vocabulary.

Owns handing over what the vocabulary says in the forms that `_native` takes: numbers, lists by number, sets of ranks.
Leaves what stands in it to `model`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from spanhouse_collector.model.dialects import langfuse
from spanhouse_collector.model.dialects.shared import placeholders, providers
from spanhouse_collector.model.source import EVENT
from spanhouse_collector.model.span_sql import keys as numbering
from spanhouse_collector.model.span_sql import tables as looked_up
from spanhouse_collector.model.span_sql.columns import MAPPING_VERSION
from spanhouse_collector.model.targets import CACHE_READ_INPUT_TOKENS, INPUT_TOKENS, SPAN_TYPE, TTFT, Target
from spanhouse_collector.model.vocabulary import COMPONENT_TYPES, FIRST_CHUNK_EVENTS, SUMMING_SCOPES, written
from spanhouse_collector.otlp import project

VECTOR_GROUP: Final = "vector_db"
_TOOL_PREFIXES: Final = (
    "execute_tool ",
    "anthropic.custom_tool_use ",
    "anthropic.server_tool_use ",
    "anthropic.tool_use ",
    "running tool: ",
    "Function: ",
)
# Anthropic's own words for the cache, under which its own input is without it; others translate both.
_RAW_BLOBS: Final = ("gen_ai.usage.raw#", "response_data#", "usage#", "haystack.")
_RAW_CACHE: Final = (".cache_read_input_tokens", "#cache_read_input_tokens")
_RAW_INPUT: Final = ("#input_tokens", ".input_tokens")
_VERCEL_METADATA: Final = ("ai.response.providerMetadata#",)
_LISTS: Final = (
    *("span name", "name operation", "operation", "provider", "canonical", "head", "framework", "agent service"),
    *("dialect framework", "finish", "scope", "whole scope", "host", "vector", "placeholder", "no content"),
)


@dataclass(frozen=True)
class Tables:
    """What `_native.Mapper` is made with; names are those of `model.span_sql.keys.TARGETS`."""

    keys: Mapping[str, int]
    texts: Sequence[tuple[str, str, str]]  # list, text, what it stands for
    lists: Mapping[str, int]
    targets: Mapping[str, int]
    second: Mapping[int, int]
    dialects: Mapping[int, str]
    dialect_names: Sequence[str]
    type_groups: Sequence[str]
    ranks_of_raw_cache: Sequence[int]
    ranks_of_raw_input: Sequence[int]
    ranks_of_metadata_cache: Sequence[int]
    ranks_of_milliseconds: Sequence[int]
    rank_server_ttft: int
    first_number: int = numbering.FIRST_NUMBER * numbering.PRIORITIES
    first_text: int = numbering.FIRST_TEXT * numbering.PRIORITIES
    orders_end: int = (len(numbering.TARGETS) + 1) * numbering.PRIORITIES
    vector_group: str = VECTOR_GROUP
    component_types: Sequence[tuple[str, str]] = tuple(COMPONENT_TYPES.items())
    model_providers: Sequence[tuple[str, str]] = providers.PROVIDER_MODELS
    tool_prefixes: Sequence[str] = _TOOL_PREFIXES
    first_chunk_events: Sequence[str] = FIRST_CHUNK_EVENTS
    summing_scopes: Sequence[str] = SUMMING_SCOPES
    project_attributes: Sequence[str] = field(default_factory=lambda: tuple(project.RESOURCE_ATTRIBUTES))
    default_project: str = project.DEFAULT
    scrubbed_prefix: str = placeholders.SCRUBBED_PREFIX
    event_prefix: str = EVENT
    usage_prefix: str = f"{langfuse.USAGE}#"
    cost_prefix: str = f"{langfuse.COST}#"
    # OpenAI's shape, which has its cache and reasoning inside: `input_tokens`, `input_tokens_details.…`.
    no_buckets: Sequence[str] = ("input_tokens", "output_tokens")
    placeholder_longest: int = max(map(len, placeholders.PLACEHOLDERS))
    mapping_version: int = MAPPING_VERSION


@cache
def tables() -> Tables:
    """The tables of this version's vocabulary."""
    plan = numbering.plan()
    texts = tuple(_split(key, value) for key, value in looked_up.texts().items())
    names = dict.fromkeys((*_LISTS, *(name for name, _, _ in texts)))
    dialects = {text for name, _, text in texts if name in ("scope", "whole scope")} | set(plan.dialects.values())
    decoders = [source.decoder for source in written(TTFT)]
    return Tables(
        keys=looked_up.keys(),
        texts=texts,
        lists={name: number for number, name in enumerate(names, 2)},
        targets={target.name: numbering.number_of(target) for target in numbering.TARGETS},
        second=plan.second,
        dialects=plan.dialects,
        dialect_names=("", *sorted(dialects)),
        type_groups=[source.decoder for source in written(SPAN_TYPE)],
        ranks_of_raw_cache=_ranks(CACHE_READ_INPUT_TOKENS, _RAW_BLOBS, _RAW_CACHE),
        ranks_of_raw_input=_ranks(INPUT_TOKENS, _RAW_BLOBS, _RAW_INPUT),
        ranks_of_metadata_cache=_ranks(CACHE_READ_INPUT_TOKENS, _VERCEL_METADATA, ("acheReadInputTokens",)),
        ranks_of_milliseconds=[rank for rank, name in enumerate(decoders) if name == "milliseconds"],
        rank_server_ttft=decoders.index("server_ttft"),
    )


def _split(key: str, text: str) -> tuple[str, str, str]:
    name, _, rest = key.partition(":")
    return name, rest, text


def _ranks(target: Target, starts: tuple[str, ...], ends: tuple[str, ...]) -> list[int]:
    """Which of a target's sources have a key that starts and ends like this."""
    return [
        rank
        for rank, source in enumerate(written(target))
        if source.key.startswith(starts) and source.key.endswith(ends)
    ]


RulesFor = Callable[[str, str, str], Sequence[float]]


def no_rules(project: str, provider: str, model: str) -> Sequence[float]:
    """Prices for nothing: what a mapper without a database answers."""
    return ()
