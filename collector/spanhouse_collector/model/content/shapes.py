"""The shapes that content is read into: messages of parts, and what one side of a call holds.

Owns the names of the unified schema and the small constructors of parts. Leaves recognising other people's shapes to
`parts`, `messages`, `requests` and `responses`.

Source: semantic-conventions-genai `docs/gen-ai/gen-ai-{input,output}-messages.json` (message and part schema).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from spanhouse_collector.model.content.parse import is_redacted
from spanhouse_collector.model.dialects.shared.finish_reasons import FINISH_REASONS

Part = dict[str, Any]
Message = dict[str, Any]

ABSENT: Final = object()

_ROLES: Final = {
    "human": "user",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "developer": "system",
    "function": "tool",
    "tool_result": "tool",
    "toolresult": "tool",
    "ipython": "tool",
    "tool-call": "assistant",
    "tool-response": "tool",
    "chat": "user",
}


@dataclass(frozen=True)
class Side:
    """One side of a call, its input or its output: messages if it was chat, else the value."""

    messages: tuple[Message, ...] = ()
    system: tuple[Part, ...] = ()
    value: Any = ABSENT

    @property
    def is_chat(self) -> bool:
        """Whether messages or instructions were recognised."""
        return bool(self.messages or self.system)


def role_of(name: Any, default: str) -> str:
    """A role of the schema; one that nobody knows stays as it is, in lower case."""
    if not isinstance(name, str) or not name:
        return default
    lower = name.rpartition(".")[2].lower()
    return _ROLES.get(lower, lower)


def finish_reason_of(value: Any) -> str | None:
    """A finish reason in the unified words; unknown ones verbatim."""
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str) or not value or value.lower() in ("none", "null"):
        return None
    return FINISH_REASONS.get(value.lower(), FINISH_REASONS.get(value.rpartition(".")[2].lower(), value))


def text_part(text: str) -> Part:
    """A text part; a redaction marker becomes a flag."""
    if is_redacted(text):
        return {"type": "text", "content": "", "redacted": True}
    return {"type": "text", "content": text}


def reasoning_part(text: str) -> Part:
    """A part of the model's reasoning."""
    return {**text_part(text), "type": "reasoning"}


def message(role: str, parts: list[Part], *, name: Any = None, finish_reason: str | None = None) -> Message:
    """A message; what is absent is left out."""
    made: Message = {"role": role, "parts": parts}
    if isinstance(name, str) and name:
        made["name"] = name
    if finish_reason:
        made["finish_reason"] = finish_reason
    return made
