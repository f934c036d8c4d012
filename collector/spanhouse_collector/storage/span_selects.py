"""The trace model's stages over rows that are stored: what re-mapping runs (`storage.remap`).

Owns cutting the stages into SELECTs, each over the table that the one before it fills: what ClickHouse needs to plan
one grows much faster than its depth. Leaves what the columns are to `ingest_views` and the model. Spans that come in
are mapped by the compiled mapper, which makes the same columns; the tests hold the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from spanhouse_collector.model.span_sql import columns
from spanhouse_collector.storage.ingest_views import MODEL_COLUMNS, listed, time
from spanhouse_collector.storage.prices_sql import CostOperands, cost_stages

STAGES_A_SELECT: Final = 5
# What the trace model's stages read of a span.
INPUT_NAMES: Final = (
    *("project", "scope_name", "scope_dialect", "resource_session_id", "resource_user_id", "keys", "values"),
    *("event_names", "event_keys", "event_values", "event_unix_nanos", "name", "start_unix_nano", "end_unix_nano"),
    "status_is_error",
)


def staged_selects(source: str, carried: Sequence[str], table: Callable[[int], str]) -> tuple[str, ...]:
    """The trace model's stages over a SELECT that yields INPUT_NAMES and the columns `carried`, which are passed on.

    All but the last are SELECTs, each over the `table`, by number from 1, that the one before it fills; the last is a
    subquery that has what MODEL_COLUMNS are made of.
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
            source = table(len(selects))
        source = f"(SELECT {', '.join(f'`{name}`' for name in names)},\n    {listed(stage)}\nFROM {source})"
        names += stage
    return (*selects, source)


def _words(expressions: Mapping[str, str]) -> frozenset[str]:
    """The columns that these may read: one too many is carried along, never one too few."""
    return frozenset(word for expression in expressions.values() for word in re.findall(r"(?<![\w.])\w+", expression))
