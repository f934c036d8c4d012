"""MLflow's `mlflow.entities.trace_info`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.trace_info import TraceInfo

__all__ = ["TraceInfo"]
