"""MLflow's `mlflow.tracking`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.client import MlflowClient
from spanhouse.destination import get_tracking_uri, set_tracking_uri

__all__ = ["MlflowClient", "get_tracking_uri", "set_tracking_uri"]
