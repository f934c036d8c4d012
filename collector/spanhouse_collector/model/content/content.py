"""The content of one span, whatever dialect it came in.

Owns the shape that the API returns beside a span's columns.

Source: DESIGN section 2; dialects.md section 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from spanhouse_collector.model.content.shapes import Message, Part


@dataclass(frozen=True)
class Content:
    """What a span says, in the unified model. Absent text is None, absent lists are empty."""

    input_messages: tuple[Message, ...] = ()
    output_messages: tuple[Message, ...] = ()
    system_instructions: tuple[Part, ...] = ()
    tool_definitions: tuple[dict[str, Any], ...] = ()
    tool: dict[str, Any] | None = None
    documents: tuple[dict[str, Any], ...] = ()
    documents_in: tuple[dict[str, Any], ...] = ()
    query: str | None = None
    top_k: int | None = None
    data_source_id: str | None = None
    embedding: dict[str, Any] | None = None
    request: dict[str, Any] = field(default_factory=dict)
    streaming: bool | None = None
    prompt: dict[str, Any] | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    tags_kv: dict[str, Any] = field(default_factory=dict)
    level: str | None = None
    inputs: Any = None
    outputs: Any = None
    agent: dict[str, str] | None = None
    workflow_name: str | None = None
    environment: str | None = None
    status: str = "UNSET"
    error: dict[str, str | None] | None = None
    ttft_s: float | None = None
    input_text: str | None = None
    output_text: str | None = None
    system_text: str | None = None
    output_reasoning: str | None = None
    output_tool_calls: tuple[dict[str, Any], ...] = ()
    redacted: bool = False
    finish_reasons: tuple[str, ...] = ()
    usage_details: dict[str, int | None] = field(default_factory=dict)
    usage_raw: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The content as the API returns it; tokens of one modality stand beside the columns of usage."""
        members = dict(self.__dict__)
        details = members.pop("usage_details")
        messages = {"input": list(members.pop("input_messages")), "output": list(members.pop("output_messages"))}
        return {
            "messages": messages,
            **{name: list(value) if isinstance(value, tuple) else value for name, value in members.items()},
            **details,
        }
