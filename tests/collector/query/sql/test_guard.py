"""What may not run does not run. Every line of what `readonly` let through on real engines is a case here."""

from __future__ import annotations

import time

import pytest

from spanhouse_collector.errors import SqlError, SqlFailed, SqlRefused
from spanhouse_collector.query.sql.guard import (
    PARAMETER_BYTES_MAX,
    PARAMETERS_BYTES_MAX,
    STATEMENT_BYTES_MAX,
    TOKENS_MAX,
)
from tests.collector.query.sql.rig import checked
from tests.engines import Host

# Each of these ran, at least with readonly=2 and some with readonly=1, on chDB 26.9.
LET_THROUGH_BY_READONLY = """
SELECT * FROM file('/spanhouse-probe', 'LineAsString')
SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')
SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV')
SELECT * FROM remote('127.0.0.1:1', 'system.one')
SELECT * FROM remoteSecure('127.0.0.1:1', 'system', 'one')
SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')
SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')
SELECT * FROM sqlite('/tmp/x.db', 't')
SELECT file('/spanhouse-probe-2')
SELECT file('/spanhouse-probe-3')
SELECT FILE('/spanhouse-probe')
SELECT `file`('/spanhouse-probe')
SELECT "file"('/spanhouse-probe')
DESCRIBE TABLE url('http://127.0.0.1:1/')
DESCRIBE TABLE s3('http://127.0.0.1:1/b/k')
DESC url('http://127.0.0.1:1/')
DESCRIBE TABLE file('/spanhouse-probe', 'CSV')
DESCRIBE (SELECT file('/spanhouse-probe'))
SELECT 1 INTO OUTFILE '/tmp/spanhouse-outfile'
SELECT 1 INTO OUTFILE '/tmp/spanhouse-outfile' TRUNCATE FORMAT CSV
SELECT * FROM Python(var)
SELECT * FROM python('var')
SET readonly = 0
SELECT 1; SET readonly = 0
KILL QUERY WHERE 1
SELECT * FROM system.processes
SELECT * FROM system.query_log
SELECT * FROM system.users
SELECT * FROM system.parts
CREATE USER u
CREATE ROW POLICY p ON spans USING 1 TO ALL
REVOKE SOURCES ON *.* FROM default
EXECUTE AS default SELECT 1
""".strip().splitlines()

OTHER_STATEMENTS = """
INSERT INTO spans (name) VALUES ('x')
INSERT INTO FUNCTION file('/tmp/x') SELECT 1
DROP TABLE spans
TRUNCATE TABLE spans
ALTER TABLE spans DELETE WHERE 1
DELETE FROM spans WHERE 1
UPDATE spans SET name = '' WHERE 1
CREATE TABLE x (a Int8) ENGINE = Memory
CREATE TEMPORARY TABLE x (a Int8)
CREATE FUNCTION f AS x -> x
OPTIMIZE TABLE spans
SYSTEM SHUTDOWN
ATTACH TABLE spans
DETACH TABLE spans
RENAME TABLE spans TO x
GRANT ALL ON *.* TO default
BACKUP TABLE spans TO File('/tmp/x')
USE system
EXPLAIN SELECT 1
EXPLAIN AST SELECT 1
EXPLAIN TABLE OVERRIDE mysql('127.0.0.1:1', 'd', 't', 'u', 'p')
SHOW CREATE TABLE spans
SHOW PROCESSLIST
SHOW GRANTS
SHOW TABLES FROM system
SHOW TABLES WHERE file('/spanhouse-probe') != ''
DESCRIBE TABLE system.users
SELECT 1; SELECT 2
SELECT 1 PARALLEL WITH SELECT 2
VALUES (file('/spanhouse-probe'))
""".strip().splitlines()

TABLE_FUNCTIONS = [
    "azureBlobStorage",
    "cluster",
    "clusterAllReplicas",
    "deltaLake",
    "dictionary",
    "executable",
    "fileCluster",
    "filesystem",
    "format",
    "fuzzJSON",
    "fuzzQuery",
    "gcs",
    "generateRandom",
    "hdfs",
    "hudi",
    "iceberg",
    "icebergLocal",
    "input",
    "jdbc",
    "loop",
    "merge",
    "mergeTreeIndex",
    "mongodb",
    "odbc",
    "redis",
    "s3Cluster",
    "urlCluster",
    "viewExplain",
    "ytsaurus",
    "eval",
    "numbers_mt",
]

FUNCTIONS = [
    "addressToLine",
    "aiGenerate",
    "buildId",
    "catboostEvaluate",
    "currentProfiles",
    "currentUser",
    "decrypt",
    "demangle",
    "dictGet",
    "dictGetOrNull",
    "displayName",
    "evalMLMethod",
    "filesystemAvailable",
    "formatRow",
    "FQDN",
    "getClientHTTPHeader",
    "getMacro",
    "getOSKernelVersion",
    "getServerPort",
    "getServerSetting",
    "getSetting",
    "globalVariable",
    "hasColumnInTable",
    "hostName",
    "hostname",
    "joinGet",
    "logTrace",
    "queryID",
    "regionToName",
    "revision",
    "serverUUID",
    "showCertificate",
    "sleep",
    "sleepEachRow",
    "tcpPort",
    "tid",
    "uptime",
    "user",
    "zookeeperSessionUptime",
    "flameGraph",
    "flameGraphState",
    "nosuchfunction",
    "__getScalar",
]

# Wherever a function can stand, one that reads files must be seen.
POSITIONS = """
SELECT file('/spanhouse-probe')
SELECT 1 + length(file('/spanhouse-probe'))
SELECT name FROM spans WHERE file('/spanhouse-probe') = ''
SELECT name FROM spans PREWHERE file('/spanhouse-probe') = ''
SELECT name FROM spans GROUP BY file('/spanhouse-probe'), name
SELECT count() FROM spans HAVING file('/spanhouse-probe') = ''
SELECT name FROM spans ORDER BY file('/spanhouse-probe')
SELECT name FROM spans ORDER BY duration_ns WITH FILL FROM length(file('/spanhouse-probe')) TO 9
SELECT name FROM spans ORDER BY duration_ns WITH FILL TO 9 STEP length(file('/spanhouse-probe'))
SELECT 1 AS n, 2 AS m ORDER BY n WITH FILL INTERPOLATE (m AS file('/spanhouse-probe'))
SELECT name FROM spans LIMIT length(file('/spanhouse-probe'))
SELECT name FROM spans LIMIT 1 OFFSET length(file('/spanhouse-probe'))
SELECT name FROM spans LIMIT 1 BY file('/spanhouse-probe')
SELECT name FROM spans QUALIFY file('/spanhouse-probe') = ''
SELECT sum(1) OVER (PARTITION BY file('/spanhouse-probe')) FROM spans
SELECT sum(1) OVER (ORDER BY file('/spanhouse-probe')) FROM spans
SELECT sum(1) OVER w FROM spans WINDOW w AS (PARTITION BY file('/spanhouse-probe'))
SELECT sum(1) OVER (ROWS BETWEEN length(file('/spanhouse-probe')) PRECEDING AND CURRENT ROW) FROM spans
SELECT a FROM spans ARRAY JOIN [file('/spanhouse-probe')] AS a
SELECT 1 FROM spans a JOIN spans b ON a.name = file('/spanhouse-probe')
SELECT arrayMap(x -> file(x), ['/spanhouse-probe'])
WITH file('/spanhouse-probe') AS f SELECT f
WITH f AS (SELECT file('/spanhouse-probe')) SELECT * FROM f
WITH x -> file(x) AS f SELECT f('/spanhouse-probe')
WITH x -> x AS file SELECT file('/spanhouse-probe')
SELECT * APPLY file FROM spans
SELECT * APPLY(file) FROM spans
SELECT * APPLY (x -> file(x)) FROM spans
SELECT COLUMNS('name') APPLY file FROM spans
SELECT COLUMNS(name, kind) APPLY (x -> file(x)) FROM spans
SELECT * APPLY length APPLY file FROM spans
SELECT spans.* APPLY file FROM spans
SELECT * APPLY (x -> file(x)), apply OR 1 FROM (SELECT 1 AS apply)
SELECT * APPLY (x -> file(x)), 2 * apply FROM (SELECT 1 AS apply)
SELECT * REPLACE (file('/spanhouse-probe') AS name) FROM spans
SELECT name IN (file('/spanhouse-probe')) FROM spans
SELECT 1 IN file('/spanhouse-probe', 'CSV')
SELECT 1 IN url('http://127.0.0.1:1/', 'CSV', 'a UInt8')
SELECT (SELECT file('/spanhouse-probe'))
SELECT EXISTS (SELECT file('/spanhouse-probe'))
SELECT quantile(length(file('/spanhouse-probe')))(1)
SELECT * FROM numbers(length(file('/spanhouse-probe')))
SELECT * FROM values('a String', (file('/spanhouse-probe')))
SELECT * FROM view(SELECT file('/spanhouse-probe'))
SELECT * FROM (EXPLAIN SELECT file('/spanhouse-probe'))
SELECT 1 UNION ALL SELECT file('/spanhouse-probe')
SELECT 1 EXCEPT SELECT file('/spanhouse-probe')
SELECT CASE WHEN 1 THEN file('/spanhouse-probe') END
SELECT fileIf('/spanhouse-probe', 1)
SELECT 1 SETTINGS max_threads = 1, additional_table_filters = {'a': 'b'}
SELECT * FROM (SELECT 1 SETTINGS max_threads = 64)
""".strip().splitlines()

# What one reader takes for text and another for SQL.
DIFFERENTIALS = [
    "SELECT 1 -- \u2028, 2\n, file('/spanhouse-probe')",
    "SELECT '\\'', file('/spanhouse-probe'), '\\''",
    "SELECT 'a\\\\', file('/spanhouse-probe'), ''",
    "SELECT '''', file('/spanhouse-probe'), ''''",
    "SELECT $$'$$, file('/spanhouse-probe'), $$'$$",
    "SELECT $a$ $b$ $a$, file('/spanhouse-probe'), $b$x$b$",
    "SELECT `a\\`, file('/spanhouse-probe'), `b`",
    'SELECT "a""", file(\'/spanhouse-probe\'), """b"',
    "SELECT \u2018a\u2019, file('/spanhouse-probe')",
    "SELECT 1 # ' \n, file('/spanhouse-probe') # '",
    "SELECT 1 #! ' \n, file('/spanhouse-probe')",
    "SELECT x'27', file('/spanhouse-probe'), x'27'",
    "SELECT 0x, file('/spanhouse-probe')",
    "SELECT\u00a0file('/spanhouse-probe')",
    "SELECT file\u00a0('/spanhouse-probe')",
    "SELECT/**/file/**/(/**/'/spanhouse-probe'/**/)",
    "SELECT {a:String}, file('/spanhouse-probe')",
    "SELECT 1 AS `x FROM spans --`, file('/spanhouse-probe')",
    "SELECT 1\x00, file('/spanhouse-probe')",
    "SELECT '\x00', file('/spanhouse-probe')",
    "FROM file('/spanhouse-probe', 'CSV') SELECT *",
    "SELECT 1 FORMAT Null SETTINGS x = 1 INTO OUTFILE '/tmp/x'",
    "SELECT 1) UNION ALL (SELECT file('/spanhouse-probe')",
    "SELECT 1) INTO OUTFILE '/tmp/x' --",
    "SELECT 1 AS `_x`, (SELECT file('/spanhouse-probe')) AS `) --`",
]


@pytest.mark.parametrize(
    "statement", [*LET_THROUGH_BY_READONLY, *OTHER_STATEMENTS, *POSITIONS, *DIFFERENTIALS], ids=lambda text: text[:60]
)
def test_a_statement_that_reaches_beyond_the_tables_is_refused(refusing: Host, statement: str) -> None:
    with pytest.raises(SqlError):
        checked(refusing.engine("default"), statement, {"a": "x"})


@pytest.mark.parametrize("statement", [*LET_THROUGH_BY_READONLY, *POSITIONS], ids=lambda text: text[:60])
def test_a_key_bound_to_a_project_reaches_no_further(refusing: Host, statement: str) -> None:
    with pytest.raises(SqlError):
        checked(refusing.engine("default"), statement, project="ours")


def test_comments_are_what_the_engine_takes_for_comments(refusing: Host) -> None:
    """They nest in ClickHouse; what runs has none left."""
    statement = "SELECT 1 /* /* */ , file('/spanhouse-probe') /* */ */ -- INTO OUTFILE"
    assert checked(refusing.engine("default"), statement).sql == "SELECT 1"


@pytest.mark.parametrize("name", TABLE_FUNCTIONS)
def test_table_functions_outside_the_list_are_refused_by_name(refusing: Host, name: str) -> None:
    with pytest.raises(SqlError, match=name):
        checked(refusing.engine("default"), f"SELECT * FROM {name}('a', 'b')")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_outside_the_list_are_refused_by_name(refusing: Host, name: str) -> None:
    with pytest.raises(SqlRefused, match=f"the function {name} is not available"):
        checked(refusing.engine("default"), f"SELECT {name}('a', 'b')")


@pytest.mark.parametrize(
    "value", ["system.users", "system.processes", "x`; DROP TABLE spans", "(SELECT file('/spanhouse-probe'))", "nosuch"]
)
def test_a_table_named_by_a_parameter_is_judged_like_any_other(refusing: Host, value: str) -> None:
    with pytest.raises(SqlError, match="there is no table"):
        checked(refusing.engine("default"), "SELECT * FROM {t:Identifier}", {"t": value})
    assert "`spans`" in checked(refusing.engine("default"), "SELECT * FROM {t:Identifier}", {"t": "spans"}).sql


def test_an_unknown_table_is_refused_with_the_list_of_tables(refusing: Host) -> None:
    with pytest.raises(SqlRefused, match="there is no table span here") as refused:
        checked(refusing.engine("default"), "SELECT * FROM span")
    assert "spans, traces, logs" in refused.value.hint


def test_a_name_of_with_cannot_hide_a_table(refusing: Host) -> None:
    with pytest.raises(SqlRefused, match="WITH gives the name of a table"):
        checked(refusing.engine("default"), "WITH spans AS (SELECT 1) SELECT * FROM spans")


@pytest.mark.parametrize("project", ["", "ours"])
def test_a_name_of_with_cannot_look_like_a_table_of_a_database(refusing: Host, project: str) -> None:
    with pytest.raises(SqlRefused, match="has no dot"):
        checked(refusing.engine("default"), "WITH `default.spans` AS (SELECT 1) SELECT 1", project=project)


def test_a_name_of_with_does_not_open_a_table_elsewhere(refusing: Host) -> None:
    """A bare name is nothing to the engine unless WITH gives it: the query stands beside the database."""
    text = checked(refusing.engine("default"), "SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) AS x").sql
    assert "FROM t)" in text


def test_what_sqlglot_stumbles_over_is_refused(refusing: Host) -> None:
    statement = "SELECT a.name FROM spans a ARRAY JOIN GLOBAL ANY INNER JOIN logs b ON a.trace_id = b.trace_id"
    with pytest.raises(SqlRefused, match="cannot be analysed"):
        checked(refusing.engine("default"), statement)


def test_a_statement_that_is_too_long_is_refused_by_its_size(refusing: Host) -> None:
    with pytest.raises(SqlRefused, match=str(STATEMENT_BYTES_MAX)):
        checked(refusing.engine("default"), f"SELECT '{'x' * STATEMENT_BYTES_MAX}'")


@pytest.mark.parametrize("item", ["1", "abs(1)", "'x'"])
def test_a_statement_of_too_many_words_is_refused_before_anybody_reads_it(refusing: Host, item: str) -> None:
    statement = f"SELECT [{','.join([item] * 34_000)}]"
    began = time.thread_time()
    with pytest.raises(SqlRefused, match=str(TOKENS_MAX)):
        checked(refusing.engine("default"), statement)
    assert time.thread_time() - began < 10


def test_a_statement_of_the_allowed_length_reaches_either_engine(refusing: Host) -> None:
    text = "é" * (STATEMENT_BYTES_MAX // 2 - 10)
    assert text in checked(refusing.engine("default"), f"SELECT '{text}'").sql


def test_parameters_of_the_allowed_length_reach_either_engine(refusing: Host) -> None:
    engine, longest = refusing.engine("default"), PARAMETER_BYTES_MAX // len("%C3%A9")
    statement = "SELECT {a:String}, {b:String}"
    checked(engine, statement, {"a": "é" * longest, "b": "x" * PARAMETER_BYTES_MAX})
    with pytest.raises(SqlRefused, match=f"the parameter b has .* more than {PARAMETER_BYTES_MAX}"):
        checked(engine, statement, {"a": "", "b": "é" * (longest + 1)})
    with pytest.raises(SqlRefused, match=f"more than {PARAMETERS_BYTES_MAX}"):
        checked(engine, statement, dict.fromkeys("abcdefg", "x" * PARAMETER_BYTES_MAX))


def test_the_engines_words_about_a_syntax_error_arrive(refusing: Host) -> None:
    with pytest.raises(SqlFailed, match="Syntax error") as failed:
        checked(refusing.engine("default"), "SELECT FROM WHERE")
    assert failed.value.code == 62


def test_a_missing_parameter_is_named(refusing: Host) -> None:
    with pytest.raises(SqlFailed, match="`id` is not set"):
        checked(refusing.engine("default"), "SELECT {id:String}")
