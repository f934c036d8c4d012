"""From `ingest_traces` to the rows of `spans`: a chain of SELECTs, each over the table that the one before it fills.

Owns cutting the trace model's stages into that chain. Leaves what the columns are to `ingest_views` and the model, and
creating the views to `span_chain`.

One SELECT would do, but what ClickHouse needs to plan one grows much faster than its depth (decision 008).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from spanhouse_collector.model.span_sql import columns
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage.ingest_views import (
    MODEL_COLUMNS,
    RESOURCE_COLUMNS,
    SCOPE_COLUMNS,
    SPAN_COLUMNS,
    VALID_LINK,
    IngestView,
    attribute_texts,
    listed,
    resource_rows,
    scope_rows,
    time,
)
from spanhouse_collector.storage.prices_sql import CostOperands, cost_stages

STAGES_A_SELECT: Final = 5
# What the trace model's stages read of a span, besides what its resource and scope tell.
_INPUTS: Final = {
    "keys": "s.attributes.key",
    "values": attribute_texts("s.attributes"),
    "event_names": "s.events.name",
    "event_keys": "s.events.attributes.key",
    "event_values": "arraySlice(nested_values, 1, length(s.events.name))",
    "event_unix_nanos": "s.events.time_unix_nano",
    "name": "s.name",
    "start_unix_nano": "s.start_time_unix_nano",
    "end_unix_nano": "s.end_time_unix_nano",
    "status_is_error": "s.status.code = 2",
}
_TOLD: Final = ("project", "scope_name", "scope_dialect", "resource_session_id", "resource_user_id")
INPUT_NAMES: Final = (*_TOLD, *_INPUTS)
_PACKED: Final = (*RESOURCE_COLUMNS, *SCOPE_COLUMNS, "valid_links", "event_values", "link_values")
_LINK_VALUES: Final = "arraySlice(nested_values, length(s.events.name) + 1)"
_BEFORE_STAGES: Final = 2  # SELECTs that come before the trace model's: resources, scopes


def mapping_table(number: int) -> str:
    """The Null table that the chain's SELECT of that number, from 1, fills."""
    return f"ingest_spans_{number}"


def spans_selects() -> tuple[str, ...]:
    """The chain.

    Every column that a stage passes on costs planning too: those of the resource and scope travel as one tuple, the
    span as the message it is, and what a stage made is dropped after its last use.
    """
    resources, scoped = resource_rows(TRACES), scope_rows(TRACES, mapping_table(1))
    *selects, last = staged_selects(_spans(mapping_table(2)), ("carried", "s"), before=_BEFORE_STAGES)
    unpacked = {name: f"carried.{place}" for place, name in enumerate(_PACKED, 1)}
    mapped = f"SELECT s,\n    {listed(unpacked)},\n    {listed(MODEL_COLUMNS)}\nFROM {last}"
    return (resources, scoped, *selects, f"SELECT\n    {listed(SPAN_COLUMNS)}\nFROM ({mapped})")


def _spans(scoped: str) -> str:
    """SELECT of one row a span, with what the stages read.

    The texts of events' and links' attributes are made at once: saying it twice costs planning twice.
    """
    carried = ", ".join((*RESOURCE_COLUMNS, *SCOPE_COLUMNS))
    spans = f"SELECT {carried}, arrayJoin(items) AS s FROM {scoped}"
    linked = f"SELECT *, arrayFilter({VALID_LINK}, s.links) AS valid_links FROM ({spans})"
    nested = f"arrayMap(e -> {attribute_texts('e')}, arrayConcat(s.events.attributes, valid_links.attributes))"
    told = f"SELECT *, {nested} AS nested_values FROM ({linked})"
    packed = f"tuple({carried}, valid_links, {_INPUTS['event_values']}, {_LINK_VALUES}) AS carried"
    return f"SELECT {packed}, s, {', '.join(_TOLD)},\n    {listed(_INPUTS)}\nFROM ({told})"


def staged_selects(
    source: str, carried: Sequence[str], table: Callable[[int], str] = mapping_table, *, before: int = 0
) -> tuple[str, ...]:
    """The trace model's stages over a SELECT that yields INPUT_NAMES and the columns `carried`, which are passed on.

    All but the last are SELECTs, each over the `table` that the one before it fills, with numbers that follow those of
    the `before` SELECTs before them; the last is a subquery that has what MODEL_COLUMNS are made of.
    """
    priced = CostOperands(start_time=time("start_unix_nano"))
    stages = (
        *columns.stages(),
        {"reported_cost_usd": columns.reported_cost()},
        *cost_stages(priced, needed="reported_cost_usd IS NULL"),
    )
    names = [*carried, *INPUT_NAMES]
    read = [_words(made) for made in (*stages, MODEL_COLUMNS)]
    selects: list[str] = []
    for number, stage in enumerate(stages):
        later = read[number:]
        names = [name for name in names if name in carried or any(name in words for words in later)]
        if number % STAGES_A_SELECT == 0:
            selects.append(f"SELECT {', '.join(f'`{name}`' for name in names)}\nFROM ({source})")
            source = table(before + len(selects))
        source = f"(SELECT {', '.join(f'`{name}`' for name in names)},\n    {listed(stage)}\nFROM {source})"
        names += stage
    return (*selects, source)


def _words(expressions: Mapping[str, str]) -> frozenset[str]:
    """The columns that these may read: one too many is carried along, never one too few."""
    return frozenset(word for expression in expressions.values() for word in re.findall(r"(?<![\w.])\w+", expression))


def span_views() -> tuple[IngestView, ...]:
    """The chain of materialised views that fills `spans`, the first one's source being `ingest_traces`."""
    *selects, last = spans_selects()
    chained = (
        IngestView(f"ingest_traces_to_spans_{number}", TRACES, mapping_table(number), select)
        for number, select in enumerate(selects, 1)
    )
    return (*chained, IngestView("ingest_traces_to_spans", TRACES, "spans", last))
