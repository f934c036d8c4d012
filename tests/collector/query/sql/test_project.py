"""A key bound to a project reads the rows of that project and nothing of others, however it asks."""

from __future__ import annotations

import pytest

from spanhouse_collector.errors import SqlError, SqlFailed, SqlRefused
from spanhouse_collector.query.sql.tables import TABLES
from tests.collector.query.sql.rig import OURS, SECRET, checked, rows
from tests.tables import Store

# Each returns a number of spans, or rows that name projects; `{db}` is the database.
COUNTS = """
SELECT count() FROM spans
SELECT count() FROM {db}.spans
SELECT count() FROM default.spans
SELECT count() FROM `{db}`.`spans`
SELECT count() FROM "spans"
SELECT count(*) FROM spans AS logs
SELECT count() FROM spans AS s
SELECT count() FROM spans s WHERE s.project != '' OR 1
SELECT count() FROM spans WHERE project = 'theirs' OR 1 = 1
SELECT count() FROM spans WHERE 1 OR project = 'ours' AND 0
SELECT countIf(1) FROM spans
SELECT sum(1) FROM spans
SELECT count() FROM (SELECT * FROM spans)
SELECT count() FROM (SELECT * FROM (SELECT * FROM spans))
SELECT (SELECT count() FROM spans)
WITH x AS (SELECT * FROM spans) SELECT count() FROM x
WITH (SELECT count() FROM spans) AS n SELECT n
WITH x AS (SELECT * FROM spans), y AS (SELECT * FROM x) SELECT count() FROM y
SELECT count() FROM {t:Identifier}
SELECT count() FROM spans GLOBAL ANY LEFT JOIN logs ON spans.trace_id = logs.trace_id
SELECT countIf(a.project != '') FROM spans a LEFT JOIN spans b ON a.span_id = b.span_id
SELECT count() FROM numbers(1) AS n RIGHT JOIN spans ON 1 = 1
SELECT count() FROM otel_traces
SELECT count() FROM otel_traces WHERE TraceId IN (SELECT TraceId FROM otel_traces_trace_id_ts)
SELECT uniqExact(TraceId) FROM otel_traces_trace_id_ts
SELECT count() FROM spans WHERE span_id IN (SELECT span_id FROM spans)
SELECT sum(n) FROM (SELECT name, count() AS n FROM spans GROUP BY name UNION ALL SELECT '', 0)
SELECT count() FROM (SELECT 1 FROM spans INTERSECT ALL SELECT 1 FROM spans)
""".strip().splitlines()

NAMES = """
SELECT name FROM spans
SELECT name FROM spans UNION ALL SELECT body FROM logs
(SELECT name FROM spans) UNION DISTINCT (SELECT body FROM logs)
SELECT body FROM logs
SELECT Body FROM otel_logs
SELECT SpanName FROM otel_traces
SELECT b.name FROM spans a JOIN spans b ON 1 = 1
SELECT b.name FROM spans a, spans b
SELECT b.name FROM spans a CROSS JOIN spans b
SELECT b.name FROM spans a FULL JOIN spans b ON a.name = b.name
SELECT arrayJoin(groupUniqArray(name)) FROM spans
SELECT max(name) FROM spans
SELECT any(name) FROM spans
SELECT min(attributes['n']) FROM spans
SELECT * FROM spans
SELECT * EXCEPT project FROM spans
SELECT attribute_types FROM spans
SELECT name FROM spans EXCEPT SELECT 'nothing'
SELECT x FROM (SELECT name AS x FROM spans) ORDER BY x
WITH RECURSIVE t AS (SELECT 1 AS n, '' AS x UNION ALL SELECT n + 1, name FROM t, spans WHERE n < 2) SELECT x FROM t
SELECT name FROM (SELECT name, 1 AS project FROM spans)
SELECT 'ours' AS project, name FROM spans WHERE project = 'ours'
SELECT name FROM spans WHERE project IN ('theirs', 'ours')
SELECT name, 'theirs' AS project FROM spans HAVING project = 'theirs'
SELECT DISTINCT name FROM spans
SELECT topK(3)(name) FROM spans
SELECT lagInFrame(name) OVER (ORDER BY name) FROM spans
""".strip().splitlines()


@pytest.mark.parametrize("statement", COUNTS)
def test_every_way_of_counting_counts_our_rows(filled: Store, statement: str) -> None:
    statement = statement.replace("{db}", filled.engine.database)
    assert rows(filled.engine, statement, {"t": "spans"}, project=OURS) in ([[5]], [["5"]])


@pytest.mark.parametrize("statement", NAMES)
def test_no_way_of_reading_shows_their_rows(filled: Store, statement: str) -> None:
    found = rows(filled.engine, statement, project=OURS)
    assert found
    assert SECRET not in str(found)


def test_prewhere_of_a_limited_table_is_refused_without_a_word_of_their_rows(filled: Store) -> None:
    """A subquery has none; WHERE does the same."""
    with pytest.raises(SqlFailed, match="PREWHERE") as failed:
        rows(filled.engine, "SELECT lower(name) FROM spans PREWHERE 1", project=OURS)
    assert SECRET not in str(failed.value)


def test_in_with_a_table_name_asks_our_rows(filled: Store) -> None:
    asked = "SELECT {name:String} IN (SELECT name FROM spans), count() FROM spans WHERE trace_id IN otel_ids"
    with pytest.raises(SqlError):
        rows(filled.engine, asked, {"name": SECRET}, project=OURS)
    assert rows(filled.engine, "SELECT {name:String} IN (SELECT name FROM spans)", {"name": SECRET}, project=OURS) == [
        [0]
    ]


@pytest.mark.parametrize(
    "condition",
    [
        f"throwIf(name = '{SECRET}')",
        "toUInt64(substring(name, 2)) >= 0",
        f"if(name = '{SECRET}', toUInt64(name), 1)",
        f"intDiv(1, name != '{SECRET}') = 1",
    ],
)
def test_an_error_cannot_tell_about_their_rows(filled: Store, condition: str) -> None:
    """A condition that fails on their rows alone: evaluated before the project's, it would tell."""
    rows(filled.engine, f"SELECT count() FROM spans WHERE {condition}", project=OURS)
    joined = condition.replace("name", "b.name")
    rows(filled.engine, f"SELECT count() FROM spans a JOIN spans b USING span_id WHERE {joined}", project=OURS)
    with pytest.raises(SqlFailed):
        rows(filled.engine, f"SELECT count() FROM spans WHERE {condition}")


@pytest.mark.parametrize("name", ["additional_table_filters", "additional_result_filter", "optimize_move_to_prewhere"])
def test_the_walls_settings_cannot_be_given(filled: Store, name: str) -> None:
    with pytest.raises(SqlRefused, match=f"Cannot modify '{name}'"):
        rows(filled.engine, f"SELECT 1 SETTINGS {name} = '1'", project=OURS)


def test_a_project_with_quotes_in_its_name_stays_a_value(filled: Store) -> None:
    assert rows(filled.engine, "SELECT count() FROM spans", project="x' OR '1'='1") == [[0]]
    assert rows(filled.engine, "SELECT count() FROM spans", project="x\\") == [[0]]


def test_each_table_of_the_statement_is_limited_once(filled: Store) -> None:
    sql = checked(filled.engine, "SELECT * FROM spans, logs l, spans AS s", project=OURS).sql
    assert sql.count(f"= '{OURS}'") == 3


def test_the_engines_own_tables_show_our_tables_alone(filled: Store) -> None:
    listed = rows(filled.engine, "SELECT DISTINCT database FROM system.tables")
    assert listed == [[filled.engine.database]]
    assert rows(filled.engine, "SELECT name FROM system.databases") == listed
    assert rows(filled.engine, "SELECT DISTINCT database FROM system.columns") == listed
    assert ["spans"] in rows(filled.engine, "SHOW TABLES")
    assert ["schema_migrations"] not in rows(filled.engine, "SHOW TABLES")
    assert rows(filled.engine, "SELECT count() FROM system.columns WHERE table = 'schema_migrations'") == [[0]]
    assert rows(filled.engine, "SELECT countIf(total_rows IS NOT NULL) FROM system.tables") == [[0]]


@pytest.mark.parametrize(
    "statement",
    [
        "SHOW DATABASES",
        "SHOW TABLES",
        "SHOW TABLES FROM default LIKE 'sp%'",
        "SHOW TABLES LIMIT 1",
        "DESCRIBE TABLE spans",
        "DESC default.otel_traces",
        'DESC TABLE "default"."otel_traces"',
        "EXISTS TABLE spans",
        "EXISTS spans",
        "SELECT name, is_aggregate, alias_to, description, categories FROM system.functions LIMIT 10000",
        "SELECT name, value, readonly FROM system.settings LIMIT 10000",
        "SELECT name, type, table FROM system.columns WHERE database IN ('default') OR 1",
        "SELECT * FROM system.data_type_families",
        "SELECT name FROM system.formats",
        "SELECT currentDatabase(), database(), version(), timezone()",
        "SELECT currentUser() AS user, timezone() AS timezone, version() AS version LIMIT 1",
        "SELECT t.name, t.engine, t.comment FROM system.tables t JOIN system.databases d ON t.database = d.name",
    ],
)
def test_what_tools_ask_about_the_database_is_answered(filled: Store, statement: str) -> None:
    assert rows(filled.engine, statement, project=OURS)


def test_each_table_of_the_list_can_be_limited_to_a_project(filled: Store) -> None:
    """Those that the migrations make have the column that their condition asks for."""
    made = {str(name) for (name,) in filled.connection.query("SHOW TABLES").rows} & set(TABLES)
    assert {"spans", "logs", "metrics", "otel_traces", "otel_logs"} <= made
    for name in sorted(made):
        rows(filled.engine, f"SELECT * FROM {name} LIMIT 1", project=OURS)


def test_the_session_is_told_by_constants(filled: Store) -> None:
    database = filled.engine.database
    found = rows(
        filled.engine, "SELECT currentDatabase(), upper(currentDatabase()) AS u, user() WHERE database() != ''"
    )
    assert found == [[database, database.upper(), "spanhouse"]]


@pytest.mark.parametrize("project", ["", OURS])
@pytest.mark.parametrize("table", TABLES)
def test_every_table_that_is_offered_is_there(filled: Store, table: str, project: str) -> None:
    rows(filled.engine, f"SELECT * FROM {table} LIMIT 1", project=project)
