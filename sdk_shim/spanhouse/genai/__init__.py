"""Evaluation of generative-AI applications, under the names of `mlflow.genai`.

Owns the public names, and nothing else: `evaluate` runs an application over rows of data and scores what it answered,
`scorer` and `make_judge` make scorers, `compare_evaluations` says which of two evaluations was better and how surely.
"""

from __future__ import annotations

from spanhouse.genai import judges, scorers
from spanhouse.genai.comparison import ComparisonResult, ScorerComparison, compare_evaluations
from spanhouse.genai.evaluation import evaluate
from spanhouse.genai.judges import make_judge
from spanhouse.genai.results import EvaluationResult
from spanhouse.genai.scorers import Scorer, scorer

__all__ = [
    "ComparisonResult",
    "EvaluationResult",
    "Scorer",
    "ScorerComparison",
    "compare_evaluations",
    "evaluate",
    "judges",
    "make_judge",
    "scorer",
    "scorers",
]
