"""Which spans of a trace count: every token and every dollar once.

Owns the rule. The same call is often told by several spans: by a framework and by the client library below it, by an
agent that sums up its calls, by both ends of a connection. The deepest LLM, EMBEDDING or RERANKER span with usage owns
it. Leaves writing the verdict into the table to `storage.settle`; what stands there before, `usage_scope` as written,
is a presumption made from the span alone.

    own        counts, or would if it carried usage
    duplicate  tells of a call that another span counts
    aggregate  sums up calls that spans below it count
    none       has nothing to do with usage

Source: semantic conventions say nothing; mlflow `tracing/utils/__init__.py` (deepest LLM span), and the ways in which
instrumentations overlap: docs/trace-view.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from spanhouse_collector.model.dialects.shared.span_types import USAGE_OWNERS
from spanhouse_collector.model.trace_tree_row import SpanRow
from spanhouse_collector.model.vocabulary import SUMMING_SCOPES

OWN: Final = "own"
AGGREGATE: Final = "aggregate"
DUPLICATE: Final = "duplicate"
NONE: Final = "none"
OWNER_TYPES: Final = frozenset(USAGE_OWNERS)
# Scope → beginning of the name of spans that only repeat, in a provider's own words, the span above them.
_REPEATS: Final = {"litellm": "raw_gen_ai_request"}


@dataclass(frozen=True)
class Usage:
    """The sums of a trace. `cost_usd` is None when no price is known for any of it."""

    input_tokens: int
    output_tokens: int
    total_tokens: int
    cost_usd: float | None


def usage_scopes(rows: Sequence[SpanRow], parents: Sequence[int]) -> list[str]:
    """The scope of each span of one trace; a parent below 0 is none, and there are no cycles."""
    bearing = [
        position
        for position, row in enumerate(rows)
        # Failed calls report zeros, which must not hide what is above them.
        if row.input_tokens or row.output_tokens or row.total_tokens or row.cost_usd
    ]
    scopes = [_presumed(row) for row in rows]
    if bearing:
        calls = [position for position in bearing if rows[position].span_type in OWNER_TYPES]
        counting = _not_told_elsewhere(calls, rows)
        has_call_below = _below(counting, parents)
        owners = _once_per_response([position for position in counting if not has_call_below[position]], rows)
        for position in calls:
            scopes[position] = DUPLICATE
        for position in owners:
            scopes[position] = OWN
        if len(calls) < len(bearing):
            others = [position for position in bearing if rows[position].span_type not in OWNER_TYPES]
            _settle_others(others, rows, parents, scopes, counting, owners)
    return scopes


def _presumed(row: SpanRow) -> str:
    """What can be told from the span alone."""
    if row.input_tokens is None and row.output_tokens is None and row.total_tokens is None and row.cost_usd is None:
        return _presumed_without_usage(row)
    if _only_repeats(row):
        return DUPLICATE
    return OWN if row.span_type in OWNER_TYPES else AGGREGATE


def _presumed_without_usage(row: SpanRow) -> str:
    """What its usage would be, had it any: a call's own, or the sum that Vercel's outer spans carry."""
    if row.span_type in OWNER_TYPES:
        return DUPLICATE if _only_repeats(row) else OWN
    return AGGREGATE if row.span_type == "CHAIN" and row.scope_name in SUMMING_SCOPES else NONE


def _only_repeats(row: SpanRow) -> bool:
    name = _REPEATS.get(row.scope_name)
    return name is not None and row.name.startswith(name)


def _not_told_elsewhere(calls: Sequence[int], rows: Sequence[SpanRow]) -> list[int]:
    """Calls without those that only repeat one: in a provider's words, or from the server's side of it."""
    calls = [position for position in calls if not _only_repeats(rows[position])]
    if not any(rows[position].kind == "SERVER" for position in calls):
        return calls
    clients = {rows[position].response_id for position in calls if rows[position].kind != "SERVER"} - {""}
    return [
        position
        for position in calls
        if not (rows[position].kind == "SERVER" and rows[position].response_id in clients)
    ]


def _below(marked: Sequence[int], parents: Sequence[int]) -> list[bool]:
    """Of each span, whether one of the marked is below it."""
    below = [False] * len(parents)
    for position in marked:
        parent = parents[position]
        while parent >= 0 and not below[parent]:
            below[parent] = True
            parent = parents[parent]
    return below


def _above(marked: Sequence[int], parents: Sequence[int]) -> list[bool]:
    """Of each span, whether one of the marked is above it."""
    above: list[bool | None] = [None if parent >= 0 else False for parent in parents]
    is_marked = [False] * len(parents)
    for position in marked:
        is_marked[position] = True
    for first in range(len(parents)):
        path, position = [], first
        while above[position] is None and not is_marked[parents[position]]:
            path.append(position)
            position = parents[position]
        found = above[position]
        if found is None:
            found = above[position] = True
        for position in path:
            above[position] = found
    return [bool(found) for found in above]


def _once_per_response(owners: Sequence[int], rows: Sequence[SpanRow]) -> list[int]:
    """Of owners that tell of one response, the shortest: it is nearest to the call (two libraries side by side)."""
    best: dict[str, int] = {}
    for position in owners:
        response_id = rows[position].response_id
        known = best.setdefault(response_id, position)
        if _nearness(rows[position]) < _nearness(rows[known]):
            best[response_id] = position
    return [
        position
        for position in owners
        if not rows[position].response_id or best[rows[position].response_id] == position
    ]


def _nearness(row: SpanRow) -> tuple[int, str]:
    return row.duration_ns, row.span_id


def _settle_others(
    others: Sequence[int],
    rows: Sequence[SpanRow],
    parents: Sequence[int],
    scopes: list[str],
    calls: Sequence[int],
    owners: Sequence[int],
) -> None:
    """Spans of other types that carry usage: they sum up what is below them; where nothing is, the lowest owns."""
    counted = {rows[position].response_id for position in owners} - {""}
    is_inside_call = _above(calls, parents)
    owner_below = _below(owners, parents)
    candidates = []
    for position in others:
        row = rows[position]
        if owner_below[position]:
            scopes[position] = AGGREGATE
        elif _only_repeats(row) or row.response_id in counted or is_inside_call[position]:
            scopes[position] = DUPLICATE
        else:
            candidates.append(position)
    candidate_below = _below(candidates, parents)
    for position in candidates:
        scopes[position] = AGGREGATE if candidate_below[position] else OWN


def usage_totals(rows: Iterable[SpanRow], scopes: Iterable[str]) -> Usage:
    """What the owners carry, summed."""
    owners = [row for row, scope in zip(rows, scopes, strict=True) if scope == OWN]
    costs = [row.cost_usd for row in owners if row.cost_usd is not None]
    return Usage(
        input_tokens=sum(row.input_tokens or 0 for row in owners),
        output_tokens=sum(row.output_tokens or 0 for row in owners),
        total_tokens=sum(
            (row.input_tokens or 0) + (row.output_tokens or 0) if row.total_tokens is None else row.total_tokens
            for row in owners
        ),
        cost_usd=sum(costs) if costs else None,
    )
