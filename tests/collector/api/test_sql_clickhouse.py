"""`/clickhouse/`: drivers as they are, and the protocol by hand where a driver hides it."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import httpx
import lz4.block
import pytest
from clickhouse_cityhash.cityhash import CityHash128
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError, ProgrammingError

from tests.collector.api.sql_fixtures import server
from tests.collector.api.sql_rig import SqlServer
from tests.collector.query.sql.rig import OURS
from tests.engines import embedded_directory, host, open_suite

__all__ = ["embedded_directory", "host", "open_suite", "server"]

GREETING = "SELECT displayName(), version(), revision(), timezone()"


@pytest.fixture(scope="module")
def client(server: SqlServer) -> Iterator[Any]:
    client = clickhouse_connect.get_client(
        host="127.0.0.1", port=server.port, proxy_path="clickhouse", username="anybody", password="anything"
    )
    yield client
    client.close()


def test_the_driver_reads_rows_with_their_types(client: Any) -> None:
    result = client.query(
        "SELECT name, duration_ns, attributes, events.name FROM spans WHERE project = 'ours' ORDER BY name"
    )
    assert result.column_names == ("name", "duration_ns", "attributes", "events.name")
    assert result.result_rows[0] == ("a0", 1_000_000_000, {"n": "0"}, [])


def test_the_driver_binds_parameters(client: Any) -> None:
    query = "SELECT {text:String}, {number:UInt8}, {list:Array(String)}"
    given = {"text": "it's \\ \n", "number": 3, "list": ["a'b", "c"]}
    assert client.query(query, parameters=given).result_rows == [("it's \\ \n", 3, ["a'b", "c"])]


def test_the_driver_makes_data_frames(client: Any) -> None:
    frame = client.query_df("SELECT project, count() AS spans FROM spans GROUP BY project ORDER BY project")
    assert frame.to_dict("list") == {"project": ["ours", "theirs"], "spans": [5, 7]}


def test_the_driver_makes_arrow_tables(client: Any) -> None:
    table = client.query_arrow("SELECT number FROM numbers(100000)")
    assert (table.num_rows, table.schema.names) == (100_000, ["number"])


def test_the_driver_streams_blocks(client: Any) -> None:
    with client.query_row_block_stream("SELECT number, toString(number) FROM numbers(300000)") as blocks:
        sizes = [len(block) for block in blocks]
    assert sum(sizes) == 300_000
    assert len(sizes) > 1


def test_the_driver_sees_the_columns_of_an_answer_without_rows(client: Any) -> None:
    result = client.query("SELECT name, duration_ns FROM spans WHERE 0")
    assert (result.column_names, result.result_rows) == (("name", "duration_ns"), [])


def test_the_driver_is_refused_settings_that_lift_limits(client: Any, server: SqlServer) -> None:
    with pytest.raises(ProgrammingError, match="max_insert_threads is readonly"):
        client.query("SELECT 1", settings={"max_insert_threads": 4})
    assert client.query("SELECT 1", settings={"max_execution_time": 100_000}).result_rows == [(1,)]
    shown = server.clickhouse("SELECT 1", additional_table_filters="{}")
    assert "Cannot modify 'additional_table_filters' setting in readonly mode" in shown.text


@pytest.mark.parametrize("statement", ["DROP TABLE spans", "TRUNCATE TABLE spans", "SELECT file('/spanhouse-probe')"])
def test_the_driver_is_told_what_is_refused(client: Any, statement: str) -> None:
    with pytest.raises(DatabaseError, match=r"Code: \d+"):
        client.command(statement)


def test_the_driver_cannot_insert(client: Any) -> None:
    with pytest.raises(ClickHouseError):
        client.insert("spans", [["x"]], column_names=["name"])


@pytest.mark.filterwarnings("ignore")
def test_the_driver_is_told_of_an_error_half_way(client: Any) -> None:
    query = "SELECT throwIf(number = 700000), number FROM numbers(1000000) SETTINGS max_block_size = 1000"
    with pytest.raises(ClickHouseError, match="throwIf"):
        _ = client.query(query).result_rows


def test_commands_that_ask_about_tables_work_in_the_driver(client: Any) -> None:
    assert "spans" in client.command("SHOW TABLES")
    assert client.command("EXISTS TABLE spans") == 1
    assert client.query("DESCRIBE TABLE spans").result_rows[0][:2] == ("project", "LowCardinality(String)")


def test_ping_and_an_empty_get_say_ok(server: SqlServer) -> None:
    for path in ("/clickhouse/ping", "/clickhouse/", "/clickhouse", "/clickhouse/replicas_status"):
        assert httpx.get(server.url + path).text == "Ok.\n"


def test_the_statement_may_stand_in_the_url_in_the_body_or_in_both(server: SqlServer) -> None:
    in_url = httpx.get(f"{server.url}/clickhouse/", params={"query": "SELECT 1"})
    in_both = httpx.post(f"{server.url}/clickhouse/", params={"query": "SELECT"}, content=b"2")
    assert (in_url.text, server.clickhouse("SELECT 3").text, in_both.text) == ("1\n", "3\n", "2\n")


def test_the_format_of_the_clause_wins_then_the_url_then_the_header(server: SqlServer) -> None:
    header = {"X-ClickHouse-Format": "CSV"}
    assert server.clickhouse("SELECT 'a'", headers=header).text == '"a"\n'
    assert server.clickhouse("SELECT 'a'", headers=header, default_format="JSONEachRow").text == '{"\'a\'":"a"}\n'
    reply = server.clickhouse("SELECT 'a' FORMAT TSV", headers=header, default_format="JSONEachRow")
    assert (reply.text, reply.headers["x-clickhouse-format"]) == ("a\n", "TSV")


def test_an_unknown_format_is_refused(server: SqlServer) -> None:
    assert "Code: 73" in server.clickhouse("SELECT 1", default_format="Template").text


def test_replies_carry_clickhouses_headers(server: SqlServer) -> None:
    headers = server.clickhouse("SELECT count() FROM spans").headers
    assert headers["x-clickhouse-query-id"]
    assert headers["x-clickhouse-timezone"] == server.rows("SELECT timezone()")[0][0]
    assert headers["content-type"].startswith("text/tab-separated-values")
    assert "read_rows" in json.loads(headers["x-clickhouse-summary"])


@pytest.mark.parametrize(
    ("query", "status", "code", "name"),
    [
        ("SELEC 1", 400, "62", "SYNTAX_ERROR"),
        ("SELECT nosuch", 404, "47", "UNKNOWN_IDENTIFIER"),
        ("SELECT * FROM nosuch", 404, "60", "UNKNOWN_TABLE"),
        ("SELECT sleep(1)", 404, "46", "UNKNOWN_FUNCTION"),
        ("DROP TABLE spans", 500, "164", "READONLY"),
    ],
)
def test_errors_read_like_clickhouses(server: SqlServer, query: str, status: int, code: str, name: str) -> None:
    reply = server.clickhouse(query)
    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (status, code)
    assert reply.text.startswith(f"Code: {code}. DB::Exception: ")
    assert reply.text.rstrip().endswith(f"({name})")


def test_a_database_that_is_not_ours_is_refused(server: SqlServer) -> None:
    assert server.clickhouse("SELECT 1", database="default").text == "1\n"
    assert server.clickhouse("SELECT 1", database=server.runner.database).text == "1\n"
    assert "Code: 81" in server.clickhouse("SELECT 1", database="system").text


def test_a_project_sees_its_rows(server: SqlServer) -> None:
    assert server.clickhouse("SELECT count() FROM spans", project=OURS).text == "5\n"


def test_credentials_in_any_place_are_accepted_while_there_are_no_keys(server: SqlServer) -> None:
    assert server.clickhouse("SELECT 1", headers={"X-ClickHouse-User": "u", "X-ClickHouse-Key": "k"}).text == "1\n"
    assert server.clickhouse("SELECT 1", user="u", password="p").text == "1\n"
    assert httpx.post(f"{server.url}/clickhouse/", content=b"SELECT 1", auth=("u", "p")).text == "1\n"


def test_sessions_are_accepted_and_forget_everything(server: SqlServer) -> None:
    assert server.clickhouse("SELECT 1", session_id="s", session_timeout="60", query_id="q").text == "1\n"


def test_the_body_is_compressed_when_the_url_says_so(server: SqlServer) -> None:
    query = "SELECT number FROM numbers(1000)"
    plain = server.clickhouse(query)
    headers = {"accept-encoding": "gzip"}
    assert "content-encoding" not in server.clickhouse(query, headers=headers).headers
    packed = httpx.stream(
        "POST", f"{server.url}/clickhouse/?enable_http_compression=1", content=query.encode(), headers=headers
    )
    with packed as reply:
        raw = b"".join(reply.iter_raw())
        assert reply.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content


def test_native_compression_gives_checked_blocks(server: SqlServer) -> None:
    """What JDBC asks for by default."""
    data = server.clickhouse("SELECT number FROM numbers(300000)", compress="1").content
    whole, blocks = b"", 0
    while data:
        high, low, method, packed, size = struct.unpack("<QQBII", data[:25])
        body = data[16 : 16 + packed]
        assert (method, CityHash128(body)) == (0x82, high << 64 | low)
        whole += lz4.block.decompress(body[9:], uncompressed_size=size)
        data = data[16 + packed :]
        blocks += 1
    assert whole == server.clickhouse("SELECT number FROM numbers(300000)").content
    assert blocks > 1


def test_a_compressed_request_is_refused(server: SqlServer) -> None:
    assert "Code: 48" in server.clickhouse("SELECT 1", decompress="1").text
    assert "Code: 48" in server.clickhouse("SELECT 1", headers={"content-encoding": "gzip"}).text


def test_the_go_driver_is_greeted_in_its_revision_and_told_to_read_plain_blocks(server: SqlServer) -> None:
    """Grafana's data source speaks through it: Native, a protocol version, gzip."""
    greeting = server.clickhouse(GREETING, default_format="Native", client_protocol_version="54460").content
    assert greeting.startswith(b"\x01\x00\x02\xff\xff\xff\xff\x00\x04\x01\x0ddisplayName()\x06String\x00")
    assert b"\x0arevision()\x06UInt32\x00\x00\x00\x00\x00" in greeting
    later = server.clickhouse("SELECT 1", default_format="Native", client_protocol_version="54460").content
    assert later == b"\x01\x01\x011\x05UInt8\x01"
    assert server.clickhouse(GREETING).text.startswith("spanhouse\t")


def test_a_statement_that_is_no_text_is_refused(server: SqlServer) -> None:
    reply = httpx.post(f"{server.url}/clickhouse/", content=b"SELECT '\xff'")
    assert (reply.status_code, reply.headers["x-clickhouse-exception-code"]) == (400, "62")
