"""Spans, traces, tags and assessments that are known, in tables that look like the real ones.

Owns the scratch tables (with the indexes the filter is written for), their rows, and reading answers. Rows are drawn
from small pools with a fixed seed, so that conditions hold for some and not for others; the pools hold what is awkward:
empty texts, numbers as text, numbers beyond a double, missing keys, signs of SQL.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from spanhouse_collector.storage.engine import Connection, quoted
from tests.builders import SECOND_NS, START_UNIX_NANO

Row = dict[str, Any]
TRACES: Final = 24
SPANS: Final = 90

TEXTS: Final = ("", "alpha", "beta", "it's", "100%", "a_b", "Ünïcode", "back\\slash", "x\ny", "-- ;")
WORDS: Final = {
    "span_type": ("LLM", "TOOL", "AGENT", "UNKNOWN"),
    "kind": ("INTERNAL", "CLIENT"),
    "status_code": ("UNSET", "OK", "ERROR"),
    "usage_scope": ("own", "aggregate", "none"),
}
DOCUMENTS: Final = (
    "",
    "The refund policy, in short.",
    "policy about a REFUND of gpt-4o",
    "gpt 4o mini",
    "Ünïcode wörds; naïve",
    "100% of a_b",
    "it's -- not ; a comment\nsecond line",
    "foo.bar(baz)",
)
KEYS: Final = ("model", "n", "status", "a b", "it's", "gen_ai.request.model", 'quo"te', "deep.0.key")
VALUES: Final = (
    "gpt-4o",
    "gpt-4",
    "",
    "42",
    "42.0",
    "-1.5e3",
    "9007199254740993",
    "9007199254740992",
    "true",
    "false",
    "nan",
    "inf",
    "alpha",
    "100%",
    "it's",
)
COUNTS: Final = (None, 0, 1, 42, 9007199254740993, 2**64 - 1)
COSTS: Final = (None, 0.0, 0.1, 0.25, 1.5)
DURATIONS: Final = (0, 1, 200_000_000, 1_500_000_000, 3_600_000_000_000)
TIMES: Final = tuple(START_UNIX_NANO + offset for offset in (0, 1, SECOND_NS, 60 * SECOND_NS))
LISTS: Final[tuple[list[str], ...]] = ([], ["alpha"], ["alpha", "it's"], ["beta", "100%"])

_TEXT_COLUMNS: Final = str.split(
    "name status_message error_type service_name scope_name scope_version operation provider framework "
    "request_model response_model model response_id cost_source session_id user_id agent_name tool_name "
    "prompt_name trace_state"
)
_COUNT_COLUMNS: Final = str.split(
    "input_tokens output_tokens total_tokens cache_read_input_tokens cache_write_input_tokens reasoning_output_tokens"
)
_ALWAYS_COUNTS: Final = str.split(
    "flags dropped_attributes_count dropped_events_count dropped_links_count mapping_version"
)
_LIST_COLUMNS: Final = ("finish_reasons", "tags", "dialects", "events.name", "links.trace_id", "links.span_id")
_MAPS: Final = ("attributes", "resource_attributes", "scope_attributes")
_TIME: Final = "DateTime64(9, 'UTC')"
_LOW: Final = "LowCardinality(String)"

_SPAN_COLUMNS: Final = {
    "project": _LOW,
    "trace_id": "String",
    "span_id": "String",
    **dict.fromkeys(("parent_span_id", "pending_span_id", "pending_parent_span_id"), "String"),
    **dict.fromkeys(_TEXT_COLUMNS, _LOW),
    **dict.fromkeys(("response_id", "session_id", "user_id", "status_message", "trace_state"), "String"),
    **dict.fromkeys(WORDS, _LOW),
    "input": "String",
    "output": "String",
    **dict.fromkeys(_COUNT_COLUMNS, "Nullable(UInt64)"),
    **dict.fromkeys(_ALWAYS_COUNTS, "UInt32"),
    "cost_usd": "Nullable(Float64)",
    "duration_ns": "UInt64",
    "ttft_ns": "Nullable(UInt64)",
    **dict.fromkeys(("start_time", "end_time", "received_at"), _TIME),
    "is_error": "Bool",
    "is_pending": "Bool",
    **dict.fromkeys(_LIST_COLUMNS, f"Array({_LOW})"),
    **dict.fromkeys(_MAPS, "Map(LowCardinality(String), String)"),
}
_TRACE_COLUMNS: Final = {
    "project": _LOW,
    "trace_id": "String",
    **dict.fromkeys(("name", "service_name", "session_id", "user_id", "state"), "String"),
    **dict.fromkeys(("start_time", "end_time"), _TIME),
    **dict.fromkeys(("duration_ns", "span_count", "error_count"), "UInt64"),
    **dict.fromkeys(("input_tokens", "output_tokens", "total_tokens"), "Nullable(UInt64)"),
    "cost_usd": "Nullable(Float64)",
    "models": "Array(String)",
}
_TAG_COLUMNS: Final = dict.fromkeys(("project", "trace_id", "key", "value"), "String")
_ASSESSMENT_COLUMNS: Final = {
    **dict.fromkeys(("project", "trace_id", "span_id", "kind", "name", "value_kind", "value_text"), "String"),
    "value_number": "Nullable(Float64)",
    "value_bool": "Nullable(Bool)",
}
_SPAN_INDEXES: Final = (
    "INDEX i1 lowerUTF8(input) TYPE text(tokenizer = 'splitByNonAlpha')",
    "INDEX i2 lowerUTF8(output) TYPE text(tokenizer = 'splitByNonAlpha')",
    "INDEX i3 mapKeys(attributes) TYPE text(tokenizer = 'array')",
    "INDEX i4 mapValues(attributes) TYPE text(tokenizer = 'array', "
    "preprocessor = if(length(mapValues(attributes)) > 256, '', substring(mapValues(attributes), 1, 64)))",
)


@dataclass
class Dataset:
    """The rows of the four tables."""

    spans: list[Row] = field(default_factory=list)
    traces: list[Row] = field(default_factory=list)
    trace_tags: list[Row] = field(default_factory=list)
    assessments: list[Row] = field(default_factory=list)

    def spans_of(self, trace: Row) -> list[Row]:
        return [span for span in self.spans if _key(span) == _key(trace)]

    def trace_of(self, span: Row) -> Row:
        return next(trace for trace in self.traces if _key(trace) == _key(span))

    def tags_of(self, row: Row) -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in self.trace_tags if _key(tag) == _key(row)}

    def assessments_of(self, row: Row) -> list[Row]:
        return [assessment for assessment in self.assessments if _key(assessment) == _key(row)]


def _key(row: Row) -> tuple[str, str]:
    return row["project"], row["trace_id"]


def make_span(number: int, trace: Row, draw: random.Random) -> Row:
    parent = draw.choice(("", f"{number - 1:016x}"))
    linked = draw.choice(LISTS)
    return {
        "project": trace["project"],
        "trace_id": trace["trace_id"],
        "span_id": f"{number:016x}",
        "parent_span_id": parent,
        "pending_span_id": draw.choice(("", "", parent)),
        "pending_parent_span_id": draw.choice(("", f"{number:016x}")),
        **{column: draw.choice(TEXTS) for column in _TEXT_COLUMNS},
        **{column: draw.choice(words) for column, words in WORDS.items()},
        **{column: draw.choice(DOCUMENTS) for column in ("input", "output")},
        **{column: draw.choice(COUNTS) for column in _COUNT_COLUMNS},
        **{column: draw.choice((0, 1, 42)) for column in _ALWAYS_COUNTS},
        "cost_usd": draw.choice(COSTS),
        "duration_ns": draw.choice(DURATIONS),
        "ttft_ns": draw.choice((None, *DURATIONS)),
        "start_time": draw.choice(TIMES),
        "end_time": draw.choice((0, *TIMES)),
        "received_at": draw.choice(TIMES),
        "is_error": draw.random() < 0.4,
        "is_pending": draw.random() < 0.2,
        **{column: draw.choice(LISTS) for column in _LIST_COLUMNS},
        "links.trace_id": linked,
        "links.span_id": linked[::-1],
        **{column: {key: draw.choice(VALUES) for key in KEYS if draw.random() < 0.5} for column in _MAPS},
    }


def make_trace(number: int, draw: random.Random) -> Row:
    return {
        "project": draw.choice(("p1", "p2")),
        "trace_id": f"{number // 2 + 1:032x}" if number < 4 else f"{number:032x}",
        **{column: draw.choice(TEXTS) for column in ("name", "service_name", "session_id", "user_id")},
        "state": draw.choice(("OK", "ERROR", "IN_PROGRESS")),
        "start_time": draw.choice(TIMES),
        "end_time": draw.choice(TIMES),
        "duration_ns": draw.choice(DURATIONS),
        "span_count": draw.choice((1, 3, 42)),
        "error_count": draw.choice((0, 1)),
        **{column: draw.choice(COUNTS) for column in ("input_tokens", "output_tokens", "total_tokens")},
        "cost_usd": draw.choice(COSTS),
        "models": draw.choice(LISTS),
    }


def make_assessment(span: Row, draw: random.Random) -> Row:
    kind, value = draw.choice(
        (("number", 0.25), ("number", 42.0), ("boolean", True), ("boolean", False), ("text", "alpha"), ("text", "it's"))
    )
    return {
        "project": span["project"],
        "trace_id": span["trace_id"],
        "span_id": draw.choice(("", span["span_id"])),
        "kind": draw.choice(("feedback", "expectation")),
        "name": draw.choice(("quality", "a b")),
        "value_kind": kind,
        "value_text": str(value).lower() if kind == "boolean" else str(value),
        "value_number": value if kind == "number" else None,
        "value_bool": value if kind == "boolean" else None,
    }


def make_dataset(seed: int = 7) -> Dataset:
    """A trace has one span at least; the same trace id occurs in two projects."""
    draw = random.Random(seed)
    data = Dataset()
    drawn = [make_trace(number, draw) for number in range(TRACES)]
    data.traces = list({_key(trace): trace for trace in drawn}.values())
    data.traces[1] |= {"trace_id": data.traces[0]["trace_id"], "project": "p3"}
    for number in range(1, SPANS + 1):
        trace = data.traces[number] if number < len(data.traces) else draw.choice(data.traces)
        data.spans.append(make_span(number, trace, draw))
    data.spans.append(make_span(SPANS + 1, data.traces[0], draw))
    for trace in data.traces:
        for key in ("model", "a b", "it's"):
            if draw.random() < 0.5:
                data.trace_tags.append({**_keys(trace), "key": key, "value": draw.choice(VALUES)})
    data.assessments = [make_assessment(draw.choice(data.spans), draw) for _ in range(30)]
    return data


def _keys(row: Row) -> Row:
    return {"project": row["project"], "trace_id": row["trace_id"]}


def create(connection: Connection, data: Dataset) -> None:
    """Create the tables of an empty database and fill them."""
    tables = (
        ("spans", _SPAN_COLUMNS, _SPAN_INDEXES, data.spans),
        ("traces", _TRACE_COLUMNS, (), data.traces),
        ("trace_tags", _TAG_COLUMNS, (), data.trace_tags),
        ("assessments", _ASSESSMENT_COLUMNS, (), data.assessments),
    )
    for table, columns, indexes, rows in tables:
        defined = ", ".join([*(f"`{name}` {kind}" for name, kind in columns.items()), *indexes])
        connection.execute(
            f"CREATE TABLE {table} ({defined}) ENGINE = MergeTree ORDER BY (project, trace_id) "
            "SETTINGS index_granularity = 8"
        )
        if not rows:
            continue
        lines = "\n".join(json.dumps(_json(row, columns)) for row in rows)
        structure = ", ".join(f"`{name}` {kind}" for name, kind in columns.items())
        connection.execute(
            f"INSERT INTO {table} SELECT * FROM format(JSONEachRow, {quoted(structure)}, {quoted(lines)})"
        )


def _json(row: Row, columns: dict[str, str]) -> Row:
    return {name: _time_text(row[name]) if columns[name] == _TIME else row[name] for name in columns}


def _time_text(unix_nano: int) -> str:
    seconds, rest = divmod(unix_nano, SECOND_NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:09d}"


def plain_span(number: int, trace: int | None = None, **fields: Any) -> Row:
    """A span of which nothing is known but what is given; its trace has its number unless another is given."""
    blank: Row = {
        **{name: "" if kind in (_LOW, "String") else None for name, kind in _SPAN_COLUMNS.items()},
        **dict.fromkeys(_ALWAYS_COUNTS, 0),
        **dict.fromkeys(("duration_ns", "start_time", "end_time", "received_at"), 0),
        **dict.fromkeys(("is_error", "is_pending"), False),
        **{column: [] for column in _LIST_COLUMNS},
        **{column: {} for column in _MAPS},
    }
    ids = {"project": "p1", "trace_id": f"{trace or number:032x}", "span_id": f"{number:016x}"}
    return {**blank, **ids, **fields}


def plain_trace(number: int, **fields: Any) -> Row:
    """The same for a trace."""
    blank: Row = {
        **{name: "" if kind in (_LOW, "String") else None for name, kind in _TRACE_COLUMNS.items()},
        **dict.fromkeys(("duration_ns", "span_count", "error_count", "start_time", "end_time"), 0),
        "models": [],
    }
    return {**blank, "project": "p1", "trace_id": f"{number:032x}", **fields}


def dataset_of(spans: list[Row], traces: dict[int, Row] | None = None) -> Dataset:
    """The spans and their traces, of which `traces` says more."""
    ids = sorted({int(span["trace_id"], 16) for span in spans})
    return Dataset(spans=spans, traces=[plain_trace(number, **(traces or {}).get(number, {})) for number in ids])
