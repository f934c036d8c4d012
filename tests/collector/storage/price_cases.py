"""Spans to be charged for, and what the `genai-prices` package itself says that they cost: the oracle of prices.

Owns the cases and a table of them. Nothing here shares code with the SQL or with the translation of clauses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from genai_prices import Usage, calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ClauseAnd, ClauseContains, ClauseEndsWith, ClauseEquals, ClauseOr, ClauseRegex
from genai_prices.types import ClauseStartsWith as StartsWith

from spanhouse_collector.storage.engine import Connection

# Column of `spans` → the package's name of the count.
USAGE = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "cache_write_input_tokens": "cache_write_tokens",
    "reasoning_output_tokens": "output_reasoning_tokens",
}
# What the package prices in no token, and a price by request: the only ones that we count.
COUNTED = re.compile(
    r"^(input|output|cache_read|cache_write|cache_write_1h|output_reasoning|input_audio|output_audio)_mtok$"
)
PLAIN = {"input_tokens": 1000, "output_tokens": 200}
CACHED = {
    "input_tokens": 9_000,
    "output_tokens": 700,
    "cache_read_input_tokens": 6_000,
    "cache_write_input_tokens": 1_000,
    "reasoning_output_tokens": 300,
}
LARGE = {**CACHED, "input_tokens": 600_000, "cache_read_input_tokens": 150_000}
EDGE = {"input_tokens": 200_000, "output_tokens": 1}
OUTPUT_ONLY = {"output_tokens": 50}
TIMES = tuple(
    datetime.fromisoformat(f"{moment}+00:00")
    for moment in ("2024-02-29T00:30:00", "2025-08-01T16:29:59", "2026-11-20T03:59:59", "2026-11-20T16:30:00")
)
NOW = TIMES[2]


@dataclass(frozen=True)
class Case:
    """A span's part that matters."""

    provider: str
    model: str
    usage: tuple[tuple[str, int], ...]
    time: datetime

    def row(self) -> dict[str, Any]:
        time = self.time.strftime("%Y-%m-%d %H:%M:%S.%f")
        return {"project": "p", "provider": self.provider, "model": self.model, "start_time": time, **dict(self.usage)}

    def expected(self) -> float | None:
        """Dollars by the package; None for a model that it does not know or that is not sold by tokens."""
        usage = Usage(**{USAGE[name]: count for name, count in self.usage})
        try:
            price = calc_price(usage, self.model, provider_id=self.provider or None, genai_request_timestamp=self.time)
        except LookupError:
            return None
        names = [name for name, value in vars(price.model_price).items() if value is not None]
        if names and not any(COUNTED.match(name) or name == "requests_kcount" for name in names):
            return None
        return float(price.total_price)


def case(provider: str, model: str, usage: dict[str, int] = PLAIN, time: datetime = NOW) -> Case:
    return Case(provider, model, tuple(usage.items()), time)


def every_model() -> Iterator[Case]:
    """Every model of the package under its own name, at several usages and times."""
    for provider in get_snapshot().providers:
        for model in provider.models:
            yield case(provider.id, model.id, CACHED)
            yield case(provider.id, model.id, LARGE, TIMES[3])
            if isinstance(model.prices, list) or "Tiered" in repr(model.prices):
                for time in TIMES:
                    for usage in (EDGE, CACHED, LARGE, OUTPUT_ONLY):
                        yield case(provider.id, model.id, usage, time)


def every_name() -> Iterator[Case]:
    """Names made from every clause of the package: asked of its provider, and without one."""
    for provider in get_snapshot().providers:
        for model in provider.models:
            for name in sorted(set(_names(model.match))):
                yield case(provider.id, name)
                yield case("", name)


def _names(clause: Any) -> Iterator[str]:
    if isinstance(clause, (ClauseOr, ClauseAnd)):
        for each in clause.or_ if isinstance(clause, ClauseOr) else clause.and_:
            yield from _names(each)
    elif isinstance(clause, ClauseEquals):
        yield from (clause.equals, f"{clause.equals}-20251103", clause.equals.upper())
    elif isinstance(clause, StartsWith):
        yield from (
            clause.starts_with,
            f"{clause.starts_with}-x",
            f"{clause.starts_with}-tts-1",
            f"x{clause.starts_with}",
        )
    elif isinstance(clause, ClauseContains):
        yield from (f"eu.{clause.contains}-v9:0", f"a/{clause.contains}")
    elif isinstance(clause, ClauseEndsWith):
        yield from (f"zz-{clause.ends_with}", f"{clause.ends_with}!")
    elif isinstance(clause, ClauseRegex):
        text = re.sub(r"\\d(\{\d\})?", lambda digits: "20251103"[: int((digits[1] or "{1}")[1:-1])], clause.regex)
        yield text.strip("^$").replace("\\", "")


@cache
def expected(case: Case) -> float | None:
    return case.expected()


def fill(connection: Connection, table: str, cases: Iterable[Case]) -> list[Case]:
    """A table of the cases, in their order; only what the expressions name."""
    listed = list(dict.fromkeys(cases))
    counts = ", ".join(f"{name} Nullable(UInt64)" for name in USAGE)
    connection.execute(
        f"CREATE TABLE {table} (id UInt32, project LowCardinality(String), provider LowCardinality(String), "
        f"model LowCardinality(String), start_time DateTime64(9, 'UTC'), {counts}) ENGINE = Memory"
    )
    rows = b"\n".join(orjson.dumps({"id": number, **each.row()}) for number, each in enumerate(listed))
    connection.execute(f"INSERT INTO {table} FORMAT JSONEachRow\n{rows.decode()}", {"async_insert": 0})
    return listed
