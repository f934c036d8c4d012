"""Bringing a database to this version's schema: again, after a crash, from an older one, and not from a newer one.

Owns the claims about `storage.schema` and `storage.migrations`; those about the lock on a server are in
`test_schema_lock`.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from spanhouse_collector.errors import StorageRefused
from spanhouse_collector.otlp.signals import LOGS, METRICS, TRACES
from spanhouse_collector.storage import migrations, reader_schema, schema
from spanhouse_collector.storage.engine import Engine
from spanhouse_collector.storage.ingest_views import IngestView, ingest_views
from tests.builders import logs, make_span, traces
from tests.collector.storage.mortal import (
    STARTS_MAX,
    UNKNOWN_TABLE,
    MortalEngine,
    described,
    execute,
    start_killed_after,
    values,
)
from tests.engines import Host, drop_database
from tests.tables import Store

SETTLED = {"pending_span_id", "pending_parent_span_id", "is_superseded"}  # columns of spans that no view fills
HARMLESS = ("CREATE TABLE IF NOT EXISTS schema_", "DROP")


def test_a_second_start_changes_nothing(engine: Engine) -> None:
    schema.migrate(engine)
    before = described(engine)
    recording = MortalEngine(engine)
    schema.migrate(recording)
    assert described(engine) == before
    assert recording.last is not None
    created = [text for text in recording.last.done if not text.startswith(HARMLESS)]
    assert [text for text in created if schema.LOCK_TABLE not in text] == []


def test_a_start_killed_after_any_statement_is_finished_by_the_next(host: Host, engine: Engine) -> None:
    """Each run gets one statement further than what the runs before it had made permanent."""
    runs = 0
    while start_killed_after(engine, runs + 1):
        runs += 1
        assert runs < STARTS_MAX
    assert runs > 5
    undisturbed = host.new_engine()
    schema.migrate(undisturbed)
    assert described(engine) == described(undisturbed)
    drop_database(undisturbed)
    store = Store(engine)
    store.insert(TRACES, traces(make_span()))
    assert store.count("spans") == 1
    store.close()


def test_migrations_are_those_that_git_froze() -> None:
    """After a release: write a new number. Before one: the module prints `checksums.txt` anew."""
    assert {each.label: each.checksum for each in migrations.migrations()} == migrations.frozen_checksums()


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [each.version for each in migrations.migrations()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_database_of_a_development_version_is_refused_and_left_alone(engine: Engine) -> None:
    """As one looked before the schema was made of five files: other checksums, more numbers."""
    schema.migrate(engine)
    execute(
        engine,
        "TRUNCATE TABLE schema_migrations",
        "INSERT INTO schema_migrations (version, name, checksum) VALUES (1, 'spans', 'a'), (2, 'logs', 'b'), "
        "(4, 'trace_model', 'c'), (8, 'spans_by_the_mapper', 'd')",
    )
    before = described(engine)
    with pytest.raises(
        StorageRefused, match=r"a development version of Spanhouse made this database: .*001_spans"
    ) as no:
        schema.migrate(engine)
    assert "`spanhouse export" in no.value.hint
    assert described(engine) == before


LATER = """-- A column of a later version.
ALTER TABLE spans ADD COLUMN IF NOT EXISTS later LowCardinality(String) DEFAULT 'unset';
CREATE TABLE IF NOT EXISTS later_table (project LowCardinality(String)) ENGINE = MergeTree ORDER BY project;
"""


def test_an_upgrade_adds_what_came_later_and_keeps_rows(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed after each statement in turn, as an upgrade may be."""
    schema.migrate(engine)
    store = Store(engine)
    store.insert(TRACES, traces(make_span()), token="old")
    today = migrations.migrations()
    later = (*today, migrations.migration(len(today) + 1, "later", LATER))
    monkeypatch.setattr(migrations, "migrations", lambda: later)
    starts = 1
    while start_killed_after(engine, starts):
        starts += 1
        assert starts < STARTS_MAX
    assert values(engine, "SELECT name FROM schema_migrations ORDER BY version")[-1] == "later"
    store.insert(TRACES, traces(make_span()), token="old")
    assert values(engine, "SELECT later FROM spans") == ["unset"]
    assert values(engine, "SELECT count() FROM later_table") == [0]
    store.close()
    monkeypatch.setattr(migrations, "migrations", lambda: today)
    with pytest.raises(StorageRefused, match=r"later.*does not know"):
        schema.migrate(engine)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(engine: Engine) -> None:
    schema.migrate(engine)
    execute(engine, "INSERT INTO schema_migrations (version, name, checksum) VALUES (999, 'future', 'x')")
    before = described(engine)
    with pytest.raises(StorageRefused, match="999 \\(future\\)") as refusal:
        schema.migrate(engine)
    assert refusal.value.hint
    assert described(engine) == before


@pytest.mark.parametrize("version", ["26.1.9.1", "25.12.4.1", "24.8.1.1-lts"])
def test_a_version_that_is_too_old_is_refused_before_anything_is_created(engine: Engine, version: str) -> None:
    with pytest.raises(StorageRefused, match=f"ClickHouse {version} is too old: Spanhouse needs 26.2"):
        schema.migrate(MortalEngine(engine, version=version))
    assert described(engine) == []


@pytest.mark.parametrize("version", ["26.2.1.1", "26.10.3.1-stable", "27.1.1.1.altinitystable"])
def test_the_oldest_supported_version_and_newer_ones_are_taken(engine: Engine, version: str) -> None:
    schema.migrate(MortalEngine(engine, version=version))
    assert described(engine)


def test_all_ten_thousand_inserts_of_the_window_are_remembered_by_each_target(engine: Engine) -> None:
    schema.migrate(engine)
    tables = "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name IN "
    for definition in values(engine, f"{tables} ('spans', 'logs', 'metrics')"):
        for setting in ("non_replicated_deduplication_window = 10000", "fsync_after_insert", "fsync_part_directory"):
            assert setting in definition


def changed_views() -> tuple[IngestView, ...]:
    """The mapping of some later version."""
    changed = tuple(
        replace(view, select=view.select.replace("s.severity_text AS `severity_text`", "'changed' AS `severity_text`"))
        for view in ingest_views()
    )
    assert changed != ingest_views()
    return changed


def test_a_view_whose_text_changed_maps_new_segments_and_still_knows_old_tokens(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.migrate(engine)
    store = Store(engine)
    request = logs(LogRecord(severity_text="sent"))
    store.insert(LOGS, request, token="old")
    changed = changed_views()
    monkeypatch.setattr(schema, "ingest_views", lambda: changed)
    schema.migrate(engine)
    store.insert(LOGS, request, token="old")
    store.insert(LOGS, request, token="new")
    store.insert(LOGS, request, token="new")
    assert sorted(row["severity_text"] for row in store.rows("logs")) == ["changed", "sent"]
    store.close()


def test_a_start_killed_while_it_changes_a_view_loses_no_insert_and_no_token(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after each statement in turn; between the starts an older collector goes on inserting."""
    schema.migrate(engine)
    store = Store(engine)
    request = logs(LogRecord(severity_text="sent"))
    store.insert(LOGS, request, token="old")
    changed = changed_views()
    monkeypatch.setattr(schema, "ingest_views", lambda: changed)
    accepted, starts = 1, 1
    while start_killed_after(engine, starts):
        starts += 1
        assert starts < STARTS_MAX
        try:
            store.insert(LOGS, request, token=f"while {starts}")
            accepted += 1
        except StorageRefused as refusal:
            if refusal.code != UNKNOWN_TABLE:
                raise
        assert store.count("logs") == accepted
    store.insert(LOGS, request, token="old")
    assert store.count("logs") == accepted
    store.insert(LOGS, request, token="new")
    assert store.value("SELECT count() FROM logs WHERE severity_text = 'changed'") >= 1
    store.close()


def test_a_plain_view_whose_text_changed_is_replaced(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    schema.migrate(engine)
    monkeypatch.setattr(schema, "plain_views", lambda: {"otel_logs": "SELECT 7 AS seven FROM logs"})
    schema.migrate(engine)
    columns = "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'otel_logs'"
    assert values(engine, columns) == ["seven"]


@pytest.mark.parametrize("name", ["ingest_logs_to_logs", "ingest_metrics", "otel_traces"])
def test_what_somebody_dropped_comes_back_with_the_next_start(engine: Engine, name: str) -> None:
    schema.migrate(engine)
    before = [each[:2] for each in described(engine)]
    execute(engine, f"DROP TABLE {name} SYNC")
    schema.migrate(engine)
    assert [each[:2] for each in described(engine)] == before


def test_ingest_tables_follow_a_reader_schema_that_grew(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a version without LogRecord.flags and without the records' item_count."""
    today = reader_schema.messages()
    older = {**today, "LogRecord": tuple(each for each in today["LogRecord"] if each.name != "flags")}
    with monkeypatch.context() as past:
        past.setattr(reader_schema, "messages", lambda: older)
        past.setattr(schema, "ingest_views", lambda: ())
        schema.migrate(engine)
    schema.migrate(engine)
    store = Store(engine)
    request = logs(LogRecord(flags=0x301))
    store.insert(LOGS, request, token="before")
    monkeypatch.setattr(reader_schema, "_STORED_FIELDS", (*reader_schema._STORED_FIELDS, "item_count"))
    schema.migrate(engine)
    store.insert(LOGS, request, token="before")
    assert [row["flags"] for row in store.rows("logs")] == [0x301]
    store.insert(LOGS, request, token="after")
    assert [row["flags"] for row in store.rows("logs")] == [0x301, 0x301]
    store.close()
    columns = "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'ingest_logs'"
    assert "item_count" in values(engine, columns)


def test_every_stored_column_is_filled_by_each_ingest_view(store: Store) -> None:
    """A column that a view forgets would keep its default without a word."""
    for view in ingest_views():
        stored = {
            row[0]
            for row in store.connection.query(
                "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {t:String} "
                "AND default_kind != 'ALIAS'",
                {"t": view.target},
            ).rows
        } - SETTLED
        described_view = {row[0] for row in store.connection.query(f"DESCRIBE TABLE ({view.select})").rows}
        assert described_view <= stored, view.name
        if view.signal is not METRICS:
            assert described_view == stored, view.name
