"""The test server is a real ClickHouse: what other tests rely on, claim by claim.

Owns: the proof that `ClickHouseServer` enforces users, keeps its data and leaves no process behind, and that the engine
has the features Spanhouse builds on.
"""

from __future__ import annotations

import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import clickhouse_server
from tests.servers.clickhouse_server import ClickHouseServer, ServerFailedError

pytestmark = pytest.mark.server

WAIT_S = 10.0
PARENT_PROGRAM = """\
import sys, threading
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from clickhouse_server import ClickHouseServer
server = ClickHouseServer(Path(sys.argv[2]))
starter = threading.Thread(target=server.start)
starter.start()
starter.join()
print(server.query("SELECT 1"), server.pid, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """One running server for the tests that do not stop it."""
    with ClickHouseServer(tmp_path_factory.mktemp("clickhouse") / "data") as running:
        yield running


@pytest.fixture
def database(server: ClickHouseServer) -> Iterator[str]:
    """An empty database of its own."""
    server.query("CREATE DATABASE probe")
    yield "probe"
    server.query("DROP DATABASE probe SYNC")


def is_gone(pid: int) -> bool:
    """Whether no process, not even a zombie of ours, has this id within a few seconds."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        stat = Path(f"/proc/{pid}/stat")
        try:
            if stat.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def encode_text(text: str) -> bytes:
    """A native-protocol string: length, then bytes (all of ours are short)."""
    return bytes([len(text)]) + text.encode()


def native_hello(port: int, user: str, password: str) -> tuple[int, bytes]:
    """Say hello on the native port; return the answer's packet type (0 hello, 2 exception) and its bytes."""
    revision = bytes([0x80 | (54_058 & 0x7F), 0x80 | (54_058 >> 7 & 0x7F), 54_058 >> 14])
    hello = b"\x00" + encode_text("probe") + b"\x01\x01" + revision
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connection:
        connection.sendall(hello + encode_text("default") + encode_text(user) + encode_text(password))
        answer = connection.recv(65_536)
    return answer[0], answer


def test_server_version_has_the_text_index(server: ClickHouseServer) -> None:
    """26.2 is the oldest version Spanhouse accepts."""
    major, minor = server.query("SELECT version()").split(".")[:2]
    assert (int(major), int(minor)) >= (26, 2)


def test_user_of_the_url_has_full_rights(server: ClickHouseServer, database: str) -> None:
    """The user of `url()` creates, writes and reads."""
    server.query(f"CREATE TABLE {database}.t (a Int64) ENGINE = MergeTree ORDER BY a")
    server.query(f"INSERT INTO {database}.t FORMAT TabSeparated", body=b"1\n2\n")
    assert server.query(f"SELECT sum(a), currentUser() FROM {database}.t") == f"3\t{server.user}"
    assert server.url(database) == f"clickhouse://spanhouse:spanhouse-secret@127.0.0.1:{server.http_port}/probe"


@pytest.mark.parametrize(
    ("user", "password"),
    [("spanhouse", "wrong"), ("spanhouse", ""), ("reader", "spanhouse-secret"), ("nobody", "")],
)
def test_wrong_password_is_refused(server: ClickHouseServer, user: str, password: str) -> None:
    """HTTP 403 and ClickHouse's code 516, and the server lives on."""
    with pytest.raises(ServerFailedError, match=r"403: Code: 516"):
        server.query("SELECT 1", user=user, password=password)
    assert server.running


def test_native_port_answers_its_hello(server: ClickHouseServer) -> None:
    """The native protocol greets a user with the right password."""
    kind, answer = native_hello(server.tcp_port, server.user, server.password)
    assert kind == 0
    assert b"ClickHouse" in answer


def test_reader_reads_and_cannot_write(server: ClickHouseServer, database: str) -> None:
    """The readonly profile is enforced."""
    read = functools.partial(server.query, user=server.reader, password=server.reader_password)
    server.query(f"CREATE TABLE {database}.t (a Int64) ENGINE = MergeTree ORDER BY a")
    assert read(f"SELECT count() FROM {database}.t") == "0"
    for statement in (f"INSERT INTO {database}.t VALUES (1)", f"DROP TABLE {database}.t"):
        with pytest.raises(ServerFailedError, match="READONLY"):
            read(statement)


def test_default_user_has_no_rights(server: ClickHouseServer, database: str) -> None:
    """Who brings no credentials sees no table and makes none."""
    server.query(f"CREATE TABLE {database}.t (a Int64) ENGINE = MergeTree ORDER BY a")
    for statement in (f"SELECT * FROM {database}.t", f"CREATE TABLE {database}.u (a Int64) ENGINE = Memory"):
        with pytest.raises(ServerFailedError, match="ACCESS_DENIED"):
            server.query(statement, user="default", password="")


def test_insert_token_stores_once_also_behind_a_view(server: ClickHouseServer, database: str) -> None:
    """The same token twice stores once, in the target of a Null table's materialized view."""
    server.query(f"CREATE TABLE {database}.inlet (a Int64) ENGINE = Null")
    server.query(
        f"CREATE TABLE {database}.t (a Int64) ENGINE = MergeTree ORDER BY a "
        "SETTINGS non_replicated_deduplication_window = 100"
    )
    server.query(f"CREATE MATERIALIZED VIEW {database}.v TO {database}.t AS SELECT a * 10 AS a FROM {database}.inlet")
    for token in ("one", "one", "two"):
        settings = {
            "insert_deduplication_token": token,
            "deduplicate_blocks_in_dependent_materialized_views": 1,
            "async_insert": 0,
        }
        server.query(f"INSERT INTO {database}.inlet FORMAT TabSeparated", body=b"1\n2\n", settings=settings)
    assert server.query(f"SELECT count(), sum(a) FROM {database}.t") == "4\t60"


def test_text_index_prunes_a_token_search(server: ClickHouseServer, database: str) -> None:
    """A text index is accepted, used and right."""
    server.query(
        f"CREATE TABLE {database}.t (n UInt64, body String, "
        "INDEX words body TYPE text(tokenizer = splitByNonAlpha)) ENGINE = MergeTree ORDER BY n"
    )
    server.query(f"INSERT INTO {database}.t SELECT number, 'word' || number || ' common' FROM numbers(50000)")
    search = f"FROM {database}.t WHERE hasToken(body, 'word4711')"
    assert server.query(f"SELECT n {search}") == "4711"
    assert "words" in server.query(f"EXPLAIN indexes = 1 SELECT n {search}")


def test_protobuf_reads_with_a_schema_in_the_settings(server: ClickHouseServer, database: str) -> None:
    """The reader schema travels with the INSERT: no file on the server."""
    server.query(f"CREATE TABLE {database}.t (name String, n Int64) ENGINE = MergeTree ORDER BY n")
    settings = {
        "format_schema_source": "string",
        "format_schema": 'syntax = "proto3"; message Row { string name = 1; int64 n = 2; }',
        "format_schema_message_name": "Row",
    }
    rows = b"\x06\x0a\x02hi\x10\x07" + b"\x06\x0a\x02ho\x10\x08"
    server.query(f"INSERT INTO {database}.t FORMAT Protobuf", body=rows, settings=settings)
    assert server.query(f"SELECT groupArray((name, n)) FROM {database}.t") == "[('hi',7),('ho',8)]"


def test_data_and_ports_survive_stop_and_kill(tmp_path: Path) -> None:
    """The same object and a new one over the same directory both find what was written."""
    server = ClickHouseServer(tmp_path / "data")
    ports = server.http_port, server.tcp_port
    for rounds, end in enumerate((server.stop, server.kill, server.stop)):
        server.start()
        server.query("CREATE DATABASE IF NOT EXISTS kept")
        for table in ("kept.t", "default.t"):
            server.query(f"CREATE TABLE IF NOT EXISTS {table} (a Int64) ENGINE = MergeTree ORDER BY a")
            assert server.query(f"SELECT count() FROM {table}") == str(rounds)
            server.query(f"INSERT INTO {table} VALUES ({rounds})")
        end()
        assert (server.http_port, server.tcp_port) == ports
    with ClickHouseServer(tmp_path / "data", http_port=ports[0], tcp_port=ports[1]) as again:
        assert again.query("SELECT sum(a) FROM kept.t") == "3"


def test_stop_and_kill_leave_no_process(tmp_path: Path) -> None:
    """Both end the process and may be called twice; a new start is possible after them."""
    server = ClickHouseServer(tmp_path / "data")
    for end in (server.stop, server.kill):
        server.start()
        pid = server.pid
        end()
        end()
        assert not server.running
        assert is_gone(pid)
        with pytest.raises(ServerFailedError, match="not running"):
            _ = server.pid


def test_server_outlives_its_starting_thread_and_dies_with_its_parent(tmp_path: Path) -> None:
    """A killed test run leaves no server; a test's worker thread may start one."""
    folder = str(Path(clickhouse_server.__file__).parent)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT_PROGRAM, folder, str(tmp_path / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert parent.stdout is not None
        answer, pid = parent.stdout.readline().split()
        assert answer == "1"
        os.kill(parent.pid, signal.SIGKILL)
        assert is_gone(int(pid))
    finally:
        parent.kill()
        parent.communicate()


def test_failed_start_tells_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad configuration and a missing library are named in the error, and nothing keeps running."""
    server = ClickHouseServer(tmp_path / "data", extra_config="<unclosed>")
    with pytest.raises(ServerFailedError, match=r"(?s)ended while starting.*config.xml"):
        server.start()
    assert not server.running
    monkeypatch.setattr(clickhouse_server, "LIBRARY_PATH", tmp_path / "absent.so")
    with pytest.raises(ServerFailedError, match="npm ci --prefix tests/js"):
        server.start()


def test_extra_configuration_is_used(tmp_path: Path) -> None:
    """Clusters and more users come from the caller."""
    config = (
        "<remote_servers><pair><shard><replica><host>127.0.0.1</host><port>1</port></replica></shard></pair>"
        "</remote_servers>"
    )
    users = "<ann><password>pw</password><profile>default</profile><quota>default</quota></ann>"
    with ClickHouseServer(tmp_path / "data", extra_config=config, extra_users=users) as server:
        assert server.query("SELECT cluster FROM system.clusters WHERE cluster = 'pair'") == "pair"
        assert server.query("SELECT currentUser()", user="ann", password="pw") == "ann"
