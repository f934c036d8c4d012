"""Where traces are, in MLflow's words: an experiment is a project here.

Owns: the entities of places, and `Experiment`, what `set_experiment` answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self


class TraceLocationType(StrEnum):
    """The kinds of places that there are."""

    MLFLOW_EXPERIMENT = "MLFLOW_EXPERIMENT"


@dataclass
class MlflowExperimentLocation:
    """A project."""

    experiment_id: str

    def to_dict(self) -> dict[str, str]:
        """As JSON."""
        return {"experiment_id": self.experiment_id}


@dataclass
class TraceLocation:
    """Where a trace is."""

    type: TraceLocationType = TraceLocationType.MLFLOW_EXPERIMENT
    mlflow_experiment: MlflowExperimentLocation | None = None

    @classmethod
    def from_experiment_id(cls, experiment_id: str) -> Self:
        """A project's."""
        return cls(mlflow_experiment=MlflowExperimentLocation(experiment_id))

    def to_dict(self) -> dict[str, object]:
        """As JSON."""
        place = self.mlflow_experiment
        return {"type": str(self.type), "mlflow_experiment": None if place is None else place.to_dict()}


@dataclass
class Experiment:
    """A project under the names of an experiment."""

    experiment_id: str
    name: str
    lifecycle_stage: str = "active"
    tags: dict[str, str] = field(default_factory=dict)
