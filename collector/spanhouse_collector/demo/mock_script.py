"""What the mock model says: pure functions from an OpenAI-shaped request to a reply.

Owns: the script of the demo (which question asks for which tool, which answer follows), token counts,
embedding vectors and the models that always fail. The same request always gets the same reply.
Leaves to others: sockets, JSON envelopes and streaming (`mock_llm`).

The rules, in order: the first scene whose words all occur in the last user message speaks. A scene asks
for its tools one at a time, as far as the request offers them, and answers when each has a result. Where no
scene fits, the first tool offered is called with arguments made up from its schema, then its result is quoted.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

CHARACTERS_PER_TOKEN = 4
"""Close to what English prose costs in OpenAI's tokenizers."""

TOKENS_PER_MESSAGE = 4
"""Role and separators around each message of a prompt."""

CACHE_MINIMUM_TOKENS = 1024
CACHE_BLOCK_TOKENS = 128
"""Prompts from 1,024 tokens on are cached, in steps of 128, as OpenAI documents it."""

REASONING_MODELS = ("o1", "o3", "o4", "gpt-5")
REASONING_BLOCK_TOKENS = 64

DEFAULT_DIMENSIONS = 1536


@dataclass(frozen=True)
class ToolCall:
    """One call the model asks for; *arguments* is JSON text, as on the wire."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Usage:
    """Token counts of one completion; *cached* is part of *prompt*, *reasoning* part of *completion*."""

    prompt: int
    completion: int
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Reply:
    """One completion: either text or tool calls."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    usage: Usage

    @property
    def finish_reason(self) -> str:
        """OpenAI's reason for the end of this completion."""
        return "tool_calls" if self.tool_calls else "stop"


@dataclass(frozen=True)
class Failure:
    """The error a model always answers with."""

    status: int
    kind: str
    code: str
    message: str


@dataclass(frozen=True)
class Scene:
    """An answer to user messages that hold all *words*, after the *tools* (name -> arguments) were called."""

    words: tuple[str, ...]
    answer: str
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


FAILING_MODELS: Mapping[str, Failure] = {
    "mock-rate-limited": Failure(
        429,
        "requests",
        "rate_limit_exceeded",
        "Rate limit reached for mock-rate-limited on requests per min (RPM): Limit 3, Used 3, Requested 1.",
    ),
    "mock-context-exceeded": Failure(
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 8192 tokens. Please reduce the length of the messages.",
    ),
}

SCENES: tuple[Scene, ...] = (
    Scene(
        ("lisbon", "pack"),
        "For four days in Lisbon in May, pack light layers, one warm jumper for the evenings by the river, "
        "sunscreen, and shoes with good grip: the tiled pavements get slippery when it rains.",
    ),
    Scene(
        ("kyoto", "pack"),
        "Kyoto in November is mild by day and cold at night. Bring a down jacket, slip-on shoes for the "
        "temples, a small towel, and leave room in the suitcase for tea.",
    ),
    Scene(
        ("lisbon", "flight"),
        "The best fit is TP 531 from Berlin to Lisbon: it leaves at 09:40, lands at 12:25, flies direct and costs "
        "129 EUR. The later flight is 30 EUR cheaper but changes in Madrid. Shall I hold a seat?",
        {"search_flights": {"origin": "BER", "destination": "LIS", "date": "2026-05-14"}},
    ),
    Scene(
        ("kyoto", "flight"),
        "There is no airport in Kyoto itself, so I looked at Osaka (KIX). LH 740 leaves Frankfurt at 14:05 and "
        "lands at 10:20 the next day for 874 EUR; the train to Kyoto takes 75 minutes and costs about 20 EUR.",
        {
            "search_flights": {"origin": "FRA", "destination": "KIX", "date": "2026-11-03"},
            "convert_currency": {"amount": 3600, "source": "JPY", "target": "EUR"},
        },
    ),
    Scene(
        ("a-1042",),
        "Your order A-1042 left our warehouse in Leipzig on Tuesday and is with the courier now. It should reach "
        "you tomorrow before noon. I am sorry for the wait; the shipping fee has been refunded.",
        {"lookup_order": {"order_id": "A-1042"}},
    ),
    Scene(
        ("a-2077",),
        "Order A-2077 was delivered eight days ago, so it is still inside the 30-day return window. I have opened "
        "return R-2077 and sent the label to the address on file; the refund follows within five days.",
        {"lookup_order": {"order_id": "A-2077"}, "open_return": {"order_id": "A-2077", "reason": "wrong size"}},
    ),
    Scene(
        ("incident", "root cause"),
        "The root cause was a connection pool of 20 shared by the checkout and the report jobs. When the nightly "
        "report ran at 02:00 it held every connection, and checkout requests waited until they timed out.",
    ),
    Scene(
        ("incident", "prevent"),
        "Three steps would prevent a repeat: give the report job its own pool, cap its queries at 30 seconds, and "
        "alert when checkout waits longer than 250 ms for a connection.",
    ),
    Scene(
        ("parental leave",),
        "According to the handbook, parental leave is 26 weeks at full pay for every new parent, and it can be "
        "split into two blocks within the first 18 months. Tell your lead at least eight weeks ahead.",
        {"search_handbook": {"query": "parental leave weeks pay"}},
    ),
    Scene(
        ("vacation", "left"),
        "You have 11 vacation days left this year. The handbook lets you carry up to five of them over to the end "
        "of March, so at least six should be booked before December.",
        {
            "leave_balance": {"employee_id": "E-307"},
            "search_handbook": {"query": "carry over unused vacation days"},
        },
    ),
)

_WORD = re.compile(r"[a-z0-9-]+")


def count_tokens(text: str) -> int:
    """Count the tokens of *text* by its length; at least one unless it is empty."""
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)


def message_text(message: Mapping[str, Any]) -> str:
    """Join the text of one chat message, whether its content is a string or a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, Sequence):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    return ""


def reply_to(request: Mapping[str, Any]) -> Reply:
    """Return the completion for a `/v1/chat/completions` *request* body."""
    messages: list[Mapping[str, Any]] = list(request.get("messages", ()))
    functions = [tool["function"] for tool in request.get("tools") or () if "function" in tool]
    question, turn = _last_question(messages)
    scene = _scene_for(question)
    call = _next_call(scene, functions, turn, question)
    text = "" if call else _answer(scene, turn, question)
    calls = (call,) if call else ()
    spoken = text or (call.name + call.arguments if call else "")
    return Reply(text, calls, _usage(request, messages, spoken))


def embed(text: str, dimensions: int) -> list[float]:
    """Return a unit vector of the words in *text*: texts that share words are near each other."""
    vector = [0.0] * dimensions
    for word in _WORD.findall(text.lower()):
        digest = zlib.crc32(word.encode())
        vector[digest % dimensions] += 1.0 if digest & (1 << 31) else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]


def _last_question(messages: Sequence[Mapping[str, Any]]) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the last user message, and everything said since."""
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].get("role") == "user":
            return message_text(messages[index]), list(messages[index + 1 :])
    return "", []


def _scene_for(question: str) -> Scene | None:
    lowered = question.lower()
    return next((scene for scene in SCENES if all(word in lowered for word in scene.words)), None)


def _next_call(
    scene: Scene | None, functions: Sequence[Mapping[str, Any]], turn: Sequence[Mapping[str, Any]], question: str
) -> ToolCall | None:
    """Pick the tool to ask for now, or None when it is time to answer."""
    called = {
        call["function"]["name"] for message in turn for call in message.get("tool_calls") or () if "function" in call
    }
    offered = {str(function["name"]): function for function in functions}
    if scene is not None:
        wanted = [name for name in scene.tools if name in offered and name not in called]
        return _call(wanted[0], scene.tools[wanted[0]]) if wanted else None
    if not offered or called:
        return None
    name, function = next(iter(offered.items()))
    return _call(name, _made_up_arguments(function, question))


def _call(name: str, arguments: Mapping[str, Any]) -> ToolCall:
    text = json.dumps(arguments)
    return ToolCall(f"call_{zlib.crc32((name + text).encode()):08x}", name, text)


def _made_up_arguments(function: Mapping[str, Any], question: str) -> dict[str, Any]:
    """Make up a value of the right type for every required argument; strings get the question."""
    schema = function.get("parameters") or {}
    samples: dict[str, Any] = {"integer": 1, "number": 1.0, "boolean": True, "array": [], "object": {}}
    properties = schema.get("properties") or {}
    return {
        name: samples.get(properties.get(name, {}).get("type", "string"), question)
        for name in schema.get("required") or ()
    }


def _answer(scene: Scene | None, turn: Sequence[Mapping[str, Any]], question: str) -> str:
    if scene is not None:
        return scene.answer
    results = [message_text(message) for message in turn if message.get("role") == "tool"]
    if results:
        return f"Here is what I found: {results[-1]}"
    return f"You asked: {question.strip()[:200]} I would start with the part that is cheapest to check."


def _usage(request: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], spoken: str) -> Usage:
    model = str(request.get("model", ""))
    prompt = sum(TOKENS_PER_MESSAGE + count_tokens(message_text(message)) for message in messages)
    prompt += sum(count_tokens(json.dumps(message["tool_calls"])) for message in messages if message.get("tool_calls"))
    prompt += count_tokens(json.dumps(request["tools"])) if request.get("tools") else 0
    follow_up = any(message.get("role") == "assistant" for message in messages)
    cached = prompt // CACHE_BLOCK_TOKENS * CACHE_BLOCK_TOKENS if follow_up and prompt >= CACHE_MINIMUM_TOKENS else 0
    thinks = model.startswith(REASONING_MODELS)
    reasoning = REASONING_BLOCK_TOKENS * (1 + prompt // 256) if thinks else 0
    return Usage(prompt, count_tokens(spoken) + reasoning, cached, reasoning)
