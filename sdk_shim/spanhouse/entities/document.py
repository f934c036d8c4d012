"""MLflow's `mlflow.entities.document`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.span_entities import Document

__all__ = ["Document"]
