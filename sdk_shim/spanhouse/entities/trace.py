"""MLflow's `mlflow.entities.trace`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.trace_data import Trace

__all__ = ["Trace"]
