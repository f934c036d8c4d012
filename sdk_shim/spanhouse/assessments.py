"""What people and judges say about a trace.

Owns: `Assessment`, its two kinds, their values, the error of one and its source; from and to the API's JSON and
MLflow's.
"""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

import orjson

from spanhouse.errors import InvalidArgument

SOURCE_TYPES: Final = ("HUMAN", "LLM_JUDGE", "CODE", "SOURCE_TYPE_UNSPECIFIED")
STACK_CHARACTERS_MAX: Final = 65_536  # as much as the collector takes


class AssessmentSourceType:
    """Who may have given an assessment."""

    HUMAN: Final = "HUMAN"
    LLM_JUDGE: Final = "LLM_JUDGE"
    AI_JUDGE: Final = "AI_JUDGE"  # MLflow's old word for LLM_JUDGE
    CODE: Final = "CODE"
    SOURCE_TYPE_UNSPECIFIED: Final = "SOURCE_TYPE_UNSPECIFIED"


@dataclass
class AssessmentSource:
    """Who gave an assessment. The type may be in any case of letters.

    Raises:
        InvalidArgument: the type is none of `AssessmentSourceType`.

    """

    source_type: str = AssessmentSourceType.CODE
    source_id: str = "default"

    def __post_init__(self) -> None:
        word = str(self.source_type).upper()
        if word == AssessmentSourceType.AI_JUDGE:
            warnings.warn("AI_JUDGE is an old word: use LLM_JUDGE", FutureWarning, stacklevel=3)
            word = AssessmentSourceType.LLM_JUDGE
        if word not in SOURCE_TYPES:
            raise InvalidArgument(f"source_type={self.source_type!r}: it is one of {', '.join(SOURCE_TYPES)}")
        self.source_type = word

    def to_dict(self) -> dict[str, str]:
        """As JSON."""
        return {"source_type": self.source_type, "source_id": self.source_id}

    to_dictionary = to_dict

    @classmethod
    def from_dictionary(cls, made: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(str(made.get("source_type") or "CODE"), str(made.get("source_id") or "default"))

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
            return cls(given) if given.upper() in SOURCE_TYPES else cls(default_type, given)
        return cls(str(getattr(given, "source_type", default_type)), str(getattr(given, "source_id", "default")))


@dataclass
class AssessmentError:
    """Why there is no value."""

    error_code: str | None
    error_message: str | None = None
    stack_trace: str | None = None

    @classmethod
    def of(cls, error: Any) -> AssessmentError | None:
        """From an exception, a dict, a sentence, itself, or nothing.

        Raises:
            InvalidArgument: it is none of these.

        """
        if error is None or isinstance(error, cls):
            return error
        if isinstance(error, str):
            return cls("ASSESSMENT_ERROR", error)
        if isinstance(error, Mapping):
            return cls(*(error.get(name) or None for name in cls.__dataclass_fields__))
        if isinstance(error, BaseException):
            stack = "".join(traceback.format_exception(error))[-STACK_CHARACTERS_MAX:]
            return cls(type(error).__qualname__, str(error), stack)
        raise InvalidArgument(f"error={error!r:.100}: an exception, an AssessmentError, a dict or a sentence is meant")

    def to_dict(self) -> dict[str, str]:
        """As JSON; what there is not is left out."""
        return {name: value for name, value in vars(self).items() if value is not None}

    to_dictionary = to_dict

    @classmethod
    def from_dictionary(cls, made: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(*(made.get(name) for name in cls.__dataclass_fields__))


@dataclass
class FeedbackValue:
    """What a feedback says."""

    value: Any = None
    error: AssessmentError | None = None

    def to_dictionary(self) -> dict[str, Any]:
        """As JSON, as MLflow has it."""
        return {"value": self.value, **({"error": self.error.to_dict()} if self.error else {})}

    @classmethod
    def from_dictionary(cls, made: Mapping[str, Any]) -> Self:
        """From JSON."""
        return cls(made.get("value"), AssessmentError.of(made.get("error")))


@dataclass
class ExpectationValue:
    """What an expectation says."""

    value: Any = None

    def to_dictionary(self) -> dict[str, Any]:
        """As JSON, as MLflow has it."""
        if self.value is None or isinstance(self.value, (str, bool, int, float)):
            return {"value": self.value}
        text = orjson.dumps(self.value, str).decode()
        return {"serialized_value": {"value": text, "serialization_format": "JSON_FORMAT"}}

    @classmethod
    def from_dictionary(cls, made: Mapping[str, Any]) -> Self:
        """From JSON."""
        serialized = made.get("serialized_value")
        return cls(orjson.loads(serialized["value"]) if serialized else made.get("value"))


@dataclass(init=False)
class Assessment:
    """A feedback (a judgement) or an expectation (what would have been right); None is what was not said.

    Raises:
        InvalidArgument: it is both.

    """

    name: str
    source: AssessmentSource
    trace_id: str | None
    run_id: str | None
    rationale: str | None
    metadata: dict[str, Any] | None
    span_id: str | None
    create_time_ms: int | None
    last_update_time_ms: int | None
    assessment_id: str | None
    error: AssessmentError | None
    expectation: ExpectationValue | None
    feedback: FeedbackValue | None
    overrides: str | None
    valid: bool

    def __init__(
        self,
        name: str,
        source: Any = None,
        trace_id: str | None = None,
        run_id: str | None = None,
        rationale: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        span_id: str | None = None,
        create_time_ms: int | None = None,
        last_update_time_ms: int | None = None,
        assessment_id: str | None = None,
        error: Any = None,
        expectation: ExpectationValue | None = None,
        feedback: FeedbackValue | None = None,
        overrides: str | None = None,
        valid: bool = True,
        *,
        value: Any = None,
        kind: str | None = None,
    ) -> None:
        if expectation is None and feedback is None:
            if kind == "expectation":
                expectation = ExpectationValue(value)
            else:
                feedback = FeedbackValue(value)
        if expectation is not None and (feedback is not None or error is not None):
            raise InvalidArgument("an assessment is a feedback or an expectation; only a feedback has an error")
        self.name, self.run_id = name, run_id
        usual = AssessmentSourceType.HUMAN if expectation is not None else AssessmentSourceType.CODE
        self.source = AssessmentSource.of(source, usual)
        self.trace_id, self.span_id, self.assessment_id = trace_id, span_id, assessment_id
        self.rationale, self.metadata = rationale, dict(metadata) if metadata else None
        self.create_time_ms, self.last_update_time_ms = create_time_ms, last_update_time_ms
        self.error = AssessmentError.of(error) or (feedback.error if feedback is not None else None)
        if feedback is not None:
            feedback.error = self.error
        self.expectation, self.feedback = expectation, feedback
        self.overrides, self.valid = overrides, valid

    @property
    def kind(self) -> str:
        """`feedback` or `expectation`."""
        return "feedback" if self.expectation is None else "expectation"

    @property
    def value(self) -> Any:
        """What it says."""
        said = self.expectation or self.feedback
        return None if said is None else said.value

    @value.setter
    def value(self, value: Any) -> None:
        said = self.expectation or self.feedback
        if said is not None:
            said.value = value

    @classmethod
    def from_dict(cls, made: Mapping[str, Any], trace_id: str = "") -> Assessment:
        """A `Feedback` or an `Expectation` from the API's JSON or MLflow's; what it does not know is left out."""
        feedback, expectation = made.get("feedback"), made.get("expectation")
        shared: dict[str, Any] = {
            "name": str(made.get("name") or made.get("assessment_name") or ""),
            "source": _stored_source(made.get("source")),
            "trace_id": str(made.get("trace_id") or trace_id).removeprefix("tr-") or None,
            "assessment_id": made.get("assessment_id") or made.get("id") or None,
            "metadata": made.get("metadata"),
            "create_time_ms": _milliseconds(made, "create_time"),
            "last_update_time_ms": _milliseconds(made, "last_update_time"),
            "valid": bool(made.get("valid", True)),
            **{name: made.get(name) or None for name in ("span_id", "run_id", "rationale", "overrides")},
        }
        if expectation is not None:
            return Expectation(value=ExpectationValue.from_dictionary(expectation).value, **shared)
        if (made.get("kind") or made.get("type")) == "expectation":
            return Expectation(value=made.get("value"), **shared)
        said = FeedbackValue.from_dictionary(made if feedback is None else feedback)
        return Feedback(value=said.value, error=AssessmentError.of(made.get("error")) or said.error, **shared)

    @classmethod
    def from_dictionary(cls, made: Mapping[str, Any]) -> Assessment:
        """MLflow's name for `from_dict`."""
        return cls.from_dict(made)

    def to_dict(self) -> dict[str, Any]:
        """As the API has it."""
        made = {name: value for name, value in vars(self).items() if name not in ("feedback", "expectation")}
        made.update(value=self.value, kind=self.kind, source=self.source.to_dict(), metadata=dict(self.metadata or {}))
        made["error"] = self.error.to_dict() if self.error else None
        return made

    def to_dictionary(self) -> dict[str, Any]:
        """As MLflow has it; what there is not is left out."""
        made: dict[str, Any] = {
            **{name: getattr(self, name) for name in ("assessment_id", "trace_id", "span_id", "run_id")},
            "assessment_name": self.name,
            "source": self.source.to_dict(),
            "create_time": _moment(self.create_time_ms),
            "last_update_time": _moment(self.last_update_time_ms),
            "feedback": self.feedback and self.feedback.to_dictionary(),
            "expectation": self.expectation and self.expectation.to_dictionary(),
            **{name: getattr(self, name) for name in ("rationale", "metadata", "overrides", "valid")},
        }
        return {name: value for name, value in made.items() if value is not None}


class Feedback(Assessment):
    """A judgement, to be logged with `log_assessment`."""

    def __init__(
        self, name: str = "feedback", value: Any = None, error: Any = None, source: Any = None, **members: Any
    ) -> None:
        super().__init__(name, source, error=error, feedback=FeedbackValue(value), **members)

    @property
    def error_code(self) -> str | None:
        """The code of its error."""
        return self.error.error_code if self.error else None

    @property
    def error_message(self) -> str | None:
        """The message of its error."""
        return self.error.error_message if self.error else None


class Expectation(Assessment):
    """What would have been right, to be logged with `log_assessment`."""

    def __init__(self, name: str, value: Any = None, source: Any = None, **members: Any) -> None:
        super().__init__(name, source, expectation=ExpectationValue(value), **members)


def _stored_source(given: Any) -> AssessmentSource:
    """As it stands, also where it has a word of somebody else's."""
    source = AssessmentSource()
    if isinstance(given, Mapping):
        source.source_type = str(given.get("source_type") or source.source_type)
        source.source_id = str(given.get("source_id") or source.source_id)
    elif isinstance(given, AssessmentSource):
        return given
    return source


def _milliseconds(made: Mapping[str, Any], name: str) -> int | None:
    if (nanoseconds := made.get(f"{name}_unix_nano")) is not None:
        return int(nanoseconds) // 1_000_000
    given = made.get(f"{name}_ms", made.get(name))
    if isinstance(given, str) and not given.isdecimal():
        return int(datetime.fromisoformat(given).timestamp() * 1_000)
    return None if given is None else int(given)


def _moment(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
