"""MLflow's `mlflow.entities.span`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.live_span import NO_SPAN, LiveSpan, NoOpSpan
from spanhouse.span_data import Span
from spanhouse.span_types import SpanType

__all__ = ["NO_SPAN", "LiveSpan", "NoOpSpan", "Span", "SpanType"]
