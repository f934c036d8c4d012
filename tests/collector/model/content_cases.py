"""Cases of dialects: a stored span and what its content must hold.

Owns the form of a case. The cases themselves are in `test_content_conventions`, `…_sdks` and `…_frameworks`.
"""

from __future__ import annotations

from typing import Any

import pytest

from spanhouse_collector.model.content import read
from spanhouse_collector.model.span import SpanEvent, SpanLog, StoredSpan
from tests.collector.model.stored_spans import stored
from tests.collector.model.test_content_fixtures import differences, normalised

DETAILS = "gen_ai.client.inference.operation.details"
CALL = [{"id": "c1", "name": "add", "arguments": {"a": 1}}]


def case(name: str, span_type: str, expected: dict[str, Any], **span: Any) -> Any:
    """A case; `events` are (name, attributes), `logs` are (time, event name, body, attributes)."""
    events = tuple(SpanEvent(event, 0, attributes) for event, attributes in span.pop("events", ()))
    logs = tuple(SpanLog(event, time, body, attributes) for time, event, body, attributes in span.pop("logs", ()))
    return pytest.param(
        stored(columns={"span_type": span_type}, events=events, logs=logs, **span), expected, id=name.replace(" ", "-")
    )


def text(role: str, content: str) -> dict[str, Any]:
    """A message of one text."""
    return {"role": role, "parts": [{"type": "text", "content": content}]}


def missing(span: StoredSpan, expected: dict[str, Any]) -> list[str]:
    """Which of a case's expectations are not met."""
    return differences(expected, normalised(read(span)))
