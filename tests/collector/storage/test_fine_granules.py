"""Migration 009 replaces `spans` by a clone: what was stored stays, what is attached to it goes on, on both engines."""

from __future__ import annotations

import pytest

from spanhouse_collector.storage import schema
from spanhouse_collector.storage.engine import Connection, Engine

_INSERT = (
    "INSERT INTO spans (project, trace_id, span_id, start_time, received_at, attributes) SELECT 'p', hex(number), "
    "hex(number), now(), now(), map('spanhouse.trace.tag.a', '1') FROM numbers({}, 3000)"
)


def _counts(connection: Connection) -> tuple[int, int]:
    spans = connection.query("SELECT count() FROM spans").rows[0][0]
    tags = connection.query("SELECT count() FROM trace_tag_changes").rows[0][0]
    return int(spans), int(tags)


def test_spans_of_before_stay_and_views_go_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    known = schema.migrations()
    with monkeypatch.context() as before:
        before.setattr(schema, "migrations", lambda: tuple(each for each in known if each.version < 9))
        schema.migrate(engine)
    connection = engine.connect()
    try:
        connection.execute(_INSERT.format(0))
        schema.migrate(engine)
        assert _counts(connection) == (3000, 3000)
        connection.execute(_INSERT.format(10_000))
        assert _counts(connection) == (6000, 6000)
        marks = connection.query(
            "SELECT sum(marks) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'spans'"
        ).rows[0][0]
        assert marks >= 2 + 4
        # Applied again, as after a start that was killed before it was recorded.
        (migration,) = [each for each in known if each.version == 9]
        for statement in migration.statements:
            connection.execute(statement)
        assert _counts(connection) == (6000, 6000)
    finally:
        connection.close()
