"""MLflow's `mlflow.entities.link`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.span_entities import Link

__all__ = ["Link"]
