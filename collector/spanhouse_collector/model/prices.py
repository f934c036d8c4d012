"""The price catalogue: what the `genai-prices` package knows, as rows for the database.

Owns reading that package: prices with their times and tiers (`model_prices`), the model names it knows by heart
(`model_price_aliases`), and the patterns it recognises the others by (`model_price_patterns`). Leaves the clauses
themselves to `model.prices_match` and everything about SQL to `storage`.

Source: pydantic/genai-prices, packages/python/genai_prices/types.py (`ModelInfo.get_prices`, `Provider.find_model`,
`TieredPrices`) and data_snapshot.py (`find_provider_by_id`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from spanhouse_collector.model.prices_match import (
    Form,
    PatternRow,
    PatternTable,
    equal_texts,
    forms_of,
)

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic, ModelInfo, ModelPrice, Provider

PACKAGE: Final = "genai-prices"
# Raised when the rows below are made in another way from the same data.
FORMAT: Final = 1
SECONDS_PER_DAY: Final = 86_400
EPOCH: Final = datetime.fromtimestamp(0, UTC)

# Our names of providers (reference: semconv `gen_ai.provider.name`) that the package knows by another one.
PROVIDER_NAMES: Final = {
    "aws.bedrock": "aws",
    "azure.ai.inference": "azure",
    "azure.ai.openai": "azure",
    "fireworks_ai": "fireworks",
    "gcp.gemini": "google",
    "gcp.gen_ai": "google",
    "gcp.vertex_ai": "google",
    "mistral_ai": "mistral",
    "moonshot_ai": "moonshotai",
    "together_ai": "together",
    "x_ai": "x-ai",
}

# Column of `model_prices` ← the package's name of the price; all of them USD for a million tokens.
TOKEN_PRICES: Final = {
    "input_usd_per_million_tokens": "input_mtok",
    "output_usd_per_million_tokens": "output_mtok",
    "cache_read_usd_per_million_tokens": "cache_read_mtok",
    "cache_write_usd_per_million_tokens": "cache_write_mtok",
    "cache_write_1h_usd_per_million_tokens": "cache_write_1h_mtok",
    "reasoning_output_usd_per_million_tokens": "output_reasoning_mtok",
    "input_audio_usd_per_million_tokens": "input_audio_mtok",
    "output_audio_usd_per_million_tokens": "output_audio_mtok",
}
_REQUEST_PRICE: Final = "requests_kcount"


@dataclass(frozen=True)
class Price:
    """One row of `model_prices`. Of a model's rows the first that applies counts, in the order of `rank`."""

    provider: str
    model: str
    rank: int
    valid_from: datetime
    valid_to: datetime | None
    day_from_s: int
    day_until_s: int
    above_input_tokens: int | None
    usd: dict[str, float]  # by column
    request_usd: float = 0.0


@dataclass(frozen=True)
class Alias:
    """A model name under which a provider's callers may ask, and whose price it has."""

    provider: str  # '' for callers that do not say
    alias: str
    priced_as_provider: str
    priced_as_model: str


@dataclass(frozen=True)
class Catalogue:
    """Everything the package knows, ready to be stored."""

    prices: tuple[Price, ...]
    aliases: tuple[Alias, ...]
    patterns: tuple[PatternRow, ...]
    skipped: tuple[str, ...]  # clauses that no pattern can say: these names stay unknown


def source() -> str:
    """What `model_prices.source` says of rows from the package; finding it out does not load the package."""
    return f"{PACKAGE} {version(PACKAGE)}"


@cache
def catalogue() -> Catalogue:
    """Read the package. It takes half a second and 30 MB, so it is loaded only when a database lacks its version."""
    from genai_prices.data_snapshot import get_snapshot

    providers = get_snapshot().providers
    owner = {id(model): provider.id for provider in providers for model in provider.models}
    patterns, skipped = _patterns(providers, owner)
    return Catalogue(
        tuple(price for provider in providers for model in provider.models for price in _prices(provider, model)),
        tuple(_aliases(providers, owner)),
        patterns,
        skipped,
    )


def _prices(provider: Provider, model: ModelInfo) -> Iterator[Price]:
    """A model's prices, the one that takes precedence first. None for a model that is not priced by tokens."""
    from genai_prices.types import ModelPrice, StartDateConstraint, TimeOfDateConstraint

    conditions = (
        [(None, model.prices)]
        if isinstance(model.prices, ModelPrice)
        else [(condition.constraint, condition.prices) for condition in model.prices]
    )
    if conditions[0][0] is not None:
        conditions.insert(0, (None, conditions[0][1]))  # when no condition holds, the first price counts after all
    starts = [
        datetime.combine(constraint.start_date, time(), UTC) if isinstance(constraint, StartDateConstraint) else None
        for constraint, _ in conditions
    ]
    rank = 0
    for index, (constraint, prices) in reversed(list(enumerate(conditions))):
        if not _is_priced_by_tokens(prices):
            continue
        since, later, day = starts[index] or EPOCH, starts[index + 1 :], (0, SECONDS_PER_DAY)
        if isinstance(constraint, TimeOfDateConstraint):
            later, day = [], (_second_of_day(constraint.start_time), _second_of_day(constraint.end_time))
        for above in reversed([None, *_tier_starts(prices)]):
            usd = {column: _usd(prices, name, above) for column, name in TOKEN_PRICES.items()}
            yield Price(
                provider.id,
                model.id.lower(),
                rank,
                since,
                min((start for start in later if start is not None and start > since), default=None),
                *day,
                above,
                {column: price for column, price in usd.items() if price is not None},
                (_usd(prices, _REQUEST_PRICE, above) or 0.0) / 1000,
            )
            rank += 1


def _is_priced_by_tokens(prices: ModelPrice) -> bool:
    """Free models have no price at all and cost nothing; one that is sold by the hour or page has none by tokens."""
    names = {name for name, usd in vars(prices).items() if usd is not None}
    return not names or not names.isdisjoint({*TOKEN_PRICES.values(), _REQUEST_PRICE})


def _second_of_day(clock: time) -> int:
    moment = datetime.combine(EPOCH.date(), clock, clock.tzinfo or UTC).astimezone(UTC)
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _tier_starts(prices: ModelPrice) -> list[int]:
    return sorted({tier.start for price in vars(prices).values() for tier in getattr(price, "tiers", ())})


def _usd(prices: ModelPrice, name: str, above: int | None) -> float | None:
    """A price in the tier of requests with more than `above` input tokens."""
    price = vars(prices).get(name)
    if price is None or not hasattr(price, "tiers"):
        return None if price is None else float(price)
    reached = [tier.price for tier in price.tiers if above is not None and tier.start <= above]
    return float(reached[-1] if reached else price.base)


def _names(provider: Provider) -> set[str]:
    return {text for model in provider.models for text in (model.id.lower(), *equal_texts(model.match))}


def _aliases(providers: list[Provider], owner: dict[int, str]) -> Iterator[Alias]:
    """Every name that a clause spells out, resolved by the package itself."""
    by_id = {provider.id: provider for provider in providers}
    for provider in providers:
        fallbacks = [by_id[name] for name in provider.fallback_model_providers or () if name in by_id]
        for name in sorted(set.union(*(_names(each) for each in (provider, *fallbacks)))):
            found = provider.find_model(name, all_providers=providers)
            if found is not None:
                yield Alias(provider.id, name, owner[id(found)], found.id.lower())
    for name in sorted(set.union(*(_names(provider) for provider in providers))):
        guessed = next((each for each in providers if each.model_match and each.model_match.is_match(name)), None)
        found = guessed.find_model(name, all_providers=providers) if guessed else None
        if found is not None:
            yield Alias("", name, owner[id(found)], found.id.lower())


def _forms(clause: MatchLogic | None) -> tuple[Form | str, ...]:
    return () if clause is None else tuple(forms_of(clause, with_equal_texts=True))


def _patterns(providers: list[Provider], owner: dict[int, str]) -> tuple[tuple[PatternRow, ...], tuple[str, ...]]:
    """Patterns over provider, SEPARATOR and model; of those that match, the first counts."""
    table = PatternTable()
    for spelling, provider_id in (*PROVIDER_NAMES.items(), *((each.id, each.id) for each in providers)):
        table.add_exact_provider(spelling, provider_id)
    for provider in providers:
        for form in _forms(provider.provider_match):
            table.add_provider(form, provider.id)
    for provider in providers:
        for form in _forms(provider.model_match):
            table.add_absent_provider(form, provider.id)
    by_id = {provider.id: provider for provider in providers}
    for provider in providers:
        fallbacks = [by_id[name] for name in provider.fallback_model_providers or () if name in by_id]
        for model in (model for each in (provider, *fallbacks) for model in each.models):
            for form in forms_of(model.match, with_equal_texts=False):  # those are aliases
                table.add_model(form, provider.id, owner[id(model)], model.id.lower())
    return table.rows(), tuple(table.skipped)
