"""What people and judges say about stored traces, written over the collector's API.

Owns: `Assessor`, the part of `reading.Reader` that logs, changes, overrides and deletes assessments.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from spanhouse.assessments import Assessment, AssessmentSource, AssessmentSourceType, error_of
from spanhouse.errors import TraceNotFound
from spanhouse.http_api import HttpApi, hex_id, of_trace, segment


class Assessor(ABC):
    """Writes assessments through the API that a subclass finds."""

    @abstractmethod
    def _api(self, project: str | None = None) -> HttpApi: ...

    def log_assessment(self, trace_id: str, assessment: Assessment) -> Assessment:
        """Log a `Feedback` or an `Expectation` that was made before."""
        log = {"trace_id": trace_id, "name": assessment.name, "value": assessment.value, "source": assessment.source}
        log |= {"metadata": assessment.metadata, "span_id": assessment.span_id or None}
        if assessment.kind == "expectation":
            return self.log_expectation(**log)
        return self.log_feedback(**log, error=assessment.error, rationale=assessment.rationale or None)

    def log_feedback(
        self,
        *,
        trace_id: str,
        name: str = "feedback",
        value: Any = None,
        source: Any = None,
        error: Any = None,
        rationale: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        span_id: str | None = None,
    ) -> Assessment:
        """Say how good a trace, or one of its spans, was. It may come before the trace itself."""
        if value is None and error is None:
            raise ValueError("log_feedback() wants a value or an error")
        body = {"name": name, "kind": "feedback", "value": value, "error": error_of(error)}
        body["source"] = AssessmentSource.of(source, AssessmentSourceType.CODE).to_dict()
        return self._log(trace_id, body, rationale, metadata, span_id)

    def log_expectation(
        self,
        *,
        trace_id: str,
        name: str,
        value: Any,
        source: Any = None,
        metadata: Mapping[str, Any] | None = None,
        span_id: str | None = None,
    ) -> Assessment:
        """Say what would have been right."""
        if value is None:
            raise ValueError("log_expectation() wants a value")
        body = {"name": name, "kind": "expectation", "value": value}
        body["source"] = AssessmentSource.of(source, AssessmentSourceType.HUMAN).to_dict()
        return self._log(trace_id, body, None, metadata, span_id)

    def _log(
        self,
        trace_id: str,
        body: dict[str, Any],
        rationale: str | None,
        metadata: Mapping[str, Any] | None,
        span_id: str | None,
    ) -> Assessment:
        more = {"rationale": rationale, "metadata": dict(metadata) if metadata else None, "span_id": span_id}
        sent = {key: value for key, value in {**body, **more}.items() if value is not None}
        made = self._api().request("POST", of_trace(trace_id, "assessments"), sent)
        return Assessment.from_dict({**sent, **(made or {})}, hex_id(trace_id))

    def update_assessment(
        self,
        trace_id: str,
        assessment_id: str,
        assessment: Assessment | None = None,
        *,
        value: Any = None,
        rationale: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        source: Any = None,
    ) -> Assessment:
        """Change a feedback or an expectation; what is not given stays. *assessment* gives what the others do not."""
        if assessment is not None:
            value = assessment.value if value is None else value
            rationale = rationale or assessment.rationale or None
            metadata = metadata or assessment.metadata
            source = source or assessment.source
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
        trace_id: str,
        assessment_id: str,
        value: Any,
        rationale: str | None = None,
        source: Any = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Assessment:
        """Disagree with a feedback: the new one counts, the old one stays to be seen.

        Raises:
            TraceNotFound: the trace has no such feedback.

        """
        old = self.get_assessment(trace_id, assessment_id)
        body = {"name": old.name, "kind": old.kind, "value": value, "overrides": assessment_id}
        body["source"] = AssessmentSource.of(source, AssessmentSourceType.HUMAN).to_dict()
        return self._log(trace_id, body, rationale, metadata, old.span_id or None)

    def get_assessment(self, trace_id: str, assessment_id: str) -> Assessment:
        """One feedback or expectation.

        Raises:
            TraceNotFound: the trace has no such assessment.

        """
        listed = self._api().request("GET", of_trace(trace_id, "assessments")) or {}
        known = [Assessment.from_dict(item, hex_id(trace_id)) for item in listed.get("assessments") or ()]
        found = next((item for item in known if item.assessment_id == assessment_id), None)
        if found is None:
            raise TraceNotFound(f"trace {trace_id} has no assessment {assessment_id}")
        return found

    def delete_assessment(self, trace_id: str, assessment_id: str) -> None:
        """Remove a feedback or an expectation."""
        self._api().request("DELETE", of_trace(trace_id, "assessments") + f"/{segment(assessment_id)}")
