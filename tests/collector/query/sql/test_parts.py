"""The guard's parts, without an engine."""

from __future__ import annotations

import pytest

from spanhouse_collector.errors import SqlFailed, SqlLimitExceeded, SqlRefused, StorageUnavailable
from spanhouse_collector.query.sql.errors import told
from spanhouse_collector.query.sql.formats import format_named
from spanhouse_collector.query.sql.rewrite import Substitution, locate, substitute, tokens_of
from spanhouse_collector.query.sql.settings import combine
from spanhouse_collector.query.sql.syntax import read_tree
from spanhouse_collector.query.sql.tail import Tail, split_tail


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("SELECT 1", Tail("SELECT 1")),
        ("SELECT 1 FORMAT CSV", Tail("SELECT 1", (), "CSV")),
        ("SELECT 1 SETTINGS a = 1, b = 'x'", Tail("SELECT 1", (("a", "1"), ("b", "x")))),
        ("SELECT 1 SETTINGS a = -1 FORMAT CSV", Tail("SELECT 1", (("a", "-1"),), "CSV")),
        ("SELECT 1 FORMAT CSV SETTINGS a = 1", Tail("SELECT 1", (("a", "1"),), "CSV")),
        ("SELECT 'x FORMAT CSV'", Tail("SELECT 'x FORMAT CSV'")),
        ("SELECT 1 AS `FORMAT CSV`", Tail("SELECT 1 AS `FORMAT CSV`")),
        ("SHOW TABLES FORMAT TSV", Tail("SHOW TABLES", (), "TSV")),
        ("SELECT 1 SETTINGS a = {'b':'c'}", Tail("SELECT 1 SETTINGS a = {'b':'c'}")),
        ("SELECT * FROM (SELECT 1 SETTINGS a = 1)", Tail("SELECT * FROM (SELECT 1 SETTINGS a = 1)")),
    ],
)
def test_the_end_of_a_statement_is_cut_off(text: str, tail: Tail) -> None:
    assert split_tail(text, tokens_of(text)) == tail


@pytest.mark.parametrize(
    ("given", "becomes"), [("5", "5"), ("50", "30"), ("0", "30"), ("-1", "30"), ("30", "30"), ("inf", "30")]
)
def test_a_limit_can_only_be_lowered(given: str, becomes: str) -> None:
    assert combine({"max_execution_time": "30"}, [("max_execution_time", given)]) == {"max_execution_time": becomes}


@pytest.mark.parametrize("given", ["x", "", "nan"])
def test_a_limit_that_is_no_number_is_refused(given: str) -> None:
    with pytest.raises(SqlRefused, match="max_threads is not a number"):
        combine({"max_threads": "2"}, [("max_threads", given)])


@pytest.mark.parametrize(
    "name", ["output_format_schema", "format_schema", "format_template_row", "dialect", "readonly_x"]
)
def test_settings_that_reach_files_or_change_the_parser_are_refused(name: str) -> None:
    with pytest.raises(SqlRefused, match=f"Cannot modify '{name}'"):
        combine({}, [(name, "1")])


def test_habits_of_drivers_are_passed_over() -> None:
    assert combine({}, [("readonly", "0"), ("wait_end_of_query", "1"), ("join_use_nulls", "1")]) == {
        "join_use_nulls": "1"
    }


def test_a_name_with_a_line_break_adds_to_what_is_seen_and_hides_nothing() -> None:
    tree = read_tree("SelectQuery (children 1)\n Function we ird\n Function file (children 1)\n  Literal 'x'")
    assert tree.functions == {"we ird", "file"}


@pytest.mark.parametrize("name", ["Template", "Protobuf", "CapnProto", "SQLInsert", "nosuch"])
def test_formats_that_need_files_or_write_statements_are_refused(name: str) -> None:
    with pytest.raises(SqlRefused, match="Unknown format"):
        format_named(name)


def test_only_the_tables_names_are_exchanged() -> None:
    text = "SELECT 'spans', spans.name, rand() AS x FROM spans WHERE x = 'FROM spans' AND 1 IN (SELECT 1 FROM spans)"
    table = "`d`.`spans`"
    assert substitute(locate(text), Substitution("d")) == (
        f"SELECT 'spans', spans.name, rand() AS x FROM {table} WHERE x = 'FROM spans' AND 1 IN (SELECT 1 FROM {table})"
    )


def test_errors_are_told_without_the_statement_that_ran() -> None:
    raw = (
        "Code: 47. DB::Exception: Unknown expression identifier `x` in scope SELECT x FROM (SELECT * FROM d.spans AS "
        "_0123456789abcdef01234567 WHERE project = 'p'). (UNKNOWN_IDENTIFIER) (version 26.7.2.1)"
    )
    error = told(RuntimeError(raw))
    assert isinstance(error, SqlFailed)
    assert (error.code, error.message) == (47, "Unknown expression identifier `x` (UNKNOWN_IDENTIFIER)")


def test_limits_faults_of_the_statement_and_of_the_database_are_told_apart() -> None:
    assert isinstance(told(RuntimeError("Code: 159. DB::Exception: Timeout exceeded")), SqlLimitExceeded)
    assert isinstance(told(RuntimeError("Code: 53. DB::Exception: Type mismatch")), SqlFailed)
    assert isinstance(told(RuntimeError("Code: 243. DB::Exception: No space")), StorageUnavailable)
    assert isinstance(told(RuntimeError("connection lost")), StorageUnavailable)
