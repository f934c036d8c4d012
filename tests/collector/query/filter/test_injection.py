"""Text that would be SQL if it ever became part of a statement: it stays a value in every position."""

from __future__ import annotations

import re

import pytest

from spanhouse_collector.errors import FilterInvalid
from spanhouse_collector.query.filter import Row, compile_filter
from tests.collector.query.filter.answers import SOURCES, Answers
from tests.collector.query.filter.dataset import dataset_of, plain_span

PAYLOADS = (
    "' OR 1=1 --",
    "'; DROP TABLE spans; --",
    "\\' OR 1=1 --",
    "\\",
    "\\\\'",
    "') OR (1=1",
    '" OR ""="',
    "`; SELECT 1; `",
    "/* */ UNION ALL SELECT 1",
    "{f0:String}",
    "{f1:Identifier}",
    "%(f0)s %s",
    "${jndi}",
    "a\x00' OR 1=1",
    "line\nbreak\ttab\r",
    "\\N",
    "NULL",
    "ʼ OR 1=1",
    "＇ OR 1=1",
    "\u202e' OR 1=1",
    "🎉' --",
    "\\x27 OR 1=1",
    "%27 OR 1=1",
    "#\n1",
    "x') IN (SELECT 1) -- ",
)
DATA = dataset_of(
    [
        plain_span(
            number,
            name=payload,
            input=payload,
            tags=[payload],
            session_id=payload,
            attributes={payload: payload, "k": payload},
            resource_attributes={payload: "v"},
            scope_attributes={payload: "v"},
        )
        for number, payload in enumerate(PAYLOADS, 1)
    ]
)
DATA.trace_tags = [
    {"project": "p1", "trace_id": f"{number:032x}", "key": payload, "value": payload}
    for number, payload in enumerate(PAYLOADS, 1)
]
DATA.assessments = [
    {
        "project": "p1",
        "trace_id": f"{number:032x}",
        "span_id": "",
        "kind": "feedback",
        "name": payload,
        "value_kind": "text",
        "value_text": payload,
        "value_number": None,
        "value_bool": None,
    }
    for number, payload in enumerate(PAYLOADS, 1)
]

# Each finds the span of the payload and no other. q: the payload in quotes, k: as a quoted key, p: escaped for LIKE.
POSITIONS = (
    "name = {q}",
    "NOT name != {q}",
    "name IN ({q}, 'zzz')",
    "name BETWEEN {q} AND {q}",
    "name LIKE {p}",
    "session_id ILIKE {p}",
    "name MATCHES {r}",
    "tags = {q}",
    "tags LIKE {p}",
    "tags IN ({q})",
    "input = {q}",
    "input LIKE {p}",
    "text MATCHES {r}",
    "attributes.k = {q}",
    "attributes.k LIKE {p}",
    "attributes.k IN ({q})",
    "attributes.{k} = {q}",
    "attributes.{k} IS NOT NULL",
    "attributes[{q}] MATCHES {r}",
    "resource.{k} = 'v'",
    "scope.{k} = 'v'",
    "tags.{k} = {q}",
    "tag.{k} IS NOT NULL",
    "feedback.{k} = {q}",
    "feedback.{k} LIKE {p}",
    "EXISTS (attributes.{k} = {q})",
)


def written(position: str, payload: str) -> str:
    like = payload.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    regex = "^" + "".join(f"\\x{{{ord(character):x}}}" for character in payload) + "$"
    literals = {name: "'" + text.replace("'", "''") + "'" for name, text in (("q", payload), ("p", like), ("r", regex))}
    key = '"' + payload.replace('"', '""') + '"'
    # Not str.format: payloads have braces of their own.
    for name, text in {**literals, "k": key}.items():
        position = position.replace(f"{{{name}}}", f"\x01{name}")
        literals[name] = text
    for name, text in literals.items():
        position = position.replace(f"\x01{name}", text)
    return position


@pytest.mark.parametrize("position", POSITIONS)
def test_a_payload_is_a_value_and_finds_its_own_span(small: Answers, position: str) -> None:
    texts = [written(position, payload) for payload in PAYLOADS]
    expected = [{f"{number:016x}"} for number in range(1, len(PAYLOADS) + 1)]
    assert small.numbers_of_spans(texts) == expected


def statements(position: str, payload: str) -> list[str]:
    """Over spans and over traces, without what depends on values in ways of our own.

    Equal values share a number, and a pattern is asked of the index by as many words as it has.
    """
    compiled = compile_filter(written(position, payload), unit="trace")
    over = (re.sub(r"\{f\d+:", "{f:", compiled.where(row, SOURCES)) for row in Row)
    return [statement.replace("lowerUTF8(input) LIKE lowerUTF8({f:String}) AND ", "") for statement in over]


@pytest.mark.parametrize("position", POSITIONS)
def test_the_statement_is_the_same_whatever_the_payload(position: str) -> None:
    plain = statements(position, "harmless")
    assert all(statements(position, payload) == plain for payload in PAYLOADS)


QUOTED = {"NULL", '" OR ""="'}  # these are a word and a text


@pytest.mark.parametrize("payload", [payload for payload in PAYLOADS if payload not in QUOTED])
@pytest.mark.parametrize(
    "position", ["{} = 'x'", "name {} 'x'", "name = {}", "span.{} = 'x'", "name = 'x' {}", "{}(name = 'x')"]
)
def test_a_payload_in_the_place_of_a_word_is_refused(position: str, payload: str) -> None:
    with pytest.raises(FilterInvalid):
        compile_filter(position.replace("{}", payload), unit="trace")


def test_the_tables_are_still_there(small: Answers) -> None:
    assert len(small.spans("")) == len(PAYLOADS)
