"""What the programs share: the shim capturing in memory, the provider's address, and claims about what was caught."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import spanhouse
from spanhouse.testing import Captured, CapturedSpan, capture

PROVIDER = os.environ["MOCK_PROVIDER_URL"]
QUESTION = "Which city is the capital of France?"


@contextmanager
def traced(library: str) -> Iterator[Captured]:
    """Everything inside is one trace under a span `request` of session s and user u; nothing of the shim's failed."""
    if library not in spanhouse.autolog(library):
        raise SystemExit(f"autolog does not trace {library}: {spanhouse.health()}")
    with capture() as captured, spanhouse.start_span("request"):
        spanhouse.update_current_trace(session_id="s", user="u")
        yield captured
    root = captured.find("request")
    for span in captured.spans:
        print(span.name, span.otel.instrumentation_scope, kind_of(span), span.parent_id)
        claim(span.trace_id == root.trace_id, f"{span.name} is in another trace")
        claim(span.attributes.get("session.id") == "s", f"{span.name} has no session")
    claim(spanhouse.health().get("internal_errors", 0) == 0, f"internal errors: {spanhouse.health()}")


def kind_of(span: CapturedSpan) -> str | None:
    """What OpenInference calls the span."""
    return span.attributes.get("openinference.span.kind")


def claim(holds: bool, otherwise: str) -> None:
    """End the program with a word when something does not hold."""
    if not holds:
        raise SystemExit(otherwise)


def of_kind(captured: Captured, kind: str) -> list[CapturedSpan]:
    """The spans of one kind."""
    return [span for span in captured.spans if kind_of(span) == kind]
