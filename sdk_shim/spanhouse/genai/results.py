"""What an evaluation found.

Owns: `EvaluationResult` with its metrics, its table and whether it passed. pandas is imported only for `result_df`.
"""

from __future__ import annotations

import logging
import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from spanhouse.assessments import Feedback
from spanhouse.genai.rows import Row
from spanhouse.genai.scoring import Aggregation, Scorer

if TYPE_CHECKING:
    import pandas

logger = logging.getLogger(__name__)

YES: Final = "yes"
_WORDS: Final = {"yes": 1.0, "no": 0.0}
_NEEDS_PASS_IF: Final = "is neither true nor yes: say with pass_if what is good enough"


@dataclass
class RowResult:
    """What became of one row. `error` says why the application did not answer."""

    row: Row
    trace_id: str | None = None
    outputs: Any = None
    error: str | None = None
    feedbacks: list[Feedback] = field(default_factory=list)
    duration_s: float = 0.0

    def value(self, name: str) -> Any:
        """The value of the first feedback of this name; None where there is none."""
        return next((feedback.value for feedback in self.feedbacks if feedback.name == name), None)


@dataclass
class EvaluationResult:
    """All rows, in the order of the data, and their sums. `run_id` is on every trace and feedback."""

    run_id: str
    rows: list[RowResult]
    metrics: dict[str, float]
    pass_criteria: dict[str, Callable[[Any], bool]] = field(default_factory=dict)

    @property
    def result_df(self) -> pandas.DataFrame:
        """One row a row, with `<name>/value`, `<name>/rationale` and `<name>/error_message` of each scorer."""
        import pandas

        return pandas.DataFrame([self._cells(result) for result in self.rows])

    @property
    def tables(self) -> dict[str, Any]:
        """MLflow's older name for `result_df`."""
        return {"eval_results": self.result_df}

    def _cells(self, result: RowResult) -> dict[str, Any]:
        cells: dict[str, Any] = {"trace_id": result.trace_id}
        for feedback in result.feedbacks:
            cells[f"{feedback.name}/value"] = feedback.value
            cells[f"{feedback.name}/rationale"] = feedback.rationale
            cells[f"{feedback.name}/error_message"] = feedback.error_message
        return {
            **cells,
            "request_id": result.row.request_id,
            "request": result.row.inputs,
            "response": result.outputs,
            "expectations": result.row.expectations,
            "error": result.error,
            "execution_duration": round(result.duration_s * 1000),
        }

    @property
    def passed(self) -> bool:
        """Whether every value that there is, is good enough, and no scorer failed."""
        return not self._failures()

    @property
    def reason(self) -> str:
        """Why it did not pass; empty when it did."""
        return "; ".join(
            f"{name}: {detail}" + (f" ({count} rows)" if count > 1 else "")
            for (name, detail), count in self._failures().items()
        )

    def _failures(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for feedback in (each for result in self.rows for each in result.feedbacks):
            detail = self._failure(feedback)
            if detail is not None:
                found[feedback.name, detail] = found.get((feedback.name, detail), 0) + 1
        return found

    def _failure(self, feedback: Feedback) -> str | None:
        if feedback.error is not None:
            return feedback.error_message or feedback.error_code or "error"
        criterion = self.pass_criteria.get(feedback.name)
        if criterion is not None:
            return None if criterion(feedback.value) else f"{feedback.value!r} is not good enough"
        if feedback.value is True or str(feedback.value).lower() == YES:
            return None
        if feedback.value is False or str(feedback.value).lower() == "no":
            return f"{feedback.value!r}"
        return f"{feedback.value!r} {_NEEDS_PASS_IF}"

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value:.3g}" for name, value in sorted(self.metrics.items()))
        return f"EvaluationResult(run_id={self.run_id!r}, rows={len(self.rows)}, {shown or 'no metrics'})"


def number_of(value: Any) -> float | None:
    """A feedback's value as a number: yes and no are 1 and 0, other text is none."""
    if isinstance(value, (bool, int, float)):
        return float(value) if math.isfinite(value) else None
    return _WORDS.get(value.lower()) if isinstance(value, str) else None


def metrics_of(results: Iterable[RowResult], scorers: Sequence[Scorer]) -> dict[str, float]:
    """`<name>/<aggregation>` of every feedback name that has numbers; the mean, unless its scorer says otherwise."""
    values: dict[str, list[float]] = {}
    for feedback in (each for result in results for each in result.feedbacks):
        number = number_of(feedback.value)
        if number is not None:
            values.setdefault(feedback.name, []).append(number)
    by_name = {scorer.name: scorer for scorer in scorers}
    metrics: dict[str, float] = {}
    for name, numbers in values.items():
        scorer = by_name.get(name) or by_name.get(name.partition("/")[0])
        aggregations = ("mean",) if scorer is None or scorer.aggregations is None else scorer.aggregations
        for aggregation in aggregations:
            metrics.update(_aggregated(name, aggregation, numbers))
    return metrics


def _aggregated(name: str, aggregation: Aggregation, numbers: Sequence[float]) -> Mapping[str, float]:
    if isinstance(aggregation, str):
        return {f"{name}/{aggregation}": _AGGREGATED[aggregation](numbers)}
    try:
        return {f"{name}/{aggregation.__name__}": float(aggregation(numbers))}
    except Exception as error:  # noqa: BLE001 - an aggregation is somebody else's code
        logger.warning("aggregation %s of %s failed: %s", aggregation, name, error)
        return {}


def _p90(numbers: Sequence[float]) -> float:
    """The 90th percentile, linear between the two nearest numbers."""
    ordered = sorted(numbers)
    place = 0.9 * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


_AGGREGATED: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "min": min,
    "max": max,
    "mean": statistics.fmean,
    "median": statistics.median,
    "variance": statistics.pvariance,
    "p90": _p90,
}
