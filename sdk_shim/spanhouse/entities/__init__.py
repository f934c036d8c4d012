"""MLflow's `mlflow.entities`: what is written on spans and what is read back, under its names.

Owns: nothing but the names; each is the module's that makes it.
"""

from __future__ import annotations

from spanhouse.assessments import (
    Assessment,
    AssessmentError,
    AssessmentSource,
    AssessmentSourceType,
    Expectation,
    ExpectationValue,
    Feedback,
    FeedbackValue,
)
from spanhouse.live_span import LiveSpan, NoOpSpan
from spanhouse.places import Experiment, MlflowExperimentLocation, TraceLocation, TraceLocationType
from spanhouse.span_entities import Document, Link, SpanEvent, SpanLogLevel
from spanhouse.span_status import SpanStatus, SpanStatusCode
from spanhouse.span_types import SpanType
from spanhouse.trace_data import Session, Span, Trace, TraceData, TraceInfo, TraceState

__all__ = [
    "Assessment",
    "AssessmentError",
    "AssessmentSource",
    "AssessmentSourceType",
    "Document",
    "Expectation",
    "ExpectationValue",
    "Experiment",
    "Feedback",
    "FeedbackValue",
    "Link",
    "LiveSpan",
    "MlflowExperimentLocation",
    "NoOpSpan",
    "Session",
    "Span",
    "SpanEvent",
    "SpanLogLevel",
    "SpanStatus",
    "SpanStatusCode",
    "SpanType",
    "Trace",
    "TraceData",
    "TraceInfo",
    "TraceLocation",
    "TraceLocationType",
    "TraceState",
]
