"""What the mock provider answers.

Owns: reading a conversation out of OpenAI's and Anthropic's request shapes, the fixed answers and tool calls, what
fails, and the fixed usage. Leaves to others: HTTP and the providers' envelopes (`mock_provider`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

INPUT_TOKENS: Final = 123
CACHED_TOKENS: Final = 23
OUTPUT_TOKENS: Final = 45
REASONING_TOKENS: Final = 5
EMBEDDING_TOKENS: Final = 12
DIMENSIONS: Final = 8

SNAPSHOTS: Final[Mapping[str, str]] = {
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "claude-sonnet-4-5": "claude-sonnet-4-5-20250929",
}
"""Asked-for model -> the dated snapshot that answers."""

ASK_PARIS: Final = "What is the capital of France?"
ASK_WEATHER: Final = "What is the weather in Lisbon?"
ASK_HAIKU: Final = "Write a haiku about tracing."
ASK_RETENTION: Final = "How long are traces kept?"
ASK_REFUND: Final = "I want a refund for my ticket."
ASK_AMARA: Final = "Hi, my name is Amara."
ASK_NAME: Final = "What is my name?"
ASK_REFUSED: Final = "Please refuse this."
REFUSED: Final = "The request was refused, as it asked."

WEATHER: Final = "It is 21 degrees and sunny in Lisbon, so a light jacket is enough."
FORECAST: Final = {"city": "Lisbon", "celsius": 21, "sky": "sunny"}
REFUND: Final = "Your refund of 25 euros is on its way."
RETENTION: Final = "Traces are kept for 400 days, as the storage handbook says."
HAIKU: Final = "Each span finds its trace, the collector counts each one, and nothing is lost."
AMARA: Final = "Nice to meet you, Amara!"
NAME: Final = "Your name is Amara, as you told me."
PARIS: Final = "The capital of France is Paris."

ANSWERS: Final = (
    ("weather", WEATHER),
    ("21 degrees", WEATHER),
    ("refund", REFUND),
    ("traces kept", RETENTION),
    ("haiku", HAIKU),
    ("capital of france", PARIS),
    ("my name is amara", AMARA),
    ("what is my name", NAME),
)
"""Words of the last question, lower-case -> the answer."""

TOOL_ARGUMENTS: Final[tuple[tuple[str, Mapping[str, Any]], ...]] = (
    ("weather", {"city": "Lisbon"}),
    ("final_result", FORECAST),
    ("refund", {}),
)
"""Part of a tool's name -> the arguments of a call to it."""


@dataclass(frozen=True)
class ToolCall:
    """A call of the tool *name* the model asks for."""

    name: str
    arguments: Mapping[str, Any]

    @property
    def arguments_json(self) -> str:
        """The arguments as OpenAI sends them."""
        return json.dumps(self.arguments)


@dataclass(frozen=True)
class Reply:
    """An answer: *text*, or the one *tool_call*."""

    text: str = ""
    tool_call: ToolCall | None = None


@dataclass(frozen=True)
class Question:
    """What matters of a request: the last *text* of the user, whether a tool has answered since, what is on offer."""

    text: str
    tool_answered: bool
    tools: tuple[str, ...]
    wants_json: bool


def reply_to(question: Question) -> Reply:
    """Answer *question*, the same question always in the same way."""
    text = question.text.lower()
    if not question.tool_answered:
        for name in question.tools:
            if "final_result" not in name and (call := _call_for(name, text)) is not None:
                return Reply(tool_call=call)
    if "final_result" in question.tools:
        return Reply(tool_call=ToolCall("final_result", FORECAST))
    if question.wants_json:
        return Reply(json.dumps(FORECAST))
    answer = next((answer for words, answer in ANSWERS if words in text), f"Noted: {question.text[:60]}")
    if "final_answer" in question.tools:
        return Reply(tool_call=ToolCall("final_answer", {"answer": answer}))
    return Reply(answer)


def embed(text: str) -> list[float]:
    """A small vector that differs with *text*."""
    return [
        round((len(text) * 7 + index * 13 + sum(text.encode())) % 100 / 100 + 0.01, 2) for index in range(DIMENSIONS)
    ]


def chat_question(request: Mapping[str, Any]) -> Question:
    """Read a request of OpenAI's chat completions or of Anthropic's messages."""
    text, answered = "", False
    for message in request.get("messages") or []:
        content = message.get("content")
        if message.get("role") in ("tool", "function") or _has_tool_result(content):
            answered, text = True, text or json.dumps(content)
        elif message.get("role") == "user":
            text, answered = _text(content), False
    tools = [tool.get("name") or tool.get("function", {}).get("name", "") for tool in request.get("tools") or []]
    wants = (request.get("response_format") or {}).get("type") in ("json_schema", "json_object")
    return Question(text, answered, tuple(tools), wants)


def responses_question(request: Mapping[str, Any]) -> Question:
    """Read a request of OpenAI's responses."""
    given = request.get("input") or ""
    text, answered = (given, False) if isinstance(given, str) else ("", False)
    for item in given if isinstance(given, list) else []:
        if item.get("type") == "function_call_output":
            answered, text = True, text or str(item.get("output"))
        elif item.get("role") == "user":
            text, answered = _text(item.get("content")), False
    tools = [tool.get("name", "") for tool in request.get("tools") or []]
    wants = ((request.get("text") or {}).get("format") or {}).get("type") == "json_schema"
    return Question(text, answered, tuple(tools), wants)


def _call_for(name: str, text: str) -> ToolCall | None:
    """A call of the tool *name*, if it is about what was asked."""
    for part, arguments in TOOL_ARGUMENTS:
        if part in name.lower() and part in text:
            return ToolCall(name, arguments)
    return None


def _has_tool_result(content: Any) -> bool:
    return isinstance(content, list) and any(part.get("type") == "tool_result" for part in content)


def _text(content: Any) -> str:
    """The text of a message, whatever its shape."""
    if isinstance(content, str):
        return content
    parts: Iterable[Any] = content or []
    return " ".join(str(part["text"]) for part in parts if isinstance(part, dict) and part.get("text"))
