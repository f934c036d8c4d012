"""Recorded traffic of real clients: what their truth says about content is what is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from spanhouse_collector.model.content import Content, read
from spanhouse_collector.model.span import StoredSpan
from tests.collector.model.stored_spans import FIXTURES, capture_spans
from tests.collector.model.test_content_fixtures import differences, normalised

CAPTURES = sorted(path.parent for kind in ("captures", "clients") for path in (FIXTURES / kind).glob("*/truth.json"))
SAME = (
    "tool_definitions",
    "documents",
    "query",
    "embedding_dimension",
    "agent_name",
    "level",
    "streaming",
    "prompt_name",
    "prompt_version",
    "request",
    "metadata",
    "input_roles",
    "output_tool_calls",
)
TOOL = {"tool_name": "name", "tool_call_id": "call_id", "tool_arguments": "arguments", "tool_result": "result"}
TEXTS = {
    "input_text": "input",
    "input_contains": "input",
    "output_text": "output",
    "output_contains": "output",
    "system_contains": "system",
}


@cache
def spans(folder: Path) -> dict[str, StoredSpan]:
    return {span.span_id: span for span in capture_spans(folder)}


def claims() -> Iterator[Any]:
    for folder in CAPTURES:
        for trace in json.loads((folder / "truth.json").read_text("utf-8"))["traces"]:
            for truth in trace.get("spans", ()):
                yield pytest.param(folder, truth, id=f"{folder.name}-{truth['span_id']}-{truth['name']}")


def content_of(folder: Path, truth: dict[str, Any]) -> tuple[StoredSpan, Content]:
    kind = truth.get("span_type", "UNKNOWN")
    columns: dict[str, Any] = {"span_type": kind[0] if isinstance(kind, list) else kind}
    if isinstance(truth.get("error"), bool):
        columns["is_error"] = truth["error"]
    span = replace(spans(folder)[truth["span_id"]], columns=columns)
    return span, read(span)


def texts(content: Content) -> dict[str, str]:
    """Everything that is shown of a span's input, output and instructions."""
    found = content.to_json()
    shown = {
        "input": [found["input_text"], found["messages"]["input"], found["inputs"], found["query"]],
        "output": [found["output_text"], found["messages"]["output"], found["outputs"], found["documents"]],
        "system": [found["system_text"]],
    }
    if found["tool"] is not None:
        shown["input"].append(found["tool"]["arguments"])
        shown["output"].append(found["tool"]["result"])
    return {name: "\n".join(_leaves(value)) for name, value in shown.items()}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif value is not None:
        yield str(value)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def problems(truth: dict[str, Any], content: Content) -> list[str]:
    found, shown = normalised(content), texts(content)
    lines = []
    for name, side in TEXTS.items():
        wanted = truth.get(name)
        if wanted and not any(each in shown[side] for each in listed(wanted)):
            lines.append(f"{name}: {wanted!r} not in {shown[side][:300]!r}")
    for name in SAME:
        wanted = truth.get(name)
        if name == "documents" and isinstance(wanted, int):
            wanted, found["documents"] = wanted, len(found["documents"])
        if wanted is not None:
            lines += differences(wanted, found[name], name)
    tool = found["tool"] or {}
    for name, member in TOOL.items():
        if truth.get(name) is not None:
            lines += differences(truth[name], tool.get(member), name)
    return [*lines, *_others(truth, found)]


def _others(truth: dict[str, Any], found: dict[str, Any]) -> list[str]:
    lines = []
    if "tool_calls" in truth:
        lines += differences(truth["tool_calls"], found["output_tool_calls"], "tool_calls")
    if "embedding_count" in truth:
        lines += differences(truth["embedding_count"], (found["embedding"] or {}).get("count"), "embedding_count")
    if "output_object" in truth:
        shown = found["outputs"] or json.loads(found["output_text"] or "null")
        lines += differences(truth["output_object"], shown, "output_object")
    if "input_tool_calls_count" in truth:
        parts = [part for message in found["messages"]["input"] for part in message["parts"]]
        calls = [part for part in parts if part["type"] == "tool_call"]
        lines += differences(truth["input_tool_calls_count"], len(calls), "input_tool_calls_count")
    if found["error_type"] not in listed(truth.get("error_type", found["error_type"])):
        lines.append(f"error_type: {truth['error_type']!r}, found {found['error_type']!r}")
    wanted = truth.get("error_message_contains")
    if wanted and not any(each in (found["error_message"] or "") for each in listed(wanted)):
        lines.append(f"error_message: {wanted!r} not in {found['error_message']!r}")
    if truth.get("content") == "absent":
        for each in listed(truth["absent_text"]):
            lines += [f"{each!r} was found"] if each in json.dumps(found, default=str, ensure_ascii=False) else []
    return lines


@pytest.mark.parametrize(("folder", "truth"), list(claims()))
def test_every_claim_about_content_holds(folder: Path, truth: dict[str, Any]) -> None:
    _, content = content_of(folder, truth)
    assert problems(truth, content) == []
    json.dumps(content.to_json(), allow_nan=True)


def test_there_are_captures() -> None:
    assert len(CAPTURES) >= 14
