"""What people and judges say about stored traces, written over the collector's API.

Owns: `Assessor`, the part of `reading.Reader` that logs, changes, overrides and deletes assessments.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from spanhouse.assessments import Assessment, AssessmentSource, AssessmentSourceType, Expectation, Feedback
from spanhouse.errors import InvalidArgument, TraceNotFound
from spanhouse.faults import FAULTS
from spanhouse.http_api import HttpApi, hex_id, of_trace, segment


class Assessor(ABC):
    """Writes assessments through the API that a subclass finds."""

    @abstractmethod
    def _api(self, project: str | None = None) -> HttpApi: ...

    def log_assessment(self, trace_id: str | None, assessment: Assessment) -> Assessment:
        """Log a `Feedback` or an `Expectation` that was made before.

        Without a *trace_id*, of what is not traced, this and its like do nothing: they answer what was to be logged.
        """
        return self._log(trace_id, assessment)

    def log_feedback(
        self,
        *,
        trace_id: str | None,
        name: str = "feedback",
        value: Any = None,
        source: Any = None,
        error: Any = None,
        rationale: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        span_id: str | None = None,
    ) -> Assessment:
        """Say how good a trace, or one of its spans, was. It may come before the trace itself."""
        made = Feedback(name, value, error, source, rationale=rationale, metadata=metadata, span_id=span_id)
        return self._log(trace_id, made)

    def log_expectation(
        self,
        *,
        trace_id: str | None,
        name: str,
        value: Any,
        source: Any = None,
        metadata: Mapping[str, Any] | None = None,
        span_id: str | None = None,
    ) -> Assessment:
        """Say what would have been right."""
        if value is None:
            raise InvalidArgument("log_expectation() wants a value")
        return self._log(trace_id, Expectation(name, value, source, metadata=metadata, span_id=span_id))

    def _log(self, trace_id: str | None, assessment: Assessment) -> Assessment:
        if not trace_id:
            FAULTS.count("no_current_trace")
            return assessment
        error = assessment.error
        sent = {
            "name": assessment.name,
            "kind": assessment.kind,
            "value": assessment.value,
            "error": error.to_dict() if error is not None else None,
            "source": assessment.source.to_dict(),
            "rationale": assessment.rationale or None,
            "metadata": assessment.metadata or None,
            "span_id": assessment.span_id or None,
            "overrides": assessment.overrides or None,
        }
        sent = {key: value for key, value in sent.items() if value is not None}
        made = self._api().request("POST", of_trace(trace_id, "assessments"), sent)
        return Assessment.from_dict({**sent, **(made or {})}, hex_id(trace_id))

    def update_assessment(
        self,
        trace_id: str | None,
        assessment_id: str | None,
        assessment: Assessment | None = None,
        *,
        value: Any = None,
        rationale: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        source: Any = None,
    ) -> Assessment:
        """Change a feedback or an expectation; what is not given stays, keys of the metadata too. *assessment* gives
        what the others do not.
        """
        if assessment is not None:
            value = assessment.value if value is None else value
            rationale = rationale or assessment.rationale or None
            metadata = metadata or assessment.metadata
            source = source or assessment.source
        if not trace_id or not assessment_id:
            FAULTS.count("no_current_trace")
            return assessment or Feedback(value=value, source=source, rationale=rationale, metadata=metadata)
        if metadata:
            metadata = {**(self.get_assessment(trace_id, assessment_id).metadata or {}), **metadata}
        body: dict[str, Any] = {
            "value": value,
            "rationale": rationale,
            "metadata": dict(metadata) if metadata else None,
        }
        if source is not None:
            body["source"] = AssessmentSource.of(source, AssessmentSourceType.HUMAN).to_dict()
        sent = {key: item for key, item in body.items() if item is not None}
        path = of_trace(trace_id, "assessments") + f"/{segment(assessment_id)}"
        made = self._api().request("PATCH", path, sent)
        return Assessment.from_dict({"assessment_id": assessment_id, **sent, **(made or {})}, hex_id(trace_id))

    def override_feedback(
        self,
        *,
        trace_id: str | None,
        assessment_id: str | None,
        value: Any,
        rationale: str | None = None,
        source: Any = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Assessment:
        """Disagree with a feedback: the new one counts, the old one stays to be seen.

        Raises:
            TraceNotFound: the trace has no such feedback.

        """
        source = AssessmentSource.of(source, AssessmentSourceType.HUMAN)
        more: dict[str, Any] = {"rationale": rationale, "metadata": metadata, "overrides": assessment_id}
        if not trace_id or not assessment_id:
            return self._log(None, Feedback(value=value, source=source, **more))
        old = self.get_assessment(trace_id, assessment_id)
        kind = Expectation if old.kind == "expectation" else Feedback
        return self._log(trace_id, kind(old.name, value, source=source, span_id=old.span_id, **more))

    def get_assessment(self, trace_id: str | None, assessment_id: str | None) -> Assessment:
        """One feedback or expectation.

        Raises:
            TraceNotFound: the trace has no such assessment.

        """
        if not trace_id or not assessment_id:
            raise TraceNotFound("get_assessment() wants the ids of a trace and of what was said of it")
        listed = self._api().request("GET", of_trace(trace_id, "assessments")) or {}
        known = [Assessment.from_dict(item, hex_id(trace_id)) for item in listed.get("assessments") or ()]
        found = next((item for item in known if item.assessment_id == assessment_id), None)
        if found is None:
            raise TraceNotFound(f"trace {trace_id} has no assessment {assessment_id}")
        return found

    def delete_assessment(self, trace_id: str | None, assessment_id: str | None) -> None:
        """Remove a feedback or an expectation."""
        if not trace_id or not assessment_id:
            FAULTS.count("no_current_trace")
            return
        self._api().request("DELETE", of_trace(trace_id, "assessments") + f"/{segment(assessment_id)}")
