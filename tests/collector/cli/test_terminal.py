"""What a terminal gets: no control character, whatever a client put into a span, and a word where a user can help."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner

from spanhouse_collector.cli import sql
from spanhouse_collector.cli.main import main
from spanhouse_collector.cli.output_file import STDOUT, target
from spanhouse_collector.cli.terminal import TerminalBytes, printable
from spanhouse_collector.query.sql.limits import Limits
from spanhouse_collector.storage.engine import EmbeddedEngine
from tests.collector.api.sql_rig import SqlServer, serving

# ESC, DEL, CSI in one byte, OSC in one byte, right-to-left override, isolate, carriage return, bell.
HOSTILE: Final = "a\x1b[31m\x7f\x9b2J\x9d0;t\u202e\u2066\r\x07b"
LITERAL: Final = f"unhex('{HOSTILE.encode().hex()}')"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlServer]:
    engine = EmbeddedEngine(tmp_path_factory.mktemp("sql") / "chdb")
    engine.create_database()
    with serving(engine, Limits(nice=0)) as server:
        yield server
    engine.close()


def on_a_terminal(*arguments: str) -> str:
    """What the command writes when all it writes goes to a terminal without colour."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "COLUMNS": "80"}
    with subprocess.Popen(
        [sys.executable, "-m", "spanhouse_collector", *arguments], stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        written = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux' end of a terminal
                break
            if not piece:
                break
            written += piece
        process.wait(30)
    os.close(ours)
    return written.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--json", f"SELECT {LITERAL} AS t"),
        ("--format", "csv", f"SELECT {LITERAL} AS t"),
        ("--format", "table", f"SELECT {LITERAL} AS t"),
        (f"SELECT toUInt8(materialize({LITERAL}))",),
    ],
    ids=["json", "csv", "table", "error"],
)
def test_no_form_of_output_lets_a_control_character_through(server: SqlServer, arguments: tuple[str, ...]) -> None:
    shown = on_a_terminal("sql", *arguments, "--url", server.url)
    assert "31m" in shown
    assert [letter for letter in shown.replace("\r\n", "\n") if not letter.isprintable() and letter not in "\n\t"] == []


@pytest.mark.parametrize("columns", [1, 60])
def test_the_name_of_a_column_is_shown_by_its_escapes(capsys: pytest.CaptureFixture[str], columns: int) -> None:
    names = [{"name": f"{at}{HOSTILE}", "type": "UInt8"} for at in range(columns)]
    sql._show({"columns": names, "rows": [[1] * columns], "truncated": False}, "table", target(STDOUT, force=False))
    shown = capsys.readouterr().out
    assert "31m" in shown
    assert all(letter.isprintable() or letter == "\n" for letter in shown)


def test_json_on_a_terminal_has_the_same_value(server: SqlServer) -> None:
    shown = on_a_terminal("sql", "--json", f"SELECT {LITERAL} AS t", "--url", server.url)
    assert json.loads(shown) == {"t": HOSTILE}


def test_a_pipe_gets_what_was_stored(server: SqlServer) -> None:
    done = CliRunner().invoke(main, ["sql", f"SELECT {LITERAL} AS t", "--format", "csv", "--url", server.url])
    assert HOSTILE.encode() in done.stdout_bytes


def test_a_character_cut_between_two_pieces_is_shown_whole(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as out:
        screen = TerminalBytes(out)
        for byte in "é\x9b,1\n".encode() + b"\xff":
            screen.write(bytes([byte]))
    assert (tmp_path / "out").read_text("utf-8") == "é\\x9b,1\n\\xff"
    assert printable("日本 é") == "日本 é"


def test_a_command_with_a_typing_error_is_answered_with_the_one_that_was_meant() -> None:
    done = CliRunner().invoke(main, ["serach"])
    assert (done.exit_code, "'search'" in done.stderr) == (2, True)
    assert "'list'" in CliRunner().invoke(main, ["prices", "lst"]).stderr
    assert "Did you mean" not in CliRunner().invoke(main, ["xyzzy"]).stderr


@pytest.mark.parametrize("shape", ["json", "csv"])
def test_a_file_that_cannot_be_written_is_told_in_a_line(server: SqlServer, tmp_path: Path, shape: str) -> None:
    for output, code in ((tmp_path / "no" / "x", 1), (tmp_path / ("n" * 300), 1)):
        asked = ["sql", "SELECT 1", "--format", shape, "--output", str(output), "--url", server.url]
        done = CliRunner().invoke(main, asked)
        assert (done.exit_code, str(done.exception)) == (code, str(code)), done.stderr
        assert str(tmp_path) in done.stderr


def test_an_answer_that_fails_leaves_the_file_of_yesterday(server: SqlServer, tmp_path: Path) -> None:
    file = tmp_path / "kept.csv"
    file.write_text("yesterday")
    question = "SELECT throwIf(number = 3000000) FROM numbers(4000000)"
    for asked in (question, "SELEC 1"):
        done = CliRunner().invoke(
            main, ["sql", asked, "--format", "csv", "--output", str(file), "--force", "--url", server.url]
        )
        assert done.exit_code == 1
        assert file.read_text() == "yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["kept.csv"]


def test_an_interrupt_ends_a_command_that_waits_as_a_shell_expects() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with subprocess.Popen(
            [sys.executable, "-m", "spanhouse_collector", "search", "--url", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            connection, _ = silent.accept()
            connection.recv(1)
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=30)
            connection.close()
    assert (process.returncode, told) == (130, "spanhouse: interrupted\n")
