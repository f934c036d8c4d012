"""Spans straight into the table, as the ingest view writes them, for tests of what is said of whole traces.

Owns the INSERT and random traces. Uses the rows of `tests.collector.model.rows`: what a tree is made of is what is
stored. The way from OTLP into the table is others' to test, and costs seconds where this costs milliseconds.
"""

from __future__ import annotations

import random
from typing import Any, Final

from spanhouse_collector.model.trace_tree_row import TAG_SEPARATOR, SpanRow
from spanhouse_collector.query.span_json import iso_time
from spanhouse_collector.storage.engine import quoted
from tests.collector.model.rows import EPOCH_NS, llm, row
from tests.tables import Store

TRACE: Final = "t" * 32
_TIMES: Final = {
    "start_time_unix_nano": "start_time",
    "end_time_unix_nano": "end_time",
    "received_at_unix_nano": "received_at",
}
_NOT_STORED: Final = ("resource_hash",)


def put(store: Store, *rows: SpanRow, trace: str = TRACE, **columns: str) -> None:
    """Insert rows of one trace; further columns, equal in all of them, as text."""
    put_all(store, [(trace, span) for span in rows], **columns)


def put_all(store: Store, spans: list[tuple[str, SpanRow]], **columns: str) -> None:
    """Insert (trace id, row) pairs in one statement."""
    names = [name for name in SpanRow._fields if name not in _NOT_STORED]
    listed = ", ".join(["trace_id", "usage_scope", *columns, *(_TIMES.get(name, name) for name in names)])
    values = ", ".join(
        "("
        + ", ".join(
            [
                quoted(trace),
                quoted(presumed(span)),
                *(quoted(text) for text in columns.values()),
                *(_literal(name, getattr(span, name)) for name in names),
            ]
        )
        + ")"
        for trace, span in spans
    )
    store.connection.execute(f"INSERT INTO spans ({listed}) VALUES {values}", {"async_insert": 0})


def presumed(span: SpanRow) -> str:
    """What the ingest view makes of a span alone."""
    if span.span_type in ("LLM", "EMBEDDING", "RERANKER"):
        return "own"
    counts = (span.input_tokens, span.output_tokens, span.total_tokens, span.cost_usd)
    is_outer = span.span_type == "CHAIN" and span.scope_name in ("ai", "gen_ai")
    return "aggregate" if is_outer or any(count is not None for count in counts) else "none"


def _literal(name: str, value: Any) -> str:
    if name in _TIMES:
        return quoted(iso_time(value).replace("T", " ").removesuffix("Z"))
    if name == "tags":
        return f"[{', '.join(quoted(tag) for tag in value.split(TAG_SEPARATOR) if tag)}]"
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return quoted(value)
    return str(value)


def at(span: SpanRow, second: int) -> SpanRow:
    """The same span, received so many seconds later."""
    return span._replace(received_at_unix_nano=EPOCH_NS + second * 1_000_000_000)


def random_trace(choose: random.Random) -> list[SpanRow]:
    """A trace of a few spans, most of them with something to settle."""
    spans: list[SpanRow] = []
    for number in range(choose.randint(1, 7)):
        parent = choose.choice(["", "gone", *(str(other) for other in range(number)), *(str(o) for o in range(number))])
        common: dict[str, Any] = {
            "start": choose.randint(0, 50),
            "end": choose.randint(51, 200),
            "kind": choose.choice(["CLIENT", "INTERNAL", "SERVER"]),
            "span_type": choose.choice(["LLM", "LLM", "AGENT", "EMBEDDING", "TOOL", "EVENT"]),
            "session_id": choose.choice(["", "", "s1", "s2"]),
            "is_error": choose.random() < 0.1,
            "service_name": choose.choice(["a", "b"]),
            "model": choose.choice(["", "gpt"]),
            "tags": TAG_SEPARATOR.join(choose.sample(["x", "y", "z"], choose.randint(0, 2))),
        }
        if choose.random() < 0.7:
            told = choose.choice(["", "", "r0", "r1"])
            spans.append(llm(str(number), parent, choose.choice([0, 10, 25]), response_id=told, **common))
        else:
            spans.append(row(str(number), parent, **common))
        if choose.random() < 0.1:
            again = spans[-1]._replace(received_at_unix_nano=EPOCH_NS + 1)
            unfinished = again._replace(end_time_unix_nano=0, duration_ns=0, is_pending=True)
            spans.append(choose.choice([again, unfinished]))
        if choose.random() < 0.1:
            announcement = row(f"p{number}", str(number), common["start"], is_pending=True)
            spans.append(announcement._replace(pending_span_id=str(number), pending_parent_span_id=parent))
    return spans
