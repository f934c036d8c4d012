"""A support desk: the plain `openai` client, traced by OpenTelemetry's own GenAI instrumentor.

Owns: two tickets, each an agent run that calls tools, a similar-ticket search by embeddings, a long incident
log discussed in two streamed turns (the second hits the prompt cache), and a request that is too long (the
error trace). Emits all three signals: spans, events as log records, token and duration metrics.
Leaves to others: exporters and resource (`apps.telemetry` and the environment), the model (`OPENAI_BASE_URL`),
and whether content is captured (`OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`).
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import openai
from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor
from opentelemetry.util.genai.handler import TelemetryHandler

from spanhouse_collector.demo.apps import telemetry

MODEL = "gpt-4.1-mini"
REASONING_MODEL = "gpt-5-mini"
EMBEDDING_MODEL = "text-embedding-3-small"
STEPS_MAX = 5
SYSTEM = "You are the support desk of a shoe shop. Look the order up before you answer, and be brief."

ORDERS: dict[str, dict[str, Any]] = {
    "A-1042": {"status": "shipped", "carrier": "DHL", "warehouse": "Leipzig", "eta": "tomorrow"},
    "A-2077": {"status": "delivered", "days_ago": 8, "item": "trail shoe, size 42"},
}


def _tool(name: str, description: str, *arguments: str) -> dict[str, Any]:
    """Declare a tool whose arguments are all strings."""
    properties = {argument: {"type": "string"} for argument in arguments}
    schema = {"type": "object", "properties": properties, "required": list(arguments)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


TOOLS: list[Any] = [
    _tool("lookup_order", "The state of an order.", "order_id"),
    _tool("open_return", "Open a return and send the label.", "order_id", "reason"),
]


@dataclass(frozen=True)
class Ticket:
    """One customer's question."""

    id: str
    question: str


TICKETS = (
    Ticket("ticket-8801", "Where is my order A-1042? It was meant to arrive on Monday."),
    Ticket("ticket-8802", "The shoes from order A-2077 are too small, I would like to send them back."),
)


def run_tool(name: str, arguments: dict[str, str]) -> dict[str, Any]:
    """Answer as the shop's systems would."""
    order = ORDERS[arguments["order_id"]]
    if name == "open_return":
        return {"return_id": arguments["order_id"].replace("A-", "R-"), "label": "sent", "reason": arguments["reason"]}
    return {"order_id": arguments["order_id"], **order}


def incident_log() -> str:
    """Ninety lines of a night in the data centre: a prompt long enough for the provider's cache."""
    return "\n".join(
        f"02:{minute // 2:02d}:{minute % 2 * 30:02d} checkout-api pool=orders in_use=20/20 waiting={minute * 3} "
        f"oldest_wait_ms={minute * 340}"
        for minute in range(90)
    )


def answer_ticket(client: openai.OpenAI, handler: TelemetryHandler, ticket: Ticket) -> str:
    """Call the model, and the tools it asks for, until it answers."""
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ticket.question}]
    with handler.invoke_local_agent(agent_name="support-desk", request_model=MODEL, conversation_id=ticket.id):
        for _ in range(STEPS_MAX):
            completion = client.chat.completions.create(model=MODEL, messages=messages, tools=TOOLS, temperature=0)
            answer = completion.choices[0].message
            if not answer.tool_calls:
                return answer.content or ""
            messages.append(answer.model_dump(exclude_none=True))
            for call in answer.tool_calls:
                if call.type == "function":
                    result = call_tool(handler, call.id, call.function.name, call.function.arguments)
                    messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    raise RuntimeError(f"no answer after {STEPS_MAX} steps")


def call_tool(handler: TelemetryHandler, call_id: str, name: str, arguments: str) -> str:
    """Run one tool inside its `execute_tool` span."""
    with handler.tool(name, tool_type="function", agent_name="support-desk") as invocation:
        invocation.tool_call_id = call_id
        invocation.arguments = arguments
        result = json.dumps(run_tool(name, json.loads(arguments)))
        invocation.tool_result = result
    return result


def similar_ticket(client: openai.OpenAI, ticket: Ticket) -> str:
    """Find the known question nearest to the ticket's."""
    known = ["where is my parcel or order", "send shoes back, too small or too large", "change the delivery address"]
    data = client.embeddings.create(model=EMBEDDING_MODEL, input=[ticket.question, *known], dimensions=256).data
    target, *vectors = (item.embedding for item in data)
    scores = [sum(a * b for a, b in zip(target, vector, strict=True)) for vector in vectors]
    return known[scores.index(max(scores))]


def discuss_incident(client: openai.OpenAI, handler: TelemetryHandler) -> list[str]:
    """Two streamed turns about a long log, in one conversation."""
    messages: list[Any] = [{"role": "system", "content": f"You are an SRE. The log:\n{incident_log()}"}]
    answers: list[str] = []
    with handler.workflow("incident-review", conversation_id="incident-4471"):
        for question in ("What was the root cause of this incident?", "How do we prevent such an incident?"):
            messages.append({"role": "user", "content": question})
            stream = client.chat.completions.create(
                model=REASONING_MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
            )
            answers.append("".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices))
            messages.append({"role": "assistant", "content": answers[-1]})
    return answers


def translate_manual(client: openai.OpenAI) -> str:
    """Ask a model whose context is too small."""
    answer = client.chat.completions.create(
        model="mock-context-exceeded",
        messages=[{"role": "user", "content": "Translate the whole manual:\n" + incident_log()}],
    )
    return answer.choices[0].message.content or ""


def run(client: openai.OpenAI, handler: TelemetryHandler) -> None:
    """Work one shift at the desk."""
    for ticket in TICKETS:
        print(similar_ticket(client, ticket))
        print(answer_ticket(client, handler, ticket))
    print("\n".join(discuss_incident(client, handler)))
    try:
        print(translate_manual(client))
    except openai.BadRequestError as error:
        print(f"not translated: {error.code}", file=sys.stderr)


def main() -> None:
    """Run the shift, then flush every signal."""
    traces, logs, metrics = telemetry.tracer_provider(), telemetry.logger_provider(), telemetry.meter_provider()
    OpenAIInstrumentor().instrument(tracer_provider=traces, logger_provider=logs, meter_provider=metrics)
    try:
        handler = TelemetryHandler(
            tracer_provider=traces,
            logger_provider=logs,
            meter_provider=metrics,
            instrumentation_scope_name="support_desk",
        )
        with openai.OpenAI(max_retries=0, timeout=20.0) as client:
            run(client, handler)
    finally:
        traces.shutdown()
        logs.shutdown()
        metrics.shutdown()


if __name__ == "__main__":
    main()
