"""A line of a list of traces, as it is read back.

Owns: `TraceInfo` and `TraceState`, from the API's JSON or MLflow's; MLflow's names where it has one. A number that the
collector did not send is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from spanhouse.assessments import Assessment
from spanhouse.mlflow_format import columns_of_info, is_mlflow_info
from spanhouse.places import TraceLocation

USAGE_NAMES: Final = ("input_tokens", "output_tokens", "total_tokens", "cache_read_input_tokens",
                      "cache_write_input_tokens", "reasoning_output_tokens")  # fmt: skip


class TraceState(StrEnum):
    """How a trace went."""

    OK = "OK"
    ERROR = "ERROR"
    IN_PROGRESS = "IN_PROGRESS"
    STATE_UNSPECIFIED = "STATE_UNSPECIFIED"
    _missing_ = classmethod(lambda cls, value: cls.STATE_UNSPECIFIED)


@dataclass
class TraceInfo:
    """One line of a list of traces."""

    trace_id: str
    project: str = "default"
    name: str = ""
    start_time_unix_nano: int = 0
    duration_ns: int | None = None
    state: TraceState = TraceState.STATE_UNSPECIFIED
    service_name: str = ""
    session_id: str = ""
    user_id: str = ""
    span_count: int | None = None
    error_count: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cost_usd: float | None = None
    models: tuple[str, ...] = ()
    input_preview: str = ""
    output_preview: str = ""
    client_request_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    trace_metadata: dict[str, str] = field(default_factory=dict)
    assessments: list[Assessment] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_dict(cls, made: Mapping[str, Any]) -> Self:
        """From the API's JSON or MLflow's; members it does not know are in `extra`."""
        if is_mlflow_info(made):
            made = columns_of_info(made)
        known = {name: made[name] for name in cls.__dataclass_fields__ if made.get(name) is not None}
        trace_id = str(made.get("trace_id", ""))
        known.update(
            trace_id=trace_id,
            start_time_unix_nano=int(known.get("start_time_unix_nano") or 0),
            state=TraceState(known.get("state", "")),
            models=tuple(known.get("models") or ()),
            tags=(tags := _tags(made.get("tags"))),
            client_request_id=made.get("client_request_id") or tags.get("mlflow.clientRequestId"),
            trace_metadata=dict(made.get("metadata") or made.get("trace_metadata") or {}),
            assessments=[Assessment.from_dict(item, trace_id) for item in made.get("assessments") or ()],
            extra={name: value for name, value in made.items() if name not in cls.__dataclass_fields__},
        )
        for name in ("duration_ns", "span_count", "error_count", *USAGE_NAMES[:3]):
            if known.get(name) is not None:
                known[name] = int(known[name])
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """As the API has it."""
        made = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "extra"}
        made.update(models=list(self.models), tags=dict(self.tags), trace_metadata=dict(self.trace_metadata))
        made["assessments"] = [assessment.to_dict() for assessment in self.assessments]
        return {**self.extra, **made}

    @property
    def token_usage(self) -> dict[str, int] | None:
        """The tokens of the trace, each counted once; None when none were reported."""
        values = {name: getattr(self, name, None) or self.extra.get(name) for name in USAGE_NAMES}
        if not any((self.input_tokens, self.output_tokens, self.total_tokens)):
            return None
        return {name: int(value or 0) for name, value in values.items() if value is not None or name in USAGE_NAMES[:3]}

    @property
    def cost(self) -> dict[str, float] | None:
        """The cost in US dollars; None when it is not known."""
        if self.cost_usd is None:
            return None
        parts = {"input_cost": "input_cost_usd", "output_cost": "output_cost_usd"}
        made = {name: float(self.extra[key]) for name, key in parts.items() if self.extra.get(key) is not None}
        return {**made, "total_cost": float(self.cost_usd)}

    @property
    def request_time(self) -> int:
        """Start in milliseconds of Unix time."""
        return self.start_time_unix_nano // 1_000_000

    timestamp_ms = request_time

    @property
    def execution_duration(self) -> int | None:
        """Duration in milliseconds."""
        return None if self.duration_ns is None else self.duration_ns // 1_000_000

    execution_time_ms = execution_duration

    @property
    def request_id(self) -> str:
        """MLflow 2's name for `trace_id`."""
        return self.trace_id

    @property
    def status(self) -> str:
        """MLflow 2's name for `state`."""
        return self.state

    @property
    def request_metadata(self) -> dict[str, str]:
        """MLflow 2's name for `trace_metadata`."""
        return self.trace_metadata

    @property
    def experiment_id(self) -> str:
        """The project, where MLflow has an experiment."""
        return self.project

    @property
    def trace_location(self) -> TraceLocation:
        """The project as a place of MLflow."""
        return TraceLocation.from_experiment_id(self.project)

    @property
    def request_preview(self) -> str | None:
        """The beginning of the input; None where there is none."""
        return self.input_preview or None

    @property
    def response_preview(self) -> str | None:
        """The beginning of the output; None where there is none."""
        return self.output_preview or None


def _tags(given: Any) -> dict[str, str]:
    if isinstance(given, Mapping):
        return {str(key): str(value) for key, value in given.items()}
    return {str(tag): "" for tag in given or ()}
