"""The columns behind the fields are those of the migrated tables."""

from __future__ import annotations

import pytest

from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.query.filter import Row, Source, Sources, compile_filter
from spanhouse_collector.query.filter.field_table import FAMILIES, FIELDS
from spanhouse_collector.query.filter.fields import Kind
from tests.builders import make_span, traces
from tests.collector.query.filter.strategies import all_conditions
from tests.tables import Store

LIVE = "NOT is_superseded"
SOURCES = Sources(Source("spans", LIVE), Source("traces"), Source("no_tags"), Source("no_assessments"))
SIDE = {family.prefix for family in FAMILIES if family.kind in (Kind.TAG, Kind.ASSESSMENT)}


def found(store: Store, text: str) -> int:
    compiled = compile_filter(text, unit="trace")
    where = {row: compiled.where(row, SOURCES) for row in Row}
    statements = (
        f"SELECT count() FROM spans WHERE {LIVE} AND {where[Row.SPAN]}",
        f"SELECT count() FROM traces WHERE {where[Row.TRACE]}",
    )
    return sum(store.connection.query(statement, compiled.parameters).rows[0][0] for statement in statements)


def test_every_sort_of_condition_runs_over_the_real_tables(store: Store) -> None:
    conditions = [condition for condition in all_conditions() if condition.name.text not in SIDE]
    one_each = {(condition.name.text, condition.operator): condition for condition in conditions}
    texts = [str(condition) for condition in one_each.values()]
    assert len(texts) > 10 * len(FIELDS)
    for start in range(0, len(texts), 60):
        found(store, " OR ".join(texts[start : start + 60]))


def test_what_was_sent_is_found(store: Store) -> None:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 12,
        "temperature": 0.7,
        "big": 2**62 + 1,
        "yes": True,
    }
    span = make_span("chat gpt-4o", number=7, attributes=attributes)
    store.insert(TRACES, traces(span))
    for text in (
        "name = 'chat gpt-4o' AND model = 'gpt-4o' AND input_tokens BETWEEN 12 AND 12.5",
        "attributes.temperature = 0.7 AND attributes.temperature > 0.69 AND attributes.yes = true",
        f"attributes.big = {2**62 + 1} AND attributes.big != {2**62}",
        "trace.span_count = 1 AND trace.name LIKE 'chat%' AND is_root AND span_type = 'llm'",
    ):
        assert found(store, text) == 2, text
    assert found(store, f"attributes.big = {2**62} OR attributes.temperature != 0.7 OR NOT attributes.yes = true") == 0


@pytest.mark.parametrize("kind", ["Bool", "DateTime64", "Map", "Array"])
def test_the_real_table_has_such_columns(store: Store, kind: str) -> None:
    types = [row[0] for row in store.connection.query("SELECT type FROM system.columns WHERE table = 'spans'").rows]
    assert any(name.startswith(kind) for name in types)
