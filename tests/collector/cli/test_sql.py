"""`spanhouse sql` against the routes on a real port."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

from spanhouse_collector.cli.main import main
from spanhouse_collector.query.sql.limits import Limits
from spanhouse_collector.storage.engine import EmbeddedEngine
from tests.collector.api.sql_rig import SqlServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlServer]:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("sql") / "chdb")
    engine.create_database()
    with serving(engine, Limits(nice=0)) as server:
        yield server
    engine.close()


def ask(server: SqlServer, *arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, ["sql", *arguments, "--url", server.url], input=stdin)


def test_a_pipe_gets_one_json_object_a_line(server: SqlServer) -> None:
    result = ask(server, "SELECT number AS n, 'ключ' AS t FROM numbers(2)")
    assert result.exit_code == 0
    assert [json.loads(line) for line in result.stdout.splitlines()] == [{"n": 0, "t": "ключ"}, {"n": 1, "t": "ключ"}]


def test_a_table_shows_names_values_and_no_control_characters(server: SqlServer) -> None:
    result = ask(server, "SELECT 1 AS first, '[red]\\x1b[31mx' AS second, NULL AS third", "--format", "table")
    assert result.exit_code == 0
    assert all(word in result.stdout for word in ("first", "second", "NULL", "[red]\\x1b[31mx"))
    assert "\x1b" not in result.stdout


def test_csv_and_parquet_arrive_as_they_are(server: SqlServer, tmp_path: Path) -> None:
    assert ask(server, "SELECT 1 AS a", "--format", "csv").stdout == '"a"\n1\n'
    file = tmp_path / "out.parquet"
    assert ask(server, "SELECT number FROM numbers(9)", "--format", "parquet", "--output", str(file)).exit_code == 0
    assert pyarrow.parquet.read_table(io.BytesIO(file.read_bytes())).num_rows == 9


def test_parameters_and_a_query_from_standard_input(server: SqlServer) -> None:
    result = ask(server, "-", "--param", "x=it's", "--param", "n=2", stdin="SELECT {x:String} AS x, {n:UInt8} AS n")
    assert json.loads(result.stdout) == {"x": "it's", "n": 2}


def test_a_cut_is_told_beside_the_answer(server: SqlServer) -> None:
    result = ask(server, "SELECT number FROM numbers(9)", "--max-rows", "3")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 3)
    assert "cut after 3 rows" in result.stderr


def test_an_error_of_the_query_is_told_with_exit_code_1(server: SqlServer) -> None:
    result = ask(server, "SELECT file('probe.txt')")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "the function file is not available here" in result.stderr


def test_a_syntax_error_is_told_with_its_place(server: SqlServer) -> None:
    *_, written, caret, hint = ask(server, "SELEC 'ключ', 1").stderr.splitlines()
    assert written[caret.index("^") :] == "'ключ', 1"
    assert hint.strip() == "did you mean SELECT?"
    *_, written, caret = ask(server, "SELECT 'ключ' AS k,\n  count(* FROM spans").stderr.splitlines()
    assert written[caret.index("^") :].startswith("FROM spans")


def test_a_cost_is_shown_without_the_digits_of_binary_fractions(server: SqlServer) -> None:
    shown = ask(server, "SELECT 2.9699999999999997e-05 AS cost_usd", "--format", "table").stdout
    assert " 0.0000297 " in shown


def test_a_collector_that_is_not_there_is_told(server: SqlServer) -> None:
    result = CliRunner().invoke(main, ["sql", "SELECT 1", "--url", "http://127.0.0.1:1"])
    assert result.exit_code == 1
    assert "no collector answers" in result.stderr


def test_wrong_usage_has_exit_code_2(server: SqlServer) -> None:
    assert ask(server, "SELECT 1", "--format", "nosuch").exit_code == 2
    assert ask(server, "SELECT 1", "--param", "x").exit_code == 2


def test_rows_of_too_many_columns_for_a_table_stand_one_by_one(server: SqlServer) -> None:
    columns = ", ".join(f"{number} AS column_{number}" for number in range(60))
    result = ask(server, f"SELECT {columns} FROM numbers(2)", "--format", "table")
    assert result.exit_code == 0
    assert "── row 2 ──" in result.stdout
    assert result.stdout.count("column_59  59") == 2
