"""Fixtures of a review through the real receiver: every dialect's variants beside those that the given ones show."""

from __future__ import annotations

import pytest

from tests.collector.trace_model.replay import Fixture, Replayed, fixtures
from tests.collector.trace_model.test_fixtures import cases, miscounted, summed, unexpected, unsearchable

REVIEWED = fixtures("reviewed")
# Gemini CLI's chunks are one text when they are read, and lines when they are searched.
IN_CHUNKS = ("gemini_cli",)


@pytest.mark.parametrize(("fixture", "order"), cases(REVIEWED))
def test_a_reviewed_fixture_comes_out_as_it_expects(reviewed: Replayed, fixture: Fixture, order: str) -> None:
    assert unexpected(reviewed, fixture, order) == []


@pytest.mark.parametrize(
    ("fixture", "order"), [case for case in cases(REVIEWED) if case.values[0].name not in IN_CHUNKS]
)
def test_the_words_of_a_reviewed_fixture_are_found_by_searching(
    reviewed: Replayed, fixture: Fixture, order: str
) -> None:
    assert unsearchable(reviewed, fixture, order) == []


@pytest.mark.parametrize(("fixture", "order"), summed(REVIEWED))
def test_a_reviewed_trace_counts_every_token_once(reviewed: Replayed, fixture: Fixture, order: str) -> None:
    assert miscounted(reviewed, fixture, order) == []
