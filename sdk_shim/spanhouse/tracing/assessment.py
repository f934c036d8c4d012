"""MLflow's `mlflow.tracing.assessment`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.reading import (
    delete_assessment,
    get_assessment,
    log_assessment,
    log_expectation,
    log_feedback,
    override_feedback,
    update_assessment,
)

__all__ = [
    "delete_assessment",
    "get_assessment",
    "log_assessment",
    "log_expectation",
    "log_feedback",
    "override_feedback",
    "update_assessment",
]
