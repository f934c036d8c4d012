"""MLflow's `mlflow.entities.trace_location`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.places import MlflowExperimentLocation, TraceLocation, TraceLocationType

__all__ = ["MlflowExperimentLocation", "TraceLocation", "TraceLocationType"]
