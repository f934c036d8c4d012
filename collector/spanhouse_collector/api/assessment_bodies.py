"""Assessments as JSON: new ones, changes to them, and as they are answered.

Owns what a request may hold and how its fields become those of the query floor.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from spanhouse_collector.api.written import OptionalSpanId
from spanhouse_collector.query import assessment_record as record
from spanhouse_collector.query.assessments import Draft

Name = Annotated[str, Field(min_length=1, max_length=record.NAME_CHARS_MAX, examples=["correctness"])]
Rationale = Annotated[str, Field(max_length=record.RATIONALE_CHARS_MAX)]
Value = Annotated[Any, Field(description=f"Any JSON, of at most {record.VALUE_BYTES_MAX} bytes")]
Metadata = Annotated[
    dict[str, Any], Field(max_length=record.METADATA_KEYS_MAX, description="What is no text is kept as its JSON")
]


class SourceBody(BaseModel):
    """Who says it."""

    model_config = ConfigDict(extra="forbid")

    source_type: Literal["HUMAN", "LLM_JUDGE", "CODE"]
    source_id: Annotated[str, Field(max_length=record.SOURCE_ID_CHARS_MAX)] = "default"

    def source(self) -> record.Source:
        """The same for the query floor."""
        return record.Source(self.source_type, self.source_id)


class ErrorOfAssessment(BaseModel):
    """Why there is no value."""

    model_config = ConfigDict(extra="forbid")

    error_code: Annotated[str, Field(max_length=record.NAME_CHARS_MAX)] = ""
    error_message: Annotated[str, Field(max_length=record.RATIONALE_CHARS_MAX)] = ""
    stack_trace: Annotated[str, Field(max_length=record.STACK_TRACE_CHARS_MAX)] = ""


class AssessmentDraft(BaseModel):
    """A new assessment. Without a source, feedback is said to come from CODE and an expectation from a HUMAN."""

    model_config = ConfigDict(extra="forbid")

    name: Name = "feedback"
    kind: Literal["feedback", "expectation"] = "feedback"
    value: Value = None
    value_kind: Annotated[
        Literal["category"] | None, Field(description="`category`: the text is one of a few; else the value says")
    ] = None
    span_id: OptionalSpanId | None = None
    rationale: Rationale | None = None
    source: SourceBody | None = None
    metadata: Metadata | None = None
    error: ErrorOfAssessment | None = None
    overrides: Annotated[
        str | None, Field(pattern="^$|^a-[0-9a-f]{32}$", description="The assessment that this one replaces")
    ] = None

    def draft(self) -> Draft:
        """The same for the query floor."""
        usual: Literal["HUMAN", "CODE"] = "HUMAN" if self.kind == record.EXPECTATION else "CODE"
        return Draft(
            name=self.name,
            kind=self.kind,
            source=(self.source or SourceBody(source_type=usual)).source(),
            value=self.value,
            is_category=self.value_kind is not None,
            span_id=(self.span_id or "").lower(),
            rationale=self.rationale or "",
            metadata=self.metadata or {},
            error=None if self.error is None else record.AssessmentError(**self.error.model_dump()),
            overrides=self.overrides or "",
        )


class AssessmentChange(BaseModel):
    """What to change of an assessment; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    value: Value = None
    value_kind: Literal["category"] | None = None
    rationale: Rationale | None = None
    source: SourceBody | None = None
    metadata: Metadata | None = None
    error: ErrorOfAssessment | None = None

    def changes(self) -> dict[str, Any]:
        """The fields that were sent. A null says that there is none, where there may be none."""
        given: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        empty: dict[str, Any] = {"rationale": "", "metadata": {}}
        changes = {name: empty.get(name) if value is None else value for name, value in given.items()}
        for name in ("name", "source"):
            if changes.get(name, "") is None:
                del changes[name]
        if "value_kind" in changes:
            changes["is_category"] = changes.pop("value_kind") is not None
        if isinstance(source := changes.get("source"), SourceBody):
            changes["source"] = source.source()
        if isinstance(error := changes.get("error"), ErrorOfAssessment):
            changes["error"] = record.AssessmentError(**error.model_dump())
        return changes


class AssessmentBody(BaseModel):
    """One version of an assessment."""

    assessment_id: str
    trace_id: str
    project: str
    span_id: str
    name: str
    kind: Literal["feedback", "expectation"]
    value: Any
    value_kind: Literal["null", "number", "boolean", "text", "category", "json"]
    rationale: str
    source: SourceBody
    metadata: dict[str, str]
    error: ErrorOfAssessment | None
    create_time_unix_nano: int
    last_update_time_unix_nano: int
    overrides: str
    valid: bool
    version: int
