"""Every dialect fixture's expectations of content, read straight from its OTLP request."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from spanhouse_collector.model.content import Content, read
from spanhouse_collector.model.span import StoredSpan
from tests.collector.model.stored_spans import FIXTURES, fixture_spans

PATHS = sorted((FIXTURES / "dialects").glob("*.json"))
# What columns of `spans` say, which is another test's claim.
COLUMNS = frozenset(
    (
        "kind",
        "operation",
        "provider",
        "provider_inferred",
        "framework",
        "model",
        "request_model",
        "response_id",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "cache_read_input_tokens",
        "cache_write_input_tokens",
        "reasoning_output_tokens",
        "text_input_tokens",
        "image_input_tokens",
        "usage_scope",
        "cost_total",
        "cost_total_joined",
        "finish_reasons",
        "session_id",
        "user_id",
        "tags",
        "ttft_s",
    )
)


def cases() -> list[Any]:
    found = []
    for path in PATHS:
        fixture = json.loads(path.read_text("utf-8"))
        found += [pytest.param(fixture, name, id=f"{path.stem}-{name}") for name in fixture["expected"]]
    return found


def span_of(fixture: dict[str, Any], name: str) -> StoredSpan:
    expected = fixture["expected"][name]
    kind = expected.get("kind", "UNKNOWN")
    columns: dict[str, Any] = {"span_type": kind[0] if isinstance(kind, list) else kind}
    if expected.get("ttft_s"):
        columns["ttft_ns"] = int(expected["ttft_s"] * 1e9)
    if fixture["dialect"] == "logfire":  # whose key of the agent's name is an agent's only on agents' spans
        columns["agent_name"] = expected.get("agent_name", "")
    (span,) = [span for span in fixture_spans(fixture) if span.name == name]
    return replace(span, columns=columns)


def normalised(content: Content) -> dict[str, Any]:
    """Content under the names of the fixtures' README."""
    found = content.to_json()
    agent, error, prompt = found["agent"] or {}, found["error"] or {}, found["prompt"] or {}
    messages = found["messages"]["input"]
    return {
        **found,
        "agent_name": agent.get("name"),
        "agent_id": agent.get("id"),
        "error_type": error.get("type"),
        "error_message": error.get("message"),
        "prompt_name": prompt.get("name"),
        "prompt_version": prompt.get("version"),
        "prompt_template": prompt.get("template"),
        "prompt_variables": prompt.get("variables"),
        "input_roles": [message["role"] for message in messages],
        "input_messages_count": len(messages),
        "input_part_types": [[part["type"] for part in message["parts"]] for message in messages],
        "tool_definitions": [definition["name"] for definition in found["tool_definitions"]],
        "embedding_dimension": (found["embedding"] or {}).get("dimension"),
    }


def differences(expected: Any, found: Any, path: str = "") -> list[str]:
    """Where a partial expectation is not met: listed keys only, lists element by element."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return [line for key in expected for line in differences(expected[key], found.get(key), f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = enumerate(zip(expected, found, strict=True))
        return [line for index, (one, other) in pairs for line in differences(one, other, f"{path}[{index}]")]
    return [] if expected == found else [f"{path}: expected {expected!r}, found {found!r}"]


@pytest.mark.parametrize(("fixture", "name"), cases())
def test_content_is_what_the_fixture_expects(fixture: dict[str, Any], name: str) -> None:
    expected = {key: value for key, value in fixture["expected"][name].items() if key not in COLUMNS}
    if expected.pop("dropped", False):
        return
    found = normalised(read(span_of(fixture, name)))
    part = expected.pop("input_text_contains", "")
    assert part in (found["input_text"] or "")
    assert differences(expected, found) == []


def test_there_are_fixtures() -> None:
    assert len(PATHS) >= 35
