"""Integers in replies: those that a JavaScript number cannot hold are text, if that is asked for."""

from __future__ import annotations

import pytest

from spanhouse_collector.api.reply import EXACT_INTEGER_MAX, INTEGERS_AS_TEXT, with_integers_as_text

LARGE = EXACT_INTEGER_MAX + 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (LARGE, str(LARGE)),
        (-LARGE, str(-LARGE)),
        (EXACT_INTEGER_MAX, EXACT_INTEGER_MAX),
        ([1, LARGE], [1, str(LARGE)]),
        ([1, 2], [1, 2]),
        ([], []),
        ({"a": {"b": (LARGE, None, True, 1.5, "x")}}, {"a": {"b": [str(LARGE), None, True, 1.5, "x"]}}),
    ],
)
def test_only_what_is_not_exact_becomes_text(value: object, expected: object) -> None:
    assert with_integers_as_text(value) == expected


@pytest.mark.parametrize(
    ("accept", "is_asked"),
    [
        ("application/json; integers=text", True),
        ('application/json;integers="text", */*', True),
        ("application/json", False),
        ("application/json; integers=textual", False),
    ],
)
def test_text_is_for_those_who_ask(accept: str, is_asked: bool) -> None:
    assert bool(INTEGERS_AS_TEXT.search(accept)) is is_asked
