"""What SQL computes is what the package computes: every model, every way to write its name, its times and tiers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import pytest

from spanhouse_collector.storage.engine import Connection
from spanhouse_collector.storage.prices_sql import COST_COLUMN, CostOperands, cost_expression, cost_stages
from spanhouse_collector.storage.prices_tables import load_catalogue
from tests.collector.storage.price_cases import (
    CACHED,
    NOW,
    PLAIN,
    USAGE,
    Case,
    case,
    every_model,
    every_name,
    expected,
    fill,
)
from tests.tables import Store

OPERANDS = CostOperands()


@pytest.fixture(scope="module")
def priced(open_suite: Store) -> Store:
    load_catalogue(open_suite.connection)
    return open_suite


@pytest.fixture
def connection(priced: Store) -> Iterator[Connection]:
    yield priced.connection
    priced.connection.execute("DROP TABLE IF EXISTS price_cases SYNC")


def nested(source: str) -> str:
    for stage in cost_stages(OPERANDS):
        columns = ", ".join(f"{expression} AS {name}" for name, expression in stage.items())
        source = f"SELECT *, {columns} FROM ({source})"
    return source


def costs(connection: Connection, cases: Iterable[Case]) -> list[tuple[Case, float | None]]:
    listed = fill(connection, "price_cases", cases)
    rows = connection.query(f"SELECT {COST_COLUMN} FROM ({nested('SELECT * FROM price_cases')}) ORDER BY id").rows
    return [(each, row[0]) for each, row in zip(listed, rows, strict=True)]


def differences(found: Iterable[tuple[Case, float | None]]) -> list[tuple[Case, float | None, float | None]]:
    return [
        (each, cost, wanted)
        for each, cost in found
        if (wanted := expected(each)) != cost
        and (wanted is None or cost is None or not math.isclose(cost, wanted, rel_tol=1e-9, abs_tol=1e-15))
    ]


def test_every_model_costs_what_the_package_says_at_any_usage_and_time(connection: Connection) -> None:
    found = costs(connection, every_model())
    assert len(found) > 4000
    assert sum(cost is not None for _, cost in found) > 0.8 * len(found)
    assert differences(found) == []


def test_every_name_is_recognised_as_the_package_recognises_it(connection: Connection) -> None:
    found = costs(connection, every_name())
    assert len(found) > 10_000
    assert differences(found) == []


def test_names_that_providers_and_people_make_up_are_recognised_as_by_the_package(connection: Connection) -> None:
    made_up = [
        ("anthropic", "claude-sonnet-4-5-20250929"),
        ("aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("Amazon Bedrock", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("openai", "gpt-4o-mini-2024-07-18"),
        ("openai", "gpt-4o-20240806"),
        ("azure", "gpt-4o"),
        ("my-openai-proxy", "gpt-4o"),
        ("huggingface/groq", "llama-3.1-8b-instant"),
        ("google", "gemini-2.5-pro-preview-tts"),
        ("acme", "gpt-4o"),
        ("openai", "my-own-model"),
        ("", "mistral-large-latest"),
        ("", "someone/mistral-large-latest"),
        ("", "llama-3"),
    ]
    found = costs(connection, [case(*name) for name in made_up])
    assert differences(found) == []
    unknown = {each.model for each, cost in found if cost is None}
    assert {"my-own-model", "llama-3"} <= unknown
    assert "claude-sonnet-4-5-20250929" not in unknown


@pytest.mark.parametrize(
    ("ours", "theirs", "model"),
    [
        ("aws.bedrock", "aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("azure.ai.openai", "azure", "gpt-4o"),
        ("azure.ai.inference", "azure", "gpt-4o"),
        ("gcp.gemini", "google", "gemini-2.5-pro"),
        ("gcp.vertex_ai", "google", "claude-sonnet-4-5@20250929"),
        ("mistral_ai", "mistral", "mistral-large-latest"),
        ("x_ai", "x-ai", "grok-3"),
        ("deepseek", "deepseek", "deepseek-chat"),
    ],
)
def test_semconv_names_of_providers_are_those_of_the_package(
    connection: Connection, ours: str, theirs: str, model: str
) -> None:
    ((_, cost),) = costs(connection, [case(ours, model, CACHED)])
    assert cost is not None
    assert math.isclose(cost, expected(case(theirs, model, CACHED)) or 0)


def test_any_usage_has_a_cost_or_none_and_never_an_error(connection: Connection) -> None:
    largest = 2**64 - 1
    odd: list[dict[str, int]] = [
        {},
        {"input_tokens": 0},
        {"cache_read_input_tokens": 5},
        {"input_tokens": 5, "cache_read_input_tokens": 50, "cache_write_input_tokens": 50},
        {"input_tokens": 5, "reasoning_output_tokens": 50},
        dict.fromkeys(USAGE, largest),
    ]
    names = [
        ("openai", "gpt-4o"),
        ("anthropic", "claude-sonnet-4-5-20250929"),
        ("", ""),
        ("", "x" * 5000),
        ("\x1f", "~"),
    ]
    names += [
        ("openai", "a\nb"),
        ("openai", "'\\'"),
        ("*", "="),
        ("=openai", "gpt-4o"),
        ("openai", "\udcff".encode("utf-8", "replace").decode()),
    ]
    found = dict(costs(connection, [case(*name, usage) for name in names for usage in odd]))
    assert found[case("openai", "gpt-4o", {})] is None
    assert found[case("openai", "gpt-4o", {"input_tokens": 0})] == 0
    assert all(cost is None or (math.isfinite(cost) and cost >= 0) for cost in found.values())
    assert found[case("openai", "gpt-4o", dict.fromkeys(USAGE, largest))]


def test_one_expression_computes_what_the_stages_compute(connection: Connection) -> None:
    listed = fill(
        connection,
        "price_cases",
        [case("openai", "gpt-4o", CACHED), case("deepseek", "deepseek-chat", CACHED), case("a", "b")],
    )
    rows = connection.query(f"SELECT {cost_expression(OPERANDS)} FROM price_cases ORDER BY id").rows
    assert differences((each, row[0]) for each, row in zip(listed, rows, strict=True)) == []


def test_spans_of_the_same_block_have_rules_of_their_own(connection: Connection) -> None:
    """One block with and without rules, patterns and conditions: what is skipped for one row is not for the next."""
    names = [
        ("openai", "gpt-4o"),
        ("", ""),
        ("anthropic", "claude-sonnet-4-5-20250929"),
        ("a", "b"),
        ("deepseek", "deepseek-chat"),
    ]
    cases = [case(*name, {**PLAIN, "input_tokens": 1000 + turn}, NOW) for turn in range(500) for name in names]
    assert differences(costs(connection, cases)) == []
