"""MLflow's `mlflow.tracking.fluent`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.destination import set_experiment

__all__ = ["set_experiment"]
