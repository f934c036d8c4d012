"""MLflow's `mlflow.entities.assessment_error`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.assessments import AssessmentError

__all__ = ["AssessmentError"]
