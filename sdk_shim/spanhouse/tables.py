"""Traces as a table, for pandas or Arrow.

Owns: the columns (MLflow's names first). The libraries are imported only here, when they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spanhouse.extracted_fields import Field
from spanhouse.trace_data import Trace

INFO_COLUMNS = ("name", "project", "service_name", "session_id", "user_id", "span_count", "error_count",
                "input_tokens", "output_tokens", "total_tokens", "cost_usd")  # fmt: skip


def as_table(traces: Sequence[Trace], return_type: str, fields: Sequence[Field] = ()) -> Any:
    """One row a trace: a DataFrame, *fields* behind it, or a pyarrow Table whose nested columns are JSON text."""
    if return_type == "pandas":
        import pandas

        rows = [{**row(trace), **{field.heading: field.of(trace) for field in fields}} for trace in traces]
        return pandas.DataFrame(rows, columns=[*_COLUMNS, *(field.heading for field in fields)])
    import orjson
    import pyarrow

    plain = [
        {key: orjson.dumps(value, str).decode() if key in _NESTED else value for key, value in row(trace).items()}
        for trace in traces
    ]
    return pyarrow.Table.from_pylist(plain, schema=_arrow_schema(pyarrow))


def row(trace: Trace) -> dict[str, Any]:
    """One trace as a row."""
    info = trace.info
    return {
        "trace_id": info.trace_id,
        "trace": trace.to_json(),
        "client_request_id": info.client_request_id,
        "state": info.state,
        "request_time": info.request_time,
        "execution_duration": info.execution_duration,
        "request": trace.data.request if trace.spans else info.request_preview,
        "response": trace.data.response if trace.spans else info.response_preview,
        "trace_metadata": dict(info.trace_metadata),
        "tags": dict(info.tags),
        "spans": [span.to_dict() for span in trace.spans],
        "assessments": [assessment.to_dict() for assessment in info.assessments],
        **{name: getattr(info, name) for name in INFO_COLUMNS},
    }


_NESTED = frozenset({"request", "response", "trace_metadata", "tags", "spans", "assessments"})
_INTEGERS = frozenset({"request_time", "execution_duration", "span_count", "error_count", "input_tokens",
                       "output_tokens", "total_tokens"})  # fmt: skip
_COLUMNS = ("trace_id", "trace", "client_request_id", "state", "request_time", "execution_duration", "request",
            "response", "trace_metadata", "tags", "spans", "assessments", *INFO_COLUMNS)  # fmt: skip


def _arrow_schema(pyarrow: Any) -> Any:
    kinds = {name: pyarrow.int64() if name in _INTEGERS else pyarrow.string() for name in _COLUMNS}
    kinds["cost_usd"] = pyarrow.float64()
    return pyarrow.schema(list(kinds.items()))
