"""The rows of an evaluation, from whatever form they were given in.

Owns: `Row` and the forms: a list of dict, a pandas DataFrame, a list of traces. Everything that cannot be is refused
before anything is called.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from spanhouse.errors import InvalidArgument
from spanhouse.trace_data import Trace

COLUMNS: Final = ("inputs", "outputs", "expectations", "trace", "tags", "source", "request_id")


@dataclass
class Row:
    """One question of an evaluation; `has_outputs` tells an answer of None from none."""

    inputs: Any = None
    outputs: Any = None
    expectations: dict[str, Any] = field(default_factory=dict)
    trace: Trace | None = None
    tags: dict[str, str] = field(default_factory=dict)
    source: Any = None
    request_id: str = ""
    has_outputs: bool = False

    @property
    def needs_prediction(self) -> bool:
        """Whether the application has to be asked."""
        return self.trace is None and not self.has_outputs


def rows_of(data: Any) -> list[Row]:
    """The rows of an evaluation.

    Raises:
        InvalidArgument: there are none, or one is not what it should be; says which.

    """
    records = _records(data)
    if not records:
        raise InvalidArgument("data is empty: an evaluation needs at least one row")
    rows = [_row(number, record) for number, record in enumerate(records)]
    without_root = sum(row.trace is not None and not row.trace.spans for row in rows)
    if without_root:
        warnings.warn(
            f"{without_root} of {len(rows)} traces have no spans, so their inputs and outputs are not known: "
            "read them with include_spans=True",
            stacklevel=3,
        )
    return rows


def _records(data: Any) -> list[Any]:
    if hasattr(data, "to_df") and not isinstance(data, type):
        data = data.to_df()
    if hasattr(data, "to_dict") and hasattr(data, "columns"):  # a DataFrame, without importing pandas
        return [_without_missing(record) for record in data.to_dict("records")]
    if isinstance(data, (list, tuple)):
        return [{"trace": item} if isinstance(item, Trace) else item for item in data]
    raise InvalidArgument(f"data is {type(data).__name__}: a list of dict, a DataFrame, or a list of Trace is meant")


def _without_missing(record: Mapping[Any, Any]) -> dict[str, Any]:
    """A DataFrame's row without the cells that pandas filled with NaN."""
    return {str(name): value for name, value in record.items() if value is not None and value == value}


def _row(number: int, record: Any) -> Row:
    if not isinstance(record, Mapping):
        raise InvalidArgument(f"row {number} is {type(record).__name__}: a dict with inputs or trace is meant")
    trace = _trace(number, record.get("trace"))
    if trace is None and "inputs" not in record:
        raise InvalidArgument(f"row {number} has neither inputs nor trace")
    inputs, outputs = record.get("inputs"), record.get("outputs")
    if trace is None and not isinstance(inputs, Mapping):
        raise InvalidArgument(f"row {number}: inputs is {type(inputs).__name__}, a dict of arguments is meant")
    expectations, tags = _dict(number, record, "expectations"), _dict(number, record, "tags")
    if any(not isinstance(name, str) for name in tags):
        raise InvalidArgument(f"row {number}: a key of tags is no text")
    has_outputs = "outputs" in record
    if trace is not None and trace.spans:
        inputs = inputs if "inputs" in record else trace.data.spans[0].inputs
        outputs = outputs if has_outputs else trace.data.spans[0].outputs
        has_outputs = True
        if "expectations" not in record:
            stated = trace.search_assessments(type="expectation")
            expectations = {each.name: each.value for each in stated}
    row = Row(
        dict(inputs) if isinstance(inputs, Mapping) else inputs, outputs, expectations, trace,
        {name: str(value) for name, value in tags.items()}, record.get("source"), has_outputs=has_outputs,
    )  # fmt: skip
    row.request_id = str(record.get("request_id") or "") or _hash(
        inputs, outputs, trace and trace.trace_id, expectations
    )
    return row


def _trace(number: int, given: Any) -> Trace | None:
    if given is None or isinstance(given, Trace):
        return given
    if isinstance(given, str):
        return Trace.from_json(given)
    if isinstance(given, Mapping):
        return Trace.from_dict(given)
    raise InvalidArgument(f"row {number}: trace is {type(given).__name__}, a Trace, its dict or its JSON is meant")


def _dict(number: int, record: Mapping[str, Any], name: str) -> dict[str, Any]:
    given = record.get(name)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise InvalidArgument(f"row {number}: {name} is {type(given).__name__}, a dict is meant")
    return dict(given)


def _hash(*candidates: Any) -> str:
    """SHA-256 of the first of these that says anything."""
    first = next((candidate for candidate in candidates if candidate), "")
    return hashlib.sha256(json.dumps(first, sort_keys=True, default=str).encode()).hexdigest()
