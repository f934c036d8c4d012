"""MLflow's `mlflow.entities.assessment_source`.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.assessments import AssessmentSource, AssessmentSourceType

__all__ = ["AssessmentSource", "AssessmentSourceType"]
