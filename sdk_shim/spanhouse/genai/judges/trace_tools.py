"""Tools with which a judge reads a trace that is too long to be shown.

Owns: their descriptions for the model, their bounded answers, and nothing of the conversation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from spanhouse.trace_data import Span, Trace

ANSWER_CHARACTERS_MAX: Final = 12_000
SPANS_A_PAGE: Final = 50
MATCHES_MAX: Final = 20
MATCH_CONTEXT_CHARACTERS: Final = 200
PATTERN_CHARACTERS_MAX: Final = 200

TOOLS: Final = tuple(
    {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": properties, "required": sorted(properties)},
        },
    }
    for name, description, properties in (
        ("list_spans", "The spans of the trace, 50 a page: id, parent, name, type, status, milliseconds.",
         {"page": {"type": "integer", "description": "From 0"}}),
        ("get_span", "One span with its inputs, outputs and attributes.", {"span_id": {"type": "string"}}),
        ("search_trace", "Where a text stands in inputs, outputs and attributes, in any case.",
         {"text": {"type": "string"}}),
    )
)  # fmt: skip


def answer(trace: Trace, name: str, arguments: Mapping[str, Any]) -> str:
    """The answer of a tool, as text; what cannot be is said to the model, which may try again."""
    if name == "list_spans":
        made: Any = _list(trace, arguments.get("page"))
    elif name == "get_span":
        found = trace.search_spans(span_id=str(arguments.get("span_id", "")))
        made = _whole(found[0]) if found else "there is no such span"
    elif name == "search_trace":
        made = _search(trace, str(arguments.get("text", "")))
    else:
        made = f"there is no tool {name!r}"
    text = made if isinstance(made, str) else json.dumps(made, ensure_ascii=False, default=str)
    if len(text) > ANSWER_CHARACTERS_MAX:
        return f"{text[:ANSWER_CHARACTERS_MAX]} … cut, {len(text)} characters in all"
    return text


def _list(trace: Trace, page: Any) -> dict[str, Any]:
    first = SPANS_A_PAGE * (page if isinstance(page, int) and page > 0 else 0)
    shown = trace.spans[first : first + SPANS_A_PAGE]
    return {"span_count": len(trace.spans), "spans": [_line(span) for span in shown]}


def _line(span: Span) -> dict[str, Any]:
    return {
        "span_id": span.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "type": span.span_type,
        "status": str(span.status.status_code),
        "duration_ms": None if span.duration_ns is None else span.duration_ns // 1_000_000,
    }


def _whole(span: Span) -> dict[str, Any]:
    return {**_line(span), "inputs": span.inputs, "outputs": span.outputs, "attributes": dict(span.attributes)}


def _search(trace: Trace, wanted: str) -> list[dict[str, str]]:
    pattern = re.compile(re.escape(wanted[:PATTERN_CHARACTERS_MAX]), re.IGNORECASE)
    found: list[dict[str, str]] = []
    for span in trace.spans:
        text = json.dumps(_whole(span), ensure_ascii=False, default=str)
        for match in pattern.finditer(text):
            start = max(0, match.start() - MATCH_CONTEXT_CHARACTERS)
            found.append({"span_id": span.span_id, "text": text[start : match.end() + MATCH_CONTEXT_CHARACTERS]})
            if len(found) >= MATCHES_MAX:
                return found
    return found
