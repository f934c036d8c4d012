"""MLflow's `mlflow.tracing.provider`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.provider import disable, enable

__all__ = ["disable", "enable"]
