"""The questions of bars 5 and 6, as the API is asked them: each time a different one.

Owns: their parameters, drawn from a seeded generator, and their bars.
Leaves to others: asking (`read_bars.py`), what they read (`read_evidence.py`).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

from tests.bench.genai import MODELS, SERVICES, TOOLS
from tests.bench.stored_spans import LARGE_TRACE_ID, PROJECT, RARE_SPANS, TENANTS

HOUR_NS: Final = 3600 * 1_000_000_000
DAY_NS: Final = 24 * HOUR_NS
WORDS: Final = ("refund", "invoice", "account", "customer", "payment", "shipment", "address", "delivery", "warehouse")
SLOW_MS: Final = (700, 940)
DEAR_USD: Final = (0.018, 0.0249)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a question is drawn from."""

    rng: random.Random
    span_count: int
    newest_unix_nano: int
    trace_ids: Sequence[str]

    def moment(self, before_ns: int) -> int:
        """Return a moment, at most that long before the newest span."""
        return self.newest_unix_nano - self.rng.randrange(before_ns)

    def project(self) -> str:
        """Return a project, or '' for all of them."""
        return self.rng.choice((PROJECT, PROJECT, "lab", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: a path with its parameters; with `body` a POST."""

    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def target(self) -> str:
        """The path and the query."""
        return self.path + (f"?{urlencode(self.parameters)}" if self.parameters else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A measure of a bar."""

    number: str
    name: str
    limit_ms: float
    draw: Callable[[Drawn], Request]


def _list(drawn: Drawn, filter_text: str) -> Request:
    return Request(
        path="/api/v1/traces",
        parameters={
            "project": drawn.project(),
            "filter": filter_text,
            "until": str(drawn.moment(HOUR_NS)),
            "limit": "50",
        },
    )


def _of_last_day(drawn: Drawn, filter_text: str) -> Request:
    since = drawn.newest_unix_nano - DAY_NS
    return Request(
        path="/api/v1/traces",
        parameters={"project": drawn.project(), "filter": filter_text, "since": str(since), "limit": "50"},
    )


def _by_id(drawn: Drawn) -> Request:
    return Request(path=f"/api/v1/traces/{drawn.rng.choice(drawn.trace_ids)}")


def _errors(drawn: Drawn) -> Request:
    return _list(drawn, drawn.rng.choice(("trace.state = 'ERROR'", "is_error = true")))


def _rare_word(drawn: Drawn) -> Request:
    word = f"ord{drawn.rng.randrange(max(1, drawn.span_count // RARE_SPANS))}"
    return Request(path="/api/v1/traces", parameters={"filter": f"text : '{word}'", "limit": "50"})


def _model_by_hour(drawn: Drawn) -> Request:
    until = drawn.moment(DAY_NS)
    return Request(
        path="/api/v1/aggregate",
        body={
            "project": drawn.project(),
            "since": str(until - DAY_NS),
            "until": str(until),
            "filter": "span_type = 'LLM'",
            "group_by": ["model"],
            "interval": "1h",
            "metrics": ["count", "p95"],
        },
    )


def _promoted(drawn: Drawn) -> Request:
    rng = drawn.rng
    text = rng.choice(
        (
            f"model = '{rng.choice(MODELS)[2]}'",
            f"tool_name = '{rng.choice(TOOLS)}'",
            f"service_name = '{rng.choice(SERVICES)}'",
            f"duration > {rng.randrange(*SLOW_MS)}ms AND span_type = 'LLM'",
            f"cost_usd > {rng.uniform(*DEAR_USD):.5f}",
            f"user_id = 'user-{rng.randrange(50_000)}'",
            f"session_id = 'conv_{rng.randrange(2_000_000)}'",
            f"input_tokens > {rng.randrange(2_050, 2_400)}",
        )
    )
    return _of_last_day(drawn, text)


def _attribute(drawn: Drawn) -> Request:
    rng = drawn.rng
    text = rng.choice(
        (
            f"attributes.app.tenant = 'tenant-{rng.randrange(TENANTS)}'",
            f"attributes.app.tenant = 'tenant-{rng.randrange(TENANTS)}'",
            f"attributes.gen_ai.conversation.id = 'conv_{rng.randrange(2_000_000)}'",
            f"attributes.gen_ai.request.temperature = {rng.choice(('0.2', '0.7', '1'))}",
            f"attributes.app.tenant = 'nobody-{rng.randrange(TENANTS)}'",
        )
    )
    return _of_last_day(drawn, text)


BAR_5: Final = (
    Question(number="5", name="trace by id", limit_ms=40, draw=_by_id),
    Question(number="5", name="newest 50 traces", limit_ms=40, draw=lambda drawn: _list(drawn, "")),
    Question(number="5", name="newest 50 errors", limit_ms=60, draw=_errors),
    Question(number="5", name="newest 50 of a rare word", limit_ms=80, draw=_rare_word),
    Question(
        number="5",
        name="newest 50 of a common word",
        limit_ms=200,
        draw=lambda drawn: _list(drawn, f"text : '{drawn.rng.choice(WORDS)}'"),
    ),
)
BAR_6: Final = (
    Question(number="6", name="model x hour over 24 h with p95", limit_ms=100, draw=_model_by_hour),
    Question(number="6", name="promoted column over 24 h, newest 50", limit_ms=150, draw=_promoted),
    Question(number="6", name="attribute = value over 24 h, newest 50", limit_ms=300, draw=_attribute),
)
BAR_7: Final = (
    Question(
        number="7",
        name="trace of 50,000 spans, skeleton",
        limit_ms=500,
        draw=lambda drawn: Request(path=f"/api/v1/traces/{LARGE_TRACE_ID}", parameters={"payload": "false"}),
    ),
)
