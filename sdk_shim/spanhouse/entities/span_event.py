"""MLflow's `mlflow.entities.span_event`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.span_entities import SpanEvent

__all__ = ["SpanEvent"]
