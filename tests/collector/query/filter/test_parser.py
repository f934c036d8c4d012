"""Text to tree: precedence, spellings, and what is said at which character when it is no filter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spanhouse_collector.errors import FilterInvalid
from spanhouse_collector.query.filter import FilterLimits, compile_filter
from spanhouse_collector.query.filter.nodes import (
    NEGATED,
    And,
    Condition,
    Exists,
    Literal,
    LiteralKind,
    Name,
    Node,
    Not,
    Operator,
    Or,
)
from spanhouse_collector.query.filter.parser import parse

A, B, C = (
    Condition(Name(name), Operator.EQ, (Literal(LiteralKind.NUMBER, Decimal(number)),))
    for number, name in enumerate("abc", 1)
)


def text(value: str) -> tuple[Literal, ...]:
    return (Literal(LiteralKind.STRING, value),)


def duration_ns(value: int) -> tuple[Literal, ...]:
    return (Literal(LiteralKind.DURATION, Decimal(value)),)


TREES = {
    "a = 1 AND b = 2 OR c = 3": Or((And((A, B)), C)),
    "a = 1 OR b = 2 AND c = 3": Or((A, And((B, C)))),
    "(a=1 or b=2) and not c=3": And((Or((A, B)), Not(C))),
    "NOT a = 1 AND b = 2": And((Not(A), B)),
    "not not a == 1": Not(Not(A)),
    "((a = 1))": A,
    "EXISTS (a = 1 AND b = 2)": Exists(And((A, B))),
    "a = 1\n\tand b = 2": And((A, B)),
    "x <> 'y'": Condition(Name("x"), Operator.NE, text("y")),
    "x = 'it''s'": Condition(Name("x"), Operator.EQ, text("it's")),
    'x = "say ""hi"""': Condition(Name("x"), Operator.EQ, text('say "hi"')),
    r"x LIKE '50\%'": Condition(Name("x"), Operator.LIKE, text(r"50\%")),
    "x not like 'y'": Condition(Name("x"), Operator.NOT_LIKE, text("y")),
    "x RLIKE '^y$'": Condition(Name("x"), Operator.MATCHES, text("^y$")),
    "x NOT IN ('y')": Condition(Name("x"), Operator.NOT_IN, text("y")),
    "x BETWEEN 1.5s AND 2m": Condition(
        Name("x"), Operator.BETWEEN, (*duration_ns(1_500_000_000), *duration_ns(120_000_000_000))
    ),
    "x > 200ms": Condition(Name("x"), Operator.GT, duration_ns(200_000_000)),
    "x > -.5e1": Condition(Name("x"), Operator.GT, (Literal(LiteralKind.NUMBER, Decimal(-5)),)),
    "x IS NOT NULL": Condition(Name("x"), Operator.IS_NOT_NULL),
    "text:'y'": Condition(Name("text"), Operator.HAS_WORDS, text("y")),
    "x": Condition(Name("x"), Operator.EQ, (Literal(LiteralKind.BOOLEAN, True),)),
    "x = FALSE": Condition(Name("x"), Operator.EQ, (Literal(LiteralKind.BOOLEAN, False),)),
    "attributes.a-b.0.in IS NULL": Condition(Name("attributes.a-b.0.in"), Operator.IS_NULL),
    'attributes."a b" IS NULL': Condition(Name("attributes", "a b"), Operator.IS_NULL),
    "attributes['a b'] IS NULL": Condition(Name("attributes", "a b"), Operator.IS_NULL),
    "attributes.`a``b`.c IS NULL": Condition(Name("attributes", "a`b.c"), Operator.IS_NULL),
    "`span.name` IS NULL": Condition(Name("span.name"), Operator.IS_NULL),
    "Ünïcode IS NULL": Condition(Name("Ünïcode"), Operator.IS_NULL),
}


@pytest.mark.parametrize("written", TREES)
def test_filters_are_read_as(written: str) -> None:
    assert parse(written) == TREES[written]


@pytest.mark.parametrize("node", TREES.values(), ids=str)
def test_trees_written_back_read_the_same(node: Node) -> None:
    assert parse(str(node)) == node


def test_every_operator_has_an_opposite_whose_opposite_it_is() -> None:
    assert set(NEGATED) == set(Operator)
    assert all(NEGATED[NEGATED[operator]] is operator for operator in Operator)


# filter, the character that is pointed at, what is said, what is hinted
REFUSED = (
    ("modle = 'x'", 0, "unknown field 'modle'", "did you mean model?"),
    ("NOT (name = 'x' AND sesion_id = 'y')", 20, "unknown field 'sesion_id'", "session_id"),
    ("trace.dration_ms > 5", 0, "unknown field", "trace.duration_ms"),
    ("span.nam = 'x'", 0, "unknown field", "span.name"),
    ("gen_ai.request.model = 'x'", 0, "unknown field", "attributes.gen_ai.request.model"),
    ("atributes.x = 'x'", 0, "unknown field", "attributes.x"),
    ("zzz = 1", 0, "unknown field 'zzz'", "attributes.zzz"),
    ("refund", 0, "unknown field 'refund'", "text : 'refund'"),
    ("refund policy", 7, "", "text : 'refund policy'"),
    ("model", 0, "", "text : 'model'"),
    ("feedback > 1", 0, "'feedback' lacks its key", ""),
    ("name = foo", 7, "expected a value, found foo", "'foo'"),
    ("name = NULL", 7, "expected a value", "IS NULL"),
    ("name = `x`", 7, "expected a value", "backticks"),
    ("name = 'x", 7, "never closed", "''"),
    ("name = 'x' AND", 14, "expected a field, the filter ends", ""),
    ("name = 'x' name = 'y'", 11, "expected AND, OR or the end, found name", ""),
    ("(name = 'x'", 11, "expected )", ""),
    ("name = 'x')", 10, "expected AND, OR or the end", ""),
    ("name IN ()", 9, "expected a value", ""),
    ("name IN 'x'", 8, "expected (", ""),
    ("name IN ('x' 'y')", 13, "expected )", ""),
    ("name 'x'", 5, "expected an operator", "LIKE"),
    ("name NOT = 'x'", 9, "expected an operator", ""),
    ("name IS 'x'", 8, "expected NULL", ""),
    ("= 'x'", 0, "expected a field", ""),
    ("'name' = 'x'", 0, "expected a field", ""),
    ("and = 'x'", 0, "expected a field", ""),
    ("EXISTS name = 'x'", 7, "expected (", ""),
    ("attributes.", 11, "expected the rest of the name", ""),
    ("attributes[x] = 1", 11, "expected a key in quotes", ""),
    ("name = 'x' && model = 'y'", 11, "unexpected '&'", "AND"),
    ("name =~ 'x'", 6, "unexpected '~'", "MATCHES"),
    ("name = “x”", 7, "unexpected '“'", "straight"),
    ("name = 'x' -- more", 11, "unexpected '-'", ""),
    ("name = 'x'; DROP TABLE spans", 10, "unexpected ';'", ""),
    ("name = 'x' /* y */", 11, "unexpected '/'", ""),
    ("duration > 5", 11, "needs a unit", "5ms"),
    ("duration > 5 s", 13, "expected AND, OR or the end", ""),
    ("duration > 5lightyears", 12, "unknown unit 'lightyears'", "ms"),
    ("duration > '5s'", 11, "does not compare with text", "1.5s"),
    ("duration > 0.5ns", 11, "finer than a nanosecond", ""),
    ("start_time > 5", 13, "does not compare with a number", "2026-11-20"),
    ("start_time > 'yesterday'", 13, "'yesterday' is no time", "2026-11-20"),
    ("start_time > '2026-02-30'", 13, "is no time: day", ""),
    ("start_time > '9999-01-01'", 13, "between 1900 and 2262", ""),
    ("timestamp_ms > 1e30", 15, "between 1900 and 2262", ""),
    ("input_tokens > '5'", 15, "does not compare with text", "without quotes"),
    ("input_tokens LIKE '5%'", 0, "does not take LIKE", "it takes = != < <="),
    ("input_tokens > 1e999", 15, "out of range", ""),
    ("input_tokens > " + "9" * 70, 15, "out of range", "64"),
    ("user_id = 42", 10, "does not compare with a number", "'42'"),
    ("is_error = 'maybe'", 11, "does not compare with text", "true or false"),
    ("is_error > true", 0, "does not take >", ""),
    ("name", 0, "", ""),
    ("attributes.x > true", 15, "have no order", ""),
    ("attributes.x > 5ms", 15, "does not compare with a duration", "unit that was recorded"),
    ("attributes.x BETWEEN 1 AND 'z'", 27, "one end is text", ""),
    ("attributes.x LIKE 5", 18, "takes a text in quotes", ""),
    ("name LIKE 'x\\'", 10, "open escape", ""),
    ("text = 'x'", 0, "does not take =", "LIKE ILIKE MATCHES :"),
    ("text : '--- ,,,'", 7, "no word", "LIKE"),
    ("name : 'x'", 0, "does not take :", ""),
    ("tags > 'x'", 0, "does not take >", ""),
    ("name = 'x\ud800'", 9, "surrogate", ""),
)


@pytest.mark.parametrize(("written", "position", "message", "hint"), REFUSED, ids=[item[0][:30] for item in REFUSED])
def test_refusals_point_at_the_character_and_say_what_to_write(
    written: str, position: int, message: str, hint: str
) -> None:
    with pytest.raises(FilterInvalid) as caught:
        compile_filter(written, unit="trace")
    refused = caught.value
    assert message in refused.message
    assert f"at character {position + 1}" in refused.message
    assert (refused.position, refused.http_status) == (position, 400)
    assert hint in refused.hint


def test_the_excerpt_shows_the_place_with_a_caret() -> None:
    with pytest.raises(FilterInvalid) as caught:
        compile_filter("name = 'x' AND\nmodle = 'y'", unit="trace")
    assert caught.value.excerpt == "name = 'x' AND modle = 'y'\n" + " " * 15 + "^"


def test_the_excerpt_of_a_long_filter_is_cut_around_the_place() -> None:
    with pytest.raises(FilterInvalid) as caught:
        compile_filter("name = 'x' AND " * 20 + "modle = 'y'" + " AND name = 'x'" * 20, unit="trace")
    shown, caret = caught.value.excerpt.split("\n")
    assert shown[len(caret) - 1 :].startswith("modle = 'y'")
    assert shown[0] == shown[-1] == "…"
    assert len(shown) < 80


LIMITED = {
    "filter_bytes_max": "name = '" + "é" * 9_000 + "'",
    "depth_max": "(" * 60 + "name = 'x'" + ")" * 60,
    "exists_depth_max": "EXISTS (" * 5 + "is_error" + ")" * 5,
    "conditions_max": " OR ".join(["is_error"] * 201),
    "list_values_max": f"input_tokens IN ({','.join('1' for _ in range(1_001))})",
    "key_bytes_max": f"attributes.{'k' * 600} = 1",
    "regex_bytes_max": f"name MATCHES '{'a' * 1_001}'",
    "words_max": f"text : '{' '.join(f'word{number}' for number in range(33))}'",
}


@pytest.mark.parametrize("limit", LIMITED)
def test_a_refusal_names_the_limit_and_its_value(limit: str) -> None:
    with pytest.raises(FilterInvalid, match=f"{limit} is {getattr(FilterLimits(), limit)}"):
        compile_filter(LIMITED[limit], unit="trace")


def test_every_limit_has_a_case() -> None:
    assert set(LIMITED) == set(vars(FilterLimits()))


def test_nested_not_counts_as_depth() -> None:
    with pytest.raises(FilterInvalid, match="depth_max"):
        compile_filter("NOT " * 5_00 + "is_error", unit="trace")


def test_a_filter_within_every_limit_is_compiled() -> None:
    wide = " OR ".join(f"attributes.k{number} = 'v'" for number in range(200))
    assert len(compile_filter(wide, unit="trace").parameters) == 201
    compile_filter("NOT (" * 23 + "is_error" + ")" * 23, unit="trace")


PIECES = str.split("name attributes.x ' \" ( ) = != AND NOT IN LIKE : 1.5s 5 , . [ ] ` \\ EXISTS IS NULL")


@settings(max_examples=500, deadline=None, database=None, derandomize=True)
@given(st.text(max_size=40) | st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_whatever_is_written_is_compiled_or_refused_with_a_place(written: str) -> None:
    try:
        compile_filter(written, unit="trace")
    except FilterInvalid as error:
        refused = error
    else:
        return
    assert 0 <= refused.position <= len(written)
    assert refused.excerpt.endswith("^")
