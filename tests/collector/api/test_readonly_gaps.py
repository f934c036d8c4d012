"""What got through engines that trusted `readonly`, line by line, sent to both SQL routes: refused, and without effect.

A listener on loopback sees whether the engine called anybody, a directory whether it wrote a file.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from spanhouse_collector.errors import StorageError
from tests.collector.api.sql_fixtures import server
from tests.collector.api.sql_rig import SqlServer
from tests.collector.query.sql.rig import OURS
from tests.engines import embedded_directory, host, open_suite
from tests.tables import Store

__all__ = ["embedded_directory", "host", "open_suite", "server"]

PRIVATE = "the-private-words-of-a-file"
# The table of what readonly = 0, 2 and 1 stop and do not stop, a key for each of its lines.
LINES = {
    "table functions": """
        SELECT * FROM file('{file}', 'LineAsString')
        SELECT * FROM url('{url}', 'CSV', 'a String')
        SELECT * FROM s3('{url}b/k', 'CSV', 'a String')
        SELECT * FROM remote('{address}', 'system.one')
        SELECT * FROM mysql('{address}', 'd', 't', 'u', 'p')
        SELECT * FROM sqlite('{file}', 't')
        """,
    "the scalar file()": """
        SELECT file('{file}')
        SELECT file('/spanhouse-probe-3')
        SELECT * FROM (SELECT file('{file}') AS f) WHERE f != ''
        """,
    "DESCRIBE that asks a server": """
        DESCRIBE TABLE url('{url}')
        DESC TABLE url('{url}', 'CSV')
        DESCRIBE TABLE s3('{url}b/k')
        DESCRIBE (SELECT * FROM url('{url}', 'CSV'))
        """,
    "DESCRIBE that reads a file": """
        DESCRIBE TABLE file('{file}', 'CSV')
        DESCRIBE TABLE file('{file}')
        """,
    "INTO OUTFILE": """
        SELECT 1 INTO OUTFILE '{written}'
        SELECT 1 INTO OUTFILE '{written}' APPEND FORMAT CSV
        SELECT 1 INTO OUTFILE '{written}' AND STDOUT
        SELECT 1 INTO OUTFILE '{written}' FORMAT CSV SETTINGS max_threads = 1
        """,
    "Python()": """
        SELECT * FROM Python(PRIVATE)
        SELECT * FROM Python('PRIVATE')
        SELECT * FROM python(PRIVATE)
        """,
    "settings": """
        SET readonly = 0
        SELECT 1; SET readonly = 0
        SELECT 1 SETTINGS additional_table_filters = {{'spans': '1'}}
        SELECT 1 SETTINGS max_execution_time = 0, max_insert_threads = 9
        SELECT 1 SETTINGS allow_introspection_functions = 1
        """,
    "other people's queries and all tables": """
        KILL QUERY WHERE 1
        SELECT * FROM system.processes
        SHOW PROCESSLIST
        SELECT * FROM system.query_log
        """,
    "users, policies and grants": """
        CREATE USER u
        CREATE ROW POLICY p ON spans USING 1 TO ALL
        REVOKE SOURCES ON *.* FROM default
        EXECUTE AS default SELECT 1
        """,
    "statements that are no SELECT": """
        EXPLAIN SELECT 1
        EXPLAIN TABLE OVERRIDE mysql('{address}', 'd', 't', 'u', 'p')
        SHOW CREATE TABLE spans
        SHOW TABLES FROM system
        INSERT INTO FUNCTION url('{url}', 'CSV', 'a UInt8') SELECT 1
        """,
}
# Refused by us, or nothing that the engine's parser knows: UNKNOWN_FUNCTION _TABLE _DATABASE, SYNTAX_ERROR, READONLY.
REFUSED = {"46", "60", "62", "81", "164"}
CASES = [(line, statement.strip()) for line, text in LINES.items() for statement in text.strip().splitlines()]


class Listener:
    """Somebody whom the engine must not call; closes whatever calls."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.calls = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                caller, _ = self._socket.accept()
                self.calls += 1
                caller.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def private_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("private") / "file.csv"
    path.write_text(f"{PRIVATE}\n")
    return path


@pytest.mark.parametrize(("line", "statement"), CASES, ids=[f"{line}: {text[:40]}" for line, text in CASES])
def test_what_readonly_let_through_is_refused_on_every_way_in(
    server: SqlServer, listener: Listener, private_file: Path, line: str, statement: str
) -> None:
    address = f"127.0.0.1:{listener.port}"
    written = private_file.parent / "written"
    sent = statement.format(file=private_file, url=f"http://{address}/", address=address, written=written)
    calls = listener.calls
    ours = server.sql(sent, project=OURS, accept="text/csv")
    driver = server.clickhouse(sent, readonly="2")
    assert ours.json()["error"]["code"] in ("sql_refused", "sql_failed")
    assert driver.headers["x-clickhouse-exception-code"] in REFUSED, driver.text
    assert not any(PRIVATE in reply.text for reply in (ours, driver))
    assert listener.calls == calls
    assert not written.exists()


def test_the_engine_itself_would_have_called(open_suite: Store, listener: Listener) -> None:
    """Of the test above: that it would have seen it."""
    connection = open_suite.engine.connect()
    calls = listener.calls
    try:
        with pytest.raises(StorageError):
            connection.query(
                f"DESCRIBE TABLE url('http://127.0.0.1:{listener.port}/', 'CSV') SETTINGS http_max_tries = 1"
            )
    finally:
        connection.close()
    assert listener.calls > calls
