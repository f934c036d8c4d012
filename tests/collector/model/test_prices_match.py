"""Clauses of the price package as patterns: what each kind becomes, and what is refused rather than mistranslated."""

from __future__ import annotations

import re

import pytest
from genai_prices.types import (
    ClauseAnd,
    ClauseContains,
    ClauseEndsWith,
    ClauseEquals,
    ClauseOr,
    ClauseRegex,
    ClauseStartsWith,
)

from spanhouse_collector.model.prices import catalogue, source
from spanhouse_collector.model.prices_match import Form, PatternTable, equal_texts, forms_of

TTS = ClauseRegex("^(?!.*-tts(?:$|-))")


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        (ClauseStartsWith("GPT-4.5"), [Form(r"gpt-4\.5")]),
        (ClauseEndsWith("v1:0"), [Form(".*v1:0$")]),
        (ClauseContains("claude"), [Form(".*claude")]),
        (ClauseRegex(r"^o[134]"), [Form("o[134]")]),
        (ClauseRegex(r"a|b"), [Form(".*(?:a|b)")]),
        (ClauseRegex(r"^[a|b]\|"), [Form(r"[a|b]\|")]),
        (ClauseRegex(r"^(?![^/]+/)x"), [Form("x", ("[^/]+/",))]),
        (ClauseAnd([ClauseStartsWith("gemini"), TTS]), [Form("gemini", (".*-tts(?:$|-)",))]),
        (ClauseAnd([ClauseContains("a"), ClauseContains("b")]), [Form("(?:.*a.*b|.*b.*a)")]),
        (ClauseOr([ClauseEquals("x"), ClauseContains("y")]), [Form(".*y")]),
    ],
)
def test_a_clause_becomes_a_pattern(clause: object, expected: list[Form]) -> None:
    assert list(forms_of(clause, with_equal_texts=False)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "clause",
    [
        ClauseRegex("^a|^b"),
        ClauseRegex("x(?=y)"),
        ClauseRegex(r"^(a)\1"),
        ClauseRegex("(?i)x"),
        ClauseAnd([ClauseStartsWith("a"), ClauseStartsWith("b")]),
        ClauseAnd([ClauseContains("a"), ClauseRegex("x(?<!y)")]),
    ],
)
def test_what_no_pattern_can_say_is_named_and_not_guessed(clause: object) -> None:
    (told,) = forms_of(clause, with_equal_texts=True)  # type: ignore[arg-type]
    assert isinstance(told, str)
    table = PatternTable()
    table.add_model(told, "openai", "openai", "gpt")
    assert table.rows() == ()
    assert "openai gpt" in table.skipped[0]


def test_names_that_clauses_spell_out_are_lower_case() -> None:
    clause = ClauseOr([ClauseEquals("GPT-4o"), ClauseOr([ClauseEquals("x")]), ClauseContains("y")])
    assert list(equal_texts(clause)) == ["gpt-4o", "x"]


def test_exclusions_are_rows_behind_all_others_and_shared() -> None:
    table = PatternTable()
    for model in ("a", "b"):
        table.add_model(Form(model, ("tts",)), "google", "google", model)
    rows = table.rows()
    assert [row.position for row in rows] == [1, 2, 3]
    assert rows[0].forbidden == rows[1].forbidden == (3,)
    assert rows[2].asked == ""


def test_a_pattern_over_the_provider_does_not_see_the_model() -> None:
    table = PatternTable()
    table.add_provider(Form(".*openai"), "openai")
    table.add_provider(Form("xai$"), "x-ai")
    first, second = (re.compile(row.pattern) for row in table.rows())
    assert first.match("my-openai-proxy\x1fgpt")
    assert not first.match("acme\x1fopenai")
    assert second.match("xai\x1fgrok")
    assert not second.match("xai2\x1fgrok")


def test_every_clause_of_the_installed_package_is_understood() -> None:
    assert catalogue().skipped == ()
    assert len(catalogue().prices) > 1000
    assert source().startswith("genai-prices ")
