"""MLflow's `mlflow.tracing.client`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.client import MlflowClient

__all__ = ["MlflowClient"]
