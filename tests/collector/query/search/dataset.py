"""Traces with known answers, and slow obvious Python that gives them.

Owns generating traces of every shape (several roots, none, children that begin before their root, long ones), writing
them, and what lists and aggregates of them must say. Leaves `usage_scope` to what `put_all` writes: nothing is settled.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from spanhouse_collector.model.trace_tree_row import SpanRow
from tests.collector.model.rows import EPOCH_NS, llm, row
from tests.collector.storage.trace_cases import put_all
from tests.tables import Store

SECOND_NS: Final = 1_000_000_000
NOW_NS: Final = EPOCH_NS
CALLS: Final = {"LLM", "EMBEDDING", "RERANKER"}
WORDS: Final = ("alpha", "beta", "gamma")


@dataclass(frozen=True)
class Known:
    """A trace that is stored."""

    trace_id: str
    spans: tuple[SpanRow, ...]

    @property
    def tops(self) -> list[SpanRow]:
        return [span for span in self.spans if not span.parent_span_id]

    @property
    def start(self) -> int:
        return min(span.start_time_unix_nano for span in self.tops or self.spans)

    @property
    def end(self) -> int:
        return max(max(span.end_time_unix_nano, span.start_time_unix_nano) for span in self.tops or self.spans)

    @property
    def tokens(self) -> int:
        return sum((span.input_tokens or 0) for span in self.spans if owns(span))

    @property
    def cost(self) -> float | None:
        costs = [span.cost_usd for span in self.spans if owns(span) and span.cost_usd is not None]
        return sum(costs) if costs else None

    @property
    def errors(self) -> int:
        return sum(span.is_error for span in self.spans)


def owns(span: SpanRow) -> bool:
    """As spans are presumed to, before anything is settled."""
    return span.span_type in CALLS and span.input_tokens is not None


def make_traces(count: int, *, seed: int = 1, spread_s: int = 40 * 86400) -> list[Known]:
    """Traces that end before NOW_NS; the nearer to it, the denser."""
    choose = random.Random(seed)
    found = []
    for number in range(count):
        age_s = int(spread_s * choose.random() ** 6)
        found.append(_trace(choose, number, -1000.0 * (age_s + 1)))
    return found


def _trace(choose: random.Random, number: int, start_ms: float) -> Known:
    trace_id = f"{choose.getrandbits(128):032x}"
    spans = []
    shape = choose.choice(["plain", "plain", "plain", "orphan", "two roots", "long", "early child"])
    for position in range(choose.randint(1, 4)):
        parent = "" if position == 0 or (shape == "two roots" and position == 1) else f"{number}-0"
        if shape == "orphan" and position == 0:
            parent = "gone"
        offset = {"long": position * 3_000_000, "early child": -position * 90_000}.get(shape, position * 10)
        made: dict[str, Any] = {
            "name": choose.choice(["chat", "search", "plan"]),
            "start": start_ms + offset,
            "end": start_ms + offset + choose.randint(1, 900),
            "service_name": choose.choice(["a", "b"]),
            "session_id": choose.choice(["", "s1", "s2", "s3"]),
            "user_id": choose.choice(["", "u1"]),
            "is_error": choose.random() < 0.15,
            "model": choose.choice(["", "gpt", "claude"]),
        }
        identity = f"{number}-{position}"
        if choose.random() < 0.5:
            cost = choose.choice([None, 0.25, 0.5, 1.75])
            spans.append(llm(identity, parent, choose.randint(1, 50), cost_usd=cost, **made))
        else:
            spans.append(row(identity, parent, span_type=choose.choice(["AGENT", "TOOL"]), **made))
    return Known(trace_id, tuple(spans))


def store_traces(store: Store, traces: Iterable[Known], **columns: str) -> None:
    """Write them in one statement."""
    put_all(store, [(trace.trace_id, span) for trace in traces for span in trace.spans], **columns)


def recent_first(traces: Iterable[Known]) -> list[str]:
    return [trace.trace_id for trace in sorted(traces, key=lambda trace: (trace.start, trace.trace_id), reverse=True)]


def matching(traces: Iterable[Known], condition: Callable[[SpanRow], bool]) -> list[Known]:
    """Traces of which one span satisfies the condition."""
    return [trace for trace in traces if any(condition(span) for span in trace.spans)]


def quantile(values: Sequence[float], share: float) -> float:
    """Between the two values around the place, as ClickHouse's `quantile`."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def all_spans(traces: Iterable[Known]) -> list[tuple[str, SpanRow]]:
    return [(trace.trace_id, span) for trace in traces for span in trace.spans]


def grouped(values: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for key, value in values:
        found.setdefault(key, []).append(value)
    return found
