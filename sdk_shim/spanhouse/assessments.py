"""What people and judges say about a trace.

Owns: `Assessment`, its two kinds and its source, from and to the API's JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

SOURCE_TYPES: Final = ("HUMAN", "LLM_JUDGE", "CODE")


class AssessmentSourceType:
    """Who may have given an assessment."""

    HUMAN: Final = "HUMAN"
    LLM_JUDGE: Final = "LLM_JUDGE"
    CODE: Final = "CODE"


@dataclass(frozen=True)
class AssessmentSource:
    """Who gave an assessment."""

    source_type: str = AssessmentSourceType.CODE
    source_id: str = "default"

    def to_dict(self) -> dict[str, str]:
        """As JSON."""
        return {"source_type": self.source_type, "source_id": self.source_id}

    @classmethod
    def of(cls, given: Any, default_type: str) -> AssessmentSource:
        """A source from itself, a dict, a word, or nothing."""
        if isinstance(given, cls):
            return given
        if given is None:
            return cls(default_type)
        if isinstance(given, Mapping):
            return cls(str(given.get("source_type") or given.get("type") or default_type),
                       str(given.get("source_id") or given.get("id") or "default"))  # fmt: skip
        if isinstance(given, str):
            return cls(given) if given in SOURCE_TYPES else cls(default_type, given)
        return cls(str(getattr(given, "source_type", default_type)), str(getattr(given, "source_id", "default")))


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """A feedback (a judgement) or an expectation (what would have been right)."""

    name: str
    value: Any = None
    kind: str = "feedback"
    source: AssessmentSource = field(default_factory=AssessmentSource)
    trace_id: str = ""
    span_id: str = ""
    assessment_id: str = ""
    rationale: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None
    overrides: str = ""
    valid: bool = True
    create_time_unix_nano: int = 0
    last_update_time_unix_nano: int = 0

    @classmethod
    def from_dict(cls, made: Mapping[str, Any], trace_id: str = "") -> Self:
        """From the API's JSON; what it does not know is left out."""
        return cls(
            name=str(made.get("name", "")),
            value=made.get("value"),
            kind=str(made.get("kind") or made.get("type") or "feedback"),
            source=AssessmentSource.of(made.get("source"), AssessmentSourceType.CODE),
            trace_id=str(made.get("trace_id") or trace_id),
            span_id=str(made.get("span_id") or ""),
            assessment_id=str(made.get("assessment_id") or made.get("id") or ""),
            rationale=str(made.get("rationale") or ""),
            metadata=dict(made.get("metadata") or {}),
            error=made.get("error"),
            overrides=str(made.get("overrides") or ""),
            valid=bool(made.get("valid", True)),
            create_time_unix_nano=int(made.get("create_time_unix_nano") or 0),
            last_update_time_unix_nano=int(made.get("last_update_time_unix_nano") or 0),
        )

    @property
    def create_time_ms(self) -> int:
        """When it was given, in milliseconds of Unix time."""
        return self.create_time_unix_nano // 1_000_000

    @property
    def last_update_time_ms(self) -> int:
        """When it was changed last, in milliseconds of Unix time."""
        return self.last_update_time_unix_nano // 1_000_000

    @property
    def feedback(self) -> Self | None:
        """Itself, if it is a feedback: MLflow's `assessment.feedback.value`."""
        return self if self.kind == "feedback" else None

    @property
    def expectation(self) -> Self | None:
        """Itself, if it is an expectation."""
        return self if self.kind == "expectation" else None

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**vars(self), "source": self.source.to_dict(), "metadata": dict(self.metadata)}


class Feedback(Assessment):
    """A judgement, to be logged with `log_assessment`."""

    def __init__(
        self, name: str = "feedback", value: Any = None, error: Any = None, source: Any = None, **members: Any
    ) -> None:
        given = AssessmentSource.of(source, AssessmentSourceType.CODE)
        super().__init__(**members, name=name, value=value, error=error_of(error), source=given, kind="feedback")


class Expectation(Assessment):
    """What would have been right, to be logged with `log_assessment`."""

    def __init__(self, name: str, value: Any, source: Any = None, **members: Any) -> None:
        given = AssessmentSource.of(source, AssessmentSourceType.HUMAN)
        super().__init__(**members, name=name, value=value, source=given, kind="expectation")


def error_of(error: Any) -> dict[str, Any] | None:
    """An error as JSON: from an exception, a dict, a sentence, or nothing."""
    if error is None:
        return None
    if isinstance(error, Mapping):
        return dict(error)
    if isinstance(error, str):
        return {"error_code": "ASSESSMENT_ERROR", "error_message": error}
    return {"error_code": type(error).__qualname__, "error_message": str(error)}
