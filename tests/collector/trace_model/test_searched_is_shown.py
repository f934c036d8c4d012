"""What a span is searched for, and what is shown of it, come from the same key when a span has several."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any, Final

import pytest

from spanhouse_collector.model import targets
from spanhouse_collector.model.content import Content, read
from spanhouse_collector.model.targets import Target
from spanhouse_collector.model.vocabulary import shown, written
from spanhouse_collector.otlp.signals import TRACES
from tests.builders import make_span, traces
from tests.collector.model.stored_spans import stored
from tests.tables import Store

# Target → type of the span, column, what is shown.
WAYS: Final = {
    targets.INPUT: ("CHAIN", "input"),
    targets.OUTPUT: ("CHAIN", "output"),
    targets.INPUT_MESSAGES: ("LLM", "input"),
    targets.OUTPUT_MESSAGES: ("LLM", "output"),
    targets.SYSTEM_INSTRUCTIONS: ("LLM", "input"),
    targets.AGENT_NAME: ("AGENT", "agent_name"),
    targets.TOOL_NAME: ("TOOL", "tool_name"),
    targets.PROMPT_NAME: ("LLM", "prompt_name"),
}


def both_uses(target: Target) -> list[str]:
    """The plain attributes of a target that count when a span is written and when it is read, best first."""
    shown_keys = {source.key for source in shown(target)}
    return [source.key for source in written(target) if source.key in shown_keys and "#" not in source.key]


def pairs() -> list[tuple[Target, str, str]]:
    return [(target, *pair) for target in WAYS for pair in pairwise(both_uses(target))]


def value(target: Target, key: str, words: str) -> str:
    """Words, in a message where the key holds messages."""
    decoder = next(source.decoder for source in shown(target) if source.key == key)
    if target not in (targets.INPUT_MESSAGES, targets.OUTPUT_MESSAGES) or decoder in ("vercel", "livekit"):
        return words
    role = "user" if target is targets.INPUT_MESSAGES else "assistant"
    return json.dumps([{"role": role, "content": words, "event.name": f"gen_ai.{role}.message"}])


def attributes(target: Target, first: str, second: str) -> dict[str, Any]:
    """Both keys, the worse one first, as a span may send them."""
    sent = {second: value(target, second, "worse words"), first: value(target, first, "better words")}
    return {"spanhouse.span_type": WAYS[target][0], **sent}


def shown_of(target: Target, content: Content) -> Any:
    named = {
        "input": content.system_text if target is targets.SYSTEM_INSTRUCTIONS else content.input_text,
        "output": content.output_text,
        "agent_name": (content.agent or {}).get("name"),
        "tool_name": (content.tool or {}).get("name"),
        "prompt_name": (content.prompt or {}).get("name"),
    }
    return named[WAYS[target][1]]


PAIRS: Final = pairs()


@pytest.fixture(scope="module")
def rows(open_suite: Store) -> list[dict[str, Any]]:
    """The stored row of each pair."""
    open_suite.truncate()
    spans = [make_span("work", number=n, attributes=attributes(*pair)) for n, pair in enumerate(PAIRS, 1)]
    open_suite.insert(TRACES, traces(*spans))
    stored_rows = open_suite.connection.query("SELECT * FROM spans").dicts()
    return sorted(stored_rows, key=lambda row: int(row["span_id"], 16))


def test_the_written_column_has_the_better_key(rows: list[dict[str, Any]]) -> None:
    found = {pair[1:]: row[WAYS[pair[0]][1]] for pair, row in zip(PAIRS, rows, strict=True)}
    assert {pair: words for pair, words in found.items() if words != "better words"} == {}


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{target.name}-{first}-{second}" for target, first, second in PAIRS])
def test_the_better_key_is_shown(pair: tuple[Target, str, str]) -> None:
    columns = {"span_type": WAYS[pair[0]][0]}
    content = read(stored(parent_span_id="03" * 8, attributes=attributes(*pair), columns=columns))
    assert shown_of(pair[0], content) == "better words"
