"""MLflow's `mlflow.entities.span_status`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.span_status import SpanStatus, SpanStatusCode

__all__ = ["SpanStatus", "SpanStatusCode"]
