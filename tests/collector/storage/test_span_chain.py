"""The chain of views that maps spans, and the tables it looks words up in: replaced, killed half-way, damaged.

Owns the claims about `storage.span_chain` and `storage.vocabulary_tables`. Leaves what the views say to the tests of
the trace model.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from spanhouse_collector.errors import StorageRefused
from spanhouse_collector.loader.attempt import PATIENCE_ATTEMPTS
from spanhouse_collector.model.span_sql.tables import keys_table, texts, values_table
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.storage import schema, span_chain
from spanhouse_collector.storage.engine import Engine
from spanhouse_collector.storage.error_codes import may_be_the_data
from spanhouse_collector.storage.ingest_views import IngestView
from spanhouse_collector.storage.span_selects import span_views
from tests.builders import make_span, traces
from tests.collector.storage.mortal import (
    STARTS_MAX,
    UNKNOWN_TABLE,
    execute,
    short_chain,
    start_killed_after,
    use_chain,
    values,
)
from tests.tables import Store

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
TABLES = "SELECT name FROM system.tables WHERE database = currentDatabase() AND "


def changed_chain() -> tuple[IngestView, ...]:
    """The real mapping of some later version."""
    *first, last = span_views()
    select = last.select.replace("s.trace_state AS `trace_state`", "'changed' AS `trace_state`")
    assert select != last.select
    return (*first, replace(last, select=select))


def test_a_chain_that_was_replaced_maps_new_segments_and_still_knows_old_tokens(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.migrate(engine)
    store = Store(engine)
    request = traces(make_span(trace_state="sent", attributes=CHAT))
    store.insert(TRACES, request, token="old")
    use_chain(monkeypatch, changed_chain())
    schema.migrate(engine)
    store.insert(TRACES, request, token="old")
    store.insert(TRACES, request, token="new")
    store.insert(TRACES, request, token="new")
    rows = sorted((row["trace_state"], row["span_type"], row["model"]) for row in store.rows("spans"))
    assert rows == [("changed", "LLM", "gpt-4o"), ("sent", "LLM", "gpt-4o")]
    store.close()


def test_a_start_killed_while_it_replaces_the_chain_loses_no_insert_and_no_token(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after each statement in turn; between the starts an older collector goes on inserting."""
    use_chain(monkeypatch, short_chain())
    schema.migrate(engine)
    store = Store(engine)
    request = traces(make_span(trace_state="sent"))
    store.insert(TRACES, request, token="old")
    use_chain(monkeypatch, short_chain(trace_state="'changed'"))
    accepted, refused, starts = 1, 0, 1
    while start_killed_after(engine, starts):
        starts += 1
        assert starts < STARTS_MAX
        try:
            store.insert(TRACES, request, token=f"while {starts}")
            accepted += 1
        except StorageRefused as refusal:
            if refusal.code != UNKNOWN_TABLE:
                raise
            refused += 1
        assert store.count("spans") == accepted
    assert refused > 0
    assert values(engine, f"{TABLES} startsWith(name, '{span_chain.GUARD}')") == []
    store.insert(TRACES, request, token="old")
    assert store.count("spans") == accepted
    store.insert(TRACES, request, token="new")
    assert store.value("SELECT count() FROM spans WHERE trace_state = 'changed'") >= 1
    store.close()


def test_an_insert_while_the_guard_is_up_is_to_be_tried_again_and_never_blamed_on_the_data(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_chain(monkeypatch, short_chain())
    schema.migrate(engine)
    store = Store(engine)
    span_chain._guard(store.connection, span_views()[0])
    for _ in range(PATIENCE_ATTEMPTS + 1):
        with pytest.raises(StorageRefused) as refusal:
            store.insert(TRACES, traces(make_span(number=1)), token="kept")
        assert refusal.value.code == UNKNOWN_TABLE
        assert refusal.value.retryable
        assert not may_be_the_data(refusal.value)
    assert store.count("spans") == 0
    schema.migrate(engine)
    store.insert(TRACES, traces(make_span(number=1)), token="kept")
    assert store.count("spans") == 1
    store.close()


def test_a_longer_chain_of_another_version_leaves_nothing_behind(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.migrate(engine)
    assert len(span_views()) > len(short_chain())
    use_chain(monkeypatch, short_chain())
    schema.migrate(engine)
    held = "startsWith(name, 'ingest_traces_to_spans') OR startsWith(name, 'ingest_spans_')"
    expected = {view.name for view in short_chain()} | {view.target for view in short_chain()} - {"spans"}
    assert set(values(engine, f"{TABLES} ({held})")) == expected


def test_a_table_of_the_chain_that_somebody_dropped_comes_back(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    use_chain(monkeypatch, short_chain())
    schema.migrate(engine)
    execute(engine, f"DROP TABLE {short_chain()[0].target} SYNC")
    schema.migrate(engine)
    store = Store(engine)
    store.insert(TRACES, traces(make_span()))
    assert store.count("spans") == 1
    store.close()


def test_what_the_chain_reads_is_part_of_what_makes_it_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tables hold spans as they come: a field that no view reads changes them all the same."""
    before = span_chain.chain_text()
    monkeypatch.setattr(span_chain, "ingest_columns", lambda signal: {"request": f"Tuple({signal.name} UInt8)"})
    assert span_chain.chain_text() != before


@pytest.mark.parametrize("damage", ["TRUNCATE TABLE {}", "DROP TABLE {} SYNC"])
def test_vocabulary_tables_that_lost_their_content_are_filled_by_the_next_start(engine: Engine, damage: str) -> None:
    schema.migrate(engine)
    store = Store(engine)
    execute(engine, *(damage.format(table) for table in (keys_table(), values_table())))
    schema.migrate(engine)
    store.insert(TRACES, traces(make_span(attributes=CHAT)))
    assert [(row["span_type"], row["operation"]) for row in store.rows("spans")] == [("LLM", "chat")]
    store.close()


def test_a_vocabulary_table_with_other_content_is_made_right(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    use_chain(monkeypatch, short_chain())
    schema.migrate(engine)
    execute(engine, f"INSERT INTO {values_table()} SETTINGS async_insert = 0 VALUES ('nobody: knows', 'this')")
    schema.migrate(engine)
    assert values(engine, f"SELECT count() FROM {values_table()}") == [len(texts())]
    assert values(engine, f"SELECT joinGet('{values_table()}', 'value', 'nobody: knows')") == [""]


def test_vocabularies_of_other_versions_are_dropped(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    use_chain(monkeypatch, short_chain())
    schema.migrate(engine)
    execute(engine, "CREATE TABLE vocabulary_keys_old (key String) ENGINE = Memory")
    schema.migrate(engine)
    assert set(values(engine, f"{TABLES} startsWith(name, 'vocabulary_')")) == {keys_table(), values_table()}
