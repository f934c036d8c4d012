"""MLflow's `mlflow.entities.trace_data`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.trace_data import TraceData

__all__ = ["TraceData"]
