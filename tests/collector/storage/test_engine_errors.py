"""Failures of the database as the collector's own errors: wait, call an operator, or blame the data.

Owns the class of each failure and what its message may and may not say. Leaves what is done about it to the loader.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from spanhouse_collector.config import ClickHouseUrl
from spanhouse_collector.errors import RecordRefused, StorageError, StorageRefused, StorageUnavailable
from spanhouse_collector.otlp.signals import TRACES
from spanhouse_collector.query.sql.errors import told
from spanhouse_collector.storage import engine as engines
from spanhouse_collector.storage.engine import EmbeddedEngine, ServerEngine, _EmbeddedConnection
from spanhouse_collector.storage.error_codes import (
    DATA_CODES,
    OPERATOR_CODES,
    OUTAGE_CODES,
    may_be_the_data,
    translate,
    translate_read,
)
from spanhouse_collector.storage.schema import migrate
from spanhouse_collector.storage.writer import SegmentInserter
from spanhouse_collector.wal.room import NOT_ENOUGH_SPACE
from tests.builders import make_span, traces
from tests.engines import Host, drop_database, shared_server, url_of
from tests.servers.clickhouse_server import ClickHouseServer, free_port
from tests.tables import Store

PASSWORD = "geheim-hunter2"
NOWHERE = ClickHouseUrl("127.0.0.1", 1, "spanhouse", PASSWORD, "default", secure=False)
server = pytest.mark.server


# --- the tables of codes


@pytest.mark.parametrize(
    ("codes", "kind"),
    [(DATA_CODES, RecordRefused), (OPERATOR_CODES, StorageRefused), (OUTAGE_CODES, StorageUnavailable)],
    ids=["data", "operator", "outage"],
)
def test_each_known_code_has_its_class(codes: dict[int, str], kind: type[StorageError]) -> None:
    for code, name in codes.items():
        error = translate(RuntimeError(f"Code: {code}. DB::Exception: something ({name}) (version 26.9.2.1)"))
        assert type(error) is kind
        assert error.code == code
        assert may_be_the_data(error) == (kind is RecordRefused)


@pytest.mark.parametrize(
    "text",
    [
        "Code: 75. DB::Exception: Cannot write to file data.bin, errno: 28, strerror: No space left on device",
        "Code: 1001. DB::Exception: std::filesystem_error: cannot create directory: No space left on device",
        "Code: 33. DB::Exception: Disk quota exceeded",
    ],
)
def test_a_full_disk_is_never_the_fault_of_the_data_whatever_its_number(text: str) -> None:
    error = translate(RuntimeError(text))
    assert (type(error), error.code) == (StorageUnavailable, NOT_ENOUGH_SPACE)
    assert not may_be_the_data(error)


BROKEN_PART = (
    "Code: 33. DB::Exception: Cannot read all data. Bytes read: 4096. Bytes expected: 6604: (while reading from part "
    "/home/someone/spanhouse/chdb/store/335/33514a/20261130_1_6_1/ in table spanhouse.spans)"
)


def test_a_broken_part_is_not_the_fault_of_the_data_and_its_place_is_not_told() -> None:
    error = translate(RuntimeError(BROKEN_PART))
    assert type(error) is StorageUnavailable
    assert error.message == "the database cannot read what it stored: CANNOT_READ_ALL_DATA"
    assert not may_be_the_data(error)
    asked = told(RuntimeError(BROKEN_PART))
    assert (type(asked), str(asked)) == (StorageUnavailable, error.message)


def test_a_question_is_not_to_blame_for_what_cannot_be_read() -> None:
    bare = RuntimeError("Code: 33. DB::Exception: Cannot read all data. Bytes read: 4096. Bytes expected: 6604.")
    assert type(translate_read(bare)) is StorageUnavailable
    assert type(translate(bare)) is RecordRefused


def test_no_error_tells_where_files_are_on_this_machine() -> None:
    text = (
        "Code: 117. DB::Exception: Invalid data: (in file/uri /home/someone/spanhouse/wal/traces-000000000001-0a.binpb)"
        ": at row 0 (INCORRECT_DATA)"
    )
    assert "/home" not in translate(RuntimeError(text)).message
    assert "/home" not in str(told(RuntimeError(text)))
    assert "at row 0" in translate(RuntimeError(text)).message


def test_no_code_has_two_classes() -> None:
    assert not set(DATA_CODES) & set(OPERATOR_CODES)
    assert not (set(DATA_CODES) | set(OPERATOR_CODES)) & set(OUTAGE_CODES)


def test_an_unknown_code_is_retried_and_may_be_the_data() -> None:
    error = translate(RuntimeError("Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)"))
    assert type(error) is StorageUnavailable
    assert may_be_the_data(error)


def test_an_error_without_a_code_is_never_blamed_on_the_data() -> None:
    assert not may_be_the_data(translate(OSError("Connection reset by peer")))


def test_the_names_of_the_codes_are_clickhouses_own(host: Host) -> None:
    engine = host.engine("default")
    connection = engine.connect()
    known = {**DATA_CODES, **OPERATOR_CODES, **OUTAGE_CODES}
    try:
        rows = connection.query(f"SELECT number, errorCodeToName(number) FROM numbers({max(known) + 1})").rows
    finally:
        connection.close()
    names = {int(number): str(name) for number, name in rows}
    assert {code: names[code] for code in known} == known


# --- messages


@pytest.mark.parametrize(
    "text",
    [
        f"cannot reach clickhouse://user:{PASSWORD}@host:8123/db",
        f"cannot reach https://:{PASSWORD}@host/",
        f"HTTPConnectionPool: Max retries exceeded with url: /?user=u&password={PASSWORD} (Caused by X)",
    ],
)
def test_a_password_in_the_drivers_text_is_not_passed_on(text: str) -> None:
    assert PASSWORD not in str(translate(RuntimeError(text)))


def test_the_reason_survives_when_the_driver_prints_the_whole_request() -> None:
    url = "/?query=INSERT+INTO+ingest_traces&format_schema=" + "x" * 6000
    error = translate(OSError(f"Max retries exceeded with url: {url} (Caused by NewConnectionError('refused'))"))
    assert "refused" in str(error)
    assert "ingest_traces" not in str(error)


def test_a_statement_quoted_by_the_analyzer_is_not_passed_on() -> None:
    text = (
        "Code: 47. DB::Exception: Unknown identifier `x` In scope SELECT 'a secret prompt' AS x. (UNKNOWN_IDENTIFIER)"
    )
    error = translate(RuntimeError(text))
    assert "secret prompt" not in str(error)
    assert "Unknown identifier `x`" in str(error)


# --- a real server


@pytest.fixture
def url() -> ClickHouseUrl:
    return url_of(shared_server(), "default")


def refusal(url: ClickHouseUrl) -> StorageError:
    """Why no connection can be had."""
    with pytest.raises(StorageError) as caught:
        ServerEngine(url).connect()
    error = caught.value
    for text in (str(error), error.message, error.hint, repr(error)):
        assert PASSWORD not in text
        assert url.password not in text
    return error


@server
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the driver's own: a pool whose first request failed
def test_a_wrong_password_needs_an_operator(url: ClickHouseUrl) -> None:
    error = refusal(replace(url, password=PASSWORD))
    assert (type(error), error.code) == (StorageRefused, 516)
    assert error.hint


@server
def test_an_unknown_user_needs_an_operator(url: ClickHouseUrl) -> None:
    assert type(refusal(replace(url, user="nobody", password=PASSWORD))) is StorageRefused


@server
def test_an_unknown_database_needs_an_operator(url: ClickHouseUrl) -> None:
    error = refusal(replace(url, database="no_such_database"))
    assert (type(error), error.code) == (StorageRefused, 81)


@server
def test_a_user_who_may_not_write_needs_an_operator(url: ClickHouseUrl) -> None:
    engine = Host(server=shared_server()).new_engine()
    migrate(engine)
    running = shared_server()
    reader = replace(url, user=running.reader, password=running.reader_password, database=engine.database)
    store = Store(ServerEngine(reader))
    with pytest.raises(StorageRefused) as caught:
        store.insert(TRACES, traces(make_span()))
    assert caught.value.code == 164
    store.close()
    drop_database(engine)


def test_a_host_that_does_not_resolve_is_an_outage() -> None:
    error = refusal(replace(NOWHERE, host="no-such-host.invalid"))
    assert (type(error), error.code) == (StorageUnavailable, 0)
    assert "no-such-host.invalid" in str(error)
    assert "its name is unknown" in str(error)


def test_a_server_that_is_down_is_an_outage() -> None:
    nowhere = replace(NOWHERE, port=free_port())
    error = refusal(nowhere)
    assert type(error) is StorageUnavailable
    assert error.message == f"no ClickHouse answers at {nowhere.host}:{nowhere.port} (connection refused)"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for connection in held:
            connection.close()


def test_a_server_that_never_answers_is_an_outage_after_the_time_limit(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "RECEIVE_TIMEOUT_S", 1)
    error = refusal(replace(NOWHERE, port=silent_port))
    assert type(error) is StorageUnavailable
    assert f":{silent_port} (no answer in time)" in str(error)
    assert not may_be_the_data(error)


@server
def test_tls_against_a_server_without_it_is_an_outage_that_says_so(tmp_path: Path) -> None:
    # A server of its own: answering a TLS hello whose sender has gone may end the test server, seconds later.
    with ClickHouseServer(tmp_path / "clickhouse") as running:
        error = refusal(replace(url_of(running, "default"), secure=True, password=PASSWORD))
    assert type(error) is StorageUnavailable
    assert "SSL" in str(error)


# --- both engines


def test_a_statement_that_fails_keeps_its_number(store: Store) -> None:
    with pytest.raises(StorageRefused) as caught:
        store.connection.query("SELECT * FROM no_such_table")
    assert caught.value.code == 60


def test_a_connection_is_usable_after_a_failure(store: Store) -> None:
    with pytest.raises(RecordRefused):
        store.insert_bytes(TRACES, b"\x05not a record")
    store.insert(TRACES, traces(make_span()))
    assert store.count("spans") == 1


def test_an_answer_that_breaks_off_is_an_error_of_ours_and_leaves_nothing_behind(store: Store) -> None:
    breaks_off = (
        "SELECT number, throwIf(number = 400000) FROM numbers(500000) SETTINGS max_block_size = 1000, max_threads = 1"
    )
    for _ in range(2):
        with pytest.raises(StorageError) as raised:
            store.connection.query(breaks_off)
        assert raised.value.code == 395
        assert store.connection.query("SELECT 'asked'").rows == [("asked",)]


def test_a_connection_that_cannot_be_emptied_after_a_failure_is_an_error_of_ours() -> None:
    class Client:
        def query(self, *_: object, **__: object) -> None:
            raise RuntimeError("Code: 241. DB::Exception: out of memory")

        def raw_query(self, *_: object, **__: object) -> None:
            raise RuntimeError("Code: 241. DB::Exception: still out of memory")

    with pytest.raises(StorageError, match="still"):
        _EmbeddedConnection(Client()).query("SELECT 1")


def test_a_segment_that_vanished_is_an_error_of_ours(store: Store, tmp_path: Path) -> None:
    inserter = SegmentInserter(store.engine, TRACES)
    with pytest.raises(StorageError):
        inserter.insert(tmp_path / "gone.wal", "token")
    inserter.close()


def test_a_value_in_a_query_is_bound_and_never_read_as_sql(store: Store) -> None:
    nasty = "x' OR 1=1 -- \\ \0 {name:String}"
    store.insert(TRACES, traces(make_span(nasty), make_span("other")))
    rows = store.connection.query("SELECT name FROM spans WHERE name = {name:String}", {"name": nasty}).rows
    assert [tuple(row) for row in rows] == [(nasty,)]


def test_a_directory_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        EmbeddedEngine(tmp_path / "file" / "chdb").create_database()
