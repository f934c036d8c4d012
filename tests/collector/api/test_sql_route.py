"""`POST /api/v1/sql`: answers, their formats, limits that are named, and queries that end with their client."""

from __future__ import annotations

import io
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow
import pyarrow.parquet
import pytest

from tests.collector.api.sql_fixtures import server
from tests.collector.api.sql_rig import SqlServer
from tests.collector.query.sql.rig import OURS
from tests.engines import embedded_directory, host, open_suite

__all__ = ["embedded_directory", "host", "open_suite", "server"]

LIMIT = "sql_limit_exceeded"
# No limit of rows stops the endless query, and it reads nothing: only its end or somebody's word does.
ENDLESS = "SELECT sum(length(SHA256(toString(number)))) FROM numbers(1900000000)"
RUNNING = "SELECT count() FROM system.processes WHERE query LIKE '%length(SHA256(%' AND query NOT LIKE '%processes%'"


def test_an_answer_names_columns_and_types(server: SqlServer) -> None:
    answer = server.sql("SELECT name, duration_ns FROM spans WHERE project = 'ours' ORDER BY name LIMIT 1").json()
    assert answer["columns"] == [
        {"name": "name", "type": "LowCardinality(String)"},
        {"name": "duration_ns", "type": "UInt64"},
    ]
    assert (answer["rows"], answer["truncated"]) == ([["a0", 1_000_000_000]], False)
    assert answer["elapsed_ms"] > 0


def test_an_answer_without_rows_still_has_its_columns(server: SqlServer) -> None:
    answer = server.sql("SELECT name FROM spans WHERE 0").json()
    assert (answer["columns"][0]["name"], answer["rows"]) == ("name", [])


def test_bytes_that_are_no_text_do_not_spoil_the_json(server: SqlServer) -> None:
    assert server.rows("SELECT unhex('ff41')") == [["\ufffdA"]]


def test_an_answer_that_was_cut_says_so(server: SqlServer) -> None:
    cut = server.sql("SELECT number FROM numbers(11)", max_rows=10).json()
    whole = server.sql("SELECT number FROM numbers(10)", max_rows=10).json()
    assert (len(cut["rows"]), cut["truncated"]) == (10, True)
    assert (len(whole["rows"]), whole["truncated"]) == (10, False)


def test_the_default_cut_is_at_ten_thousand_rows(server: SqlServer) -> None:
    answer = server.sql("SELECT number FROM numbers(1000000)").json()
    assert (len(answer["rows"]), answer["truncated"]) == (10_000, True)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", "it's a \\ \t \n 'quote'"),
        ("String", ""),
        ("UInt64", 18446744073709551615),
        ("Int8", -5),
        ("Float64", 1.5),
        ("Bool", True),
        ("Nullable(String)", None),
        ("Array(String)", ["it's", "b\\", "x\ny", ""]),
        ("Array(UInt8)", [1, 2]),
        ("Array(Nullable(UInt8))", [1, None]),
        ("Map(String, UInt8)", {"a'b": 1}),
        ("Array(Array(String))", [["a"], []]),
    ],
)
def test_parameters_arrive_as_they_were(server: SqlServer, kind: str, value: object) -> None:
    assert server.rows(f"SELECT {{v:{kind}}}", params={"v": value}) == [[value]]


def test_64_bit_integers_are_numbers_unless_strings_are_asked_for(server: SqlServer) -> None:
    query = "SELECT 9007199254740993::UInt64, nan"
    assert server.rows(query) == [[9007199254740993, "nan"]]
    assert server.rows(query, quote_64bit_integers=True) == [["9007199254740993", "nan"]]


def test_a_project_sees_its_rows(server: SqlServer) -> None:
    assert server.rows("SELECT count() FROM spans") == [[12]]
    assert server.rows("SELECT count() FROM spans", project=OURS) == [[5]]


def test_arrow_and_parquet_by_accept(server: SqlServer) -> None:
    query = "SELECT number, toString(number) AS text FROM numbers(70000)"
    stream = server.sql(query, accept="application/vnd.apache.arrow.stream")
    file = server.sql(query, accept="application/vnd.apache.arrow.file")
    parquet = server.sql(query, accept="application/vnd.apache.parquet")
    tables = [
        pyarrow.ipc.open_stream(stream.content).read_all(),
        pyarrow.ipc.open_file(file.content).read_all(),
        pyarrow.parquet.read_table(io.BytesIO(parquet.content)),
    ]
    assert [table.num_rows for table in tables] == [70000] * 3
    assert parquet.headers["content-type"] == "application/vnd.apache.parquet"


def test_csv_and_lines_by_accept(server: SqlServer) -> None:
    assert server.sql("SELECT 1 AS a, 'x' AS b", accept="text/csv").text == '"a","b"\n1,"x"\n'
    lines = server.sql("SELECT number FROM numbers(3)", accept="application/x-ndjson").text.splitlines()
    assert [json.loads(line) for line in lines] == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_a_format_that_cannot_tell_of_a_cut_is_refused_instead(server: SqlServer) -> None:
    reply = server.sql("SELECT number FROM numbers(11)", accept="text/csv", max_rows=10)
    assert reply.status_code == 422
    assert "10" in reply.json()["error"]["message"]


def test_a_format_clause_does_not_change_the_answer_s_shape(server: SqlServer) -> None:
    assert server.rows("SELECT 1 FORMAT CSV") == [[1]]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("SELECT nosuch FROM spans", 400, "sql_failed"),
        ("SELEC 1", 400, "sql_failed"),
        ("DROP TABLE spans", 400, "sql_refused"),
        ("SELECT * FROM nosuch", 400, "sql_refused"),
        ("SELECT file('/spanhouse-probe')", 400, "sql_refused"),
        ("SELECT throwIf(1)", 400, "sql_failed"),
        ("SELECT groupArray(repeat('x', 1000)) FROM numbers(100000) SETTINGS max_memory_usage = 20000000", 422, LIMIT),
        ("SELECT count() FROM numbers(1000000000000000000)", 422, LIMIT),
    ],
)
def test_errors_name_what_and_which_limit(server: SqlServer, query: str, status: int, code: str) -> None:
    reply = server.sql(query)
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)
    assert reply.json()["error"]["message"]
    assert "_temporary" not in reply.text


def test_a_query_that_takes_too_long_is_ended_and_told(server: SqlServer) -> None:
    reply = server.sql(f"{ENDLESS} SETTINGS max_execution_time = 0.2, max_rows_to_read = 0")
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, LIMIT)
    assert "imeout" in reply.json()["error"]["message"]


def test_a_body_that_is_no_request_is_refused(server: SqlServer) -> None:
    assert server.sql("").status_code == 400
    assert server.sql("SELECT 1", max_rows=0).status_code == 400
    assert server.sql("SELECT 1", nosuch=1).status_code == 400


def wait_for_running(server: SqlServer, wanted: int, store: object) -> None:
    """Until that many endless queries run; looks past the guard, which shows nobody's queries."""
    deadline = time.monotonic() + 20
    connection = store.engine.connect()  # type: ignore[attr-defined]
    try:
        while connection.query(RUNNING).rows[0][0] != wanted:
            assert time.monotonic() < deadline, f"{wanted} queries do not come to run"
            time.sleep(0.02)
    finally:
        connection.close()


def test_a_query_ends_when_its_client_leaves(server: SqlServer, open_suite: object) -> None:
    body = json.dumps({"query": ENDLESS}).encode()
    head = (
        f"POST /api/v1/sql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(head.encode() + body)
        wait_for_running(server, 1, open_suite)
    wait_for_running(server, 0, open_suite)
    assert server.rows("SELECT 1") == [[1]]


def test_more_queries_than_slots_wait_and_are_then_told_to_come_back(server: SqlServer, open_suite: object) -> None:
    slow = f"{ENDLESS} SETTINGS max_execution_time = 1.5"
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(server.sql, slow) for _ in range(2)]
        wait_for_running(server, 2, open_suite)
        refused = server.sql("SELECT 1")
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "too_many_queries")
        assert "2 queries" in refused.json()["error"]["message"]
        assert refused.headers["retry-after"]
        assert [query.result().status_code for query in running] == [422, 422]
    assert server.rows("SELECT 1") == [[1]]


def test_an_error_half_way_ends_the_json_with_the_error(server: SqlServer) -> None:
    query = (
        "SELECT throwIf(number = 900000), number FROM numbers(1000000) SETTINGS max_block_size = 1000, max_threads = 1"
    )
    reply = server.sql(query, max_rows=1_000_000)
    if reply.status_code == 200:  # the embedded engine makes the answer whole before the first byte
        answer = reply.json()
        assert (answer["truncated"], answer["error"]["code"]) == (True, "sql_failed")
    else:
        assert reply.json()["error"]["code"] == "sql_failed"


def test_settings_that_do_not_hold_are_named_in_the_answer(server: SqlServer) -> None:
    query = (
        "SELECT 1 SETTINGS max_threads = 6400, max_execution_time = 0, extremes = 0, log_comment = 'x' FORMAT Template"
    )
    answer = server.sql(query)
    told = {each["name"]: (each["given"], bool(each["used"])) for each in answer.json()["ignored_settings"]}
    assert told == {
        "max_threads": ("6400", True),
        "max_execution_time": ("0", True),
        "log_comment": ("x", False),
        "FORMAT": ("Template", True),
    }
    assert answer.headers["x-spanhouse-ignored-settings"] == "max_threads, max_execution_time, log_comment, FORMAT"


def test_an_answer_whose_settings_hold_names_none(server: SqlServer) -> None:
    answer = server.sql("SELECT 1 SETTINGS max_execution_time = 5")
    assert "ignored_settings" not in answer.json()
    assert "x-spanhouse-ignored-settings" not in answer.headers
