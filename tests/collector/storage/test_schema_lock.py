"""Collectors that start at once against one server: one of them changes the schema, the others wait.

Owns the claims about the schema lock. Embedded there is none: the data directory has an owner.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spanhouse_collector.errors import StorageError, StorageUnavailable
from spanhouse_collector.storage import schema
from spanhouse_collector.storage.engine import Engine
from spanhouse_collector.storage.migrations import migrations
from tests.engines import Host, drop_database, shared_server

pytestmark = pytest.mark.server
WAIT_S = 60.0


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Host(server=shared_server()).new_engine()
    engine.create_database()
    yield engine
    drop_database(engine)


def take_lock(engine: Engine, comment: str = "somebody") -> None:
    connection = engine.connect()
    connection.execute(f"CREATE TABLE {schema.LOCK_TABLE} (holder String) ENGINE = Null COMMENT '{comment}'")
    connection.close()


def lock_comments(engine: Engine) -> list[str]:
    connection = engine.connect()
    try:
        rows = connection.query(schema._LOCK, {"name": schema.LOCK_TABLE}).rows
        return [str(comment) for (comment,) in rows]
    finally:
        connection.close()


def age_lock(engine: Engine, seconds: int) -> None:
    """Make the lock as old as a dead holder's: the server reads the age from its metadata file."""
    connection = engine.connect()
    rows = connection.query(
        "SELECT metadata_path, toUnixTimestamp(metadata_modification_time) FROM system.tables "
        "WHERE database = currentDatabase() AND name = {name:String}",
        {"name": schema.LOCK_TABLE},
    ).rows
    connection.close()
    path = shared_server().data_dir / "store" / Path(str(rows[0][0]))
    os.utime(path, (int(rows[0][1]) - seconds, int(rows[0][1]) - seconds))


def test_collectors_that_start_at_once_all_find_the_finished_schema(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[BaseException] = []
    together = threading.Barrier(3)

    def start() -> None:
        try:
            together.wait(WAIT_S)
            schema.migrate(engine)
        except BaseException as error:  # noqa: BLE001 - reported by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert failures == []
    connection = engine.connect()
    assert connection.query("SELECT count(), uniqExact(version) FROM schema_migrations").rows[0] == (
        len(migrations()),
        len(migrations()),
    )
    views = connection.query("SELECT count() - uniqExact(name) FROM schema_views").rows[0][0]
    connection.close()
    assert views == 0, "a view was created by more than one of them"
    assert lock_comments(engine) == []


def test_a_lock_that_is_held_is_respected(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    take_lock(engine)
    monkeypatch.setattr(schema, "LOCK_WAIT_S", 0)
    with pytest.raises(StorageUnavailable, match="another collector has been changing the schema") as refusal:
        schema.migrate(engine)
    assert schema.LOCK_TABLE in refusal.value.hint
    assert lock_comments(engine) == ["somebody"]


def test_the_lock_of_a_dead_collector_is_broken(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    take_lock(engine)
    age_lock(engine, schema.LOCK_STALE_S + 5)
    schema.migrate(engine)
    assert lock_comments(engine) == []


def test_a_holder_that_was_thought_dead_leaves_its_successors_lock_alone(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(connection: object) -> None:
        del connection
        other = engine.connect()
        other.execute(f"DROP TABLE {schema.LOCK_TABLE} SYNC")
        other.close()
        take_lock(engine, "successor")

    monkeypatch.setattr(schema, "apply_migrations", overtaken)
    monkeypatch.setattr(schema, "ingest_views", lambda: ())
    monkeypatch.setattr(schema, "plain_views", dict)
    schema.migrate(engine)
    assert lock_comments(engine) == ["successor"]


def test_a_failed_migration_gives_the_lock_back(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: object) -> None:
        raise StorageUnavailable("no room")

    monkeypatch.setattr(schema, "apply_migrations", fail)
    with pytest.raises(StorageError, match="no room"):
        schema.migrate(engine)
    assert lock_comments(engine) == []
