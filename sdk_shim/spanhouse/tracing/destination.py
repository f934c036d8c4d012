"""MLflow's `mlflow.tracing.destination`: a project, as an object.

Owns: `MlflowExperiment`, which `set_destination` takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from spanhouse.entities.trace_location import MlflowExperimentLocation

__all__ = ["MlflowExperiment", "MlflowExperimentLocation", "TraceDestination"]


class TraceDestination:
    """Where traces go."""


@dataclass
class MlflowExperiment(TraceDestination):
    """A project."""

    experiment_id: str | None = None
