"""Traces and spans that MLflow wrote as JSON, in the shape of the collector's API.

Owns: telling them apart, ids in base64, attributes that are JSON text each, and which of them are columns. MLflow 3's
shape and 2's.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from spanhouse import semconv

PREFIX: Final = "mlflow."
INPUTS: Final = "mlflow.spanInputs"
OUTPUTS: Final = "mlflow.spanOutputs"
SPAN_TYPE: Final = "mlflow.spanType"
TOKENS: Final = "mlflow.chat.tokenUsage"
COST: Final = "mlflow.llm.cost"
MODEL: Final = "mlflow.llm.model"
PLUMBING: Final = frozenset({"mlflow.traceRequestId", "mlflow.experimentId", "mlflow.spanStartTimeNs"})
"""What MLflow keeps on spans for itself."""
RENAMED: Final = {
    "mlflow.spanDescription": semconv.DESCRIPTION,
    "mlflow.spanLogLevel": semconv.LOG_LEVEL,
    "mlflow.chat.tools": semconv.TOOL_DEFINITIONS,
    "mlflow.llm.provider": semconv.PROVIDER,
    MODEL: semconv.REQUEST_MODEL,
}
TOKEN_NAMES: Final = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "total_tokens": "total_tokens",
    "cache_read_input_tokens": "cache_read_input_tokens",
    "cache_creation_input_tokens": "cache_write_input_tokens",
}
LOG_LEVELS: Final = {10: "DEBUG", 20: "INFO", 30: "WARNING", 40: "ERROR", 50: "CRITICAL"}
_HEX: Final = re.compile("(tr-|0x)?([0-9a-fA-F]{32}|[0-9a-fA-F]{16})")


def is_mlflow_span(made: Mapping[str, Any]) -> bool:
    """Whether this is a span as MLflow has it."""
    return isinstance(made.get("context"), Mapping) or isinstance(made.get("status"), Mapping)


def is_mlflow_info(made: Mapping[str, Any]) -> bool:
    """Whether this is a trace's info as MLflow has it."""
    return any(name in made for name in ("trace_location", "request_time", "request_metadata", "timestamp_ms"))


def columns_of_span(made: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the API's span."""
    ids: Mapping[str, Any] = made.get("context") or made
    status: Mapping[str, Any] = made.get("status") or {}
    code = str(status.get("code") or made.get("status_code") or "UNSET").removeprefix("STATUS_CODE_")
    said = {key: _loaded(value) for key, value in (made.get("attributes") or {}).items()}
    return {
        "trace_id": hex_of(_said_trace_id(said) or ids.get("trace_id")),
        "span_id": hex_of(ids.get("span_id")),
        "parent_span_id": hex_of(made.get("parent_span_id") or made.get("parent_id")) or None,
        "name": str(made.get("name", "")),
        "start_time_unix_nano": made.get("start_time_unix_nano") or made.get("start_time") or 0,
        "end_time_unix_nano": made.get("end_time_unix_nano") or made.get("end_time"),
        "status_code": code if code in ("OK", "ERROR") else "UNSET",
        "status_message": status.get("message") or made.get("status_message") or "",
        "span_type": str(said.get(SPAN_TYPE) or "UNKNOWN"),
        "attributes": _attributes(said),
        **_usage(said),
        "events": [_event(event) for event in made.get("events") or ()],
        "links": [{**link, "trace_id": hex_of(link.get("trace_id")), "span_id": hex_of(link.get("span_id"))}
                  for link in made.get("links") or ()],
    }  # fmt: skip


def _said_trace_id(said: Mapping[str, Any]) -> Any:
    """MLflow 2 names a trace otherwise than OpenTelemetry does: by an id that its spans carry."""
    named = said.get("mlflow.traceRequestId")
    return named if isinstance(named, str) and _HEX.fullmatch(named) else None


def _attributes(said: Mapping[str, Any]) -> dict[str, Any]:
    from spanhouse.span_types import attributes_of, input_key, output_key

    span_type = str(said.get(SPAN_TYPE) or "UNKNOWN")
    made: dict[str, Any] = dict(attributes_of(span_type, ""))
    for key, value in said.items():
        if key in (INPUTS, OUTPUTS):
            name = input_key(span_type) if key == INPUTS else output_key(span_type)
            is_plain = isinstance(value, (str, bool, int, float))
            if value is not None:
                made[name] = value if is_plain else orjson.dumps(value, str).decode()
            if name in (semconv.INPUT, semconv.OUTPUT) and not is_plain:
                made[semconv.INPUT_MIME_TYPE if key == INPUTS else semconv.OUTPUT_MIME_TYPE] = semconv.JSON
        elif key == "mlflow.spanLogLevel":
            made[semconv.LOG_LEVEL] = LOG_LEVELS.get(value, value)
        elif key not in PLUMBING and key not in (SPAN_TYPE, TOKENS, COST):
            made[RENAMED.get(key, key)] = value
    return made


def _usage(said: Mapping[str, Any]) -> dict[str, Any]:
    tokens, cost = said.get(TOKENS), said.get(COST)
    made: dict[str, Any] = {"model": said.get(MODEL)}
    if isinstance(tokens, Mapping):
        made |= {name: tokens[key] for key, name in TOKEN_NAMES.items() if tokens.get(key) is not None}
    if isinstance(cost, Mapping):
        made["cost_usd"] = cost.get("total_cost")
    return {name: value for name, value in made.items() if value is not None}


def _event(made: Mapping[str, Any]) -> dict[str, Any]:
    attributes = {key: _loaded(value) for key, value in (made.get("attributes") or {}).items()}
    moment = made.get("time_unix_nano", made.get("timestamp"))
    return {"name": made.get("name", ""), "time_unix_nano": int(moment or 0), "attributes": attributes}


def columns_of_info(made: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the API's info."""
    metadata = dict(made.get("trace_metadata") or made.get("request_metadata") or {})
    tags = dict(made.get("tags") or {})
    place = ((made.get("trace_location") or {}).get("mlflow_experiment") or {}).get("experiment_id")
    duration_ms = made.get("execution_duration_ms", made.get("execution_time_ms", made.get("execution_duration")))
    tokens, cost = _loaded(metadata.get("mlflow.trace.tokenUsage")), _loaded(metadata.get("mlflow.trace.cost"))
    columns = {
        "trace_id": hex_of(made.get("trace_id") or made.get("request_id")),
        "project": place or made.get("experiment_id"),
        "name": tags.get("mlflow.traceName"),
        "start_time_unix_nano": _nanoseconds(made.get("request_time", made.get("timestamp_ms"))),
        "duration_ns": None if duration_ms is None else _duration_ns(duration_ms),
        "state": made.get("state") or made.get("status"),
        "session_id": metadata.get("mlflow.trace.session"),
        "user_id": metadata.get("mlflow.trace.user"),
        "input_preview": made.get("request_preview") or metadata.get("mlflow.traceInputs"),
        "output_preview": made.get("response_preview") or metadata.get("mlflow.traceOutputs"),
        "client_request_id": made.get("client_request_id"),
        "tags": tags,
        "trace_metadata": metadata,
        "assessments": list(made.get("assessments") or ()),
        **{name: tokens[key] for key, name in TOKEN_NAMES.items() if isinstance(tokens, dict) and key in tokens},
        "cost_usd": cost.get("total_cost") if isinstance(cost, dict) else None,
    }  # fmt: skip
    return {name: value for name, value in columns.items() if value is not None}


def hex_of(given: Any) -> str:
    """An id in lower-case hex: from hex with or without a prefix, or from base64; what is neither stays as it is."""
    text = str(given or "")
    if found := _HEX.fullmatch(text):
        return found[2].lower()
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text.removeprefix("tr-")
    return raw.hex() if len(raw) in (8, 16) else text.removeprefix("tr-")


def _loaded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value


def _nanoseconds(moment: Any) -> int:
    if isinstance(moment, str) and not moment.isdecimal():
        whole, _, fraction = moment.removesuffix("Z").partition(".")
        seconds = int(datetime.fromisoformat(whole + "+00:00").timestamp())
        return seconds * 1_000_000_000 + int(fraction.ljust(9, "0")[:9] or 0)
    return int(moment or 0) * 1_000_000


def _duration_ns(duration: Any) -> int:
    """From milliseconds, or from protobuf's `1.5s`."""
    if isinstance(duration, str) and duration.endswith("s"):
        return round(float(duration[:-1]) * 1e9)
    return int(duration) * 1_000_000
