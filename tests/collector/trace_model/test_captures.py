"""Recorded traffic of real clients, through the real receiver: what each says of its own run is what comes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.collector.model.test_content_captures import listed
from tests.collector.trace_model.replay import TOTALS, Replayed, capture_bodies, captures

SAME = (
    *("span_type", "operation", "provider", "request_model", "model", "response_id", "usage_scope", "error_type"),
    *("agent_name", "tool_name", "prompt_name", "input_tokens", "output_tokens", "total_tokens"),
    *("cache_read_input_tokens", "reasoning_output_tokens", "session_id", "user_id", "finish_reasons"),
    *("level", "streaming", "query"),
)
RENAMED = {"provider_inferred": "provider", "error": "is_error"}
TEXTS = {
    "input_text": "input",
    "input_contains": "input",
    "output_text": "output",
    "output_contains": "output",
}


def truth_of(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "truth.json").read_text("utf-8"))["traces"]
    return found


def claims() -> Iterator[Any]:
    for folder in captures():
        for truth in truth_of(folder):
            yield pytest.param(folder, truth, id=f"{folder.name}-{truth['trace_id'][-6:]}")


def span_problems(truth: dict[str, Any], span: dict[str, Any], searched: Callable[[str], str]) -> list[str]:
    """Claims about a span that do not hold."""
    lines = [
        f"{name}: expected {truth[name]!r}, found {span[RENAMED.get(name, name)]!r}"
        for name in (*SAME, *RENAMED)
        if name in truth and not agrees(name, truth[name], span)
    ]
    if "cost_usd" in truth and span["cost_usd"] != pytest.approx(truth["cost_usd"]):
        lines.append(f"cost_usd: expected {truth['cost_usd']!r}, found {span['cost_usd']!r}")
    if "tags" in truth and set(truth["tags"]) != set(span["tags"]):
        lines.append(f"tags: expected {truth['tags']!r}, found {span['tags']!r}")
    if "ttft_present" in truth and (span["ttft_ns"] is not None) != truth["ttft_present"]:
        lines.append(f"ttft_ns: {span['ttft_ns']!r}")
    if span["session_id"] in listed(truth.get("session_id_not", [])):
        lines.append(f"session_id: {span['session_id']!r} is none")
    message = span["error"] or {}
    wanted = truth.get("error_message_contains")
    if wanted and not any(part in (message.get("message") or "") for part in listed(wanted)):
        lines.append(f"error: {wanted!r} not in {message!r}")
    return [*lines, *text_problems(truth, span, searched)]


def agrees(name: str, wanted: Any, span: dict[str, Any]) -> bool:
    """Whether a column is what was claimed, or one of it."""
    found = span[RENAMED.get(name, name)]
    if name == "provider_inferred" and wanted is True:
        return bool(found)  # of the provider that stands beside it
    return found == wanted or (isinstance(wanted, list) and found in wanted)


def text_problems(truth: dict[str, Any], span: dict[str, Any], searched: Callable[[str], str]) -> list[str]:
    """Words that are not found in the columns that are searched."""
    lines = []
    for name, side in TEXTS.items():
        wanted = truth.get(name)
        if wanted and not any(part in searched(side) for part in listed(wanted)):
            lines.append(f"{name}: {wanted!r} not in {searched(side)[:200]!r}")
    absent = listed(truth["absent_text"]) if truth.get("content") == "absent" else []
    return lines + [f"{text!r} was found" for text in absent if text in json.dumps(span)]


def trace_problems(truth: dict[str, Any], info: dict[str, Any]) -> list[str]:
    """Claims about a trace's line that do not hold."""
    totals = truth.get("totals", truth)
    lines = []
    for name in TOTALS:
        wanted = totals.get(name, 0 if "totals" in truth else None)
        if wanted is not None and info[name] not in listed(wanted):
            lines.append(f"{name}: expected {wanted!r}, found {info[name]!r}")
    for name in ("session_id", "user_id"):
        if name in truth and info[name] not in listed(truth[name]):
            lines.append(f"{name}: expected {truth[name]!r}, found {info[name]!r}")
    if not set(truth.get("tags", ())) <= set(info["tags"]):
        lines.append(f"tags: expected {truth['tags']!r}, found {info['tags']!r}")
    return lines


@pytest.mark.parametrize(("folder", "truth"), list(claims()))
def test_every_claim_of_a_recording_holds(replayed: Replayed, folder: Path, truth: dict[str, Any]) -> None:
    trace = replayed.traces[folder.name, truth["trace_id"]]
    spans = {span["span_id"]: span for span in trace["spans"]}
    problems = [f"trace {line}" for line in trace_problems(truth, trace["info"])]
    problems += [f"view {line}" for line in trace_problems(truth, replayed.view[folder.name, truth["trace_id"]])]
    for claimed in truth.get("spans", ()):
        name = f"{claimed['name']} {claimed['span_id']}"
        span = spans[claimed["span_id"]]
        searched = partial(replayed.searched, folder.name, span)
        problems += [f"{name} {line}" for line in span_problems(claimed, span, searched)]
    if isinstance(truth.get("error"), bool) and not truth.get("root_missing"):
        errors = any(span["is_error"] for span in trace["spans"])
        problems += [] if errors == truth["error"] else [f"error: expected {truth['error']}"]
    for name, side in (("input_contains", "input"), ("output_contains", "output")):
        for wanted in listed(truth.get(name, [])):
            problems += [] if any(wanted in span[side] for span in spans.values()) else [f"{name}: {wanted!r}"]
    assert problems == []


@pytest.mark.parametrize("folder", captures(), ids=lambda folder: folder.name)
def test_every_span_of_a_recording_is_stored_once(replayed: Replayed, folder: Path) -> None:
    sent = sum(len(body.ids) for body in capture_bodies(folder) if body.signal == "traces")
    assert sum(len(trace["spans"]) for trace in replayed.of_project(folder.name)) == sent
