"""What one GenAI span says: its name, kind, attributes and events, drawn from a seeded generator.

Owns: the mix of agents, chats, tools, retrievals and embeddings, in OTel's GenAI conventions.
Leaves to others: ids, times, the trace's tree and the wire layout (`spans.py`), the prose
(`vocabulary.py`).

The mix is tuned to DESIGN section 1's measurements: 1,068 bytes and 9.5 attributes a span.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Final

from tests.bench.vocabulary import prose

AttributeValue = str | int | float | tuple[str, ...]

KIND_INTERNAL: Final = 1
KIND_CLIENT: Final = 3
STATUS_OK: Final = 1
STATUS_ERROR: Final = 2
ERROR_RATE: Final = 0.02

SERVICES: Final = (
    "support-assistant", "billing-agent", "code-reviewer", "travel-planner",
    "knowledge-search", "report-writer", "sales-copilot", "triage-bot",
)  # fmt: skip
MODELS: Final = (
    ("openai", "gpt-4o", "gpt-4o-2024-08-06"),
    ("openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18"),
    ("openai", "o3-mini", "o3-mini-2025-01-31"),
    ("anthropic", "claude-sonnet-4", "claude-sonnet-4-20250514"),
    ("anthropic", "claude-3-5-haiku", "claude-3-5-haiku-20241022"),
    ("gcp.gemini", "gemini-2.5-flash", "gemini-2.5-flash-001"),
    ("mistral_ai", "mistral-large", "mistral-large-2411"),
)
TOOLS: Final = (
    "search_orders", "get_invoice", "send_email", "run_query",
    "lookup_customer", "create_ticket", "get_weather", "fetch_page",
)  # fmt: skip
_HEX: Final = "0123456789abcdef"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanContent:
    """One span without its ids and times."""

    name: str
    kind: int
    attributes: tuple[tuple[str, AttributeValue], ...]
    duration_ns: int
    status_code: int
    error_message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What the spans of one trace share."""

    agent: str
    conversation_id: str
    user_id: str
    provider: str
    request_model: str
    response_model: str


def conversation(rng: random.Random, service: str) -> Conversation:
    """Draw the shared facts of one trace."""
    provider, request_model, response_model = rng.choice(MODELS)
    return Conversation(
        agent=f"{service}-{rng.choice(('planner', 'worker', 'critic'))}",
        conversation_id=f"conv_{rng.randrange(2_000_000):07d}",
        user_id=f"user-{rng.randrange(50_000):05d}",
        provider=provider,
        request_model=request_model,
        response_model=response_model,
    )


def agent_span(rng: random.Random, shared: Conversation) -> SpanContent:
    """Draw the root of a trace: one agent run with its input and output."""
    return _finished(
        rng,
        name=f"invoke_agent {shared.agent}",
        kind=KIND_INTERNAL,
        duration_ns=rng.randrange(800_000_000, 9_000_000_000),
        attributes=(
            ("gen_ai.operation.name", "invoke_agent"),
            ("gen_ai.provider.name", shared.provider),
            ("gen_ai.agent.name", shared.agent),
            ("gen_ai.conversation.id", shared.conversation_id),
            ("user.id", shared.user_id),
            ("session.id", shared.conversation_id),
            ("gen_ai.input.messages", _messages("user", prose(rng, rng.randrange(25, 65)))),
            ("gen_ai.output.messages", _messages("assistant", prose(rng, rng.randrange(35, 85)))),
        ),
    )


def chat_span(rng: random.Random, shared: Conversation) -> SpanContent:
    """Draw one model call with prompt, answer and usage."""
    answer = prose(rng, rng.randrange(25, 85))
    prompt = prose(rng, rng.randrange(44, 114))
    return _finished(
        rng,
        name=f"chat {shared.request_model}",
        kind=KIND_CLIENT,
        duration_ns=rng.randrange(200_000_000, 4_000_000_000),
        attributes=(
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", shared.provider),
            ("gen_ai.request.model", shared.request_model),
            ("gen_ai.response.model", shared.response_model),
            ("gen_ai.response.id", "chatcmpl-" + _hex(rng, 24)),
            ("gen_ai.request.temperature", rng.choice((0.0, 0.2, 0.7, 1.0))),
            ("gen_ai.request.max_tokens", rng.choice((256, 512, 1024, 4096))),
            ("gen_ai.usage.input_tokens", len(prompt) // 4),
            ("gen_ai.usage.output_tokens", len(answer) // 4),
            ("gen_ai.response.finish_reasons", (rng.choice(("stop", "stop", "tool_calls")),)),
            ("gen_ai.input.messages", _messages("user", prompt)),
            ("gen_ai.output.messages", _messages("assistant", answer)),
        ),
    )


def tool_span(rng: random.Random, shared: Conversation) -> SpanContent:
    """Draw one tool call with arguments and result."""
    tool = rng.choice(TOOLS)
    arguments = {"id": rng.randrange(10**7), "query": prose(rng, 6), "user": shared.user_id}
    result = {"status": "ok", "rows": rng.randrange(40), "text": prose(rng, rng.randrange(15, 60))}
    return _finished(
        rng,
        name=f"execute_tool {tool}",
        kind=KIND_INTERNAL,
        duration_ns=rng.randrange(3_000_000, 900_000_000),
        attributes=(
            ("gen_ai.operation.name", "execute_tool"),
            ("gen_ai.tool.name", tool),
            ("gen_ai.tool.type", "function"),
            ("gen_ai.tool.call.id", "call_" + _hex(rng, 24)),
            ("gen_ai.conversation.id", shared.conversation_id),
            ("gen_ai.tool.call.arguments", json.dumps(arguments)),
            ("gen_ai.tool.call.result", json.dumps(result)),
        ),
    )


def retrieval_span(rng: random.Random, shared: Conversation) -> SpanContent:
    """Draw one vector-store search with the documents it found."""
    documents = [
        {"id": _hex(rng, 8), "score": round(rng.random(), 4), "content": prose(rng, 24)}
        for _ in range(rng.randrange(1, 5))
    ]
    return _finished(
        rng,
        name="search documents",
        kind=KIND_CLIENT,
        duration_ns=rng.randrange(5_000_000, 200_000_000),
        attributes=(
            ("db.system.name", rng.choice(("qdrant", "pgvector", "weaviate"))),
            ("db.operation.name", "search"),
            ("db.collection.name", rng.choice(("articles", "tickets", "manuals", "contracts"))),
            ("gen_ai.operation.name", "retrieval"),
            ("gen_ai.conversation.id", shared.conversation_id),
            ("gen_ai.retrieval.query.text", prose(rng, 10)),
            ("gen_ai.retrieval.documents", json.dumps(documents)),
            ("server.address", "vectors.internal"),
        ),
    )


def _finished(
    rng: random.Random,
    *,
    name: str,
    kind: int,
    duration_ns: int,
    attributes: tuple[tuple[str, AttributeValue], ...],
) -> SpanContent:
    """Return the span, failed with probability `ERROR_RATE`."""
    if rng.random() >= ERROR_RATE:
        return SpanContent(
            name=name,
            kind=kind,
            attributes=attributes,
            duration_ns=duration_ns,
            status_code=STATUS_OK if kind == KIND_CLIENT else 0,
        )
    return SpanContent(
        name=name,
        kind=kind,
        attributes=(*attributes, ("error.type", rng.choice(("timeout", "rate_limit", "500")))),
        duration_ns=duration_ns,
        status_code=STATUS_ERROR,
        error_message=prose(rng, 9),
    )


def _messages(role: str, content: str) -> str:
    """Return one message in the semantic conventions' JSON form."""
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": content}]}])


def _hex(rng: random.Random, digit_count: int) -> str:
    """Return *digit_count* random hexadecimal digits."""
    return "".join(rng.choices(_HEX, k=digit_count))
