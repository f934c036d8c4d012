"""From claims to `truth.json`.

Owns: the small language in which a client's claims are written, the totals that follow from the provider calls, the
match of claims to the spans of a record, and the checks that no claim is left without a span and that the calls claimed
are the calls the provider served. Leaves to others: what is claimed (`claims/`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from tests.clients import mock_script as script
from tests.clients.spans import Record, Span, traces_in_order

OPENAI_MODEL: Final = "gpt-4o-mini-2024-07-18"
CLAUDE_MODEL: Final = "claude-sonnet-4-5-20250929"
EMBEDDING_MODEL: Final = "text-embedding-3-small"

USAGE: Final[dict[str, Any]] = {
    "input_tokens": script.INPUT_TOKENS,
    "output_tokens": script.OUTPUT_TOKENS,
    "total_tokens": script.INPUT_TOKENS + script.OUTPUT_TOKENS,
}
OPENAI_USAGE: Final[dict[str, Any]] = {
    **USAGE,
    "cache_read_input_tokens": script.CACHED_TOKENS,
    "reasoning_output_tokens": script.REASONING_TOKENS,
}
CLAUDE_USAGE: Final[dict[str, Any]] = {**USAGE, "cache_read_input_tokens": script.CACHED_TOKENS}
EMBEDDING_USAGE: Final[dict[str, Any]] = {"input_tokens": script.EMBEDDING_TOKENS}
WEATHER_CALL: Final = [{"name": "get_weather", "arguments": {"city": "Lisbon"}}]


class ClaimError(Exception):
    """A claim that the record does not bear out."""


@dataclass(frozen=True)
class SpanClaim:
    """What is certain of the next span whose name matches *pattern* (`*` and `?` as in file names)."""

    pattern: str
    expected: dict[str, Any]


@dataclass(frozen=True)
class TraceClaim:
    """What is certain of a trace; `embeddings` are the embedding calls in it."""

    scenario: str
    spans: tuple[SpanClaim, ...]
    llm_calls: int
    embeddings: int
    expected: dict[str, Any] = field(default_factory=dict)


def span(pattern: str, span_type: str | list[str] | None = None, /, **expected: Any) -> SpanClaim:
    """Claim *expected* of a span; an expectation of None is none."""
    claims = {"span_type": span_type, **expected}
    return SpanClaim(pattern, {key: value for key, value in claims.items() if value is not None})


def openai_call(pattern: str, asked: str | None, answered: str | None, **expected: Any) -> SpanClaim:
    """Claim a call of OpenAI's chat or responses with the mock's usage."""
    claims = {"model": OPENAI_MODEL, "provider": "openai", **OPENAI_USAGE, "error": False, **expected}
    return span(pattern, "LLM", **{"input_text": asked, "output_text": answered, **claims})


def claude_call(pattern: str, asked: str | None, answered: str | None, **expected: Any) -> SpanClaim:
    """Claim a call of Anthropic's messages with the mock's usage."""
    claims = {"model": CLAUDE_MODEL, "provider": "anthropic", **CLAUDE_USAGE, "error": False, **expected}
    return span(pattern, "LLM", **{"input_text": asked, "output_text": answered, **claims})


def weather_tool(pattern: str = "get_weather", **expected: Any) -> SpanClaim:
    """Claim the run of the weather tool every agent has."""
    claims = {"tool_name": "get_weather", "input_text": "Lisbon", "output_text": "21 degrees", "error": False}
    return span(pattern, "TOOL", **{**claims, **expected})


def trace(
    scenario: str, *spans: SpanClaim, llm_calls: int = 1, embeddings: int = 0, error: bool = False, **expected: Any
) -> TraceClaim:
    """Claim a trace; totals follow from the calls, unless *expected* has them (None: nothing is certain)."""
    totals: dict[str, Any] = {}
    if llm_calls or embeddings:
        embedded = embeddings * script.EMBEDDING_TOKENS
        totals = {key: value * llm_calls for key, value in USAGE.items()}
        totals["input_tokens"] += embedded
        totals["total_tokens"] += embedded
    if embeddings:
        totals["embedding_tokens"] = embeddings * script.EMBEDDING_TOKENS
    claims = {"error": error, **totals, **expected}
    known = {key: value for key, value in claims.items() if value is not None}
    return TraceClaim(scenario, spans, llm_calls, embeddings, known)


def build_truth(client: str, versions: dict[str, str], claims: Sequence[TraceClaim], record: Record) -> dict[str, Any]:
    """The truth of *record*: *claims* with the ids of the spans they are about."""
    traces = traces_in_order(record.spans)
    if len(traces) != len(claims):
        raise ClaimError(f"{client}: {len(claims)} traces are claimed, the record has {len(traces)}")
    return {
        "client": client,
        "packages": versions,
        "counts": {
            "traces": len(traces),
            "spans": len(record.spans),
            "log_records": len(record.logs),
            "metrics": len(record.metric_names),
        },
        "traces": [_trace_truth(client, claim, spans) for claim, spans in zip(claims, traces, strict=True)],
    }


def _trace_truth(client: str, claim: TraceClaim, spans: list[Span]) -> dict[str, Any]:
    head = {"trace_id": spans[0].trace_id, "scenario": claim.scenario, **claim.expected, "llm_calls": claim.llm_calls}
    if all(item.parent_span_id for item in spans):
        head["root_missing"] = True
    waiting = list(claim.spans)
    seen: Counter[str] = Counter()
    rows = []
    for item in spans:
        row: dict[str, Any] = {"name": item.name, "nth": seen[item.name], "span_id": item.span_id}
        seen[item.name] += 1
        if waiting and fnmatchcase(item.name, waiting[0].pattern):
            row |= waiting.pop(0).expected
        rows.append(row)
    if waiting:
        names = [item.name for item in spans]
        raise ClaimError(f"{client}: {claim.scenario}: no span {waiting[0].pattern!r} in order among {names}")
    return {**head, "spans": rows}


def check_calls(client: str, claims: Sequence[TraceClaim], apis: Sequence[str]) -> None:
    """Refuse claims that do not add up to the calls the provider served with success."""
    served = Counter("embeddings" if api == "embeddings" else "llm" for api in apis)
    claimed = {"llm": sum(item.llm_calls for item in claims), "embeddings": sum(item.embeddings for item in claims)}
    if (served["llm"], served["embeddings"]) != (claimed["llm"], claimed["embeddings"]):
        raise ClaimError(f"{client}: the provider served {dict(served)}, claimed are {claimed}")


def write_truth(folder: Path, truth: dict[str, Any]) -> None:
    """Write `truth.json`."""
    (folder / "truth.json").write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", "utf-8")
