"""An assessment: what may be said, the row it is stored as, and its JSON.

Owns the limits, what kind a value is, and both directions of the mapping. Pure. Leaves reading and writing, versions
and overrides to `assessments`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from spanhouse_collector.errors import MalformedRequest

Kind = Literal["feedback", "expectation"]
ValueKind = Literal["null", "number", "boolean", "text", "category", "json"]
SOURCE_TYPES: Final = ("HUMAN", "LLM_JUDGE", "CODE")
FEEDBACK: Final = "feedback"
EXPECTATION: Final = "expectation"

NAME_CHARS_MAX: Final = 250
SOURCE_ID_CHARS_MAX: Final = 250
VALUE_BYTES_MAX: Final = 64 << 10
VALUE_DEPTH_MAX: Final = 100  # of lists and objects in each other
CATEGORY_CHARS_MAX: Final = 250
RATIONALE_CHARS_MAX: Final = 64 << 10
STACK_TRACE_CHARS_MAX: Final = 64 << 10
METADATA_KEYS_MAX: Final = 50
METADATA_KEY_CHARS_MAX: Final = 250
METADATA_VALUE_CHARS_MAX: Final = 8_000

SECOND_NS: Final = 1_000_000_000
NUMBER_MAX: Final = sys.float_info.max


@dataclass(frozen=True)
class Source:
    """Who says it."""

    source_type: str
    source_id: str


@dataclass(frozen=True)
class AssessmentError:
    """Why there is no value."""

    error_code: str = ""
    error_message: str = ""
    stack_trace: str = ""


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """One version of an assessment. `value` is JSON text; `overrides` the assessment that this one replaces."""

    project: str
    trace_id: str
    assessment_id: str
    name: str
    kind: str
    value: str = "null"
    value_kind: str = "null"
    span_id: str = ""
    rationale: str = ""
    source: Source
    metadata: Mapping[str, str] = field(default_factory=dict)
    error: AssessmentError | None = None
    overrides: str = ""
    valid: bool = True
    state: str = "current"
    version: int = 1
    create_time_unix_nano: int
    last_update_time_unix_nano: int

    def to_row(self) -> dict[str, Any]:
        """As a row of `assessment_versions`, for JSONEachRow."""
        value = json.loads(self.value)
        error = self.error or AssessmentError()
        return {
            **{name: getattr(self, name) for name in PLAIN_COLUMNS},
            "value_number": float(value) if self.value_kind == "number" else None,
            "value_bool": value if self.value_kind == "boolean" else None,
            "value_text": _searched_text(value, self.value),
            "source_type": self.source.source_type,
            "source_id": self.source.source_id,
            "metadata": dict(self.metadata),
            "error_code": error.error_code,
            "error_message": error.error_message,
            "error_stack_trace": error.stack_trace,
            "create_time": decimal_seconds(self.create_time_unix_nano),
            "received_at": decimal_seconds(self.last_update_time_unix_nano),
        }

    @classmethod
    def from_row(cls, columns: Mapping[str, Any]) -> Assessment:
        """From the columns that `SELECTED` names."""
        error = AssessmentError(columns["error_code"], columns["error_message"], columns["error_stack_trace"])
        return cls(
            **{name: columns[name] for name in PLAIN_COLUMNS},
            source=Source(columns["source_type"], columns["source_id"]),
            metadata=columns["metadata"],
            error=None if error == AssessmentError() else error,
            create_time_unix_nano=columns["create_time_unix_nano"],
            last_update_time_unix_nano=columns["last_update_time_unix_nano"],
        )

    def to_json(self) -> dict[str, Any]:
        """As the API has it."""
        return {
            "assessment_id": self.assessment_id,
            "trace_id": self.trace_id,
            "project": self.project,
            "span_id": self.span_id,
            "name": self.name,
            "kind": self.kind,
            "value": json.loads(self.value),
            "value_kind": self.value_kind,
            "rationale": self.rationale,
            "source": vars(self.source),
            "metadata": dict(self.metadata),
            "error": None if self.error is None else vars(self.error),
            "create_time_unix_nano": self.create_time_unix_nano,
            "last_update_time_unix_nano": self.last_update_time_unix_nano,
            "overrides": self.overrides,
            "valid": self.valid,
            "version": self.version,
        }


PLAIN_COLUMNS: Final = (
    *("project", "trace_id", "assessment_id", "name", "kind", "value", "value_kind", "span_id", "rationale"),
    *("overrides", "valid", "state", "version"),
)
SELECTED: Final = (
    f"{', '.join(PLAIN_COLUMNS)}, source_type, source_id, metadata, error_code, error_message, error_stack_trace, "
    "toUnixTimestamp64Nano(create_time) AS create_time_unix_nano, "
    "toUnixTimestamp64Nano(received_at) AS last_update_time_unix_nano"
)


def decimal_seconds(unix_nano: int) -> str:
    """A time as the engine reads it exactly."""
    return f"{unix_nano // SECOND_NS}.{unix_nano % SECOND_NS:09d}"


def value_text(value: Any) -> str:
    """A value as JSON text.

    Raises:
        MalformedRequest: it is too large, or nothing that JSON can say.

    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size_bytes = len(text.encode())
    except (ValueError, RecursionError) as error:  # not a number, half a surrogate pair, too deep
        raise MalformedRequest(f"the value is nothing that JSON can say: {error}") from error
    if size_bytes > VALUE_BYTES_MAX:
        raise MalformedRequest(f"the value has {size_bytes} bytes as JSON: value_bytes_max is {VALUE_BYTES_MAX}")
    if not _is_shallow(value, VALUE_DEPTH_MAX):
        raise MalformedRequest(f"the value is nested more deeply than value_depth_max={VALUE_DEPTH_MAX}")
    return text


def _is_shallow(value: Any, depth_max: int) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return depth_max > 0 and all(_is_shallow(item, depth_max - 1) for item in items)


def value_kind(value: Any, *, is_category: bool = False) -> ValueKind:
    """What a value is; a text is a category when its author says so.

    Raises:
        MalformedRequest: a category that is no short text, or a number beyond what doubles hold.

    """
    if is_category:
        if not isinstance(value, str) or not 0 < len(value) <= CATEGORY_CHARS_MAX:
            raise MalformedRequest(f"a category is a text of 1 to {CATEGORY_CHARS_MAX} characters")
        return "category"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        if abs(value) > NUMBER_MAX:
            raise MalformedRequest(f"the value is a number beyond {NUMBER_MAX}", hint="send it as text")
        return "number"
    return "text" if isinstance(value, str) else "json"


def checked_metadata(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Metadata as texts; a value that is none, as its JSON.

    Raises:
        MalformedRequest: too many keys, or one that is too long; says which limit.

    """
    if len(metadata) > METADATA_KEYS_MAX:
        raise MalformedRequest(f"metadata has {len(metadata)} keys: metadata_keys_max is {METADATA_KEYS_MAX}")
    texts = {key: value if isinstance(value, str) else value_text(value) for key, value in metadata.items()}
    for key, text in texts.items():
        if not 0 < len(key) <= METADATA_KEY_CHARS_MAX or len(text) > METADATA_VALUE_CHARS_MAX:
            raise MalformedRequest(
                f"metadata {key[:60]!r}: a key has 1 to {METADATA_KEY_CHARS_MAX} characters, "
                f"a value at most {METADATA_VALUE_CHARS_MAX}"
            )
        _check_encodable(key, text)
    return texts


def _check_encodable(*texts: str) -> None:
    try:
        "".join(texts).encode()
    except UnicodeEncodeError as error:
        raise MalformedRequest(f"half a surrogate pair: {error}") from error


def check_whole(assessment: Assessment) -> None:
    """Refuse an assessment that says nothing.

    Raises:
        MalformedRequest: no value where there must be one.

    """
    if assessment.error == AssessmentError():
        raise MalformedRequest("an error has an error_code, an error_message or a stack_trace")
    if assessment.kind == EXPECTATION and (assessment.error is not None or assessment.value_kind == "null"):
        raise MalformedRequest("an expectation has a value, and no error")


def _searched_text(value: Any, text: str) -> str:
    """What the filter compares with text: a text itself, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else text
