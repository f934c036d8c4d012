"""A travel assistant: the plain `openai` client, traced by OpenInference's instrumentor.

Owns: two trips planned in two sessions: an agent that calls tools until it can answer, a streamed packing
list, a ranking by embeddings, and a summary whose model is rate-limited (the error trace).
Leaves to others: exporters and resource (`apps.telemetry` and the environment), the model (`OPENAI_BASE_URL`).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import openai
from openinference.instrumentation import OITracer, TraceConfig, using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor

from spanhouse_collector.demo.apps import telemetry

MODEL = "gpt-4o-mini"
EMBEDDING_MODEL = "text-embedding-3-small"
STEPS_MAX = 5
SYSTEM = "You are a travel assistant. Use the tools for facts, answer in at most three sentences."

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "search_flights",
            "description": "Search flights between two airports on a date.",
            "parameters": {
                "type": "object",
                "properties": {
                    "origin": {"type": "string", "description": "IATA code"},
                    "destination": {"type": "string", "description": "IATA code"},
                    "date": {"type": "string", "format": "date"},
                },
                "required": ["origin", "destination", "date"],
            },
        },
    },
    {
        "type": "function",
        "function": {
            "name": "convert_currency",
            "description": "Convert an amount between currencies at today's rate.",
            "parameters": {
                "type": "object",
                "properties": {
                    "amount": {"type": "number"},
                    "source": {"type": "string"},
                    "target": {"type": "string"},
                },
                "required": ["amount", "source", "target"],
            },
        },
    },
]

FLIGHTS = {
    ("BER", "LIS"): [
        {"flight": "TP 531", "departs": "09:40", "arrives": "12:25", "stops": 0, "price_eur": 129},
        {"flight": "IB 3677", "departs": "13:05", "arrives": "19:50", "stops": 1, "price_eur": 99},
    ],
    ("FRA", "KIX"): [{"flight": "LH 740", "departs": "14:05", "arrives": "10:20 +1", "stops": 0, "price_eur": 874}],
}
RATES = {("JPY", "EUR"): 0.0056}


@dataclass(frozen=True)
class Trip:
    """One customer's wishes, planned in one session."""

    session: str
    user: str
    city: str
    flight_request: str
    packing_request: str


TRIPS = (
    Trip(
        "trip-lisbon-0514",
        "mara.lindqvist",
        "Lisbon",
        "Find me a direct flight from Berlin to Lisbon on 14 May, please.",
        "What should I pack for four days in Lisbon?",
    ),
    Trip(
        "trip-kyoto-1103",
        "deniz.aydin",
        "Kyoto",
        "I want to see the maple leaves in Kyoto. Which flight from Frankfurt on 3 November?",
        "And what do I pack for Kyoto?",
    ),
)


def search_flights(origin: str, destination: str, date: str) -> str:
    """Search flights between two airports on a date."""
    return json.dumps({"date": date, "flights": FLIGHTS.get((origin, destination), [])})


def convert_currency(amount: float, source: str, target: str) -> str:
    """Convert an amount between currencies at today's rate."""
    return json.dumps({"amount": round(amount * RATES[source, target], 2), "currency": target})


class TravelAssistant:
    """The application: each method that `tracer` wraps is one span around the client's own."""

    def __init__(self, client: openai.OpenAI, tracer: OITracer) -> None:
        self._client = client
        self._tools: dict[str, Callable[..., str]] = {
            "search_flights": tracer.tool(search_flights),
            "convert_currency": tracer.tool(convert_currency),
        }
        self.find_flight = tracer.agent(name="travel_assistant")(self._find_flight)
        self.rank_cities = tracer.chain(name="rank_destinations")(self._rank_cities)
        self.summarise_reviews = tracer.chain(name="summarise_reviews")(self._summarise_reviews)

    def _find_flight(self, question: str) -> str:
        """Call the model, and the tools it asks for, until it answers."""
        messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
        for _ in range(STEPS_MAX):
            completion = self._client.chat.completions.create(
                model=MODEL, messages=messages, tools=TOOLS, temperature=0.2
            )
            answer = completion.choices[0].message
            if not answer.tool_calls:
                return answer.content or ""
            messages.append(answer.model_dump(exclude_none=True))
            for call in answer.tool_calls:
                if call.type == "function":
                    result = self._tools[call.function.name](**json.loads(call.function.arguments))
                    messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        raise RuntimeError(f"no answer after {STEPS_MAX} steps")

    def packing_list(self, question: str) -> str:
        """Stream an answer; nothing but the client's own span."""
        stream = self._client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}],
            stream=True,
            stream_options={"include_usage": True},
        )
        return "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices)

    def _rank_cities(self, wish: str, cities: list[str]) -> list[str]:
        """Order the cities, nearest to the wish first."""
        data = self._client.embeddings.create(model=EMBEDDING_MODEL, input=[wish, *cities], dimensions=256).data
        target, *vectors = (item.embedding for item in data)
        scores = [sum(a * b for a, b in zip(target, vector, strict=True)) for vector in vectors]
        return [city for _, city in sorted(zip(scores, cities, strict=True), reverse=True)]

    def _summarise_reviews(self, city: str) -> str:
        """Ask the model whose quota is spent."""
        answer = self._client.chat.completions.create(
            model="mock-rate-limited",
            messages=[{"role": "user", "content": f"Summarise what visitors say about {city}."}],
        )
        return answer.choices[0].message.content or ""


def plan(assistant: TravelAssistant, trip: Trip) -> None:
    """One session: every trace in it carries the session and the user."""
    with using_attributes(session_id=trip.session, user_id=trip.user, tags=["travel"]):
        print(assistant.find_flight(trip.flight_request))
        print(assistant.packing_list(trip.packing_request))
        wish = f"old temples, gardens and autumn leaves near {trip.city}"
        print(assistant.rank_cities(wish, ["Lisbon: tiles, trams, sea", "Kyoto: temples, gardens, autumn leaves"]))
        try:
            print(assistant.summarise_reviews(trip.city))
        except openai.RateLimitError as error:
            print(f"no reviews today: {error.code}", file=sys.stderr)


def main() -> None:
    """Plan all trips, then flush."""
    provider = telemetry.tracer_provider()
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    try:
        tracer = OITracer(provider.get_tracer("travel"), config=TraceConfig())
        with openai.OpenAI(max_retries=0, timeout=20.0) as client:
            assistant = TravelAssistant(client, tracer)
            for trip in TRIPS:
                plan(assistant, trip)
    finally:
        provider.shutdown()


if __name__ == "__main__":
    main()
