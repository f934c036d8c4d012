"""MLflow's `mlflow.exceptions`: what reading back raises, under its names.

Owns: nothing but the names; the errors are those of `errors`.
"""

from __future__ import annotations

from spanhouse.errors import SpanhouseError as MlflowException
from spanhouse.errors import TraceNotFound as MlflowTraceDataException
from spanhouse.errors import TraceNotFound as MlflowTraceDataNotFound

__all__ = ["MlflowException", "MlflowTraceDataException", "MlflowTraceDataNotFound"]
