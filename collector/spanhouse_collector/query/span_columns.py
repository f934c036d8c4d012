"""The skeleton of a trace as columns: one list a field, for traces of tens of thousands of spans.

Owns the shape: texts as a dictionary and indexes into it, parents as positions, times as offsets from a moment that is
told as text, because no number of JavaScript holds nanoseconds since 1970. Leaves what a span is called row by row to
`span_json`; the fields have the same names there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from spanhouse_collector.errors import MalformedRequest
from spanhouse_collector.model.trace_tree import MissingParent, TraceTree
from spanhouse_collector.model.trace_tree_info import ERROR, IN_PROGRESS, OK
from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.model.usage_owner import AGGREGATE, DUPLICATE, NONE, OWN
from spanhouse_collector.query.span_json import MISSING_PARENT

SPAN_ID_DIGITS: Final = 16
TEXTS: Final = ("name", "kind", "span_type", "service_name", "model", "agent_name", "tool_name")
NUMBERS: Final = ("duration_ns", "input_tokens", "output_tokens", "total_tokens", "cost_usd", "ttft_ns")
STATES: Final = (OK, ERROR, IN_PROGRESS)
USAGE_SCOPES: Final = (OWN, AGGREGATE, DUPLICATE, NONE)
_SCOPE_PLACES: Final = {scope: place for place, scope in enumerate(USAGE_SCOPES)}


def columns_of(tree: TraceTree, scopes: Sequence[str], origin_unix_nano: int) -> dict[str, Any]:
    """Every field of a skeleton as one list, in the order of showing.

    Raises:
        MalformedRequest: a span's id is not of sixteen digits, which OTLP cannot have sent.

    """
    fields = dict(zip(SpanRow._fields, zip(*tree.rows, strict=True), strict=True))
    span_ids = "".join(fields["span_id"])
    if set(map(len, fields["span_id"])) != {SPAN_ID_DIGITS}:
        raise MalformedRequest(f"a span id is not of {SPAN_ID_DIGITS} digits", hint="ask for format=rows")
    orphans = orphans_of(tree)
    starts, ends = fields["start_time_unix_nano"], fields["end_time_unix_nano"]
    return {
        "span_id": span_ids,
        "parent": tree.parents,
        "depth": tree.depths,
        "start_ns": [start + shift - origin_unix_nano for start, shift in zip(starts, tree.shifts_ns, strict=True)],
        "has_ended": [1 if end else 0 for end in ends],
        "clock_skew_ns": tree.shifts_ns,
        **{name: fields[name] for name in NUMBERS},
        **{name: _dictionary(fields[name]) for name in TEXTS},
        "state": {
            "values": STATES,
            "indexes": [
                2 if is_pending else int(is_error)
                for is_pending, is_error in zip(fields["is_pending"], fields["is_error"], strict=True)
            ],
        },
        "usage_scope": {"values": USAGE_SCOPES, "indexes": [_SCOPE_PLACES[scope] for scope in scopes]},
        "orphans": orphans,
        "orphan_parent_ids": [tree.rows[position].parent_span_id for position in orphans],
        "cycle_cuts": sorted(tree.cut),
    }


def orphans_of(tree: TraceTree) -> list[int]:
    """Positions of the spans whose parent is not stored."""
    if not tree.missing_parents:
        return []
    return [position for position, is_orphan in enumerate(tree.is_orphan) if is_orphan]


def missing_parent(missing: MissingParent, positions: dict[str, int], origin_unix_nano: int) -> dict[str, Any]:
    """A parent that is not stored, its children by their positions."""
    return {
        "name": MISSING_PARENT,
        "span_id": missing.span_id,
        "children": [positions[span_id] for span_id in missing.child_span_ids],
        "start_ns": missing.start_time_unix_nano - origin_unix_nano,
        "duration_ns": missing.end_time_unix_nano - missing.start_time_unix_nano,
    }


def _dictionary(texts: Sequence[str]) -> dict[str, Any]:
    """The different texts, in the order in which they come, and of each span which one it has."""
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    return {"values": list(places), "indexes": [places[text] for text in texts]}
