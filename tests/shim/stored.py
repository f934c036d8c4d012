"""A stored trace as the collector's API shows it."""

from __future__ import annotations

from typing import Any

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
START = 1_767_225_600_000_000_000


def span(number: int, parent: int | None, name: str, **columns: Any) -> dict[str, Any]:
    start = START + number * 10_000_000
    return {
        "trace_id": TRACE_ID,
        "span_id": f"{number:016x}",
        "parent_span_id": "" if parent is None else f"{parent:016x}",
        "name": name,
        "span_type": "UNKNOWN",
        "start_time_unix_nano": start,
        "end_time_unix_nano": start + 5_000_000,
        "duration_ns": 5_000_000,
        "status_code": "OK",
        "status_message": "",
        "attributes": {},
        "events": [],
        "links": [],
        **columns,
    }


def info(**members: Any) -> dict[str, Any]:
    return {
        "trace_id": TRACE_ID,
        "project": "default",
        "name": "root",
        "start_time_unix_nano": START,
        "duration_ns": 50_000_000,
        "state": "OK",
        "service_name": "svc",
        "session_id": "s",
        "user_id": "u",
        "span_count": 3,
        "error_count": 0,
        "input_tokens": 10,
        "output_tokens": 5,
        "total_tokens": 15,
        "cost_usd": 0.25,
        "models": ["gpt-5"],
        "input_preview": "asked",
        "output_preview": "answered",
        "tags": {"env": "prod"},
        "assessments": [{"assessment_id": "a1", "name": "good", "kind": "feedback", "value": True}],
        "settling": True,
        **members,
    }


def trace() -> dict[str, Any]:
    """Children before their parents, as they may arrive."""
    llm = {"model": "gpt-5", "input_tokens": 10, "output_tokens": 5, "total_tokens": None, "cost_usd": 0.25}
    said = {
        "input": [{"role": "user", "parts": [{"type": "text", "content": "<b>hi</b>"}]}],
        "output": [{"role": "assistant", "parts": [{"type": "text", "content": "hello"}]}],
    }
    root = {"input.value": '{"q":1}', "input.mime_type": "application/json", "output.value": 42}
    return {
        "info": info(),
        "spans": [
            span(3, 2, "chat gpt-5", span_type="LLM", messages=said, **llm),
            span(2, 1, "tool", span_type="TOOL", attributes={"gen_ai.tool.call.arguments": '{"a":1}',
                                                            "gen_ai.tool.call.result": "plain"},
                 status_code="ERROR", status_message="it broke"),
            span(1, None, "root", attributes=root),
        ],
    }  # fmt: skip
