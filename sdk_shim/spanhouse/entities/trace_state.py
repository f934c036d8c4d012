"""MLflow's `mlflow.entities.trace_state`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.trace_info import TraceState

__all__ = ["TraceState"]
