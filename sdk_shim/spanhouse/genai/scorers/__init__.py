"""`spanhouse.genai.scorers`: the decorator, the class, and the scorers that are there already."""

from __future__ import annotations

from spanhouse.genai.scorers.by_code import PIIDetection, RegexMatch, ResponseLength
from spanhouse.genai.scorers.by_model import (
    Completeness,
    Correctness,
    Equivalence,
    ExpectationsGuidelines,
    Fluency,
    Guidelines,
    RelevanceToQuery,
    RetrievalGroundedness,
    RetrievalRelevance,
    RetrievalSufficiency,
    Safety,
    Summarization,
)
from spanhouse.genai.scoring import Scorer, ScorerTimeout, scorer

__all__ = [
    "Completeness",
    "Correctness",
    "Equivalence",
    "ExpectationsGuidelines",
    "Fluency",
    "Guidelines",
    "PIIDetection",
    "RegexMatch",
    "RelevanceToQuery",
    "ResponseLength",
    "RetrievalGroundedness",
    "RetrievalRelevance",
    "RetrievalSufficiency",
    "Safety",
    "Scorer",
    "ScorerTimeout",
    "Summarization",
    "get_all_scorers",
    "scorer",
]


def get_all_scorers() -> list[Scorer]:
    """An instance of each built-in scorer that needs no argument."""
    kinds = (Completeness, Correctness, Equivalence, ExpectationsGuidelines, Fluency, PIIDetection, RelevanceToQuery,
             RetrievalGroundedness, RetrievalRelevance, RetrievalSufficiency, Safety, Summarization)  # fmt: skip
    return [kind() for kind in kinds]
